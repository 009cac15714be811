//! What the core answers. Plain data that is cheap to copy: configuration is shared, not cloned.

use std::sync::Arc;
use std::time::Duration;

use crate::event_ring::{EventBatch, RingStatistics};
use crate::fault::Fault;
use crate::goal::{Gate, Goal};
use crate::group_config::{GroupConfig, Overflow};
use crate::last_exit::LastExit;
use crate::life_record::LifeRecord;
use crate::process_config::ProcessConfig;
use crate::process_id::Pid;
use crate::process_state::ProcessState;
use crate::tally::Tally;

/// The answer to a [`crate::Command`] that was not refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// `True`
    Done,
    /// One struct a process, in order of completion.
    Results(Vec<ProcessResult>),
    /// One process.
    ProcessInfo(Box<ProcessInfo>),
    /// All processes, sorted by group, then name.
    AllProcessInfo(Vec<ProcessInfo>),
    /// The pending configuration, sorted by process name.
    AllConfigInfo(Vec<ConfigInfo>),
    /// Path of a log file; `None`: the channel has none.
    LogFile(Option<Arc<str>>),
    /// A piece of the event stream.
    Events(Box<EventBatch>),
    /// What became of events so far.
    EventStatistics(Box<EventStatistics>),
    /// What a reload found.
    Reloaded(ReloadDiff),
    /// Names of groups.
    GroupNames(Vec<Arc<str>>),
    /// One active group, with the processes that it has now.
    Group(Arc<GroupConfig>),
    /// One process, with more than clients are told of all.
    ProcessDetails(Box<ProcessDetails>),
    /// The process has another pid than the client knows, or none.
    OtherPid,
    /// All processes so, sorted by group, then name.
    AllProcessDetails(Vec<ProcessDetails>),
}

/// What became of one process in an operation on several (contract/rpc.md §4.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessResult {
    /// Process name.
    pub name: Box<str>,
    /// Group name.
    pub group: Arc<str>,
    /// `None`: it went well.
    pub fault: Option<Fault>,
}

/// A process as it is now (contract/rpc.md §4.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessInfo {
    /// Name of its group.
    pub group: Arc<str>,
    /// Its configuration; holds its name.
    pub config: Arc<ProcessConfig>,
    /// Its state.
    pub state: ProcessState,
    /// Its pid; exactly in STARTING, RUNNING, STOPPING, and kept in UNKNOWN.
    pub pid: Option<Pid>,
    /// Last spawn, seconds since the epoch; 0: never.
    pub start: i64,
    /// Last reap, seconds since the epoch; 0: never.
    pub stop: i64,
    /// Last exit status, -1 for death by signal; `None` while running, never run, or after a too quick exit.
    pub exit_code: Option<i32>,
    /// Why the last start failed.
    pub spawnerr: Option<Arc<str>>,
    /// Its log files.
    pub logs: LogPaths,
    /// How its last life ended; `None`: none has ended yet.
    pub last_exit: Option<LastExit>,
    /// What has happened to it so far.
    pub tally: Tally,
    /// What a listener said when it broke the protocol, on one line; until it is started anew.
    pub protocol_error: Option<Arc<str>>,
    /// Monotonic time of its next start, where an option that Supervisor has not puts it off; it may have passed.
    pub starts_at: Option<Duration>,
}

/// A process as it is now, and what is to become of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessDetails {
    /// What all clients are told.
    pub info: ProcessInfo,
    /// Failed starts since it was last RUNNING, FATAL or started by hand.
    pub backoff: u64,
    /// What is wanted of it.
    pub goal: Goal,
    /// When its next start may come, since the epoch; `None`: no start is put off.
    pub next_start: Option<Duration>,
    /// The gates that its pending start has yet to pass, in their order.
    pub gates: Vec<Gate>,
    /// Monotonic time of this answer, on which gates and `goal` count.
    pub now: Duration,
    /// Lives so far, the present one included.
    pub lives: u64,
    /// Starts by themselves that count for `restart_limit_count` now.
    pub restarts_counted: usize,
    /// The last of its lives that are over, the oldest first.
    pub history: Vec<LifeRecord>,
}

/// The log files of a process, AUTO names resolved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogPaths {
    /// Path for stdout; `None`: not logged to a file.
    pub stdout: Option<Arc<str>>,
    /// Path for stderr; `None`: not logged to a file.
    pub stderr: Option<Arc<str>>,
}

/// A process of the pending configuration (contract/rpc.md §4.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigInfo {
    /// Its group.
    pub group: Arc<GroupConfig>,
    /// The process itself, one of the group's.
    pub process: Arc<ProcessConfig>,
    /// A group of that name is active.
    pub in_use: bool,
    /// The files behind AUTO, if a group was made from this very configuration, even one that was removed.
    pub auto_logs: LogPaths,
}

/// What became of events so far, and what is held of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventStatistics {
    /// Every active pool, in the order the pools were added.
    pub pools: Vec<PoolStatistics>,
    /// What the event stream can be read from.
    pub ring: RingStatistics,
}

/// What a pool has done since it was added, and what it holds now. `accepted` is the sum of `delivered`, both
/// `dropped`, `unreadable`, `waiting`, `spilled` and `in_progress`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolStatistics {
    /// The pool's name.
    pub name: Arc<str>,
    /// What becomes of events that find no room: as configured, or [`Overflow::DropOldest`] without the journal that
    /// there should be.
    pub overflow: Overflow,
    /// Events that it has taken in, or found in its journal.
    pub accepted: u64,
    /// Events that a member has processed.
    pub delivered: u64,
    /// How often a member gave an event back: it said so, died over it, or broke the protocol.
    pub rejected: u64,
    /// Events dropped because `buffer_size` others waited.
    pub dropped_by_count: u64,
    /// Events dropped because those that waited were too large together.
    pub dropped_by_bytes: u64,
    /// Events that its journal could not give back.
    pub unreadable: u64,
    /// Events that wait in memory now.
    pub waiting: usize,
    /// The memory they take, in bytes.
    pub waiting_bytes: usize,
    /// Events that wait in its journal alone.
    pub spilled: u64,
    /// Bytes of their payloads.
    pub spilled_bytes: u64,
    /// Members that work on an event now.
    pub in_progress: usize,
    /// Members that broke the protocol and are not listened to until they are started anew.
    pub unknown: usize,
    /// It is full, or was a moment ago, and programs and clients have to wait for room, with `overflow=block`.
    pub blocked: bool,
}

/// Group names that a reload found, each list in start order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReloadDiff {
    /// Pending, not active.
    pub added: Vec<Box<str>>,
    /// Active and pending, and not the same.
    pub changed: Vec<Box<str>>,
    /// Active, not pending.
    pub removed: Vec<Box<str>>,
}
