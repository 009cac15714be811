//! The states of a process, of supervisord and the sets that requests ask about (contract/processes.md §1.1).

/// State of a process; the numbers are wire format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProcessState {
    /// Not running, by request or not started yet.
    Stopped,
    /// Spawned, has not stayed up for `startsecs` yet.
    Starting,
    /// Has stayed up for `startsecs`.
    Running,
    /// A start failed; waits for its next try.
    Backoff,
    /// A stop signal was sent; not reaped yet.
    Stopping,
    /// Ended by itself after it had been running.
    Exited,
    /// Could not be started; given up.
    Fatal,
    /// A signal could not be sent to it for a reason other than its end.
    Unknown,
}

impl ProcessState {
    /// Every state, in the order of the codes.
    pub const ALL: [Self; 8] = [
        Self::Stopped,
        Self::Starting,
        Self::Running,
        Self::Backoff,
        Self::Stopping,
        Self::Exited,
        Self::Fatal,
        Self::Unknown,
    ];

    /// The number in `getProcessInfo`.
    pub fn code(self) -> i32 {
        match self {
            Self::Stopped => 0,
            Self::Starting => 10,
            Self::Running => 20,
            Self::Backoff => 30,
            Self::Stopping => 40,
            Self::Exited => 100,
            Self::Fatal => 200,
            Self::Unknown => 1000,
        }
    }

    /// The word in `getProcessInfo`, in events and in `supervisorctl status`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stopped => "STOPPED",
            Self::Starting => "STARTING",
            Self::Running => "RUNNING",
            Self::Backoff => "BACKOFF",
            Self::Stopping => "STOPPING",
            Self::Exited => "EXITED",
            Self::Fatal => "FATAL",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// STOPPED, EXITED, FATAL, UNKNOWN: what a group may be removed in and a shutdown waits for.
    pub fn is_stopped(self) -> bool {
        match self {
            Self::Stopped | Self::Exited | Self::Fatal | Self::Unknown => true,
            Self::Starting | Self::Running | Self::Backoff | Self::Stopping => false,
        }
    }

    /// STARTING, RUNNING, BACKOFF: what `startProcess` refuses and `stopProcess` wants.
    pub fn is_running(self) -> bool {
        match self {
            Self::Starting | Self::Running | Self::Backoff => true,
            Self::Stopped | Self::Stopping | Self::Exited | Self::Fatal | Self::Unknown => false,
        }
    }

    /// STARTING, RUNNING, STOPPING: what `signalProcess` wants.
    pub fn is_signallable(self) -> bool {
        match self {
            Self::Starting | Self::Running | Self::Stopping => true,
            Self::Stopped | Self::Backoff | Self::Exited | Self::Fatal | Self::Unknown => false,
        }
    }
}

/// State («mood») of supervisord itself; the numbers are wire format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SupervisorState {
    /// Working.
    Running,
    /// Stops everything, then begins anew from a fresh configuration.
    Restarting,
    /// Stops everything, then ends.
    Shutdown,
}

impl SupervisorState {
    /// The number in `getState`.
    pub fn code(self) -> i32 {
        match self {
            Self::Running => 1,
            Self::Restarting => 0,
            Self::Shutdown => -1,
        }
    }

    /// The word in `getState`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Restarting => "RESTARTING",
            Self::Shutdown => "SHUTDOWN",
        }
    }
}
