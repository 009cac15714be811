//! A supervisor in a simulated world with a virtual clock.
//!
//! [`Sim`] owns the core, the host and the time. Nothing passes unless a test lets it: [`Sim::advance`] jumps from
//! one thing that is due to the next (a deadline of the core, the end of a child, a scheduled input). After each
//! input it compares the core with the simulated kernel and with what the [`witness`] has seen.

mod checks;
pub(crate) mod child;
pub(crate) mod config;
mod host;
pub(crate) mod journal;
pub(crate) mod listeners;
pub(crate) mod published;
pub(crate) mod random;
mod trace;
mod witness;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use supervisor_core::{
    BadCommand, Channel, Command, DaemonSignal, ExitStatus, GroupConfig, Handover, Input, Life, Now, ProcessConfig,
    ProcessId, ProcessInfo, ProcessState, Reply, RequestId, Settings, Supervisor,
};

use checks::Storm;
pub(crate) use child::Script;
pub(crate) use host::SimHost;
use journal::SimJournal;
pub(crate) use trace::Trace;

/// Monotonic time at which a simulation begins; not zero, which the core uses for «at once».
const BEGIN: Duration = Duration::from_secs(5_000);

/// Wall-clock time at which a simulation begins: 14 November 2023.
pub(crate) const WALL_BEGIN: i64 = 1_700_000_000;

/// A simulation.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(crate) struct Sim {
    pub(crate) supervisor: Supervisor,
    pub(crate) host: SimHost,
    /// Whether a restart finds a good configuration, or what is wrong with it.
    pub(crate) restart_config: Result<(), String>,
    /// When a child ends at the very time of a timer: the timer is told first.
    pub(crate) timers_first: bool,
    /// Compare core and kernel after each input; a storm of thousands of processes does it at its end.
    pub(crate) checks: bool,
    /// Panic when something is wrong; else only say so in `broken`.
    pub(crate) strict: bool,
    pub(crate) broken: Option<String>,
    /// Each input is handled by a copy of the supervisor, and the original is forgotten.
    pub(crate) copies_itself: bool,
    /// How long the supervisor was kept from its work in all.
    pub(crate) stalled: Duration,
    /// Inputs so far.
    pub(crate) inputs: u64,
    storm: Storm,
    wall: Duration,
    schedule: Vec<(Duration, Scheduled)>,
    next_request: u64,
    /// What children have written and nobody has read, by full name.
    pipes: BTreeMap<(String, Channel), Vec<u8>>,
}

/// An input for later.
#[derive(Clone, Debug)]
pub(crate) enum Scheduled {
    Command(Command),
    Signal(DaemonSignal),
}

impl Sim {
    /// A simulation before its start, with these groups.
    pub(crate) fn configured(groups: Vec<Arc<GroupConfig>>) -> Self {
        let mut sim = Self::new(Settings::default());
        sim.supervisor.configure(groups, &mut sim.host).expect("the sockets of a test can be bound");
        sim
    }

    /// A supervisor that runs these groups.
    pub(crate) fn with(groups: Vec<Arc<GroupConfig>>) -> Self {
        let mut sim = Self::configured(groups);
        sim.feed(Input::Boot);
        sim
    }

    /// A supervisor that runs this one program, in a group of its own.
    pub(crate) fn of(process: ProcessConfig) -> Self {
        Self::with(vec![config::alone(process)])
    }

    /// The same, and the program has been RUNNING for a while; what led there is not in the trace.
    pub(crate) fn running(process: ProcessConfig, script: Script) -> Self {
        let mut sim = Self::of_scripted(process, [script]);
        sim.advance(100.0);
        sim.take();
        sim
    }

    /// The same with scripts for its children.
    pub(crate) fn of_scripted(process: ProcessConfig, scripts: impl IntoIterator<Item = Script>) -> Self {
        let name = process.name.to_string();
        let mut sim = Self::configured(vec![config::alone(process)]);
        sim.script(&name, scripts);
        sim.feed(Input::Boot);
        sim
    }

    /// A supervisor that runs these groups; each process named has the same script for all its children, `*` is
    /// for all others.
    pub(crate) fn scripted<const N: usize>(groups: Vec<Arc<GroupConfig>>, scripts: [(&str, Script); N]) -> Self {
        let mut sim = Self::configured(groups);
        for (process, script) in scripts {
            sim.script(process, [script]);
        }
        sim.feed(Input::Boot);
        sim
    }

