//! Slices of 5, 60 and 3600 seconds of the wall clock, and which of them have begun (contract/events.md §2.1).
//!
//! Only counting; the timer and the events are [`crate::tick_events`].

use std::time::Duration;

use crate::clock::Now;

/// Seconds of each slice, in the order in which events are raised. The first divides the others.
const PERIODS: [u32; 3] = [5, 60, 3600];

/// The slices seen last; `None` until the first look, which only remembers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ticks {
    slices: Option<[i64; 3]>,
}

impl Ticks {
    /// Nobody looks any more.
    pub(crate) fn end(&mut self) {
        self.slices = None;
    }

    /// Looks for the first time, if it is; whether it was.
    pub(crate) fn begin(&mut self, now: Now) -> bool {
        let is_first = self.slices.is_none();
        self.slices.get_or_insert_with(|| slices(now));
        is_first
    }

    /// Period and first second of each slice that has begun since the last look. A late look skips slices, as upstream.
    pub(crate) fn turn(&mut self, now: Now) -> impl Iterator<Item = (u32, i64)> + use<> {
        let current = slices(now);
        let last = self.slices.replace(current).unwrap_or(current);
        let begun = PERIODS.into_iter().zip(current).zip(last).filter(|((_, current), last)| current != last);
        begun.map(|((period, current), _)| (period, current * i64::from(period)))
    }
}

/// The monotonic time at which the next slice begins.
pub(crate) fn next_slice(now: Now) -> Duration {
    let period = Duration::from_secs(u64::from(PERIODS[0]));
    let into_slice = Duration::new(now.wall.as_secs() % period.as_secs(), now.wall.subsec_nanos());
    now.monotonic.saturating_add(period.saturating_sub(into_slice))
}

fn slices(now: Now) -> [i64; 3] {
    PERIODS.map(|period| now.epoch_seconds().div_euclid(i64::from(period)))
}
