//! Time as an input.
//!
//! The core never reads a clock. Each call of [`crate::Supervisor::handle`] brings a [`Now`]; deadlines are
//! kept on the monotonic scale, so a step of the wall clock moves nothing but the times that are reported
//! (contract/quirks.md F33).

use std::time::Duration;

/// The two clocks at the instant of one input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Since an arbitrary fixed point; never goes back. Deadlines are on this scale.
    pub monotonic: Duration,
    /// Since the Unix epoch; may jump. Only reported, never compared.
    pub wall: Duration,
}

impl Now {
    /// Whole seconds since the Unix epoch, as RPC reports them.
    pub fn epoch_seconds(&self) -> i64 {
        i64::try_from(self.wall.as_secs()).unwrap_or(i64::MAX)
    }
}
