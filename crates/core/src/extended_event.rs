//! Events of the second root, `EXTENDED_EVENT`, which Supervisor has not: `events=EVENT` never means one of them
//! (programs.md §16.7). Each comes after the event of Supervisor's of the same instant.

use std::time::Duration;

use crate::exit_status::ExitStatus;
use crate::goal::UpCause;
use crate::life_record::LifeRecord;
use crate::process_config::RestartLimit;
use crate::signal::signal_name;

/// What has happened to a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtendedEvent {
    /// A life is over, whichever way.
    End(LifeRecord),
    /// A start will follow by itself.
    RestartPlanned {
        /// What for.
        cause: UpCause,
        /// After this time.
        pause: Duration,
    },
    /// It was started by itself too often.
    RestartLimit(RestartLimit),
}

impl ExtendedEvent {
    /// The payload behind the names of process and group: words with a value each.
    pub(crate) fn tokens(&self) -> String {
        match self {
            Self::End(life) => {
                let (signal, core) = match life.end.status {
                    ExitStatus::Exited(_) => ("none".to_owned(), false),
                    ExitStatus::Signaled { signal, core_dumped } => {
                        (signal_name(signal).map_or_else(|| signal.to_string(), str::to_owned), core_dumped)
                    }
                };
                format!(
                    "pid:{} life:{} exitcode:{} signal:{signal} core:{} expected:{} reason:{} runtime:{}",
                    life.pid,
                    life.number,
                    life.end.status.code(),
                    i32::from(core),
                    i32::from(life.end.expected),
                    life.reason.name(),
                    seconds(life.end.ran_for)
                )
            }
            Self::RestartPlanned { cause, pause } => format!("reason:{} seconds:{}", cause.name(), seconds(*pause)),
            Self::RestartLimit(limit) => format!("count:{} interval:{}", limit.count, seconds(limit.interval)),
        }
    }
}

/// To the millisecond.
fn seconds(duration: Duration) -> f64 {
    Duration::from_millis(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)).as_secs_f64()
}
