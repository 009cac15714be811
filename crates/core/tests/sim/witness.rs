//! Watches what a supervisor says of its processes and objects to what cannot be.
//!
//! A second, much smaller account of contract/processes.md §1.3, kept from events, spawns and reaps alone. It is
//! on in every test, so each test checks these rules beside its own.

use std::collections::BTreeMap;
use std::time::Duration;

use supervisor_core::{
    BackoffShape, Command, ExitStatus, Fault, FaultCode, Namespec, ProcessConfig, ProcessId, ProcessState, Reply,
    RequestId, RestartConfig, RestartPause, StateDetail, limits, make_namespec,
};

/// All that is known from outside.
#[derive(Clone, Debug, Default)]
pub(crate) struct Witness {
    tracks: BTreeMap<ProcessId, Track>,
    /// Their ids by group and name.
    names: BTreeMap<String, BTreeMap<Box<str>, ProcessId>>,
    /// Made, but their group was not announced yet.
    newborn: Vec<ProcessId>,
    open: BTreeMap<RequestId, Asked>,
    /// Everything is being stopped: nothing may be spawned.
    pub(crate) stopping_everything: bool,
    /// A client's command is carried out.
    pub(crate) is_commanded: bool,
    objection: Option<String>,
}

/// One process as its events tell it.
#[derive(Clone, Debug)]
pub(crate) struct Track {
    pub(crate) group: String,
    pub(crate) config: ProcessConfig,
    pub(crate) state: ProcessState,
    /// When it entered its state.
    pub(crate) since: Duration,
    /// When it was spawned.
    started: Duration,
    /// As its last STARTING or BACKOFF said.
    tries: u64,
    pub(crate) pid: Option<i32>,
    /// How it ended, while that is being handled.
    ended: Option<ExitStatus>,
    /// It has been STARTING at least once.
    pub(crate) was_started: bool,
    /// The pid of its life, once that was sent a signal: a start that follows its end is as good as asked for.
    signalled: Option<i32>,
    /// A client has had its failures forgotten.
    were_forgotten: bool,
    /// As its last EXITED said.
    pub(crate) ended_as_expected: bool,
}

/// What a request that is not answered yet asked for.
#[derive(Clone, Debug)]
enum Asked {
    Start {
        name: String,
        wait: bool,
    },
    Stop {
        name: String,
        wait: bool,
    },
    /// To send an event, which may have to wait for room.
    Event,
    /// To add processes to this group.
    Add(String),
    Other,
}

impl Witness {
    /// The first objection, taken out.
    pub(crate) fn take_objection(&mut self) -> Option<String> {
        self.objection.take()
    }

    pub(crate) fn object(&mut self, text: String) {
        self.objection.get_or_insert(text);
    }

    pub(crate) fn track(&self, id: ProcessId) -> Option<&Track> {
        self.tracks.get(&id)
    }

    pub(crate) fn tracks(&self) -> impl Iterator<Item = (ProcessId, &Track)> {
        self.tracks.iter().map(|(id, track)| (*id, track))
    }

    /// The process of this namespec.
    pub(crate) fn find(&self, name: &str) -> Option<ProcessId> {
        let spec = Namespec::parse(name);
        self.names.get(spec.group)?.get(spec.process?).copied()
    }

    /// Requests that wait for their answer, but for those of events.
    pub(crate) fn open_requests_for_processes(&self) -> usize {
        self.open.values().filter(|asked| !matches!(asked, Asked::Event)).count()
    }

    /// Requests that wait for their answer.
    pub(crate) fn open_requests(&self) -> usize {
        self.open.len()
    }

    pub(crate) fn created(&mut self, id: ProcessId, config: &ProcessConfig) {
        let track = Track {
            group: String::new(),
            config: config.clone(),
            state: ProcessState::Stopped,
            since: Duration::ZERO,
            started: Duration::ZERO,
            tries: 0,
            pid: None,
            ended: None,
            was_started: false,
            signalled: None,
            were_forgotten: false,
            ended_as_expected: false,
        };
        self.newborn.push(id);
        if self.tracks.insert(id, track).is_some() {
            self.object(format!("{id:?} was given away twice"));
        }
    }

    /// A group is there, or has more members than before.
    pub(crate) fn group_added(&mut self, group: &str) {
        for id in std::mem::take(&mut self.newborn) {
            if let Some(track) = self.tracks.get_mut(&id) {
                group.clone_into(&mut track.group);
                self.names.entry(group.to_owned()).or_default().insert(track.config.name.clone(), id);
            }
        }
    }

    pub(crate) fn forgotten(&mut self, id: ProcessId) {
        let Some(track) = self.tracks.remove(&id) else { return self.object(format!("{id:?} was forgotten twice")) };
        if let Some(names) = self.names.get_mut(&track.group) {
            names.remove(&track.config.name);
        }
        if !track.state.is_stopped() {
            self.object(format!("{} was forgotten in {}", track.config.name, track.state.name()));
        }
    }

