//! The closed list of what can happen to a supervisor.

use crate::channel::Channel;
use crate::command::Command;
use crate::exit_status::ExitStatus;
use crate::process_id::{Life, RequestId};
use crate::signal::signal_name;

/// One thing that happened. All its consequences are drawn before the next input (single mutation).
#[derive(Debug)]
pub enum Input<'a> {
    /// The first input, once: add the groups and start what starts by itself.
    Boot,
    /// A deadline may have passed.
    Timeout,
    /// A child was reaped. What it had written was given as [`Input::Output`] before.
    Exited {
        /// Which life has ended.
        life: Life,
        /// How it ended.
        status: ExitStatus,
    },
    /// A child that is no process of ours was reaped (PID 1 and subreaper duty).
    StrangerExited {
        /// Its pid.
        pid: i32,
        /// How it ended.
        status: ExitStatus,
    },
    /// A child wrote something.
    Output {
        /// Which life wrote it.
        life: Life,
        /// On which channel.
        channel: Channel,
        /// What it wrote; never empty.
        bytes: &'a [u8],
    },
    /// A child has read everything that waited for its stdin.
    StdinTaken {
        /// Which life.
        life: Life,
    },
    /// supervisord received a signal.
    Signal(DaemonSignal),
    /// A client asks for something.
    Command {
        /// To be named in the answer.
        request: RequestId,
        /// What it asks.
        command: Command,
    },
    /// The configuration for a restart was read and is good: stop everything.
    RestartConfigRead,
    /// The configuration for a restart is bad: stay as we are (contract/quirks.md D6).
    RestartConfigRefused {
        /// What is wrong with it.
        error: String,
    },
}

/// Signals that supervisord acts on (contract/processes.md §9.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DaemonSignal {
    /// SIGTERM: shut down.
    Term,
    /// SIGINT: shut down.
    Int,
    /// SIGQUIT: shut down.
    Quit,
    /// SIGHUP: restart.
    Hup,
    /// SIGUSR2: reopen the logs.
    Usr2,
    /// SIGCHLD: only logged; reaping is the host's.
    Chld,
    /// Any other that would end us by default (SIGUSR1): ignored (contract/quirks.md F26).
    Other(i32),
}

impl DaemonSignal {
    /// What a signal with this number means to supervisord.
    pub fn from_number(number: i32) -> Self {
        match signal_name(number) {
            Some("SIGTERM") => Self::Term,
            Some("SIGINT") => Self::Int,
            Some("SIGQUIT") => Self::Quit,
            Some("SIGHUP") => Self::Hup,
            Some("SIGUSR2") => Self::Usr2,
            Some("SIGCHLD") => Self::Chld,
            Some(_) | None => Self::Other(number),
        }
    }

    /// Its name, as the log has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Term => "SIGTERM",
            Self::Int => "SIGINT",
            Self::Quit => "SIGQUIT",
            Self::Hup => "SIGHUP",
            Self::Usr2 => "SIGUSR2",
            Self::Chld => "SIGCHLD",
            Self::Other(number) => signal_name(number).unwrap_or("an unnamed signal"),
        }
    }
}

/// A signal that supervisord takes for another one (`signal_rewrite`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignalRewrite {
    /// What comes.
    pub from: DaemonSignal,
    /// What it counts as; `None`: it is ignored.
    pub to: Option<DaemonSignal>,
}
