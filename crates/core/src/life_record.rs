//! A life that is over: what is remembered of it.

use std::time::Duration;

use crate::last_exit::LastExit;
use crate::process_id::Pid;

/// One life of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LifeRecord {
    /// Counted per process from 1.
    pub number: u64,
    /// The pid it had.
    pub pid: Pid,
    /// How it ended, and when.
    pub end: LastExit,
    /// Why it ended.
    pub reason: EndReason,
}

impl LifeRecord {
    /// When it began: the wall clock, since the Unix epoch.
    pub fn began(&self) -> Duration {
        self.end.at.saturating_sub(self.end.ran_for)
    }
}

/// Why a life ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// By itself, after it was RUNNING.
    Exit,
    /// By itself, before that: its start has failed.
    Start,
    /// It was asked to stop.
    Stop,
    /// It was asked to stop since it broke the protocol that it speaks with supervisord; another life follows.
    Restart,
    /// Everything stops.
    Shutdown,
    /// It had become UNKNOWN.
    Unknown,
}

impl EndReason {
    /// One word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exit => "exit",
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Shutdown => "shutdown",
            Self::Unknown => "unknown",
        }
    }
}
