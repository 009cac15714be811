//! The supervision loop: wait, feed what happened to the core one input at a time, repeat.
//!
//! Level-triggered and without polling: with no deadline, no hot stream and nothing to read it makes no system call.
//! Order within a turn: clients first, and again between reads; then signals, output, ends of children, hot streams,
//! deadlines; the main log and the answers last. Work per turn is bounded for each source.

use std::collections::{BTreeSet, VecDeque};
use std::panic::{self, AssertUnwindSafe};
use std::time::Duration;

use supervisor_config::Config;
use supervisor_core::{
    Channel, DaemonSignal, ExitStatus, Handover, Host as _, Input, Life, LogLevel, Now, RequestId, Supervisor,
    SupervisorState,
};
use supervisor_sys::Events;

use super::catching_up::CatchingUp;
use super::child::PollKey;
use super::limits;
use super::os_host::OsHost;
use super::restart_config::RestartConfigReader;
use crate::boundary::followers::Follower;
use crate::boundary::inbox::{FollowedLog, Inbox, Message};
use crate::boundary::outbox::Notice;
use crate::clock;
use crate::defect_log;

/// The loop with all that it moves.
#[derive(Debug)]
pub struct EventLoop {
    supervisor: Supervisor,
    host: OsHost,
    inbox: Inbox,
    restart: RestartConfigReader,
    /// The configuration that a restart begins with.
    next_config: Option<Config>,
    /// Children that are no processes of ours may be ours to reap.
    reaps_strangers: bool,
    buffer: Vec<u8>,
    next_hot_visit: Duration,
    /// Lives that have ended and are not reaped yet; the poller tells of each once.
    ended: VecDeque<Life>,
    catching_up: CatchingUp,
    /// Lives that have ended and cannot be reaped yet: a debugger has them, and gives them back with a SIGCHLD.
    traced: BTreeSet<Life>,
    /// Children may have ended of which nothing but SIGCHLD has told.
    sweep_is_due: bool,
}

/// How the loop ended.
#[derive(Debug)]
pub enum Ended {
    /// Everything has stopped for good.
    Shutdown {
        /// The exit status that this gives.
        status: u8,
    },
    /// Everything has stopped, to begin anew.
    Restart {
        /// With this configuration.
        config: Box<Config>,
        /// And with what this generation leaves to the next.
        handover: Box<Handover>,
    },
}

impl EventLoop {
    /// A loop over a supervisor that has its groups.
    pub fn new(supervisor: Supervisor, host: OsHost, inbox: Inbox, restart: RestartConfigReader) -> Self {
        Self {
            supervisor,
            host,
            inbox,
            restart,
            next_config: None,
            reaps_strangers: supervisor_sys::may_adopt_children(),
            buffer: vec![0; limits::READ_BYTES],
            next_hot_visit: Duration::ZERO,
            ended: VecDeque::new(),
            catching_up: CatchingUp::default(),
            traced: BTreeSet::new(),
            sweep_is_due: false,
        }
    }

    /// Runs until everything has stopped.
    ///
    /// # Errors
    /// When waiting itself fails, which leaves nothing to go on with.
    pub fn run(mut self) -> std::io::Result<(Ended, OsHost)> {
        let mut events = Events::new();
        self.feed(Input::Boot);
        self.host.tell_service_manager(&self.supervisor);
        self.host.end_turn();
        while !self.supervisor.is_finished() {
            let timeout = self.timeout();
            self.host.kernel.poller.wait(&mut events, timeout)?;
            self.turn(&events);
            self.host.tell_service_manager(&self.supervisor);
        }
        self.write_last_words(&mut events)?;
        self.tell_last_events(&mut events)?;
        let ended = match (self.supervisor.state(), self.next_config) {
            (SupervisorState::Restarting, Some(config)) => {
                Ended::Restart { config: Box::new(config), handover: Box::new(self.supervisor.hand_over()) }
            }
            (SupervisorState::Restarting | SupervisorState::Running | SupervisorState::Shutdown, _) => {
                Ended::Shutdown { status: self.supervisor.exit_status() }
            }
        };
        Ok((ended, self.host))
    }

