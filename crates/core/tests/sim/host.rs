//! The simulated world: a kernel with scripted children, files and sockets that are only remembered.
//!
//! Objects, through its [`Witness`], to calls that a real host must never see: a second spawn of a living process,
//! a signal to a pid that was reaped (it may be another's by now), an answer given twice.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::time::Duration;

use supervisor_core::{
    BadCommand, Channel, Event, ExitStatus, Fault, Host, JournalBacklog, JournalError, JournalFate, JournalKey,
    JournalRead, KillError, KillTarget, Life, LogFile, LogLevel, LogPaths, Pid, PoolEvent, ProcessConfig, ProcessId,
    Publication, Reply, RequestId, Signal, SocketConfig, SpawnError, StdinError, SupervisorState,
};

use super::child::{Script, SimChild};
use super::journal::SimJournal;
use super::published::Published;
use super::random::Random;
use super::trace::{Kind, Line, Trace, answer_text, event_text};
use super::witness::Witness;

/// The first pid given away.
pub(crate) const FIRST_PID: i32 = 100;

/// What the simulated supervisor acts on, and what it was seen to do.
#[derive(Clone, Debug)]
pub(crate) struct SimHost {
    /// Since the simulation began.
    pub(crate) now: Duration,
    pub(crate) witness: Witness,
    /// Children that are not reaped yet, by pid.
    pub(crate) children: BTreeMap<i32, SimChild>,
    /// Pids of children whose process was removed.
    pub(crate) strangers: BTreeSet<i32>,
    /// Members of process groups that have outlived their leader.
    pub(crate) survivors: u32,
    /// What the next children of a process do, by process name or `*`; the last script is repeated.
    pub(crate) scripts: BTreeMap<String, VecDeque<Script>>,
    /// Programs that cannot be found, by process name.
    pub(crate) hidden: BTreeMap<String, BadCommand>,
    /// What was written to which process.
    pub(crate) sent: Vec<(String, String)>,
    /// Results that wait for a verdict: who gave them, and of which event.
    pub(crate) to_judge: Vec<(Life, u64)>,
    pub(crate) stdin_errors: BTreeMap<String, StdinError>,
    pub(crate) clear_errors: BTreeMap<String, String>,
    /// Sockets that cannot be bound, by url.
    pub(crate) socket_errors: BTreeMap<String, String>,
    pub(crate) open_sockets: BTreeSet<String>,
    pub(crate) main_log_error: Option<Fault>,
    /// Journals by the names of their pools.
    pub(crate) journals: BTreeMap<String, SimJournal>,
    /// The core has asked for the configuration of a restart.
    pub(crate) restart_config_asked: bool,
    pub(crate) log_level: LogLevel,
    /// `None`: nothing is kept, for speed.
    pub(crate) trace: Option<Trace>,
    pub(crate) answers: BTreeMap<RequestId, Result<Reply, Fault>>,
    pub(crate) published: Published,
    /// Events of the second root, with their times.
    pub(crate) extended: Vec<(Duration, String)>,
    /// Processes between their spawn and their release.
    held: BTreeMap<ProcessId, Life>,
    next_pid: i32,
    auto_logs: u32,
    /// What is drawn at random.
    pub(crate) dice: Random,
}

impl SimHost {
    pub(crate) fn new() -> Self {
        Self {
            now: Duration::ZERO,
            witness: Witness::default(),
            children: BTreeMap::new(),
            strangers: BTreeSet::new(),
            survivors: 0,
            scripts: BTreeMap::new(),
            hidden: BTreeMap::new(),
            sent: Vec::new(),
            to_judge: Vec::new(),
            stdin_errors: BTreeMap::new(),
            clear_errors: BTreeMap::new(),
            socket_errors: BTreeMap::new(),
            open_sockets: BTreeSet::new(),
            main_log_error: None,
            journals: BTreeMap::new(),
            restart_config_asked: false,
            log_level: LogLevel::Debug,
            trace: Some(Trace::default()),
            answers: BTreeMap::new(),
            published: Published::default(),
            extended: Vec::new(),
            held: BTreeMap::new(),
            next_pid: FIRST_PID,
            auto_logs: 0,
            dice: Random::seeded(0),
        }
    }

    /// The child that ends first: when, and its pid.
    pub(crate) fn next_end(&self) -> Option<(Duration, i32)> {
        self.children.iter().filter_map(|(pid, child)| child.end.map(|(at, _)| (at, *pid))).min()
    }

    /// Takes a child that has ended out of the kernel: whose it was and how it ended.
    pub(crate) fn reap(&mut self, pid: i32) -> (Life, ExitStatus) {
        let child = self.children.remove(&pid).expect("only children that are there are reaped");
        let (_, status) = child.end.expect("only children that have ended are reaped");
        self.survivors += child.members;
        (child.life, status)
    }

    /// Whether pipes and log files of a process are open.
    pub(crate) fn holds(&self, id: ProcessId) -> bool {
        self.held.contains_key(&id)
    }

    fn journal(&mut self, pool: &str) -> &mut SimJournal {
        self.journals.get_mut(pool).expect("a journal is opened before it is used")
    }

