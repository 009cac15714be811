//! How much an extension says without being asked: a bound that only one that floods supervisord meets.
//!
//! What it reads or leaves unread is bounded elsewhere; this is for one that reads every answer and goes on asking, and
//! would keep the control plane busy for ever. Invariant: the time is given, none is read.

use tokio::time::Instant;

use super::conversation::Breach;
use crate::control::limits;

/// What it may still say at a time.
#[derive(Debug)]
pub(super) struct Pace {
    left: f64,
    at: Instant,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self { left: limits::EXTENSION_MESSAGES.into(), at: now }
    }

    /// It has said so many messages that nobody has waited for.
    ///
    /// # Errors
    /// They are too many.
    pub(super) fn take(&mut self, count: u32, now: Instant) -> Result<(), Breach> {
        let regained = now.duration_since(self.at).as_secs_f64() * f64::from(limits::EXTENSION_MESSAGES_PER_SECOND);
        self.left = (self.left + regained).min(limits::EXTENSION_MESSAGES.into()) - f64::from(count);
        self.at = now;
        if self.left < 0.0 { Err(Breach::Floods) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_and_then_a_rate_are_allowed() {
        let begin = Instant::now();
        let mut pace = Pace::new(begin);
        assert_eq!(pace.take(limits::EXTENSION_MESSAGES, begin), Ok(()));
        for second in 1..=100 {
            let now = begin + Duration::from_secs(second);
            assert_eq!(pace.take(limits::EXTENSION_MESSAGES_PER_SECOND, now), Ok(()), "{second}");
        }
        let last = begin + Duration::from_secs(100);
        assert_eq!(pace.take(1, last), Err(Breach::Floods));
    }

    #[test]
    fn a_long_silence_saves_no_more_than_a_burst() {
        let begin = Instant::now();
        let mut pace = Pace::new(begin);
        let later = begin + Duration::from_hours(1);
        assert_eq!(pace.take(limits::EXTENSION_MESSAGES + 1, later), Err(Breach::Floods));
    }
}
