//! What a client can ask of the core.
//!
//! Only what needs the processes: reading files, formatting and introspection are the control plane's. A
//! command names processes as its sender did, since faults repeat the name as given (contract/rpc.md §3, §4).

use std::sync::Arc;

use crate::channel::Channel;
use crate::event::OwnEventType;
use crate::group_config::{GroupConfig, Verdict};
use crate::log_level::LogLevel;
use crate::process_config::ProcessConfig;
use crate::process_id::{Life, Pid};

/// A request of the control plane. Answered exactly once, with a [`crate::Reply`] or a [`crate::Fault`];
/// the comment names the reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// `Done` once RUNNING (or once spawned, without `wait`); a group form gives `Results`.
    StartProcess {
        /// `group:process`, or `group:*`.
        name: String,
        /// Answer when it is RUNNING or has failed.
        wait: bool,
    },
    /// `Results`
    StartProcessGroup {
        /// Group name.
        name: String,
        /// Answer when all are RUNNING or have failed.
        wait: bool,
    },
    /// `Results`
    StartAllProcesses {
        /// Answer when all are RUNNING or have failed.
        wait: bool,
    },
    /// `Done` once stopped; a group form gives `Results`.
    StopProcess {
        /// `group:process`, or `group:*`.
        name: String,
        /// Answer when it has stopped.
        wait: bool,
    },
    /// `Results`
    StopProcessGroup {
        /// Group name.
        name: String,
        /// Answer when all have stopped.
        wait: bool,
    },
    /// `Results`
    StopAllProcesses {
        /// Answer when all have stopped.
        wait: bool,
    },
    /// `Done`; a group form gives `Results`.
    SignalProcess {
        /// `group:process`, or `group:*`.
        name: String,
        /// Number or name, as given.
        signal: String,
    },
    /// `Results`
    SignalProcessGroup {
        /// Group name.
        name: String,
        /// Number or name, as given.
        signal: String,
    },
    /// `Results`
    SignalAllProcesses {
        /// Number or name, as given.
        signal: String,
    },
    /// `Done`: the result handler of a pool has judged what a listener said of an event.
    JudgeResult {
        /// The life that it has asked about.
        life: Life,
        /// Of the event.
        serial: u64,
        /// What it thinks.
        verdict: Verdict,
    },
    /// `Done` once queued.
    SendProcessStdin {
        /// `group:process`.
        name: String,
        /// What to write.
        chars: Vec<u8>,
    },
    /// `Done` once every pool that wants it has a place for it; works during a shutdown.
    SendRemoteCommEvent {
        /// The event's `type:`.
        kind: String,
        /// The event's data.
        data: String,
    },
    /// `Events`: what follows in the event stream. Works to the very end of a shutdown.
    ReadEvents {
        /// The serial of the last event that the reader knows; 0: all that can be read; `None`: none, only where to go
        /// on from.
        after: Option<u64>,
    },
    /// `EventStatistics`; works during a shutdown.
    GetEventStatistics,
    /// `ProcessInfo`
    GetProcessInfo {
        /// `group:process`.
        name: String,
    },
    /// `AllProcessInfo`, sorted by group, then name.
    GetAllProcessInfo,
    /// `AllConfigInfo`, sorted by process name.
    GetAllConfigInfo,
    /// `LogFile`: where the channel of a process is logged.
    GetLogFile {
        /// `group:process`.
        name: String,
        /// Which channel.
        channel: Channel,
    },
    /// `Done`
    ClearProcessLogs {
        /// `group:process`.
        name: String,
    },
    /// `Results`
    ClearAllProcessLogs,
    /// `Done`: empties the main log.
    ClearLog,
    /// `Reloaded`: these groups become the pending configuration.
    ReloadConfig {
        /// As read from the files, in start order.
        groups: Vec<Arc<GroupConfig>>,
    },
    /// `Done`
    AddProcessGroup {
        /// Group name of the pending configuration.
        name: String,
    },
    /// `Done`
    RemoveProcessGroup {
        /// Name of an active group.
        name: String,
    },
    /// `GroupNames`, in the order they were added.
    GetGroupNames,
    /// `Done`: processes come to a living group. Those with `autostart` start.
    AddProcesses {
        /// Name of an active group.
        group: String,
        /// The processes.
        processes: Vec<Arc<ProcessConfig>>,
    },
    /// `Done`: a process that does not run leaves its group.
    RemoveProcess {
        /// Name of an active group.
        group: String,
        /// Name of one of its processes.
        process: String,
    },
    /// `Group`
    GetGroup {
        /// Name of an active group.
        name: String,
    },
    /// `ProcessDetails`
    GetProcessDetails {
        /// `group:process`.
        name: String,
    },
    /// `AllProcessDetails`, sorted by group, then name.
    GetAllProcessDetails,
    /// `Results`: what was counted of failures begins anew, and what is FATAL is STOPPED.
    ResetFailed {
        /// `group:process`, or `group:*`.
        name: String,
    },
    /// `Done`: a signal to a process by its pid, whatever its state.
    Kill {
        /// The pid of one of the processes.
        pid: Pid,
        /// To the process group that it leads.
        as_group: bool,
        /// Number or name, as given.
        signal: String,
    },
    /// What the command is answered with, if the process has this pid; else `OtherPid`, and nothing is done.
    OnlyWithPid {
        /// `group:process`.
        name: String,
        /// Its pid, as the client knows it.
        pid: Pid,
        /// What is to be done.
        command: Box<Command>,
    },
    /// `Done`: a life that has broken the protocol that it speaks with supervisord is stopped, and another follows. One
    /// that has ended, or is to end, is left alone.
    StartAnew {
        /// The life.
        life: Life,
    },
    /// `Done` once every pool that wants it has a place for it: an event of an extension's own.
    SendOwnEvent {
        /// Its type.
        name: OwnEventType,
        /// Its payload.
        payload: String,
    },
    /// `Done`: as long as this life lasts there are TICK events, whether a pool subscribes to them or not.
    WatchTicks {
        /// The life.
        life: Life,
    },
    /// `Done`: a line of a client in the main log, which is there when it is answered.
    Log {
        /// Its level.
        level: LogLevel,
        /// The line.
        message: String,
    },
    /// `Done`, then everything stops.
    Shutdown,
    /// `Done`, then the configuration is read and, when it is good, everything starts anew.
    Restart,
}
