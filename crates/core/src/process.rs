//! One process: its configuration, where it is in its life, and what is reported of it.
//!
//! Only data and what follows from it. The transitions, which act on the world, are in `lifecycle.rs`.
//! What clients are told of a process is [`Told`]: everybody may read it, and only [`table::ProcessTable::change`]
//! gives it to be changed, so that no change stays unpublished.
//!
//! Invariant: a [`Phase`] holds the pid, so there is one exactly in STARTING, RUNNING and STOPPING, and in
//! UNKNOWN, where it is kept until the process is reaped.

pub(crate) mod table;

use std::collections::VecDeque;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use crate::channel::Channel;
use crate::ending::OwnEnd;
use crate::exit_status::ExitStatus;
use crate::goal::{DownCause, Goal, PutOffReason, UpCause};
use crate::last_exit::LastExit;
use crate::life_record::LifeRecord;
use crate::limits;
use crate::listener_protocol::{Listener, ListenerState};
use crate::output_dispatcher::OutputDispatcher;
use crate::process_config::{ProcessConfig, RestartPause};
use crate::process_id::Pid;
use crate::process_state::ProcessState;
use crate::reply::{LogPaths, ProcessInfo};
use crate::restart_window::RestartWindow;
use crate::tally::Tally;

/// A process of a group.
#[derive(Clone, Debug)]
pub(crate) struct Process {
    pub(crate) config: Arc<ProcessConfig>,
    pub(crate) group: Arc<str>,
    /// Read by its fields as if they were the process's own.
    told: Told,
    /// Failed starts since it was last RUNNING, FATAL or started by hand.
    pub(crate) backoff: u64,
    /// Ends in succession that nobody asked for, failed starts among them.
    pub(crate) ends: u32,
    /// Short lives in succession that nobody ended.
    pub(crate) short_lives: u32,
    /// When it was started by itself, as far as that is limited.
    pub(crate) restarts: RestartWindow,
    /// Monotonic time of its last spawn.
    pub(crate) spawned_at: Duration,
    /// A client has signalled this life: a start that follows its end is as good as the client's.
    pub(crate) is_signalled: bool,
    /// Monotonic time at which it was last RUNNING.
    pub(crate) running_since: Duration,
    /// Its last start was more than an attempt: there was a child.
    pub(crate) was_born: bool,
    /// Its last end that nobody asked for.
    pub(crate) own_end: Option<OwnEnd>,
    /// How its life has ended, while that is told.
    pub(crate) ended: Option<ExitStatus>,
    /// The protocol on its stdout, for a member of an event listener pool. Boxed, since most are none.
    pub(crate) listener: Option<Box<Listener>>,
    /// Lives so far, the present one included.
    pub(crate) lives: u64,
    /// The last of those that are over, the oldest first.
    pub(crate) history: VecDeque<LifeRecord>,
    /// What is wanted of it.
    pub(crate) goal: Goal,
    /// It need not stay up, and is RUNNING when all that were started with it are STARTING.
    pub(crate) waits_for_batch: bool,
    pub(crate) stdout: OutputDispatcher,
    pub(crate) stderr: OutputDispatcher,
}

/// What clients are told of a process, beside its configuration.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) phase: Phase,
    /// Seconds since the epoch of the last spawn; `None`: never. Zero is a time too: a clock may not be set yet.
    pub(crate) laststart: Option<i64>,
    /// Seconds since the epoch of the last reap; 0: never.
    pub(crate) laststop: i64,
    /// Last exit status; `None` while running, never run, or after a too quick exit.
    pub(crate) exit_code: Option<i32>,
    pub(crate) spawnerr: Option<Arc<str>>,
    pub(crate) logs: LogPaths,
    pub(crate) last_exit: Option<LastExit>,
    pub(crate) tally: Tally,
    /// What it said when it broke the protocol of event listeners.
    pub(crate) protocol_error: Option<Arc<str>>,
    /// Monotonic time of its next start, where an option that Supervisor has not puts it off.
    pub(crate) starts_at: Option<Duration>,
}

/// There is no `DerefMut`.
impl Deref for Process {
    type Target = Told;
    fn deref(&self) -> &Told {
        &self.told
    }
}

/// Where a process is in its life, with what is true only there. Times are monotonic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Stopped,
    Starting {
        pid: Pid,
        since: Duration,
    },
    Running {
        pid: Pid,
    },
    Backoff,
    /// SIGKILL is sent at this time.
    Stopping {
        pid: Pid,
        kill_at: Duration,
    },
    Exited,
    Fatal,
    Unknown {
        pid: Pid,
    },
}