    /// Everything that has happened since the last turn.
    fn turn(&mut self, events: &Events) {
        // Whose they are is true now: before anything is handled that gives a place in the table to another life.
        let keys = events.iter().map(|(key, _, _)| PollKey::from_number(key));
        let what: Vec<_> = keys.map(|key| (key, key.process().and_then(|index| self.host.life_at(index)))).collect();
        self.handle_messages();
        self.handle_restart_config();
        self.host.take_in_writers_answers();
        for (key, life) in what {
            match key {
                PollKey::MainLog => self.host.main_log_writable(),
                PollKey::ExecFailures => self.host.tell_failed_execs(),
                PollKey::Log(index) => self.host.log_writable(index),
                PollKey::Pidfd(_) => self.ended.extend(life),
                PollKey::Stdin(_) => {
                    if let Some(life) = life.filter(|life| self.host.stdin_writable(*life)) {
                        self.feed(Input::StdinTaken { life });
                    }
                }
                PollKey::Output(_, channel) => {
                    if let Some(life) = life {
                        self.read_if_taken(life, channel);
                        self.serve_clients();
                    }
                }
            }
        }
        // They wake without an event.
        self.handle_signals();
        self.reap_some();
        self.sweep_is_due |= self.host.kernel.take_due_sweep();
        if self.sweep_is_due {
            self.reap_any();
        }
        self.visit_hot_streams();
        for life in self.host.take_wanted_stdins(clock::monotonic_clock()) {
            self.feed(Input::StdinTaken { life });
        }
        if self.supervisor.next_deadline().is_some_and(|deadline| deadline <= clock::monotonic_clock()) {
            self.feed(Input::Timeout);
        }
        if std::mem::take(&mut self.host.restart_requested) {
            self.restart.start();
        }
        let Self { supervisor, host, .. } = self;
        host.resume_for_events(supervisor.room_for_output(), |process, channel| {
            supervisor.holds_output(process, channel)
        });
        self.host.end_turn();
    }

    /// Everything has stopped: what waits for slow readers of our logs gets some time, which delays nobody any more.
    fn write_last_words(&mut self, events: &mut Events) -> std::io::Result<()> {
        let end = clock::monotonic_clock() + limits::LAST_WORDS_PATIENCE;
        while self.host.has_waiting_logs() {
            let left = end.saturating_sub(clock::monotonic_clock());
            if left.is_zero() {
                self.host.report_lost_logs(limits::LAST_WORDS_PATIENCE);
                break;
            }
            self.host.kernel.poller.wait(events, Some(left))?;
            self.host.take_in_writers_answers();
            for (key, _, _) in events.iter() {
                match PollKey::from_number(key) {
                    PollKey::MainLog => self.host.main_log_writable(),
                    PollKey::Log(index) => self.host.log_writable(index),
                    PollKey::ExecFailures => self.host.tell_failed_execs(),
                    PollKey::Pidfd(_) | PollKey::Stdin(_) | PollKey::Output(..) => {}
                }
            }
        }
        Ok(())
    }

    /// Everything has stopped: whoever follows events gets some time to fetch the last ones, and goes.
    fn tell_last_events(&mut self, events: &mut Events) -> std::io::Result<()> {
        let end = clock::monotonic_clock() + limits::LAST_EVENTS_PATIENCE;
        // Those that know the last event already have yet to hear that it was the last.
        self.host.outbox.tell(Notice::EventsWaiting);
        loop {
            self.handle_messages();
            self.host.end_turn();
            let left = end.saturating_sub(clock::monotonic_clock());
            if !self.host.outbox.has_event_followers() || left.is_zero() {
                return Ok(());
            }
            // A second request to end changes nothing (contract/processes.md §9.7).
            self.host.kernel.poller.wait(events, Some(left))?;
        }
    }

    fn timeout(&mut self) -> Option<Duration> {
        let hot = self.host.kernel.has_hot_streams().then_some(self.next_hot_visit);
        let reap = (!self.ended.is_empty()).then(|| self.catching_up.until.unwrap_or(Duration::ZERO));
        let writers = self.host.kernel.log_writers.deadline();
        let sweep = self.sweep_is_due.then_some(Duration::ZERO);
        let wanted = self.host.wanted_stdins.deadline();
        let service = self.host.kernel.service_manager.deadline();
        let deadlines = [self.supervisor.next_deadline(), hot, reap, sweep, writers, wanted, service];
        let deadline = deadlines.into_iter().flatten().min()?;
        Some(deadline.saturating_sub(clock::monotonic_clock()))
    }

    fn feed(&mut self, input: Input<'_>) {
        handle(&mut self.supervisor, clock::now(), input, &mut self.host);
    }

    /// Clients do not wait for the output of all programs: where many write as fast as they can, one read of each may
    /// take long, since they are given the processor in between.
    fn serve_clients(&mut self) {
        self.handle_messages();
        if self.host.has_answers() {
            self.host.end_turn();
        }
    }

