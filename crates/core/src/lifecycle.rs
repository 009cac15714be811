//! The life of a process: spawn, promote, fail, stop, kill, finish (contract/processes.md §1.3, §3, §4).
//!
//! The only place that changes a [`Phase`]. Each change raises its event and settles the requests that waited for it
//! before anything else happens, and is noted: what the process does next is [`crate::pursuit`]'s to draw. No
//! transition calls another, but for the two of an end that comes before its process was said to be RUNNING.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Now;
use crate::ending::{OwnEnd, code_of};
use crate::event::{Event, StateDetail};
use crate::exit_status::ExitStatus;
use crate::extended_event::ExtendedEvent;
use crate::goal::{DownCause, Goal, PutOffReason, UpCause};
use crate::host::{Host, KillError, KillTarget};
use crate::last_exit::LastExit;
use crate::life_record::{EndReason, LifeRecord};
use crate::log_level::LogLevel;
use crate::planner::GiveUp;
use crate::process::{Phase, Process};
use crate::process_config::{ProcessConfig, RestartPause};
use crate::process_id::{Life, Pid, ProcessId};
use crate::process_state::ProcessState;
use crate::restart_policy;
use crate::signal::Signal;
use crate::supervisor::Supervisor;
use crate::timers::{Timer, after};

/// Seconds between two `waiting for x to stop`.
const STOP_REPORT_SECONDS: i64 = 2;

/// SIGKILL never comes with the very input that brought the stop, whatever `stopwaitsecs` is.
const LEAST_STOP_WAIT: Duration = Duration::from_nanos(1);

impl Supervisor {
    /// Starts a process that has no pid. The outcome shows in its state and its `spawnerr`.
    pub(crate) fn spawn(&mut self, now: Now, id: ProcessId, cause: UpCause, host: &mut impl Host) {
        let process = &mut self.processes[id];
        let (config, group) = (Arc::clone(&process.config), Arc::clone(&process.group));
        process.goal = Goal::Up { cause, pending: None };
        process.waits_for_batch = false;
        if cause == UpCause::FatalRetry {
            process.forget_failures();
        }
        if cause.is_counted() {
            process.restarts.note(now.monotonic, config.restart.limit.count);
        }
        process.spawned_at = now.monotonic;
        process.is_signalled = false;
        let told = self.processes.change(id, host);
        told.protocol_error = None;
        told.spawnerr = None;
        told.exit_code = None;
        told.laststart = Some(now.epoch_seconds());
        let process = &self.processes[id];
        let tries = StateDetail::Tries(process.tries());
        let (from, life) = (process.state(), Life { process: id, number: process.lives + 1 });
        self.raise_state_event(id, from, ProcessState::Starting, tries, host);
        let spawned = self.acquire_socket(&config, host).and_then(|()| {
            host.spawn(life, &group, &config).map_err(|error| {
                self.release_socket(&config, host);
                error.0
            })
        });
        match spawned {
            Ok(pid) => {
                let process = &mut self.processes[id];
                (process.lives, process.was_born) = (life.number, true);
                self.listener_started(id);
                let told = self.processes.change(id, host);
                told.phase = Phase::Starting { pid, since: now.monotonic };
                told.tally.spawned(cause);
                self.consequences.note_transition(id);
                host.log(LogLevel::Info, format_args!("spawned: '{}' with pid {pid}", config.name));
            }
            Err(text) => {
                host.log(LogLevel::Info, format_args!("spawnerr: {text}"));
                let process = &mut self.processes[id];
                process.was_born = false;
                process.ends = restart_policy::count_end(process.ends, Duration::ZERO);
                self.fail_start(now, id, text.into(), host);
                self.tell_restart(now, id, host);
            }
        }
    }

