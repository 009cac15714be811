//! The port to the world: what the core needs done, with answers that the same transition needs.
//!
//! A host never calls back into the core; what a call causes later comes as an [`crate::Input`]. The real one is
//! supervisord's `OsHost`, the simulated one stands in `tests/sim`.

use std::fmt;

use crate::channel::Channel;
use crate::event::Event;
use crate::event_buffer::{JournalKey, PoolEvent};
use crate::event_journal::{JournalBacklog, JournalError, JournalFate, JournalRead};
use crate::fault::Fault;
use crate::log_level::LogLevel;
use crate::process_config::{ProcessConfig, SocketConfig};
use crate::process_id::{Life, Pid, ProcessId, RequestId};
use crate::process_state::SupervisorState;
use crate::publication::Publication;
use crate::reply::{LogPaths, Reply};
use crate::signal::Signal;

/// What the core asks of the world.
pub trait Host {
    /// Finds the program of a command without starting it (contract/processes.md §3.2).
    fn find_program(&mut self, config: &ProcessConfig) -> Result<(), BadCommand>;

    /// Names the log files of a new process and creates those that are AUTO, save those that are `known`: this
    /// configuration had them before, and goes on with them.
    fn create_logs(&mut self, process: ProcessId, config: &ProcessConfig, known: &LogPaths) -> LogPaths;

    /// Begins a life: pipes, log files, fork, exec (contract/processes.md §3).
    fn spawn(&mut self, life: Life, group: &str, config: &ProcessConfig) -> Result<Pid, SpawnError>;

    /// Sends a signal.
    fn kill(&mut self, target: KillTarget, signal: Signal) -> Result<(), KillError>;

    /// Queues bytes for the stdin of a life. What is refused as [`StdinError::Full`] may be tried again
    /// after [`crate::Input::StdinTaken`].
    fn write_stdin(&mut self, life: Life, bytes: &[u8]) -> Result<(), StdinError>;

    /// A life that has ended: closes its pipes and its log files.
    fn release(&mut self, life: Life);

    /// A process that is removed for good: forgets it.
    fn forget(&mut self, process: ProcessId);

    /// Writes output to the log file of a channel, and to syslog where configured.
    fn append_log(&mut self, process: ProcessId, channel: Channel, bytes: &[u8]);

    /// Empties the log files of a process, whether it runs or not. The error is for the log.
    fn clear_logs(&mut self, process: ProcessId) -> Result<(), String>;

    /// Opens the log files of every process and the main log anew (SIGUSR2).
    fn reopen_logs(&mut self);

    /// Empties the main log.
    fn clear_main_log(&mut self) -> Result<(), Fault>;

    /// Binds a FastCGI socket. The error is a text for the log.
    fn open_socket(&mut self, socket: &SocketConfig) -> Result<(), String>;

    /// Closes a FastCGI socket and removes its path.
    fn close_socket(&mut self, socket: &SocketConfig);

    /// Has the result handler of a pool judge what a listener has said of an event; the verdict comes as
    /// [`crate::Command::JudgeResult`].
    fn judge_result(&mut self, life: Life, pool: &str, event: &PoolEvent, result: &[u8]);

    /// Opens the journal of a pool, or makes one. `None`: it cannot be had, and the host has logged why.
    fn open_journal(&mut self, pool: &str) -> Option<JournalBacklog>;

    /// Writes an event behind all others of the journal. With `stays_in_memory` it is not given back as long as the
    /// journal is open; that is allowed only when all others have been given back.
    fn append_to_journal(
        &mut self,
        pool: &str,
        event: &PoolEvent,
        stays_in_memory: bool,
    ) -> Result<JournalKey, JournalError>;

    /// Gives the next event back that memory does not hold.
    fn read_journal(&mut self, pool: &str) -> JournalRead;

    /// An event need not be kept any more.
    fn mark_done(&mut self, pool: &str, event: JournalKey);

    /// Closes the journal of a pool that is removed.
    fn close_journal(&mut self, pool: &str, fate: JournalFate);

    /// A number below this one, which is not zero; all are as likely.
    fn random(&mut self, below: u64) -> u64;

    /// Whether the main log shows this level; spares the making of lines that nobody sees.
    fn log_enabled(&self, level: LogLevel) -> bool;

    /// Writes a line to the main log.
    fn log(&mut self, level: LogLevel, message: fmt::Arguments<'_>);

    /// Answers a request; once each.
    fn reply(&mut self, request: RequestId, answer: Result<Reply, Fault>);

    /// Something happened that the host may tell others of. Event listeners are the core's own, so a host need not.
    fn publish(&mut self, event: &Event<'_>) {
        let _ = event;
    }

    /// What was published of processes is about to be no longer true, and effects of the change may be seen before the
    /// next publication: whoever asks until then is to ask the core. Said once for each publication.
    fn processes_change(&mut self);

    /// What has changed of processes, at the end of an input.
    fn publish_processes(&mut self, publication: Publication<'_>);

    /// The state of supervisord is now this one.
    fn state_changed(&mut self, state: SupervisorState);

    /// Starts to read the configuration for a restart; the outcome comes as an input.
    fn read_restart_config(&mut self);
}

/// Who gets a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KillTarget {
    /// One process.
    Process(Pid),
    /// The process group that this process was made the leader of, and the process wherever it is.
    Group(Pid),
}

/// Why a signal was not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KillError {
    /// It has ended and only waits to be reaped (`ESRCH`).
    Gone,
    /// Anything else; the text is for the log.
    Failed(String),
}

/// Why a command cannot be run; the text is the contract's (contract/processes.md §3.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadCommand {
    /// There is no such file.
    NoFile(String),
    /// It is there, or the command line is wrong.
    NotExecutable(String),
}

impl BadCommand {
    /// What is wrong.
    pub fn text(&self) -> &str {
        match self {
            Self::NoFile(text) | Self::NotExecutable(text) => text,
        }
    }
}

/// Why a process could not be started, before its exec (contract/processes.md §3.4). The text is `spawnerr`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpawnError(pub String);

/// Why bytes cannot be sent to a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StdinError {
    /// The process has closed its stdin, or its fd 0 is a socket.
    Closed,
    /// Something waits already, and with these bytes it would be more than `limits::STDIN_BYTES`.
    Full,
}
