//! Whether a start follows by itself, and after what pause (contract/processes.md §1.3, §4).
//!
//! Pure functions of the configuration and of what was counted. Who asks is [`crate::lifecycle`].

use std::time::Duration;

use crate::exit_status::ExitStatus;
use crate::limits;
use crate::process_config::{Autorestart, ProcessConfig, RestartPause};
use crate::timers::after;

/// Whether a process that was RUNNING and has ended so is started again.
pub(crate) fn follows_an_end(config: &ProcessConfig, status: ExitStatus) -> bool {
    match config.restart.autorestart {
        Autorestart::Never => false,
        Autorestart::Always => true,
        Autorestart::Unexpected => !config.restart.expects(status),
    }
}

/// Whether so many failed starts in succession are one too many.
pub(crate) fn gives_up(config: &ProcessConfig, failed_starts: u64) -> bool {
    i64::try_from(failed_starts).unwrap_or(i64::MAX) > config.restart.startretries
}

/// The monotonic time of the next try after so many failed starts in succession: each waits a second longer.
pub(crate) fn retry_at(now: Duration, failed_starts: u64) -> Duration {
    after(now, i64::try_from(failed_starts).unwrap_or(i64::MAX))
}

/// The monotonic time of the next start after so many ends in succession that nobody asked for, if the program pauses
/// the longer the more there were; `None`: it has the usual pause.
pub(crate) fn paused_until(config: &ProcessConfig, now: Duration, ends: u32) -> Option<Duration> {
    match config.restart.pause {
        RestartPause::Usual => None,
        RestartPause::Growing => Some(after(now, i64::from(ends.clamp(1, limits::RESTART_PAUSE_SECONDS)))),
    }
}

/// The ends in succession that nobody asked for, with one more after a life of this length.
pub(crate) fn count_end(ends: u32, ran_for: Duration) -> u32 {
    if ran_for > Duration::from_secs(limits::RESTART_PAUSE_SECONDS.into()) { 1 } else { ends.saturating_add(1) }
}

/// The monotonic time of the next start of a listener that was stopped since it broke the protocol: the more often in
/// succession it has, the later.
pub(crate) fn protocol_restart_at(now: Duration, breaches: u32) -> Duration {
    after(now, i64::from(breaches.clamp(1, limits::PROTOCOL_RESTART_SECONDS)))
}