    /// STARTING → RUNNING: it has stayed up for `startsecs`.
    pub(crate) fn promote(&mut self, now: Now, id: ProcessId, host: &mut impl Host) {
        let process = &mut self.processes[id];
        let Phase::Starting { pid, .. } = process.phase else { return };
        process.running_since = now.monotonic;
        if process.config.restart.backoff.reset_after.is_zero() {
            process.backoff = 0;
        }
        let config = Arc::clone(&process.config);
        self.change_phase(id, Phase::Running { pid }, StateDetail::Pid(pid.get()), host);
        host.log(
            LogLevel::Info,
            format_args!(
                "success: {} entered RUNNING state, process has stayed up for > than {} seconds (startsecs)",
                config.name, config.start.startsecs
            ),
        );
        self.dispatch_for(id, host);
    }

    /// STARTING → BACKOFF, with a next try unless everything is to stop.
    fn fail_start(&mut self, now: Now, id: ProcessId, spawnerr: Arc<str>, host: &mut impl Host) {
        let told = self.processes.change(id, host);
        told.spawnerr = Some(spawnerr);
        told.tally.failed_starts += 1;
        let process = &mut self.processes[id];
        process.backoff = process.backoff.saturating_add(1);
        let tries = process.tries();
        if process.goal.is_up() {
            let restart = &process.config.restart;
            let pause =
                restart_policy::pause_before_retry(restart, process.backoff, process.ends, |below| host.random(below));
            process.start_after(now.monotonic, UpCause::Retry, pause, PutOffReason::Backoff);
        }
        // A spawn error comes before there is a pid, so the phase itself was never STARTING.
        self.enter(id, ProcessState::Starting, Phase::Backoff, StateDetail::Tries(tries), host);
    }

    /// BACKOFF → FATAL; also EXITED and STOPPED → FATAL, when it was started by itself too often.
    pub(crate) fn give_up(&mut self, now: Now, id: ProcessId, reason: GiveUp, host: &mut impl Host) {
        let process = &mut self.processes[id];
        process.backoff = 0;
        let config = Arc::clone(&process.config);
        let retry = Some(config.restart.fatal_retry).filter(|pause| process.goal.is_up() && !pause.is_zero());
        if let Some(pause) = retry {
            process.start_after(now.monotonic, UpCause::FatalRetry, pause, PutOffReason::FatalRetry);
        } else if process.goal.is_up() {
            process.goal = Goal::Down(DownCause::GaveUp);
        }
        let name = &config.name;
        let limit = config.restart.limit;
        let too_often = format!("restarted {} times within {}", limit.count, in_seconds(limit.interval));
        if reason == GiveUp::RestartLimit {
            self.processes.change(id, host).spawnerr = Some(too_often.as_str().into());
        }
        self.change_phase(id, Phase::Fatal, StateDetail::None, host);
        match reason {
            GiveUp::NoRetriesLeft => host.log(
                LogLevel::Info,
                format_args!("gave up: {name} entered FATAL state, too many start retries too quickly"),
            ),
            GiveUp::RestartLimit => host.log(
                LogLevel::Info,
                format_args!("gave up: {name} entered FATAL state, {too_often} (restart_limit_count)"),
            ),
            GiveUp::Shutdown => {}
        }
        if let Some(pause) = retry {
            let text = format_args!("{name} is tried again in {} (fatal_retry_secs)", in_seconds(pause));
            host.log(LogLevel::Warn, text);
        }
        if reason == GiveUp::RestartLimit {
            self.tell_more(id, ExtendedEvent::RestartLimit(limit), host);
        }
        self.tell_restart(now, id, host);
    }

    /// What was counted of its failures begins anew; FATAL → STOPPED, where it stays (programs.md §12.5).
    pub(crate) fn forget_failures(&mut self, id: ProcessId, host: &mut impl Host) {
        let process = &mut self.processes[id];
        process.forget_failures();
        if let Phase::Fatal = process.phase {
            process.goal = Goal::Down(DownCause::Client);
            self.processes.change(id, host).spawnerr = None;
            self.change_phase(id, Phase::Stopped, StateDetail::Pid(0), host);
        }
    }