    pub(crate) fn spawned(&mut self, id: ProcessId, pid: Option<i32>, group: &str) {
        let stopping = self.stopping_everything;
        let Some(track) = self.tracks.get_mut(&id) else { return self.object(format!("{id:?} spawned, never made")) };
        let (state, before, same_group) = (track.state, track.pid, track.group == group);
        track.pid = pid;
        if state != ProcessState::Starting || before.is_some() || stopping || !same_group {
            self.object(format!("{id:?} of {group} spawned in {} with pid {before:?}", state.name()));
        }
    }

    pub(crate) fn signalled(&mut self, pid: i32) {
        if let Some(track) = self.tracks.values_mut().find(|track| track.pid == Some(pid)) {
            track.signalled = Some(pid);
        }
    }

    pub(crate) fn reaping(&mut self, id: ProcessId, status: ExitStatus) {
        if let Some(track) = self.tracks.get_mut(&id) {
            track.ended = Some(status);
        }
    }

    pub(crate) fn reaped(&mut self, id: ProcessId) {
        if let Some(track) = self.tracks.get_mut(&id) {
            track.ended = None;
            track.pid = None;
        }
    }

    /// A PROCESS_STATE event.
    pub(crate) fn state_changed(
        &mut self,
        now: Duration,
        (group, name): (&str, &str),
        (from, to): (ProcessState, ProcessState),
        detail: StateDetail,
    ) {
        let id = self.names.get(group).and_then(|names| names.get(name));
        let found = id.and_then(|id| self.tracks.get_mut(id));
        let namespec = || make_namespec(group, name);
        let Some(track) = found else { return self.object(format!("an event of {}, which is not there", namespec())) };
        let objection = track
            .object_to(now, from, to, detail)
            .or_else(|| (self.stopping_everything && to == ProcessState::Starting).then_some("started in a shutdown"))
            .or_else(|| {
                let by_itself = to == ProcessState::Starting && !self.is_commanded;
                (by_itself && track.is_too_early(now)).then_some("nobody asked for a start so early")
            });
        track.follow(now, to, detail);
        if let Some(objection) = objection {
            self.object(format!("{}: {} to {}, {detail:?}: {objection}", namespec(), from.name(), to.name()));
        }
    }

    pub(crate) fn asked(&mut self, request: RequestId, command: &Command) {
        let asked = match command {
            Command::StartProcess { name, wait } => Asked::Start { name: name.clone(), wait: *wait },
            Command::StopProcess { name, wait } => Asked::Stop { name: name.clone(), wait: *wait },
            Command::ResetFailed { .. } => {
                self.tracks.values_mut().for_each(|track| track.were_forgotten = true);
                Asked::Other
            }
            Command::SendRemoteCommEvent { .. } => Asked::Event,
            Command::AddProcesses { group, .. } => Asked::Add(group.clone()),
            _ => Asked::Other,
        };
        self.open.insert(request, asked);
    }

    pub(crate) fn answered(&mut self, request: RequestId, answer: &Result<Reply, Fault>) {
        let Some(asked) = self.open.remove(&request) else {
            return self.object(format!("{request:?} was answered twice, or never asked"));
        };
        if let Asked::Add(group) = &asked {
            return match answer {
                Ok(_) => self.group_added(group),
                Err(fault) if !self.newborn.is_empty() => self.object(format!("made, and yet {fault}")),
                Err(_) => {}
            };
        }
        let (Asked::Start { name, .. } | Asked::Stop { name, .. }) = &asked else { return };
        let Some(state) = self.find(name).and_then(|id| self.track(id)).map(|track| track.state) else { return };
        if !asked.is_true(answer, state) {
            self.object(format!("{asked:?} was answered {answer:?} in {}", state.name()));
        }
    }
}

