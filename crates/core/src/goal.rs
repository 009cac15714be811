//! What supervisord wants of a process, and because of what; with the start that is pending and the gates it has yet
//! to pass.
//!
//! Only data: what follows from it is [`crate::planner`]'s, what is done about it [`crate::lifecycle`]'s. A goal is no
//! state: a start that is pending leaves the process in the stopped state it has, or in BACKOFF, until its spawn.
//!
//! Invariants: a process without a pid has a pending start exactly when its goal is up; with the goal down there is a
//! pid only in STOPPING and UNKNOWN, or in a shutdown whose turn for this process has not come.

use std::time::Duration;

/// What is wanted of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// It is to run.
    Up {
        /// Because of this.
        cause: UpCause,
        /// The start that it waits for; `None` exactly while it has a pid.
        pending: Option<PendingStart>,
    },
    /// It is to run again: this life is to end, and another one follows. Only while it has a pid.
    Again {
        /// Because of this.
        cause: UpCause,
    },
    /// It is not to run.
    Down(DownCause),
}

/// Why a process is to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpCause {
    /// Its group was added, and it has `autostart`.
    Autostart,
    /// A client started it.
    Client,
    /// A start failed, and retries are left.
    Retry,
    /// It has ended, and `autorestart` says so.
    Autorestart,
    /// It broke the protocol that it speaks with supervisord, and is stopped for it.
    ProtocolError,
    /// It is FATAL, and `fatal_retry_secs` says so.
    FatalRetry,
}

/// Why a process is not to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DownCause {
    /// Its group was added, and it has no `autostart`.
    NoAutostart,
    /// A client stopped it.
    Client,
    /// It has ended, and `autorestart` does not ask for another start.
    Ended,
    /// Its starts have failed too often.
    GaveUp,
    /// A signal could not be sent to it: it is left alone.
    Unreachable,
    /// Everything is to stop.
    Shutdown {
        /// The turn of its group has come. Until then it is left as it is.
        asked: bool,
    },
}

/// A start that has not happened yet. Its gates are passed in the order of [`Gate`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PendingStart {
    /// Until when it is put off; `None`: it comes as soon as everything else allows it.
    pub put_off: Option<PutOff>,
    /// Where it stands in the start queue.
    pub turn: Turn,
}

/// A time before which a start does not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PutOff {
    /// By the monotonic clock.
    pub until: Duration,
    /// What for.
    pub reason: PutOffReason,
}

/// What a start is put off for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutOffReason {
    /// The pause before a retry.
    Backoff,
    /// The pause after an end, that `restart_secs` or `backoff` ask for; or after a broken protocol.
    Restart,
    /// The spawn before it was less than [`crate::limits::STORM_GUARD`] ago.
    StormGuard,
    /// `fatal_retry_secs`
    FatalRetry,
    /// `start_delay`
    StartDelay,
    /// `start_stagger`
    Stagger,
}

impl PutOffReason {
    /// The option that says so, or what else it is, in a few words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Backoff => "pause before a retry",
            Self::Restart => "pause before a restart",
            Self::StormGuard => "storm guard",
            Self::FatalRetry => "fatal_retry_secs",
            Self::StartDelay => "start_delay",
            Self::Stagger => "start_stagger",
        }
    }
}

/// The start queue, as one start sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Turn {
    /// Not in the queue yet.
    #[default]
    NotAwaited,
    /// In the queue.
    Awaited,
    /// Out of it again: it is this one's turn.
    Come,
}

/// What a pending start still waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// This monotonic time.
    Time(Duration),
    /// Its turn in the start queue (`limits::SPAWNS_PER_TURN`).
    Turn,
}

impl DownCause {
    /// One word.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoAutostart => "no_autostart",
            Self::Client => "client",
            Self::Ended => "ended",
            Self::GaveUp => "gave_up",
            Self::Unreachable => "unreachable",
            Self::Shutdown { .. } => "shutdown",
        }
    }
}