    fn name_of(&self, id: ProcessId) -> String {
        self.witness.track(id).map_or_else(|| format!("{id:?}"), |track| track.config.name.to_string())
    }

    fn next_script(&mut self, name: &str) -> Script {
        let name = if self.scripts.contains_key(name) { name } else { "*" };
        let Some(scripts) = self.scripts.get_mut(name) else { return Script::lives() };
        if scripts.len() > 1 { scripts.pop_front() } else { scripts.front().cloned() }.unwrap_or_else(Script::lives)
    }

    fn note(&mut self, kind: Kind, text: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.0.push(Line { at: self.now, kind, text: text() });
        }
    }

    fn log_path(&mut self, process: &str, channel: Channel, logfile: &LogFile) -> Option<std::sync::Arc<str>> {
        match logfile {
            LogFile::None => None,
            LogFile::Path(path) => Some((**path).into()),
            LogFile::Auto => {
                self.auto_logs += 1;
                Some(format!("/auto/{process}-{}-{}.log", channel.name(), self.auto_logs).into())
            }
        }
    }
}

impl Host for SimHost {
    fn find_program(&mut self, config: &ProcessConfig) -> Result<(), BadCommand> {
        self.hidden.get(&*config.name).map_or(Ok(()), |bad| Err(bad.clone()))
    }

    fn create_logs(&mut self, process: ProcessId, config: &ProcessConfig, known: &LogPaths) -> LogPaths {
        self.witness.created(process, config);
        let LogPaths { stdout, stderr } = known.clone();
        LogPaths {
            stdout: stdout.or_else(|| self.log_path(&config.name, Channel::Stdout, &config.log.stdout.logfile)),
            stderr: stderr.or_else(|| self.log_path(&config.name, Channel::Stderr, &config.log.stderr.logfile)),
        }
    }

    fn spawn(&mut self, life: Life, group: &str, config: &ProcessConfig) -> Result<Pid, SpawnError> {
        let process = life.process;
        if !self.published.is_changing() {
            self.witness
                .object(format!("{} is spawned, and clients would still be told the state before", config.name));
        }
        let script = self.next_script(&config.name);
        let birth = match self.hidden.get(&*config.name) {
            Some(bad) => Err(bad.text().to_owned()),
            None => script.birth().clone(),
        };
        if let Err(text) = birth {
            self.note(Kind::Call, || format!("spawn {} fails", config.name));
            self.witness.spawned(process, None, group);
            return Err(SpawnError(text));
        }
        let pid = self.next_pid;
        self.next_pid += 1;
        self.note(Kind::Call, || format!("spawn {}", config.name));
        self.witness.spawned(process, Some(pid), group);
        self.children.insert(pid, SimChild::born(life, script, self.now));
        if self.held.insert(process, life).is_some() {
            self.witness.object(format!("{} was spawned before it was released", config.name));
        }
        Ok(Pid::new(pid).expect("pids are counted up from a positive one"))
    }

    fn kill(&mut self, target: KillTarget, signal: Signal) -> Result<(), KillError> {
        let (pid, whole_group) = match target {
            KillTarget::Process(pid) => (pid.get(), false),
            KillTarget::Group(pid) => (pid.get(), true),
        };
        let sign = if whole_group { "-" } else { "" };
        self.note(Kind::Call, || format!("kill {sign}{pid} {}", signal.name()));
        if self.strangers.contains(&pid) || !self.children.contains_key(&pid) {
            self.witness.object(format!("{} was sent to pid {pid}, which is not ours", signal.name()));
        }
        self.witness.signalled(pid);
        let now = self.now;
        self.children.get_mut(&pid).map_or(Ok(()), |child| child.signal(signal, whole_group, now))
    }

    fn write_stdin(&mut self, life: Life, bytes: &[u8]) -> Result<(), StdinError> {
        let name = self.name_of(life.process);
        if self.held.get(&life.process) != Some(&life) {
            self.witness.object(format!("{name} was written to in another life"));
        }
        let text = String::from_utf8_lossy(bytes);
        self.note(Kind::Call, || format!("stdin {name} {text:?}"));
        if let Some(error) = self.stdin_errors.get(&name) {
            return Err(*error);
        }
        self.sent.push((name, text.into_owned()));
        Ok(())
    }

    fn judge_result(&mut self, life: Life, pool: &str, event: &PoolEvent, result: &[u8]) {
        let name = self.name_of(life.process);
        let text = String::from_utf8_lossy(result).into_owned();
        self.note(Kind::Call, || format!("judge {name} of {pool}: {} {text:?}", event.serial));
        self.to_judge.push((life, event.serial));
    }

    fn release(&mut self, life: Life) {
        let process = life.process;
        let name = self.name_of(process);
        self.note(Kind::Call, || format!("release {name}"));
        if self.held.remove(&process) != Some(life) {
            self.witness.object(format!("{name} was released, but held nothing"));
        }
        self.witness.reaped(process);
    }

