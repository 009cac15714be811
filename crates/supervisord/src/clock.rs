//! The one place where the daemon reads its clocks.
//!
//! Everything below takes the time as an argument (contract/quirks.md F33: deadlines are monotonic, the wall clock
//! is only reported). The control plane waits through tokio's own timers and comes here for the wall clock alone.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use nix::time::{ClockId, clock_gettime};
use supervisor_config::LocalTimeZone;
use supervisor_core::Now;

/// Both clocks at this instant, as the core wants them.
pub fn now() -> Now {
    Now { monotonic: monotonic_clock(), wall: wall_clock() }
}

/// Time since the Unix epoch; may jump in either direction. Zero while the clock is set before 1970.
#[expect(clippy::disallowed_methods, reason = "this is the one reader of the wall clock")]
pub fn wall_clock() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// `CLOCK_MONOTONIC` of this machine, which never goes back. It means the same to whoever goes on with our work.
pub fn monotonic_clock() -> Duration {
    clock_gettime(ClockId::CLOCK_MONOTONIC).expect("every Linux has this clock").into()
}

/// The time zone of this machine, or of `TZ`; found out at the first call and kept.
pub fn local_zone() -> &'static LocalTimeZone {
    static ZONE: OnceLock<LocalTimeZone> = OnceLock::new();
    ZONE.get_or_init(supervisor_config::local_time_zone)
}

/// A time of the wall clock as it is written in a time zone, to the second.
pub fn local_time(wall: Duration, zone: TimeZone) -> Zoned {
    let seconds = i64::try_from(wall.as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX).to_zoned(zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_monotonic_clock_never_goes_back() {
        let first = monotonic_clock();
        assert!(monotonic_clock() >= first);
    }

    #[test]
    fn the_wall_clock_counts_from_the_epoch() {
        let after_this_was_written = Duration::from_secs(1_700_000_000);
        assert!(wall_clock() > after_this_was_written);
        assert_eq!(now().epoch_seconds(), i64::try_from(now().wall.as_secs()).unwrap());
    }
}
