//! The real [`Host`]: what the core decides, done by the kernel.
//!
//! Owns every descriptor of supervision; each has one owner that can name it. Decides nothing about processes, and
//! never calls back into the core. Answers are collected and sent at the end of a turn, after the main log.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use supervisor_core::{
    BadCommand, Channel, Event, Fault, FaultCode, Host, JournalBacklog, JournalError, JournalFate, JournalKey,
    JournalRead, KillError, KillTarget, Life, LogLevel, LogPaths, Pid, PoolEvent, ProcessConfig, ProcessId,
    Publication, Reply, RequestId, Signal, SocketAddress, SocketConfig, SpawnError, StdinError, SupervisorState,
};
use supervisor_sys::FcgiSocket;

use super::auto_logs::AutoLogs;
use super::child::Child;
use super::child_environment::ChildEnvironment;
use super::credentials_folder::RuntimeFolder;
use super::environment_sources::{Gathered, RemoteSources};
use super::event_journals::EventJournals;
use super::kernel::Kernel;
use super::log_table::{LogId, LogTable};
use super::main_log::MainLog;
use super::process_logs::ProcessLogs;
use super::program_search::find_program;
use super::wanted_stdins::WantedStdins;
use crate::boundary::followers::Follower;
use crate::boundary::inbox::{FollowedLog, ReplySlot};
use crate::boundary::outbox::{ExtensionNotice, ListenerResult, Notice, Outbox};
use crate::boundary::snapshot::SnapshotPublisher;
use crate::name_service::NameService;

/// What the configuration decides of the host.
#[derive(Debug)]
pub struct OsHostSettings {
    /// In the names of AUTO logs; a reread may change it.
    pub identifier: String,
    /// Where AUTO logs are made.
    pub childlogdir: PathBuf,
    /// What children inherit.
    pub environment: ChildEnvironment,
    /// Where credentials of programs are put.
    pub runtime_folder: RuntimeFolder,
    /// Whom they run as, and where they listen.
    pub names: NameService,
}

/// All that supervision holds of the kernel and of clients.
#[derive(Debug)]
pub struct OsHost {
    pub(super) kernel: Kernel,
    pub(super) main_log: MainLog,
    pub(super) settings: OsHostSettings,
    pub(super) outbox: Outbox,
    processes: SnapshotPublisher,
    /// By [`ProcessId::index`].
    pub(super) entries: Vec<Option<Entry>>,
    /// The processes that have a child, by its pid.
    pub(super) by_pid: BTreeMap<Pid, Life>,
    pub(super) logs: LogTable,
    auto_logs: AutoLogs,
    pub(super) journals: EventJournals,
    /// Streams that are not read until their events find room.
    pub(super) held_for_events: Vec<(Life, Channel)>,
    /// Children whose stdin cannot be had for now.
    pub(super) wanted_stdins: WantedStdins,
    /// Monotonic time of the input that is being handled.
    pub(super) now: Duration,
    /// FastCGI sockets by their url.
    pub(super) sockets: BTreeMap<Box<str>, FcgiSocket>,
    waiting: BTreeMap<RequestId, ReplySlot>,
    due: Vec<(RequestId, Result<Reply, Fault>)>,
    next_request: u64,
    pub(super) restart_requested: bool,
    /// Variables that threads read.
    pub(super) remote_sources: RemoteSources,
    /// What has been told of files of secrets and of where credentials are, each once.
    pub(super) told_of_secrets: BTreeSet<String>,
    /// A life that was reaped, while its last output is read: its pid may be another's by now.
    pub(super) reaped: Option<Life>,
}

/// What the host keeps of a process.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) id: ProcessId,
    /// For the main log.
    name: Box<str>,
    pub(super) is_extension: bool,
    pub(super) child: Option<Child>,
    pub(super) logs: ProcessLogs,
}