    fn handle_messages(&mut self) {
        for _ in 0..limits::MESSAGES_PER_TURN {
            let Some(message) = self.inbox.try_recv() else { return };
            match message {
                Message::Request { command, reply } => {
                    let request = self.host.accept_request(reply);
                    self.feed(Input::Command { request, command });
                }
                Message::Follow { log, follower } => self.follow(&log, follower),
                Message::FollowEvents { follower } => self.host.outbox.add_event_follower(follower),
                Message::FollowProcesses { follower } => self.host.outbox.add_process_follower(follower),
                Message::Log { level, text } => self.host.main_log.log(level, format_args!("{text}")),
                Message::SignalStopping { life } => self.host.signal_stopping(life),
                Message::IdentifierChanged { identifier } => {
                    self.host.settings.identifier.clone_from(&identifier);
                    self.supervisor.change_identifier(identifier);
                }
            }
        }
        // There may be more, and its wake-up has been used.
        self.host.kernel.wake();
    }

    fn follow(&mut self, log: &FollowedLog, follower: Follower) {
        let process = match log {
            FollowedLog::Main => None,
            FollowedLog::Process { name, .. } => self.supervisor.find_id(name),
        };
        self.host.follow(log, follower, process);
    }

    fn handle_restart_config(&mut self) {
        match self.restart.take() {
            None => {}
            Some(Ok(config)) => {
                self.next_config = Some(config);
                self.feed(Input::RestartConfigRead);
            }
            Some(Err(error)) => self.feed(Input::RestartConfigRefused { error }),
        }
    }

    fn handle_signals(&mut self) {
        let pending: Vec<i32> = self.host.kernel.signals.drain().collect();
        for signal in pending {
            let signal = DaemonSignal::from_number(signal);
            self.feed(Input::Signal(signal));
            if signal == DaemonSignal::Chld {
                self.ended.extend(std::mem::take(&mut self.traced));
                self.sweep_is_due |= self.reaps_strangers || self.host.kernel.lacks_pidfds();
            }
        }
    }

    /// Reaps those that have ended, as many as a turn bears; the others have the next.
    fn reap_some(&mut self) {
        for _ in 0..limits::REAPS_PER_TURN {
            if self.ended.is_empty() || self.catching_up.is_needed(&self.supervisor) {
                return;
            }
            if let Some(life) = self.ended.pop_front() {
                self.reap(life);
            }
        }
    }

    /// A life has ended; nothing is to be done if it was reaped already, by a sweep.
    fn reap(&mut self, life: Life) {
        let Some(child) = self.host.child_of(life) else { return };
        match supervisor_sys::wait_pid(child.pid) {
            Ok(Some(status)) => self.exited(life, status),
            Ok(None) => drop(self.traced.insert(life)),
            Err(_) => {}
        }
    }

    /// Reaps children that have ended, ours by their pids, and strangers (PID 1 and subreaper duty): as many as a turn
    /// bears, for some machines make them as fast as they can be reaped.
    fn reap_any(&mut self) {
        for _ in 0..limits::REAPS_PER_SWEEP {
            let Ok(Some((pid, status))) = supervisor_sys::reap_any() else {
                self.sweep_is_due = false;
                return;
            };
            match self.host.life_of_pid(pid) {
                Some(life) => self.exited(life, status),
                None => self.feed(Input::StrangerExited { pid, status }),
            }
        }
    }

    fn exited(&mut self, life: Life, status: ExitStatus) {
        self.traced.remove(&life);
        self.host.reaped = Some(life);
        for channel in Channel::BOTH {
            // What is there now is all that the program has left. Whatever comes while it is read is a grandchild's.
            let mut left = self.host.readable_bytes(life, channel);
            while left > 0
                && let Some(count @ 1..) = self.read_output(life, channel)
            {
                left = left.saturating_sub(count);
            }
        }
        self.host.reaped = None;
        if status == ExitStatus::Exited(limits::NOT_SPAWNED) {
            // Said before its end, and while its pid is still its own.
            self.host.tell_failed_execs();
        }
        self.feed(Input::Exited { life, status });
    }

    /// Reads once, unless the log of the channel takes no more, or a pool of listeners that wants its events.
    fn read_if_taken(&mut self, life: Life, channel: Channel) {
        if self.host.hold_if_blocked(life, channel) {
            return;
        }
        if self.supervisor.holds_output(life.process, channel) {
            return self.host.hold_for_events(life, channel);
        }
        self.read_output(life, channel);
    }

