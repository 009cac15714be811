//! How the last life of a process ended: what `exitstatus` of XML-RPC does not tell of one that was restarted, ended
//! too soon or was killed by a signal (contract/rpc.md §4.3). Kept until the next end.

use std::time::Duration;

use crate::exit_status::ExitStatus;

/// The last end of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastExit {
    /// When it was reaped: the wall clock, since the Unix epoch.
    pub at: Duration,
    /// How it ended.
    pub status: ExitStatus,
    /// Its status is one of `exitcodes`, or the signal that it died of one of `exitsignals`.
    pub expected: bool,
    /// For how long it had run, by the monotonic clock.
    pub ran_for: Duration,
}