    /// Asks a process in a running-class state to stop. The error is what the client is told.
    pub(crate) fn stop(&mut self, now: Now, id: ProcessId, host: &mut impl Host) -> Result<(), String> {
        let process = &self.processes[id];
        let config = Arc::clone(&process.config);
        match process.phase {
            Phase::Backoff => {
                host.log(
                    LogLevel::Debug,
                    format_args!("Attempted to kill {}, which is in BACKOFF state.", config.name),
                );
                self.change_phase(id, Phase::Stopped, StateDetail::Pid(0), host);
                Ok(())
            }
            Phase::Starting { pid, .. } | Phase::Running { pid } => {
                let signal = config.stop.stopsignal;
                let target = announce_signal(&config, pid, signal, config.stop.stopasgroup, host);
                let kill_at =
                    after(now.monotonic, config.stop.stopwaitsecs).max(now.monotonic.saturating_add(LEAST_STOP_WAIT));
                self.change_phase(id, Phase::Stopping { pid, kill_at }, StateDetail::Pid(pid.get()), host);
                self.deliver(id, target, signal, "killing", host)
            }
            Phase::Stopping { .. } | Phase::Stopped | Phase::Exited | Phase::Fatal | Phase::Unknown { .. } => Ok(()),
        }
    }

    /// A process that was asked to stop has not, in its time: SIGKILL, and again as long as it is there.
    pub(crate) fn kill(&mut self, now: Now, id: ProcessId, host: &mut impl Host) -> Result<(), String> {
        let process = &self.processes[id];
        let as_group = process.config.stop.killasgroup;
        self.send_kill(now, id, as_group, host)
    }

    /// There is no more time for a process that was asked to stop: SIGKILL to all that may be its own, whatever
    /// `killasgroup` says.
    pub(crate) fn kill_all_of(&mut self, now: Now, id: ProcessId, host: &mut impl Host) -> Result<(), String> {
        self.send_kill(now, id, true, host)
    }

    fn send_kill(&mut self, now: Now, id: ProcessId, as_group: bool, host: &mut impl Host) -> Result<(), String> {
        let process = &self.processes[id];
        let Phase::Stopping { pid, .. } = process.phase else { return Ok(()) };
        let config = Arc::clone(&process.config);
        host.log(LogLevel::Warn, format_args!("killing '{}' ({pid}) with SIGKILL", config.name));
        let target = announce_signal(&config, pid, Signal::KILL, as_group, host);
        // With `stopwaitsecs=0` it must not become a loop without a pause.
        let kill_at = after(now.monotonic, config.stop.stopwaitsecs.max(1));
        self.processes.change(id, host).phase = Phase::Stopping { pid, kill_at };
        self.timers.set(Timer::Process(id), kill_at);
        self.deliver(id, target, Signal::KILL, "killing", host)
    }

    /// Sends a signal for a client; no change of state unless it cannot be sent.
    pub(crate) fn signal(&mut self, id: ProcessId, signal: Signal, host: &mut impl Host) -> Result<(), String> {
        let process = &self.processes[id];
        let Some(pid) = process.phase.pid() else { return Ok(()) };
        let config = Arc::clone(&process.config);
        host.log(LogLevel::Debug, format_args!("sending {} (pid {pid}) sig {}", config.name, signal.name()));
        self.deliver(id, KillTarget::Process(pid), signal, "sending sig", host)
    }

    /// Sends a signal for a client to the process group that a process leads.
    pub(crate) fn signal_group(&mut self, id: ProcessId, signal: Signal, host: &mut impl Host) -> Result<(), String> {
        let Some(pid) = self.processes[id].phase.pid() else { return Ok(()) };
        self.deliver(id, KillTarget::Group(pid), signal, "sending sig", host)
    }