impl OsHost {
    /// A host without processes.
    pub fn new(
        mut kernel: Kernel,
        mut main_log: MainLog,
        settings: OsHostSettings,
        outbox: Outbox,
        processes: SnapshotPublisher,
    ) -> Self {
        let journals = EventJournals::new(settings.childlogdir.clone(), settings.identifier.clone());
        let auto_logs = AutoLogs::new(settings.childlogdir.clone(), settings.identifier.clone());
        main_log.leave_if_remote(&mut kernel.log_writers);
        Self {
            kernel,
            main_log,
            settings,
            outbox,
            processes,
            entries: Vec::new(),
            by_pid: BTreeMap::new(),
            logs: LogTable::default(),
            auto_logs,
            journals,
            held_for_events: Vec::new(),
            wanted_stdins: WantedStdins::default(),
            now: Duration::ZERO,
            sockets: BTreeMap::new(),
            waiting: BTreeMap::new(),
            due: Vec::new(),
            next_request: 0,
            restart_requested: false,
            remote_sources: RemoteSources::default(),
            told_of_secrets: BTreeSet::new(),
            reaped: None,
        }
    }

    /// What outlives a restart. Requests that still wait are dropped, which their clients see as a shutdown.
    pub fn into_kernel(mut self) -> Kernel {
        self.report_dropped();
        self.unwatch_logs();
        self.journals.close_all();
        self.kernel
    }

    /// A line of ours before there is a loop to write it: written at once, so that a client which is answered early
    /// finds it.
    pub fn log_line(&mut self, level: LogLevel, message: fmt::Arguments<'_>) {
        self.main_log.log(level, message);
        self.main_log.flush();
    }

    /// Takes in where a request is to be answered.
    pub(super) fn accept_request(&mut self, slot: ReplySlot) -> RequestId {
        self.next_request += 1;
        let request = RequestId(self.next_request);
        self.waiting.insert(request, slot);
        request
    }

    /// The end of a turn: the main log first, then the answers, then who follows events.
    pub(super) fn end_turn(&mut self) {
        self.flush_main_log();
        if !self.due.is_empty() {
            self.main_log.settle(&mut self.kernel.log_writers);
        }
        for (request, answer) in self.due.drain(..) {
            if let Some(slot) = self.waiting.remove(&request) {
                slot.send(answer);
            }
        }
        self.outbox.end_turn();
        self.kernel.log_writers.end_turn();
    }

    /// Whether answers wait for the end of the turn.
    pub(super) fn has_answers(&self) -> bool {
        !self.due.is_empty()
    }

    /// Registers a client that follows a log.
    pub(super) fn follow(&mut self, log: &FollowedLog, follower: Follower, process: Option<ProcessId>) {
        match log {
            FollowedLog::Main => self.main_log.follow(follower),
            FollowedLog::Process { channel, .. } => {
                let log = process.and_then(|id| self.entry_mut(id)?.logs.log(*channel));
                // Else the process was removed meanwhile: its log does not change any more.
                if let Some(log) = log {
                    self.logs.follow(log, follower);
                }
            }
        }
    }

    /// Tells the main log which children have not become their programs. They tell their own logs; whoever looks at
    /// ours wants to know at once.
    pub(super) fn tell_failed_execs(&mut self) {
        for failure in self.kernel.take_exec_failures() {
            let entry = self.life_of_pid(failure.pid.get()).and_then(|life| self.entry_mut(life.process));
            let Some(name) = entry.map(|entry| entry.name.clone()) else { continue };
            let text = format_args!("the program of {name} could not be started: {}", failure.words);
            self.main_log.log(LogLevel::Warn, text);
        }
    }

    /// The life that is in this place of the table now, as far as it has a child.
    pub(super) fn life_at(&self, index: usize) -> Option<Life> {
        self.entries.get(index)?.as_ref()?.child.as_ref().map(|child| child.life)
    }

    /// What there is of a life, as long as it is not released.
    pub(super) fn child_of(&mut self, life: Life) -> Option<&mut Child> {
        child_of(&mut self.entries, life)
    }

    /// The life that a pid of ours belongs to.
    pub(super) fn life_of_pid(&self, pid: i32) -> Option<Life> {
        self.by_pid.get(&Pid::new(pid)?).copied()
    }

    pub(super) fn entry_mut(&mut self, id: ProcessId) -> Option<&mut Entry> {
        self.entries.get_mut(id.index()).and_then(Option::as_mut).filter(|entry| entry.id == id)
    }
}