impl Goal {
    /// Why it is wanted, in one word.
    pub fn cause(&self) -> &'static str {
        match self {
            Self::Up { cause, .. } | Self::Again { cause } => cause.name(),
            Self::Down(cause) => cause.name(),
        }
    }

    /// A start that is to happen, put off or not.
    pub(crate) fn start(cause: UpCause, put_off: Option<PutOff>) -> Self {
        Self::Up { cause, pending: Some(PendingStart { put_off, turn: Turn::NotAwaited }) }
    }

    /// The start that is waited for.
    pub fn pending(&self) -> Option<&PendingStart> {
        match self {
            Self::Up { pending, .. } => pending.as_ref(),
            Self::Again { .. } | Self::Down(_) => None,
        }
    }

    pub(crate) fn pending_mut(&mut self) -> Option<&mut PendingStart> {
        match self {
            Self::Up { pending, .. } => pending.as_mut(),
            Self::Again { .. } | Self::Down(_) => None,
        }
    }

    /// Whether it is to run, now or again.
    pub fn is_up(&self) -> bool {
        match self {
            Self::Up { .. } | Self::Again { .. } => true,
            Self::Down(_) => false,
        }
    }
}

impl UpCause {
    /// One word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Autostart => "autostart",
            Self::Client => "client",
            Self::Retry => "retry",
            Self::Autorestart => "autorestart",
            Self::ProtocolError => "protocol",
            Self::FatalRetry => "fatal_retry",
        }
    }

    /// Whether nobody asked for the start, and something failed or ended before it.
    pub fn follows_by_itself(self) -> bool {
        match self {
            Self::Autostart | Self::Client => false,
            Self::Retry | Self::Autorestart | Self::ProtocolError | Self::FatalRetry => true,
        }
    }

    /// Whether such starts are counted by `restart_limit_count`; a FATAL process is tried again with a clean slate.
    pub(crate) fn is_counted(self) -> bool {
        self.follows_by_itself() && self != Self::FatalRetry
    }
}

impl PendingStart {
    /// The monotonic time before which it does not come.
    pub fn not_before(&self) -> Option<Duration> {
        self.put_off.map(|put_off| put_off.until)
    }

    /// The gates that are shut, in their order.
    pub fn unmet_gates(&self, now: Duration) -> impl Iterator<Item = Gate> {
        let time = self.not_before().filter(|at| *at > now).map(Gate::Time);
        let turn = match self.turn {
            Turn::NotAwaited | Turn::Awaited => Some(Gate::Turn),
            Turn::Come => None,
        };
        time.into_iter().chain(turn)
    }

    /// The first gate that is shut; `None`: nothing hinders the spawn.
    pub fn first_unmet_gate(&self, now: Duration) -> Option<Gate> {
        self.unmet_gates(now).next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gates_are_told_in_their_order() {
        let now = Duration::from_secs(7);
        let later = now + Duration::from_nanos(1);
        for (not_before, turn, expected) in [
            (Some(later), Turn::NotAwaited, Some(Gate::Time(later))),
            (Some(later), Turn::Come, Some(Gate::Time(later))),
            (Some(now), Turn::NotAwaited, Some(Gate::Turn)),
            (None, Turn::NotAwaited, Some(Gate::Turn)),
            (None, Turn::Awaited, Some(Gate::Turn)),
            (Some(now), Turn::Come, None),
            (None, Turn::Come, None),
        ] {
            let put_off = not_before.map(|until| PutOff { until, reason: PutOffReason::Backoff });
            assert_eq!(PendingStart { put_off, turn }.first_unmet_gate(now), expected, "{not_before:?} {turn:?}");
        }
    }

    #[test]
    fn only_a_process_that_is_to_run_has_a_pending_start() {
        let mut start = Goal::start(UpCause::Retry, None);
        assert!(start.is_up() && start.pending().is_some() && start.pending_mut().is_some());
        let mut again = Goal::Again { cause: UpCause::ProtocolError };
        assert!(again.is_up() && again.pending().is_none() && again.pending_mut().is_none());
        let mut down = Goal::Down(DownCause::Client);
        assert!(!down.is_up() && down.pending().is_none() && down.pending_mut().is_none());
    }
}