    /// Sends; a process that is gone is left to be reaped, one that cannot be signalled becomes UNKNOWN.
    fn deliver(
        &mut self,
        id: ProcessId,
        target: KillTarget,
        signal: Signal,
        doing: &str,
        host: &mut impl Host,
    ) -> Result<(), String> {
        let (KillTarget::Process(pid) | KillTarget::Group(pid)) = target;
        let config = Arc::clone(&self.processes[id].config);
        match host.kill(target, signal) {
            Ok(()) => Ok(()),
            Err(KillError::Gone) => {
                host.log(
                    LogLevel::Debug,
                    format_args!(
                        "unable to signal {} (pid {pid}), it probably just exited on its own: ESRCH",
                        config.name
                    ),
                );
                Ok(())
            }
            Err(KillError::Failed(error)) => {
                let text = format!("unknown problem {doing} {} ({pid}):{error}", config.name);
                host.log(LogLevel::Critical, format_args!("{text}"));
                self.timers.cancel(Timer::StopReport(id));
                let process = &mut self.processes[id];
                // One that is being stopped keeps its goal: it may be to run again.
                if let Phase::Starting { .. } | Phase::Running { .. } = process.phase {
                    process.goal = Goal::Down(DownCause::Unreachable);
                }
                self.change_phase(id, Phase::Unknown { pid }, StateDetail::None, host);
                Err(text)
            }
        }
    }

    /// A life has ended; all its output has been dispatched, and what was held back of it.
    pub(crate) fn finish(&mut self, now: Now, life: Life, status: ExitStatus, host: &mut impl Host) {
        let id = life.process;
        let Some(process) = self.processes.get(id) else { return };
        let Some(pid) = process.phase.pid() else { return };
        let config = Arc::clone(&process.config);
        let last_exit = LastExit {
            at: now.wall,
            status,
            expected: config.restart.expects(status),
            ran_for: now.monotonic.saturating_sub(process.spawned_at),
        };
        let process = &mut self.processes[id];
        process.ended = Some(status);
        if process.goal.is_up() {
            process.ends = restart_policy::count_end(process.ends, last_exit.ran_for);
            process.short_lives =
                restart_policy::count_short_life(&config.restart, process.short_lives, last_exit.ran_for);
        }
        let told = self.processes.change(id, host);
        (told.laststop, told.last_exit) = (now.epoch_seconds(), Some(last_exit));
        told.tally.ended(last_exit.expected);
        self.timers.cancel(Timer::StopReport(id));
        self.note_own_end(now, id, last_exit);
        let reason = self.processes[id].reason_of_an_end(now.monotonic);
        match self.processes[id].phase {
            Phase::Stopping { .. } | Phase::Unknown { .. } => self.finish_stopped(now, id, pid, status, host),
            Phase::Starting { since, .. } if now.monotonic < after(since, config.start.startsecs) => {
                self.fail_start(now, id, "Exited too quickly (process log may have details)".into(), host);
                host.log(LogLevel::Warn, format_args!("exited: {} ({status}; not expected)", config.name));
            }
            Phase::Starting { .. } => {
                // It was up long enough, but ended before the timer that would have said so.
                self.processes[id].running_since = now.monotonic;
                self.change_phase(id, Phase::Running { pid }, StateDetail::Pid(pid.get()), host);
                self.finish_exited(now, id, pid, status, host);
            }
            Phase::Running { .. } => self.finish_exited(now, id, pid, status, host),
            Phase::Stopped | Phase::Backoff | Phase::Exited | Phase::Fatal => {}
        }
        let process = &mut self.processes[id];
        process.ended = None;
        let record = LifeRecord { number: life.number, pid, end: last_exit, reason };
        process.remember(record);
        self.tell_more(id, ExtendedEvent::End(record), host);
        self.tell_restart(now, id, host);
        self.consequences.note_end(life);
    }

    /// A life that was not asked to end may decide over the exit status of supervisord.
    fn note_own_end(&mut self, now: Now, id: ProcessId, last: LastExit) {
        let process = &mut self.processes[id];
        if let Phase::Starting { .. } | Phase::Running { .. } = process.phase {
            let code = code_of(last.status);
            process.own_end = Some(OwnEnd { code, expected: last.expected, at: now.monotonic });
            self.ending.note_own_end(&self.settings.ending, (&process.group, &process.config.name), code);
        }
    }