/// What there is of a life in the table of processes, as long as it is not released.
pub(super) fn child_of(entries: &mut [Option<Entry>], life: Life) -> Option<&mut Child> {
    let entry = entries.get_mut(life.process.index())?.as_mut()?;
    entry.child.as_mut().filter(|child| child.life == life)
}

impl Host for OsHost {
    fn find_program(&mut self, config: &ProcessConfig) -> Result<(), BadCommand> {
        let nothing_read = Gathered::default();
        let path = self.settings.environment.path_of(config, &nothing_read);
        let found = find_program(&config.command, path.as_deref()).map(drop);
        // Where it looks may stand in a file: then the start itself finds out.
        if config.environment.sources.is_empty() { found } else { Ok(()) }
    }

    fn create_logs(&mut self, process: ProcessId, config: &ProcessConfig, known: &LogPaths) -> LogPaths {
        let Self { main_log, auto_logs, logs: table, .. } = self;
        let logs = ProcessLogs::create(config, known, table, auto_logs, |warning| {
            main_log.log(LogLevel::Warn, format_args!("{warning}"));
        });
        let paths = logs.paths();
        let index = process.index();
        if self.entries.len() <= index {
            self.entries.resize_with(index + 1, || None);
        }
        let is_extension = config.extension.is_some();
        if let Some(config) = config.extension.clone() {
            self.outbox.tell_of_extension(ExtensionNotice::Added { process, config });
        }
        self.entries[index] = Some(Entry { id: process, name: config.name.clone(), is_extension, child: None, logs });
        paths
    }

    fn spawn(&mut self, life: Life, group: &str, config: &ProcessConfig) -> Result<Pid, SpawnError> {
        self.start_child(life, group, config)
    }

    fn kill(&mut self, target: KillTarget, signal: Signal) -> Result<(), KillError> {
        let (KillTarget::Process(pid) | KillTarget::Group(pid)) = target;
        let reaped = self.reaped.and_then(|life| self.child_of(life));
        if reaped.is_some_and(|child| child.pid == pid) {
            return Err(KillError::Gone);
        }
        if self.hold_stop_signal(target, signal) {
            return Ok(());
        }
        supervisor_sys::kill(target, signal)
    }

    fn write_stdin(&mut self, life: Life, bytes: &[u8]) -> Result<(), StdinError> {
        self.queue_for_stdin(life, bytes)
    }

    fn judge_result(&mut self, life: Life, pool: &str, event: &PoolEvent, result: &[u8]) {
        let words = result.to_vec();
        let result = ListenerResult { life, pool: pool.into(), event: event.clone(), words };
        if !self.outbox.tell_of_extension(ExtensionNotice::Judge(Box::new(result))) {
            let serial = event.serial;
            let text = format_args!("what {pool} said of event {serial} is not judged: the control plane is behind");
            self.main_log.log(LogLevel::Critical, text);
        }
    }

    fn release(&mut self, life: Life) {
        let Self { kernel, entries, by_pid, logs, outbox, .. } = self;
        if child_of(entries, life).is_none() {
            return;
        }
        let Some(entry) = entries.get_mut(life.process.index()).and_then(Option::as_mut) else { return };
        if let Some(child) = entry.child.take() {
            by_pid.remove(&child.pid);
            kernel.release(life, &child);
            if child.stop_signal.is_some() {
                outbox.tell_of_extension(ExtensionNotice::Ended { life });
            }
        }
        entry.logs.close(logs, &mut kernel.log_writers);
        let ids: Vec<LogId> = entry.logs.ids().collect();
        // One that has turned out to be a stream may not have taken all that waited for it.
        for log in ids {
            self.settle(log);
        }
    }

    fn forget(&mut self, process: ProcessId) {
        if let Some(life) = self.life_at(process.index()) {
            self.release(life);
        }
        self.remote_sources.forget(process);
        let entry = self.entries.get_mut(process.index()).and_then(Option::take);
        if let Some(entry) = entry {
            if entry.is_extension {
                self.outbox.tell_of_extension(ExtensionNotice::Removed { process });
            }
            entry.logs.forget(&mut self.logs, &mut self.kernel.log_writers);
        }
    }