    fn forget(&mut self, process: ProcessId) {
        let name = self.name_of(process);
        self.note(Kind::Call, || format!("forget {name}"));
        self.held.remove(&process);
        let left = self.children.iter().filter(|(_, child)| child.life.process == process).map(|(pid, _)| *pid);
        self.strangers.extend(left);
        self.witness.forgotten(process);
    }

    fn append_log(&mut self, process: ProcessId, channel: Channel, bytes: &[u8]) {
        let name = self.name_of(process);
        self.note(Kind::Call, || format!("{} {name} {:?}", channel.name(), String::from_utf8_lossy(bytes)));
    }

    fn clear_logs(&mut self, process: ProcessId) -> Result<(), String> {
        let name = self.name_of(process);
        self.note(Kind::Call, || format!("clear logs {name}"));
        self.clear_errors.get(&name).map_or(Ok(()), |error| Err(error.clone()))
    }

    fn reopen_logs(&mut self) {
        self.note(Kind::Call, || "reopen logs".to_owned());
    }

    fn clear_main_log(&mut self) -> Result<(), Fault> {
        self.note(Kind::Call, || "clear main log".to_owned());
        self.main_log_error.clone().map_or(Ok(()), Err)
    }

    fn open_socket(&mut self, socket: &SocketConfig) -> Result<(), String> {
        self.note(Kind::Call, || format!("open {}", socket.url));
        if let Some(error) = self.socket_errors.get(&*socket.url) {
            return Err(error.clone());
        }
        if !self.open_sockets.insert(socket.url.to_string()) {
            self.witness.object(format!("{} was opened twice", socket.url));
        }
        Ok(())
    }

    fn close_socket(&mut self, socket: &SocketConfig) {
        self.note(Kind::Call, || format!("close {}", socket.url));
        if !self.open_sockets.remove(&*socket.url) {
            self.witness.object(format!("{} was closed, but was not open", socket.url));
        }
    }

    fn open_journal(&mut self, pool: &str) -> Option<JournalBacklog> {
        self.note(Kind::Call, || format!("open journal {pool}"));
        self.journals.entry(pool.to_owned()).or_default().open()
    }

    fn append_to_journal(
        &mut self,
        pool: &str,
        event: &PoolEvent,
        stays_in_memory: bool,
    ) -> Result<JournalKey, JournalError> {
        self.journal(pool).append(event, stays_in_memory)
    }

    fn read_journal(&mut self, pool: &str) -> JournalRead {
        self.journal(pool).read()
    }

    fn mark_done(&mut self, pool: &str, event: JournalKey) {
        self.journal(pool).mark_done(event);
    }

    fn close_journal(&mut self, pool: &str, fate: JournalFate) {
        self.note(Kind::Call, || format!("close journal {pool}: {fate:?}"));
        match fate {
            JournalFate::Kept => self.journal(pool).close(),
            JournalFate::Deleted => drop(self.journals.remove(pool)),
        }
    }

    fn random(&mut self, below: u64) -> u64 {
        self.dice.below(below)
    }

    fn log_enabled(&self, level: LogLevel) -> bool {
        self.trace.is_some() && level <= self.log_level
    }

    fn log(&mut self, level: LogLevel, message: fmt::Arguments<'_>) {
        if self.log_enabled(level) {
            self.note(Kind::Log(level), || format!("{} {message}", level.abbreviation()));
        }
    }

    fn reply(&mut self, request: RequestId, answer: Result<Reply, Fault>) {
        self.note(Kind::Reply, || format!("reply {} {}", request.0, answer_text(&answer)));
        self.witness.answered(request, &answer);
        self.answers.insert(request, answer);
    }

    fn publish(&mut self, event: &Event<'_>) {
        if let Event::Extended { .. } = event {
            // A kind of its own, so that traces of what Supervisor does are those of Supervisor.
            return self.extended.push((self.now, event_text(event)));
        }
        self.note(Kind::Event, || event_text(event));
        match *event {
            Event::ProcessState { process, group, to, from, detail, ended: _ } => {
                self.witness.state_changed(self.now, (group, process), (from, to), detail);
            }
            Event::ProcessGroup { group, added: true } => self.witness.group_added(group),
            Event::ProcessGroup { added: false, .. }
            | Event::ProcessLog { .. }
            | Event::ProcessCommunication { .. }
            | Event::RemoteCommunication { .. }
            | Event::SupervisorStateChange { .. }
            | Event::Tick { .. }
            | Event::Extended { .. }
            | Event::Own { .. } => {}
        }
    }

    fn processes_change(&mut self) {
        if !self.published.begin_change() {
            self.witness.object("a change was announced twice".to_owned());
        }
    }

    fn publish_processes(&mut self, publication: Publication<'_>) {
        self.published.take_over(publication);
    }

    fn state_changed(&mut self, state: SupervisorState) {
        self.note(Kind::Call, || format!("state {}", state.name()));
        self.witness.stopping_everything = state != SupervisorState::Running;
    }

    fn read_restart_config(&mut self) {
        self.note(Kind::Call, || "read the configuration".to_owned());
        self.restart_config_asked = true;
    }
}