impl Track {
    /// What is wrong with a change of state, if anything.
    fn object_to(
        &self,
        now: Duration,
        from: ProcessState,
        to: ProcessState,
        detail: StateDetail,
    ) -> Option<&'static str> {
        use ProcessState::{Backoff, Exited, Fatal, Running, Starting, Stopped, Stopping, Unknown};
        if from != self.state {
            return Some("it was in another state");
        }
        let restart = &self.config.restart;
        let retries = if restart.startretries == -1 { u64::MAX } else { restart.startretries.max(0).unsigned_abs() };
        let up_since = now.saturating_sub(self.started);
        let startsecs = Duration::from_secs(u64::try_from(self.config.start.startsecs).unwrap_or(0));
        let pid = StateDetail::Pid(self.pid.unwrap_or(0));
        let good = match (from, to) {
            (Stopped | Exited | Fatal, Starting) => {
                let goes_on = !restart.backoff.reset_after.is_zero() && detail == StateDetail::Tries(self.tries);
                detail == StateDetail::Tries(0) || goes_on
            }
            (Backoff, Starting) => {
                self.tells_tries(detail, self.tries) && now >= self.since + least_pause(restart, self.tries)
            }
            (Starting, Running) => detail == pid && up_since >= startsecs,
            (Starting, Backoff) => {
                self.tells_tries(detail, self.tries + 1)
                    && self.tries <= retries
                    && (self.pid.is_none() || (self.ended.is_some() && up_since < startsecs))
            }
            (Backoff | Fatal, Stopped) => detail == StateDetail::Pid(0),
            (Starting | Running, Stopping) => detail == pid && self.ended.is_none(),
            (Stopping | Unknown, Stopped) => detail == pid && self.ended.is_some(),
            (Stopped | Exited, Fatal) => restart.limit.count > 0 && detail == StateDetail::None,
            (Running, Exited) => self.ended.is_some_and(|status| {
                let expected = match status {
                    ExitStatus::Exited(code) => restart.exitcodes.contains(&i32::from(code)),
                    ExitStatus::Signaled { signal, .. } => {
                        restart.exitsignals.iter().any(|known| known.number() == signal)
                    }
                };
                detail == StateDetail::Exit { expected, pid: self.pid.unwrap_or(0) }
            }),
            (Backoff, Fatal) | (Starting | Running | Stopping, Unknown) => detail == StateDetail::None,
            _ => false,
        };
        if good { None } else { Some("no such step, or not yet, or wrongly told") }
    }

    /// Whether an event tells of so many tries; of less, when a client has had them forgotten.
    fn tells_tries(&self, detail: StateDetail, tries: u64) -> bool {
        detail == StateDetail::Tries(tries)
            || matches!(detail, StateDetail::Tries(told) if self.were_forgotten && told <= tries)
    }

    /// Whether a start that nobody asks for comes too early after the one before it (S-8).
    fn is_too_early(&self, now: Duration) -> bool {
        let restart = &self.config.restart;
        let is_guarded =
            restart.pause == RestartPause::Usual && restart.delay.is_none() && restart.backoff.shape.is_none();
        is_guarded && self.was_started && self.signalled.is_none() && now < self.started + limits::STORM_GUARD
    }

    fn follow(&mut self, now: Duration, to: ProcessState, detail: StateDetail) {
        self.state = to;
        self.since = now;
        if to == ProcessState::Starting {
            self.started = now;
            self.was_started = true;
            self.signalled = None;
        }
        if let StateDetail::Exit { expected, .. } = detail {
            self.ended_as_expected = expected;
        }
        if let StateDetail::Tries(tries) = detail {
            self.tries = tries;
        }
    }
}

/// How long a process is at least in BACKOFF after so many failures.
fn least_pause(restart: &RestartConfig, tries: u64) -> Duration {
    let units = match restart.backoff.shape() {
        BackoffShape::Linear => tries,
        BackoffShape::Exponential => 1 << tries.saturating_sub(1).min(30),
        BackoffShape::Fixed => 1,
    };
    let pause = restart.backoff.delay * u32::try_from(units).unwrap_or(u32::MAX);
    let longest = restart.backoff.longest();
    match restart.pause {
        RestartPause::Usual if longest.is_zero() => pause,
        RestartPause::Usual => pause.min(longest),
        RestartPause::Growing => pause.min(Duration::from_secs(limits::RESTART_PAUSE_SECONDS.into())),
    }
}

impl Asked {
    /// Whether an answer is true of the state that the process is in now.
    fn is_true(&self, answer: &Result<Reply, Fault>, state: ProcessState) -> bool {
        use ProcessState::{Backoff, Fatal, Running, Starting, Stopping};
        let (name, wait) = match self {
            Self::Start { name, wait } | Self::Stop { name, wait } => (name, *wait),
            Self::Event | Self::Add(_) | Self::Other => return true,
        };
        let starts = matches!(self, Self::Start { .. });
        match answer {
            Ok(_) if starts && wait => state == Running,
            Ok(_) if starts => matches!(state, Starting | Running | Stopping),
            Ok(_) => state.is_stopped() || (!wait && state == Stopping),
            Err(fault) => {
                let names_it = fault.extra.as_ref() == Some(name);
                match fault.code {
                    FaultCode::SpawnError => names_it && starts && matches!(state, Backoff | Fatal),
                    FaultCode::AbnormalTermination => {
                        names_it && starts && wait && !matches!(state, Starting | Running | Backoff | Fatal)
                    }
                    FaultCode::AlreadyStarted => names_it && starts && state.is_running(),
                    FaultCode::NotRunning => names_it && !starts && !state.is_running(),
                    _ => true,
                }
            }
        }
    }
}
