//! In a storm of crashes, event listeners get time to hear of one end before the next process is reaped and starts
//! anew: a program can fail faster than any listener can be told of it, and a buffer that overflows loses events.
//!
//! Takes nothing from anybody when no listener is behind. Invariants: each end in its turn waits for at most
//! [`limits::LISTENERS_CATCH_UP`]; listeners that make no progress in that time are not waited for again until they do.

use std::time::Duration;

use supervisor_core::{Overflow, Supervisor};

use super::limits;
use crate::clock;

/// Whether listeners are behind, and for how long they are waited for.
#[derive(Debug, Default)]
pub(super) struct CatchingUp {
    /// The next end waits for listeners until then.
    pub(super) until: Option<Duration>,
    /// Events that the pools which are behind had delivered when the waiting began.
    delivered: u64,
    /// The same when listeners were last given up.
    given_up_at: Option<u64>,
}

impl CatchingUp {
    /// Whether the next end should wait; to be asked again in the next turn if so.
    pub(super) fn is_needed(&mut self, supervisor: &Supervisor) -> bool {
        let Some(delivered) = delivered_if_behind(supervisor) else {
            *self = Self::default();
            return false;
        };
        self.wait_for_progress(delivered, clock::monotonic_clock())
    }

    /// Listeners are behind, and have processed this many events so far.
    fn wait_for_progress(&mut self, delivered: u64, now: Duration) -> bool {
        if self.given_up_at == Some(delivered) {
            return false;
        }
        let until = *self.until.get_or_insert_with(|| {
            self.delivered = delivered;
            now + limits::LISTENERS_CATCH_UP
        });
        if now < until {
            return true;
        }
        self.until = None;
        self.given_up_at = (self.delivered == delivered).then_some(delivered);
        false
    }
}

/// How many events those pools have delivered in which events wait while listeners are at work, if there are any.
fn delivered_if_behind(supervisor: &Supervisor) -> Option<u64> {
    // Where nothing is dropped to make room, nothing is gained.
    let may_drop = supervisor.pool_statistics().filter(|pool| pool.overflow == Overflow::DropOldest);
    let behind = may_drop.filter(|pool| pool.waiting > 0 && pool.in_progress > 0);
    behind.map(|pool| pool.delivered).reduce(|one, other| one + other)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOMENT: Duration = Duration::from_micros(1);

    #[test]
    fn an_end_waits_for_listeners_that_are_behind_and_not_for_long() {
        let mut catching_up = CatchingUp::default();
        assert!(catching_up.wait_for_progress(0, Duration::ZERO));
        assert_eq!(catching_up.until, Some(limits::LISTENERS_CATCH_UP));
        assert!(catching_up.wait_for_progress(1, limits::LISTENERS_CATCH_UP.saturating_sub(MOMENT)));
        assert!(!catching_up.wait_for_progress(2, limits::LISTENERS_CATCH_UP));
        assert_eq!(catching_up.until, None);
        assert!(catching_up.wait_for_progress(2, limits::LISTENERS_CATCH_UP + MOMENT), "the next end waits anew");
    }

    #[test]
    fn listeners_that_make_no_progress_are_waited_for_once() {
        let mut catching_up = CatchingUp::default();
        assert!(catching_up.wait_for_progress(7, Duration::ZERO));
        assert!(!catching_up.wait_for_progress(7, limits::LISTENERS_CATCH_UP));
        for later in 1..10 {
            assert!(!catching_up.wait_for_progress(7, limits::LISTENERS_CATCH_UP * later));
        }
        assert!(catching_up.wait_for_progress(8, limits::LISTENERS_CATCH_UP * 10), "they are at work again");
    }
}