    /// Reads once; `None` when there was nothing.
    fn read_output(&mut self, life: Life, channel: Channel) -> Option<usize> {
        let now = clock::now();
        let count = self.host.read_output(life, channel, now.monotonic, &mut self.buffer)?;
        if count > 0 {
            let input = Input::Output { life, channel, bytes: &self.buffer[..count] };
            handle(&mut self.supervisor, now, input, &mut self.host);
        }
        Some(count)
    }

    fn visit_hot_streams(&mut self) {
        if !self.host.kernel.has_hot_streams() || clock::monotonic_clock() < self.next_hot_visit {
            return;
        }
        for (life, channel) in self.host.kernel.hot_streams() {
            self.read_if_taken(life, channel);
            self.serve_clients();
        }
        self.next_hot_visit = clock::monotonic_clock() + limits::HOT_STREAM_PAUSE;
    }
}

/// Lets the core draw the consequences of an input.
fn handle(supervisor: &mut Supervisor, now: Now, input: Input<'_>, host: &mut OsHost) {
    host.now = now.monotonic;
    let request = if let Input::Command { request, .. } = &input { Some(*request) } else { None };
    survive(host, request, |host| supervisor.handle(now, input, host));
}

/// A defect of ours must not end what is supervised: it is logged, whoever has asked for the step is told, and the loop
/// goes on with the next input.
fn survive(host: &mut OsHost, request: Option<RequestId>, step: impl FnOnce(&mut OsHost)) {
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| step(host)));
    if let Err(payload) = outcome {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no text");
        host.main_log.log(LogLevel::Critical, format_args!("a defect of supervisord was survived: {text}"));
        if let Some(request) = request {
            // Whoever was answered before it happened is not answered again.
            host.reply(request, Err(defect_log::fault()));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use supervisor_config::ServerCertificates;
    use supervisor_core::{Command, Fault, Reply};

    use super::*;
    use crate::boundary::requests::MethodAnswer;
    use crate::boundary::snapshot::process_snapshot;
    use crate::boundary::{inbox, outbox};
    use crate::supervision::child_environment::ChildEnvironment;
    use crate::supervision::credentials_folder::RuntimeFolder;
    use crate::supervision::kernel::Kernel;
    use crate::supervision::main_log::{MainLog, MainLogSettings, MainLogTarget};
    use crate::supervision::os_host::OsHostSettings;

    fn host() -> OsHost {
        let target = MainLogTarget::File(crate::supervision::log_file::LogFileSettings {
            path: "/dev/null".into(),
            rotation: crate::supervision::log_file::Rotation { maxbytes: 0, backups: 0 },
        });
        let settings = MainLogSettings { level: LogLevel::Info, target, to_stdout: false };
        let host_settings = OsHostSettings {
            identifier: "test".to_owned(),
            childlogdir: "/nonexistent".into(),
            environment: ChildEnvironment::new(&[], None, ServerCertificates::default()),
            runtime_folder: RuntimeFolder::new("test", None, "/nonexistent".as_ref()),
            names: crate::name_service::NameService::default(),
        };
        let outbox = outbox::channel(SupervisorState::Running).0;
        let main_log = MainLog::open(settings).unwrap();
        OsHost::new(Kernel::new().unwrap(), main_log, host_settings, outbox, process_snapshot().0)
    }

    /// What a client is told whose request is dealt with so.
    async fn told(deal: impl FnOnce(&mut OsHost, RequestId)) -> Result<MethodAnswer, Fault> {
        let mut host = host();
        let (sender, inbox) = inbox::channel(Arc::new(|| {}));
        let client = tokio::spawn(async move { sender.call(Command::Shutdown).await });
        tokio::task::yield_now().await;
        let Some(Message::Request { reply, .. }) = inbox.try_recv() else { panic!("a request") };
        let request = host.accept_request(reply);
        deal(&mut host, request);
        host.end_turn();
        client.await.unwrap()
    }

    #[tokio::test]
    async fn whoever_asked_for_what_met_a_defect_is_told_so_and_once() {
        let fault = Err(defect_log::fault());
        let before = told(|host, request| survive(host, Some(request), |_| panic!("on purpose"))).await;
        assert_eq!(before, fault);
        let after = told(|host, request| {
            survive(host, Some(request), |host| {
                host.reply(request, Ok(Reply::Done));
                panic!("on purpose");
            });
        });
        assert_eq!(after.await, Ok(MethodAnswer::Done));
        let another = told(|host, request| {
            survive(host, None, |_| panic!("on purpose"));
            host.reply(request, Ok(Reply::Done));
        });
        assert_eq!(another.await, Ok(MethodAnswer::Done));
    }
}
