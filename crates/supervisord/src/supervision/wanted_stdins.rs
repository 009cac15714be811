//! Children that somebody wants to write to, whose stdin lies on the shelf while there is no descriptor for it. Nobody
//! tells us when there is one again, so they are tried again by time.

use std::time::Duration;

use supervisor_core::Life;

use super::limits::WANTED_STDIN_PAUSE;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct WantedStdins {
    lives: Vec<Life>,
    /// Monotonic time of the next attempt.
    at: Duration,
}

impl WantedStdins {
    pub(super) fn want(&mut self, life: Life, now: Duration) {
        if !self.lives.contains(&life) {
            self.lives.push(life);
            self.at = now + WANTED_STDIN_PAUSE;
        }
    }

    /// When to try again; `None`: nothing is wanted.
    pub(super) fn deadline(&self) -> Option<Duration> {
        (!self.lives.is_empty()).then_some(self.at)
    }

    /// Gives those that `take` has got, or that are no more.
    pub(super) fn try_again(&mut self, now: Duration, take: impl FnMut(Life) -> bool) -> Vec<Life> {
        if self.deadline().is_none_or(|at| at > now) {
            return Vec::new();
        }
        let mut take = take;
        let (taken, left) = std::mem::take(&mut self.lives).into_iter().partition(|life| take(*life));
        (self.lives, self.at) = (left, now + WANTED_STDIN_PAUSE);
        taken
    }
}
