//! `start_stagger`: the least time between two starts that nobody asked for.
//!
//! Each start that comes gets a time of its own, in the order in which they come. Whoever comes at its time is let
//! through, unless the one before was late: then it waits for as long again.

use std::time::Duration;

/// The times that were given away.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stagger {
    /// When the last one was let through.
    last: Option<Duration>,
    /// The last time that was given away.
    given: Option<Duration>,
}

impl Stagger {
    /// When a start may come: now, and then it has; or later. `waited`: it has a time already, which has come.
    pub(crate) fn admit(&mut self, now: Duration, gap: Duration, waited: bool) -> Duration {
        let next = |time: Option<Duration>| time.map_or(now, |time| time.saturating_add(gap));
        let at = if waited { next(self.last) } else { next(self.given).max(next(self.last)) };
        if at <= now {
            self.last = Some(now);
        }
        if !waited {
            self.given = Some(at.max(now));
        }
        at.max(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn starts_get_times_of_their_own_and_a_late_one_delays_the_rest() {
        let (mut stagger, gap) = (Stagger::default(), seconds(2));
        let mut admit = |now, waited| stagger.admit(seconds(now), gap, waited);
        assert_eq!([admit(10, false), admit(10, false), admit(10, false)], [seconds(10), seconds(12), seconds(14)]);
        assert_eq!(admit(12, true), seconds(12));
        // Nobody came by at 14.
        assert_eq!(admit(15, true), seconds(15));
        assert_eq!(admit(16, false), seconds(17));
        assert_eq!(admit(17, true), seconds(17));
        // Two whose times have passed come one after the other.
        assert_eq!([admit(30, false), admit(30, false)], [seconds(30), seconds(32)]);
        assert_eq!([admit(40, true), admit(40, true)], [seconds(40), seconds(42)]);
        // It is long ago.
        assert_eq!(admit(100, false), seconds(100));
    }
}