    /// Lets go what a life held, and what it was working on.
    pub(crate) fn release(&mut self, life: Life, host: &mut impl Host) {
        let id = life.process;
        let Some(process) = self.processes.get(id) else { return };
        let config = Arc::clone(&process.config);
        host.release(life);
        self.release_socket(&config, host);
        self.tick_watchers.remove(&life);
        self.listener_ended(id, host);
    }

    fn finish_stopped(&mut self, now: Now, id: ProcessId, pid: Pid, status: ExitStatus, host: &mut impl Host) {
        let process = &mut self.processes[id];
        let config = Arc::clone(&process.config);
        if let Goal::Again { cause } = process.goal {
            let breaches = process.listener.as_ref().map_or(0, |listener| listener.breaches());
            let pause = process.pause_before_restart(host).max(match config.restart.pause {
                RestartPause::Usual => restart_policy::pause_after_breach(breaches),
                RestartPause::Growing => Duration::ZERO,
            });
            process.start_after(now.monotonic, cause, pause, PutOffReason::Restart);
            process.backoff = 0;
        }
        self.processes.change(id, host).exit_code = Some(status.code());
        self.change_phase(id, Phase::Stopped, StateDetail::Pid(pid.get()), host);
        let level = if config.restart.expects(status) { LogLevel::Info } else { LogLevel::Warn };
        host.log(level, format_args!("stopped: {} ({status})", config.name));
    }

    fn finish_exited(&mut self, now: Now, id: ProcessId, pid: Pid, status: ExitStatus, host: &mut impl Host) {
        let process = &mut self.processes[id];
        let config = Arc::clone(&process.config);
        let code = status.code();
        let expected = config.restart.expects(status);
        if now.monotonic.saturating_sub(process.running_since) >= config.restart.backoff.reset_after {
            process.backoff = 0;
        }
        if process.goal.is_up() {
            if restart_policy::follows_an_end(&config.restart, status) {
                let pause = process.pause_before_restart(host);
                process.start_after(now.monotonic, UpCause::Autorestart, pause, PutOffReason::Restart);
            } else {
                process.goal = Goal::Down(DownCause::Ended);
            }
        }
        let told = self.processes.change(id, host);
        told.exit_code = Some(code);
        if !expected {
            told.spawnerr = Some(format!("Bad exit code {code}").into());
        }
        self.change_phase(id, Phase::Exited, StateDetail::Exit { expected, pid: pid.get() }, host);
        let (level, word) = if expected { (LogLevel::Info, "expected") } else { (LogLevel::Warn, "not expected") };
        host.log(level, format_args!("exited: {} ({status}; {word})", config.name));
    }

    /// A client waits for the end of a process: says so, now and every two seconds.
    pub(crate) fn report_stopping(&mut self, now: Now, id: ProcessId, host: &mut impl Host) {
        let Some(process) = self.processes.get(id) else { return };
        if matches!(process.phase, Phase::Stopping { .. }) && self.deferred.awaits_stop(id) {
            host.log(LogLevel::Info, format_args!("waiting for {} to stop", process.config.name));
            self.timers.set(Timer::StopReport(id), after(now.monotonic, STOP_REPORT_SECONDS));
        }
    }

    /// Changes the phase, raises the event, settles who waited for it and notes the transition.
    fn change_phase(&mut self, id: ProcessId, to: Phase, detail: StateDetail, host: &mut impl Host) {
        let from = self.processes[id].state();
        self.enter(id, from, to, detail, host);
    }

    fn enter(&mut self, id: ProcessId, from: ProcessState, to: Phase, detail: StateDetail, host: &mut impl Host) {
        self.processes.change(id, host).phase = to;
        self.raise_state_event(id, from, to.state(), detail, host);
        // At once, since an answer has to be true when it is given.
        for settled in self.deferred.settle(self.now, id, &self.processes[id]) {
            host.reply(settled.request, settled.answer);
        }
        self.consequences.note_transition(id);
        if let Phase::Exited | Phase::Fatal = to {
            self.ending.note(id);
        }
    }

