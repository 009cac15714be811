//! The supervisor: owns everything by value, and says what is to be seen of it.
//!
//! What it does is in the files that act on it, [`crate::input_handler`] on top of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::consequence::Consequences;
use crate::deferred::Deferred;
use crate::ending::{Ending, EndingConfig};
use crate::event_journal::JournalBacklog;
use crate::event_listener_pool::EventListenerPool;
use crate::event_ring::EventRing;
use crate::goal::Goal;
use crate::group_config::GroupConfig;
use crate::handover::{Handover, ProcessHandover};
use crate::host::Host;
use crate::input::SignalRewrite;
use crate::process::table::ProcessTable;
use crate::process_group::ProcessGroups;
use crate::process_id::{Life, Pid, ProcessId, RequestId};
use crate::process_state::{ProcessState, SupervisorState};
use crate::publication::Publication;
use crate::reply::{LogPaths, ProcessInfo};
use crate::shutdown_progress::Shutdown;
use crate::stagger::Stagger;
use crate::start_queue::StartQueue;
use crate::tick::Ticks;
use crate::timers::{Timer, Timers};
use crate::waiting_events::WaitingEvents;

/// What a supervisor decides, and all that it knows: plain data, so that a copy goes on as the original would.
#[derive(Clone, Debug)]
pub struct Supervisor {
    pub(crate) settings: Settings,
    pub(crate) processes: ProcessTable,
    pub(crate) groups: ProcessGroups,
    /// The configuration that `addProcessGroup` takes groups from: that of the start or of the last reload.
    pub(crate) pending: Vec<Arc<GroupConfig>>,
    /// The logs of groups of `pending` that were removed, by group and process: added again, they go on with them.
    pub(crate) logs_of_removed: BTreeMap<Box<str>, BTreeMap<Box<str>, LogPaths>>,
    pub(crate) timers: Timers,
    pub(crate) deferred: Deferred,
    pub(crate) waiting_events: WaitingEvents,
    pub(crate) consequences: Consequences,
    pub(crate) start_queue: StartQueue,
    pub(crate) stagger: Stagger,
    /// How many processes hold each FastCGI socket, by its url.
    pub(crate) sockets: BTreeMap<Box<str>, usize>,
    /// Active event listener pools, in the order they were added.
    pub(crate) pools: Vec<EventListenerPool>,
    /// Journals of pools that are not made yet; `None`: it was tried and cannot be had.
    pub(crate) journals: BTreeMap<Box<str>, Option<JournalBacklog>>,
    /// The serial of the next event that a pool accepts.
    pub(crate) next_event_serial: u64,
    /// What was handed over of processes that are not made yet, by group and name.
    pub(crate) handed_over: BTreeMap<(Box<str>, Box<str>), ProcessHandover>,
    /// The newest events, for the event stream.
    pub(crate) events: EventRing,
    pub(crate) ticks: Ticks,
    /// Lives that want TICK events, besides pools.
    pub(crate) tick_watchers: BTreeSet<Life>,
    /// `None` while RUNNING.
    pub(crate) shutdown: Option<Shutdown>,
    /// How it comes to an end, and with which exit status.
    pub(crate) ending: Ending,
    /// Who has asked for a restart and waits for its configuration to be read.
    pub(crate) restart_requests: Vec<RequestId>,
    /// Monotonic time of the input that is handled.
    pub(crate) now: Duration,
    /// Its time on the wall clock, as events of the stream tell it; before the first input that of the start.
    pub(crate) wall: Duration,
}

/// What the `[supervisord]` section decides of supervision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// ANSI escape sequences are removed from the output of children.
    pub strip_ansi: bool,
    /// `server:` in the header of events.
    pub identifier: String,
    /// The wall clock at the start, since the Unix epoch: the time of the events before the first input. The event
    /// stream is numbered from it.
    pub started: Duration,
    /// How long a shutdown may take before everything is killed; zero: as long as it takes.
    pub shutdown_timeout: Duration,
    /// The least time between two starts that nobody asked for.
    pub start_stagger: Duration,
    /// Signals to supervisord that count as others, each at most once; of several for one the first counts.
    pub signal_rewrite: Box<[SignalRewrite]>,
    /// When it ends by itself, and with whose exit status.
    pub ending: EndingConfig,
}

impl Supervisor {
    /// A supervisor without groups.
    pub fn new(settings: Settings) -> Self {
        let started = settings.started;
        Self {
            settings,
            processes: ProcessTable::default(),
            groups: ProcessGroups::default(),
            pending: Vec::new(),
            logs_of_removed: BTreeMap::new(),
            timers: Timers::default(),
            deferred: Deferred::default(),
            waiting_events: WaitingEvents::default(),
            consequences: Consequences::default(),
            start_queue: StartQueue::default(),
            stagger: Stagger::default(),
            sockets: BTreeMap::new(),
            pools: Vec::new(),
            journals: BTreeMap::new(),
            next_event_serial: 0,
            handed_over: BTreeMap::new(),
            events: EventRing::new(started),
            ticks: Ticks::default(),
            tick_watchers: BTreeSet::new(),
            shutdown: None,
            ending: Ending::default(),
            restart_requests: Vec::new(),
            now: Duration::ZERO,
            wall: started,
        }
    }

