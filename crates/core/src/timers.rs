//! Deadlines on the monotonic scale: which are set, which is the first, which have passed.
//!
//! A timer is a name; setting it again moves it. Nothing here knows what a timer is for.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::process_id::ProcessId;

/// What a deadline is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// The next step of a process: RUNNING, the next try, or SIGKILL.
    Process(ProcessId),
    /// The next `waiting for x to stop` while a client waits for it.
    StopReport(ProcessId),
    /// The next `waiting for x, y to die` of a shutdown.
    ShutdownReport,
    /// The end of the time that a shutdown has (`shutdown_timeout`), and of what the kernel then has to end everything.
    ShutdownDeadline,
    /// The end of the time that listeners have to answer before a shutdown stops them.
    ListenerGrace,
    /// A pool that was full may have had room for long enough to say so.
    PoolRelief,
    /// The next count of the events that pools have dropped.
    DroppedEvents,
    /// The next slice of a TICK event.
    Tick,
}

/// The set of deadlines.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timers {
    at: BTreeMap<Timer, Duration>,
    queue: BTreeSet<(Duration, Timer)>,
}

impl Timers {
    /// Sets a timer, in place of an earlier deadline of it.
    pub(crate) fn set(&mut self, timer: Timer, deadline: Duration) {
        if let Some(earlier) = self.at.insert(timer, deadline) {
            self.queue.remove(&(earlier, timer));
        }
        self.queue.insert((deadline, timer));
    }

    /// Takes a timer out; one that is not set is fine.
    pub(crate) fn cancel(&mut self, timer: Timer) {
        if let Some(deadline) = self.at.remove(&timer) {
            self.queue.remove(&(deadline, timer));
        }
    }

    /// The first deadline.
    pub(crate) fn next(&self) -> Option<Duration> {
        self.queue.first().map(|(deadline, _)| *deadline)
    }

    /// All of them, the first one first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Duration, Timer)> {
        self.queue.iter().copied()
    }

    /// Takes out the first timer whose deadline is not after `now`.
    pub(crate) fn pop_due(&mut self, now: Duration) -> Option<Timer> {
        let (deadline, timer) = *self.queue.first()?;
        if deadline > now {
            return None;
        }
        self.queue.remove(&(deadline, timer));
        self.at.remove(&timer);
        Some(timer)
    }
}

/// `now` and so many seconds more; below zero counts as zero, and what cannot be counted is never.
pub(crate) fn after(now: Duration, seconds: i64) -> Duration {
    let seconds = u64::try_from(seconds).unwrap_or(0);
    now.checked_add(Duration::from_secs(seconds)).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn a_timer_that_is_set_again_moves() {
        let mut timers = Timers::default();
        timers.set(Timer::ShutdownReport, seconds(5));
        timers.set(Timer::ShutdownReport, seconds(9));
        assert_eq!(timers.next(), Some(seconds(9)));
        assert_eq!(timers.pop_due(seconds(8)), None);
        assert_eq!(timers.pop_due(seconds(9)), Some(Timer::ShutdownReport));
        assert_eq!(timers.next(), None);
    }

    #[test]
    fn timers_come_in_order_of_their_deadlines() {
        let mut timers = Timers::default();
        let (a, b) = (ProcessId::new(0, 0), ProcessId::new(1, 0));
        timers.set(Timer::Process(a), seconds(3));
        timers.set(Timer::Process(b), seconds(1));
        timers.set(Timer::StopReport(a), seconds(2));
        timers.cancel(Timer::StopReport(a));
        timers.cancel(Timer::StopReport(b));
        assert_eq!(timers.pop_due(seconds(10)), Some(Timer::Process(b)));
        assert_eq!(timers.pop_due(seconds(10)), Some(Timer::Process(a)));
        assert_eq!(timers.pop_due(seconds(10)), None);
    }

    #[test]
    fn seconds_below_zero_count_as_zero_and_too_many_as_never() {
        assert_eq!(after(seconds(7), -3), seconds(7));
        assert_eq!(after(seconds(7), 3), seconds(10));
        assert_eq!(after(Duration::MAX, i64::MAX), Duration::MAX);
    }
}