impl Phase {
    pub(crate) fn state(self) -> ProcessState {
        match self {
            Self::Stopped => ProcessState::Stopped,
            Self::Starting { .. } => ProcessState::Starting,
            Self::Running { .. } => ProcessState::Running,
            Self::Backoff => ProcessState::Backoff,
            Self::Stopping { .. } => ProcessState::Stopping,
            Self::Exited => ProcessState::Exited,
            Self::Fatal => ProcessState::Fatal,
            Self::Unknown { .. } => ProcessState::Unknown,
        }
    }

    pub(crate) fn pid(self) -> Option<Pid> {
        match self {
            Self::Starting { pid, .. } | Self::Running { pid } | Self::Stopping { pid, .. } | Self::Unknown { pid } => {
                Some(pid)
            }
            Self::Stopped | Self::Backoff | Self::Exited | Self::Fatal => None,
        }
    }
}

impl Process {
    pub(crate) fn new(config: Arc<ProcessConfig>, group: Arc<str>) -> Self {
        let goal = if config.start.autostart {
            Goal::start(UpCause::Autostart, None)
        } else {
            Goal::Down(DownCause::NoAutostart)
        };
        Self {
            stdout: OutputDispatcher::new(&config.log.stdout),
            stderr: OutputDispatcher::new(&config.log.stderr),
            config,
            group,
            told: Told {
                phase: Phase::Stopped,
                laststart: None,
                laststop: 0,
                exit_code: None,
                spawnerr: None,
                logs: LogPaths::default(),
                last_exit: None,
                tally: Tally::default(),
                protocol_error: None,
                starts_at: None,
            },
            ends: 0,
            short_lives: 0,
            restarts: RestartWindow::default(),
            spawned_at: Duration::ZERO,
            is_signalled: false,
            running_since: Duration::ZERO,
            was_born: false,
            own_end: None,
            ended: None,
            listener: None,
            lives: 0,
            history: VecDeque::new(),
            goal,
            waits_for_batch: false,
            backoff: 0,
        }
    }

    /// One in the middle of its life.
    #[cfg(test)]
    pub(crate) fn in_phase(config: Arc<ProcessConfig>, phase: Phase) -> Self {
        let mut process = Self::new(config, Arc::from("group"));
        process.told.phase = phase;
        process
    }

    pub(crate) fn state(&self) -> ProcessState {
        self.phase.state()
    }

    /// Whether it is a listener that was given an event and has not answered.
    pub(crate) fn works_on_an_event(&self) -> bool {
        let is_busy = self.listener.as_ref().is_some_and(|listener| listener.state() == ListenerState::Busy);
        is_busy && matches!(self.phase, Phase::Running { .. })
    }

    /// What was counted of failed starts, short lives and restarts begins anew: somebody has looked after it, or it is
    /// FATAL and tried again.
    pub(crate) fn forget_failures(&mut self) {
        (self.backoff, self.short_lives) = (0, 0);
        self.restarts.clear();
    }

    /// A life is over.
    pub(crate) fn remember(&mut self, life: LifeRecord) {
        if self.history.len() == limits::LIVES_REMEMBERED {
            self.history.pop_front();
        }
        self.history.push_back(life);
    }

    /// When its next start comes, if clients are told: pauses of Supervisor's are not.
    pub(crate) fn start_to_tell(&self) -> Option<Duration> {
        let put_off = self.goal.pending()?.put_off?;
        let is_told = match put_off.reason {
            PutOffReason::StormGuard => false,
            PutOffReason::Backoff | PutOffReason::Restart => {
                self.config.restart.pause == RestartPause::Usual && !self.config.restart.is_supervisors()
            }
            PutOffReason::FatalRetry | PutOffReason::StartDelay | PutOffReason::Stagger => true,
        };
        is_told.then_some(put_off.until)
    }

    /// Failed starts as events tell them.
    pub(crate) fn tries(&self) -> u64 {
        self.backoff.min(limits::TRIES_TOLD)
    }

    pub(crate) fn dispatcher(&mut self, channel: Channel) -> &mut OutputDispatcher {
        match channel {
            Channel::Stdout => &mut self.stdout,
            Channel::Stderr => &mut self.stderr,
        }
    }

    pub(crate) fn info(&self) -> ProcessInfo {
        ProcessInfo {
            group: Arc::clone(&self.group),
            config: Arc::clone(&self.config),
            state: self.state(),
            pid: self.phase.pid(),
            start: self.laststart.unwrap_or(0),
            stop: self.laststop,
            exit_code: self.exit_code,
            spawnerr: self.spawnerr.clone(),
            logs: self.logs.clone(),
            last_exit: self.last_exit,
            tally: self.tally,
            protocol_error: self.protocol_error.clone(),
            starts_at: self.starts_at,
        }
    }
}