    /// A simulation without groups that has not begun.
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            supervisor: Supervisor::new(settings),
            host: SimHost::new(),
            restart_config: Ok(()),
            timers_first: false,
            checks: true,
            strict: true,
            broken: None,
            copies_itself: false,
            stalled: Duration::ZERO,
            inputs: 0,
            storm: Storm::default(),
            wall: Duration::from_secs(WALL_BEGIN.unsigned_abs()),
            schedule: Vec::new(),
            next_request: 1,
            pipes: BTreeMap::new(),
        }
    }

    /// What the next children of a process do; the last script is repeated.
    pub(crate) fn script(&mut self, process: &str, scripts: impl IntoIterator<Item = Script>) {
        self.host.scripts.insert(process.to_owned(), scripts.into_iter().collect());
    }

    /// The program of a process cannot be found any more.
    pub(crate) fn hide(&mut self, process: &str) {
        let text = format!("can't find command '/bin/{process}'");
        self.host.hidden.insert(process.to_owned(), BadCommand::NoFile(text));
    }

    /// This supervisord is killed, and another one begins with the same groups and what is on disk.
    pub(crate) fn crash(&mut self, groups: Vec<Arc<GroupConfig>>) {
        let mut journals = std::mem::take(&mut self.host.journals);
        journals.values_mut().for_each(SimJournal::close);
        let mut next = Self::new(Settings::default());
        next.host.journals = journals;
        next.supervisor.configure(groups, &mut next.host).expect("the sockets of a test can be bound");
        next.feed(Input::Boot);
        *self = next;
    }

    // Time

    pub(crate) fn now(&self) -> Now {
        Now { monotonic: BEGIN + self.host.now, wall: self.wall }
    }

    /// Sets the wall clock forward or back.
    pub(crate) fn step_wall_clock(&mut self, seconds: i64) {
        let step = Duration::from_secs(seconds.unsigned_abs());
        self.wall = if seconds < 0 { self.wall.saturating_sub(step) } else { self.wall + step };
    }

    /// Lets time pass; all that is due meanwhile happens in its order.
    pub(crate) fn advance(&mut self, seconds: f64) {
        let until = self.host.now + Duration::from_secs_f64(seconds);
        while self.next_due().is_some_and(|due| due <= until) {
            self.step();
        }
        self.jump(until);
    }

    /// The supervisor is kept from its work so long; then it finds all that was due at once.
    pub(crate) fn stall(&mut self, seconds: f64) {
        let duration = Duration::from_secs_f64(seconds);
        self.stalled += duration;
        self.jump(self.host.now + duration);
        self.advance(0.0);
    }

    /// Jumps to the next thing that is due and lets it happen; `false` when there is none.
    pub(crate) fn step(&mut self) -> bool {
        let Some(due) = self.next_due() else { return false };
        self.jump(due.max(self.host.now));
        let now = self.host.now;
        if let Some(place) = self.schedule.iter().position(|(at, _)| *at <= now) {
            let (_, input) = self.schedule.remove(place);
            self.feed_scheduled(input);
            return true;
        }
        let timer_is_due = self.deadline().is_some_and(|deadline| deadline <= now);
        match self.host.next_end() {
            Some((at, pid)) if at <= now && !(self.timers_first && timer_is_due) => self.reap(pid),
            _ if timer_is_due => self.feed(Input::Timeout),
            _ => {}
        }
        true
    }

    /// Steps until nothing is due any more; an unquiet supervisor is stopped after so many steps.
    pub(crate) fn run_until_quiet(&mut self) {
        for _ in 0..100_000 {
            if !self.step() {
                return;
            }
        }
        self.fail("it does not come to rest".to_owned());
    }

    /// When the next thing is due, since the simulation began; at the latest now when it is overdue.
    fn next_due(&self) -> Option<Duration> {
        if self.supervisor.is_finished() || self.broken.is_some() {
            return None;
        }
        let end = self.host.next_end().map(|(at, _)| at);
        let scheduled = self.schedule.iter().map(|(at, _)| *at).min();
        [self.deadline(), end, scheduled].into_iter().flatten().min()
    }

    /// The deadline of the core, since the simulation began.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.supervisor.next_deadline().map(|deadline| deadline.saturating_sub(BEGIN))
    }

    fn jump(&mut self, to: Duration) {
        self.wall += to.saturating_sub(self.host.now);
        self.host.now = to;
    }

    // Inputs

    /// Gives one input to the core and checks what it made of it.
    pub(crate) fn feed(&mut self, input: Input<'_>) {
        self.inputs += 1;
        self.storm.count(self.host.now, &input);
        let now = self.now();
        if self.copies_itself {
            self.supervisor = self.supervisor.clone();
        }
        self.supervisor.handle(now, input, &mut self.host);
        if self.checks {
            self.check();
        }
        if std::mem::take(&mut self.host.restart_config_asked) {
            match self.restart_config.clone() {
                Ok(()) => self.feed(Input::RestartConfigRead),
                Err(error) => self.feed(Input::RestartConfigRefused { error }),
            }
        }
    }

    /// Asks for something; [`Sim::answer`] tells the outcome.
    pub(crate) fn request(&mut self, command: Command) -> RequestId {
        let request = RequestId(self.next_request);
        self.next_request += 1;
        self.host.witness.asked(request, &command);
        self.host.witness.is_commanded = true;
        self.feed(Input::Command { request, command });
        self.host.witness.is_commanded = false;
        request
    }

    /// Asks for something that is answered at once.
    pub(crate) fn ask(&mut self, command: Command) -> String {
        let request = self.request(command);
        self.answer(request)
    }

    pub(crate) fn start(&mut self, name: &str) -> RequestId {
        self.request(Command::StartProcess { name: name.to_owned(), wait: true })
    }

    pub(crate) fn stop(&mut self, name: &str) -> RequestId {
        self.request(Command::StopProcess { name: name.to_owned(), wait: true })
    }

    pub(crate) fn signal(&mut self, signal: DaemonSignal) {
        self.feed(Input::Signal(signal));
    }

    /// Something to come later by itself.
    pub(crate) fn schedule(&mut self, seconds: f64, input: Scheduled) {
        self.schedule.push((self.host.now + Duration::from_secs_f64(seconds), input));
    }

    fn feed_scheduled(&mut self, input: Scheduled) {
        match input {
            Scheduled::Command(command) => drop(self.request(command)),
            Scheduled::Signal(signal) => self.signal(signal),
        }
    }

    /// A child ends now, by itself.
    pub(crate) fn exit(&mut self, name: &str, status: ExitStatus) {
        let pid = self.pid(name).expect("a child that is to end is there");
        let now = self.host.now;
        let child = self.host.children.get_mut(&pid).expect("the core knows no pid but those of children");
        child.end = Some((now, status));
        self.reap(pid);
    }

    fn reap(&mut self, pid: i32) {
        let (life, status) = self.host.reap(pid);
        if self.host.strangers.remove(&pid) {
            return self.feed(Input::StrangerExited { pid, status });
        }
        self.host.witness.reaping(life.process, status);
        self.feed(Input::Exited { life, status });
    }

    /// A child writes something.
    pub(crate) fn output(&mut self, name: &str, channel: Channel, bytes: &[u8]) {
        let life = self.life(name);
        self.feed(Input::Output { life, channel, bytes });
    }

    /// A child writes something, which is read when the core does not hold it.
    pub(crate) fn write(&mut self, name: &str, channel: Channel, bytes: &[u8]) {
        self.pipes.entry((name.to_owned(), channel)).or_default().extend_from_slice(bytes);
        self.read_pipes();
    }

    /// Reads what children have written, so many bytes at a time, as long as the core does not hold it.
    pub(crate) fn read_pipes(&mut self) {
        const READ_BYTES: usize = 7;
        let names: Vec<_> = self.pipes.keys().cloned().collect();
        for (name, channel) in names {
            while let Some(process) = self.id(&name)
                && !self.supervisor.holds_output(process, channel)
                && let Some(pipe) = self.pipes.get_mut(&(name.clone(), channel))
                && !pipe.is_empty()
            {
                let bytes: Vec<u8> = pipe.drain(..pipe.len().min(READ_BYTES)).collect();
                let life = self.life(&name);
                self.feed(Input::Output { life, channel, bytes: &bytes });
            }
        }
    }

    /// Bytes that a child has written and nobody has read.
    pub(crate) fn unread(&self, name: &str, channel: Channel) -> usize {
        self.pipes.get(&(name.to_owned(), channel)).map_or(0, Vec::len)
    }

    // What is to be seen

    pub(crate) fn id(&self, name: &str) -> Option<ProcessId> {
        self.host.witness.find(name)
    }

    /// The life that a process is in; one that has none is named as none ever is.
    pub(crate) fn life(&self, name: &str) -> Life {
        let process = self.id(name).expect("a test asks for processes that are there");
        self.supervisor.life(process).unwrap_or(Life { process, number: 0 })
    }

    /// Events are numbered from this serial on, as after a restart.
    pub(crate) fn count_events_from(&mut self, next_event_serial: u64) {
        let handover = Handover { next_event_serial, ..self.supervisor.clone().hand_over() };
        self.supervisor.take_over(handover);
    }

    pub(crate) fn state(&self, name: &str) -> ProcessState {
        let id = self.id(name).expect("a test asks for processes that are there");
        let mut states = self.supervisor.process_states();
        states.find(|(known, _)| *known == id).expect("the core knows what the witness knows").1
    }

    pub(crate) fn pid(&self, name: &str) -> Option<i32> {
        self.supervisor.pid(self.id(name)?).map(supervisor_core::Pid::get)
    }

    /// `getProcessInfo`; not during a shutdown.
    pub(crate) fn info(&mut self, name: &str) -> ProcessInfo {
        let request = self.request(Command::GetProcessInfo { name: name.to_owned() });
        match self.host.answers.remove(&request) {
            Some(Ok(Reply::ProcessInfo(info))) => *info,
            other => panic!("getProcessInfo of {name} gave {other:?}"),
        }
    }

    /// The answer to a request in words, `waits` while there is none.
    pub(crate) fn answer(&self, request: RequestId) -> String {
        self.host.answers.get(&request).map_or_else(|| "waits".to_owned(), trace::answer_text)
    }

    /// All that was seen since the last call.
    pub(crate) fn take(&mut self) -> Trace {
        self.host.trace.as_mut().map(std::mem::take).unwrap_or_default()
    }

    pub(crate) fn fail(&mut self, text: String) {
        if self.strict {
            let seen = self.host.trace.as_ref().map(|trace| trace.timed().join("\n")).unwrap_or_default();
            panic!("at {:?}: {text}\n{seen}", self.host.now);
        }
        self.broken.get_or_insert(text);
    }
}

/// Seconds as a duration.
pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
