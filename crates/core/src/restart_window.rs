//! When a process was started by itself: as many times as `restart_limit_count` asks for, and none where it is off.

use std::collections::VecDeque;
use std::time::Duration;

use crate::limits;

/// Monotonic times of starts that nobody asked for, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RestartWindow(VecDeque<Duration>);

impl RestartWindow {
    /// A start, of which so many are remembered.
    pub(crate) fn note(&mut self, now: Duration, count: u32) {
        let count = bounded(count);
        if count == 0 {
            return;
        }
        while self.0.len() >= count {
            self.0.pop_front();
        }
        self.0.push_back(now);
    }

    /// Whether there were so many after this time; never, when the number is none.
    pub(crate) fn holds(&self, count: u32, since: Duration) -> bool {
        let first = bounded(count).checked_sub(1).and_then(|others| self.0.iter().rev().nth(others));
        first.is_some_and(|at| *at > since)
    }

    /// How many there were after this time.
    pub(crate) fn count(&self, since: Duration) -> usize {
        self.0.iter().filter(|at| **at > since).count()
    }

    /// Forgets all of them.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

fn bounded(count: u32) -> usize {
    usize::try_from(count.min(limits::RESTARTS_COUNTED)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn starts_count_until_the_interval_has_passed() {
        let mut window = RestartWindow::default();
        for at in [10, 20, 30] {
            window.note(seconds(at), 3);
        }
        for (now, interval, expected) in
            [(30, 21, true), (30, 20, false), (30, 0, false), (69, 60, true), (70, 60, false)]
        {
            let since = seconds(now).saturating_sub(seconds(interval));
            assert_eq!(window.holds(3, since), expected, "{now} {interval}");
        }
        assert_eq!((window.holds(4, seconds(0)), window.holds(0, seconds(0))), (false, false));
        window.note(seconds(40), 3);
        assert_eq!(window.0.len(), 3);
        window.clear();
        assert!(!window.holds(1, seconds(0)));
    }

    #[test]
    fn nothing_is_remembered_where_nothing_is_limited_and_never_more_than_the_bound() {
        let mut window = RestartWindow::default();
        window.note(seconds(1), 0);
        assert!(window.0.is_empty());
        for at in 1..=5_000 {
            window.note(seconds(at), u32::MAX);
        }
        assert_eq!(window.0.len(), usize::try_from(limits::RESTARTS_COUNTED).unwrap());
    }
}