    fn append_log(&mut self, process: ProcessId, channel: Channel, bytes: &[u8]) {
        self.append_output(process, channel, bytes);
    }

    fn clear_logs(&mut self, process: ProcessId) -> Result<(), String> {
        let Self { kernel, entries, logs, .. } = self;
        let Some(entry) = entries.get_mut(process.index()).and_then(Option::as_mut) else { return Ok(()) };
        let cleared = entry.logs.clear(logs, &mut kernel.log_writers).map_err(|error| error.to_string());
        let ids: Vec<LogId> = entry.logs.ids().collect();
        // Its thread may have made room meanwhile, and has nothing left to answer.
        for log in ids {
            self.settle(log);
        }
        cleared
    }

    fn reopen_logs(&mut self) {
        self.main_log.log(LogLevel::Info, format_args!("supervisord logreopen"));
        self.main_log.reopen();
        self.logs.reopen();
        self.outbox.tell(Notice::Reopen);
    }

    fn clear_main_log(&mut self) -> Result<(), Fault> {
        // Whether a file that a thread writes is there, the thread finds out.
        let is_there = |path: PathBuf| self.main_log.is_queued() || path.exists();
        if !self.main_log.clearable_path().is_some_and(is_there) {
            return Err(Fault::bare(FaultCode::NoFile));
        }
        // Told before, so that the file is empty afterwards, and once for each place that the log is kept in.
        for _ in 0..self.main_log.places() {
            self.main_log.log(LogLevel::Info, format_args!("reopening log file"));
        }
        self.main_log.clear(&mut self.kernel.log_writers).map_err(|_| Fault::bare(FaultCode::Failed))
    }

    fn open_socket(&mut self, socket: &SocketConfig) -> Result<(), String> {
        let names = &self.settings.names;
        let opened = FcgiSocket::open(socket, |host, port| names.host(host, port));
        if let (Err(_), SocketAddress::Tcp { .. }) = (&opened, &socket.address) {
            // The host may have moved since it was asked for.
            names.ask_beside();
        }
        let open = opened?;
        self.sockets.insert(socket.url.clone(), open);
        Ok(())
    }

    fn close_socket(&mut self, socket: &SocketConfig) {
        self.sockets.remove(&socket.url);
    }

    fn open_journal(&mut self, pool: &str) -> Option<JournalBacklog> {
        self.open_event_journal(pool)
    }

    fn append_to_journal(
        &mut self,
        pool: &str,
        event: &PoolEvent,
        stays_in_memory: bool,
    ) -> Result<JournalKey, JournalError> {
        self.journals.append(pool, event, stays_in_memory)
    }

    fn read_journal(&mut self, pool: &str) -> JournalRead {
        self.read_event_journal(pool)
    }

    fn mark_done(&mut self, pool: &str, event: JournalKey) {
        self.journals.mark_done(pool, event);
    }

    fn close_journal(&mut self, pool: &str, fate: JournalFate) {
        self.journals.close(pool, fate);
    }

    fn random(&mut self, below: u64) -> u64 {
        // Without randomness there is no jitter, and nothing else depends on it.
        let key = supervisor_sys::random_key().unwrap_or_default();
        let number = key.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        number % below
    }

    fn log_enabled(&self, level: LogLevel) -> bool {
        self.main_log.shows(level)
    }

    fn log(&mut self, level: LogLevel, message: fmt::Arguments<'_>) {
        self.main_log.log(level, message);
    }

    fn reply(&mut self, request: RequestId, answer: Result<Reply, Fault>) {
        self.due.push((request, answer));
    }

    fn publish(&mut self, _event: &Event<'_>) {
        self.outbox.tell(Notice::EventsWaiting);
    }

    fn processes_change(&mut self) {
        self.processes.begin_change();
    }

    fn publish_processes(&mut self, publication: Publication<'_>) {
        self.note_states();
        self.processes.publish(publication.changed, publication.all);
        self.outbox.tell(Notice::ProcessesChanged);
    }

    fn state_changed(&mut self, state: SupervisorState) {
        self.outbox.tell(Notice::State(state));
        self.tell_state(state);
    }

    fn read_restart_config(&mut self) {
        self.restart_requested = true;
    }
}
