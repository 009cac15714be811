//! What has happened to a process since its group was added: counted, never decreasing.
//!
//! For metrics: a monitor that looks now and then sees from these numbers what went on between two looks. They are no
//! part of the decisions of a supervisor: what counts for retries is [`crate::process::Process::backoff`].

use crate::goal::UpCause;

/// How often what has happened to a process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Children that were spawned for it.
    pub starts: u64,
    /// Those that nobody asked for: after an end, after a start that failed, after a broken protocol.
    pub restarts: u64,
    /// Starts that failed: no child could be spawned, or it ended before `startsecs`.
    pub failed_starts: u64,
    /// Ends with a status of `exitcodes`, or by a signal of `exitsignals`.
    pub expected_ends: u64,
    /// All other ends.
    pub unexpected_ends: u64,
}

impl Tally {
    /// A child was spawned, because of this.
    pub(crate) fn spawned(&mut self, cause: UpCause) {
        self.starts += 1;
        if cause.follows_by_itself() {
            self.restarts += 1;
        }
    }

    /// A life has ended.
    pub(crate) fn ended(&mut self, expected: bool) {
        if expected {
            self.expected_ends += 1;
        } else {
            self.unexpected_ends += 1;
        }
    }
}