    /// A start that follows by itself, after a pause.
    fn tell_restart(&mut self, now: Now, id: ProcessId, host: &mut impl Host) {
        let Goal::Up { cause, pending: Some(pending) } = self.processes[id].goal else { return };
        if let Some(until) = pending.not_before() {
            let pause = until.saturating_sub(now.monotonic);
            self.tell_more(id, ExtendedEvent::RestartPlanned { cause, pause }, host);
        }
    }

    /// An event that Supervisor has not.
    fn tell_more(&mut self, id: ProcessId, what: ExtendedEvent, host: &mut impl Host) {
        let process = &self.processes[id];
        let (config, group) = (Arc::clone(&process.config), Arc::clone(&process.group));
        self.notify(&Event::Extended { process: &config.name, group: &group, what }, host);
    }

    fn raise_state_event(
        &mut self,
        id: ProcessId,
        from: ProcessState,
        to: ProcessState,
        detail: StateDetail,
        host: &mut impl Host,
    ) {
        let process = &self.processes[id];
        let (config, group) = (Arc::clone(&process.config), Arc::clone(&process.group));
        // One that ended before its promotion was due is told as RUNNING first.
        let ended = process.ended.filter(|_| to != ProcessState::Running);
        self.notify(&Event::ProcessState { process: &config.name, group: &group, to, from, detail, ended }, host);
    }
}

impl Process {
    /// Why its life ends now.
    fn reason_of_an_end(&self, now: Duration) -> EndReason {
        match (self.phase, self.goal) {
            (Phase::Unknown { .. }, _) => EndReason::Unknown,
            (Phase::Stopping { .. }, Goal::Down(DownCause::Shutdown { .. })) => EndReason::Shutdown,
            (Phase::Stopping { .. }, Goal::Again { .. }) => EndReason::Restart,
            (Phase::Stopping { .. }, Goal::Up { .. } | Goal::Down(_)) => EndReason::Stop,
            (Phase::Starting { since, .. }, _) if now < after(since, self.config.start.startsecs) => EndReason::Start,
            (
                Phase::Starting { .. }
                | Phase::Running { .. }
                | Phase::Stopped
                | Phase::Backoff
                | Phase::Exited
                | Phase::Fatal,
                _,
            ) => EndReason::Exit,
        }
    }

    /// The pause between its end and the start that follows by itself.
    fn pause_before_restart(&self, host: &mut impl Host) -> Duration {
        let random = |below| host.random(below);
        restart_policy::pause_before_restart(&self.config.restart, self.ends, self.short_lives, random)
    }

    /// It is to be started, after this pause and not before the storm guard allows it.
    fn start_after(&mut self, now: Duration, cause: UpCause, pause: Duration, reason: PutOffReason) {
        let guarded_since = (!self.is_signalled).then_some(self.spawned_at);
        let put_off = restart_policy::put_off(&self.config.restart, now, guarded_since, pause, reason);
        self.goal = Goal::start(cause, put_off);
    }
}

/// A duration in words: `60 seconds`, `1 second`, `0.25 seconds`.
fn in_seconds(duration: Duration) -> String {
    let unit = if duration == Duration::from_secs(1) { "second" } else { "seconds" };
    format!("{} {unit}", duration.as_secs_f64())
}

/// Tells of a signal of a stop, and who is to get it.
fn announce_signal(
    config: &ProcessConfig,
    pid: Pid,
    signal: Signal,
    as_group: bool,
    host: &mut impl Host,
) -> KillTarget {
    let what = if as_group { " process group" } else { "" };
    host.log(LogLevel::Debug, format_args!("killing {} (pid {pid}){what} with signal {}", config.name, signal.name()));
    if as_group { KillTarget::Group(pid) } else { KillTarget::Process(pid) }
}