    /// The monotonic time at which an [`crate::Input::Timeout`] is due; zero is at once, `None` never.
    pub fn next_deadline(&self) -> Option<Duration> {
        if self.start_queue.is_empty() { self.timers.next() } else { Some(Duration::ZERO) }
    }

    /// Every deadline and what it is for, the first one first; for tests and diagnosis.
    pub fn deadlines(&self) -> impl Iterator<Item = (Duration, Timer)> {
        self.timers.iter()
    }

    /// RUNNING, or what it stops for.
    pub fn state(&self) -> SupervisorState {
        self.shutdown.as_ref().map_or(SupervisorState::Running, Shutdown::state)
    }

    /// A shutdown or restart for which everything has stopped: nothing is left to be done here.
    pub fn is_finished(&self) -> bool {
        self.shutdown.as_ref().is_some_and(Shutdown::is_finished)
    }

    /// The exit status of this supervisord, 0 to 255: that of the process which has brought about its end, or which
    /// `exit_code_from` names; 0 when it was told to end.
    pub fn exit_status(&self) -> u8 {
        self.ending.outcome().map_or(0, |cause| cause.status)
    }

    /// The state of every process, by group and name; for tests and diagnosis.
    pub fn process_states(&self) -> impl Iterator<Item = (ProcessId, ProcessState)> {
        self.groups.members_by_name().map(|id| (id, self.processes[id].state()))
    }

    /// The serial of the next event that a pool accepts.
    pub fn next_event_serial(&self) -> u64 {
        self.next_event_serial
    }

    /// All that passes to the next generation.
    pub fn hand_over(self) -> Handover {
        let processes = self.groups.members_by_name().map(|id| {
            let process = &self.processes[id];
            ((process.group.as_ref().into(), process.config.name.clone()), ProcessHandover { lives: process.lives })
        });
        let processes = processes.collect();
        let restarts = self.ending.restarts;
        Handover { next_event_serial: self.next_event_serial, events: self.events, processes, restarts }
    }

    /// Goes on with what the generation before has handed over. To be called before [`Supervisor::configure`].
    pub fn take_over(&mut self, handover: Handover) {
        let Handover { next_event_serial, events, processes, restarts } = handover;
        self.ending.restarts = restarts;
        (self.next_event_serial, self.events, self.handed_over) = (next_event_serial, events, processes);
    }

    /// A reread brought another `identifier`, which events name from now on (contract/quirks.md K35).
    pub fn change_identifier(&mut self, identifier: String) {
        self.settings.identifier = identifier;
    }

    /// The process that a namespec names; `None` for a group or a name that is not known.
    pub fn find_id(&self, namespec: &str) -> Option<ProcessId> {
        self.groups.find_process(namespec, &self.processes).ok()
    }

    /// The pid of a process, while it has one; for tests and diagnosis.
    pub fn pid(&self, id: ProcessId) -> Option<Pid> {
        self.processes.get(id).and_then(|process| process.phase.pid())
    }

    /// What is wanted of a process; for tests and diagnosis.
    pub fn goal(&self, id: ProcessId) -> Option<&Goal> {
        self.processes.get(id).map(|process| &process.goal)
    }

    /// The life that a process is in, while it has a pid.
    pub fn life(&self, id: ProcessId) -> Option<Life> {
        let process = self.processes.get(id)?;
        process.phase.pid().map(|_| Life { process: id, number: process.lives })
    }

    /// Whether a process of this id is there; a host may hear of one that was removed meanwhile.
    pub fn knows(&self, id: ProcessId) -> bool {
        self.processes.get(id).is_some()
    }

    /// How every process is told of, sorted by group, then name.
    pub fn process_infos(&self) -> impl Iterator<Item = ProcessInfo> {
        self.groups.members_by_name().map(|id| self.processes[id].info())
    }

    /// Publishes what has changed.
    pub(crate) fn publish_changes(&mut self, host: &mut impl Host) {
        if !self.processes.has_changes() {
            return;
        }
        {
            let mut changed = self.processes.changed().map(|(id, process)| (id, process.info()));
            let mut all = self.groups.members_by_name();
            let has_others = self.processes.has_others();
            let all = has_others.then_some::<&mut dyn Iterator<Item = ProcessId>>(&mut all);
            host.publish_processes(Publication { changed: &mut changed, all });
        }
        self.processes.forget_changes();
    }
}
