//! The life of a process: spawn, promote, fail, stop, kill, finish (contract/processes.md §1.3, §3, §4).
//!
//! The only place that changes a [`Phase`]. Each change raises its event and settles the requests that waited
//! for it before anything else happens.

use std::sync::Arc;

use crate::clock::Now;
use crate::event::{Event, StateDetail};
use crate::exit_status::ExitStatus;
use crate::host::{Host, KillError, KillTarget};
use crate::limits;
use crate::log_level::LogLevel;
use crate::process::{Phase, Restart};
use crate::process_config::ProcessConfig;
use crate::process_id::{Pid, ProcessId};
use crate::process_state::ProcessState;
use crate::signal::Signal;
use crate::supervisor::Supervisor;
use crate::timers::{Timer, after};

/// Seconds between two `waiting for x to stop`.
const STOP_REPORT_SECONDS: i64 = 2;

impl Supervisor {
    /// Starts a process that is not running. The outcome shows in its state and its `spawnerr`.
    pub(crate) fn spawn(&mut self, now: Now, id: ProcessId, host: &mut impl Host) {
        let process = &mut self.processes[id];
        let config = Arc::clone(&process.config);
        if process.phase.pid().is_some() {
            host.log(LogLevel::Warn, format_args!("process '{}' already running", config.name));
            return;
        }
        let group = Arc::clone(&process.group);
        process.restart = Restart::No;
        let told = self.processes.change(id, host);
        told.spawnerr = None;
        told.exit_code = None;
        told.laststart = Some(now.epoch_seconds());
        let process = &self.processes[id];
        let tries = StateDetail::Tries(process.backoff);
        let from = process.state();
        self.raise_state_event(id, from, ProcessState::Starting, tries, host);
        let spawned = self.acquire_socket(&config, host).and_then(|()| {
            host.spawn(id, &group, &config).map_err(|error| {
                self.release_socket(&config, host);
                error.0
            })
        });
        match spawned {
            Ok(pid) => {
                if config.startsecs > 0 {
                    self.timers.set(Timer::Process(id), after(now.monotonic, config.startsecs));
                }
                self.listener_started(id);
                self.processes.change(id, host).phase = Phase::Starting { pid, since: now.monotonic };
                host.log(LogLevel::Info, format_args!("spawned: '{}' with pid {pid}", config.name));
            }
            Err(text) => {
                host.log(LogLevel::Info, format_args!("spawnerr: {text}"));
                self.fail_start(now, id, text.into(), |_| {}, host);
            }
        }
    }

    /// A timer of a process has passed: RUNNING, the next try, or SIGKILL.
    pub(crate) fn process_deadline(&mut self, now: Now, id: ProcessId, host: &mut impl Host) {
        let Some(process) = self.processes.get(id) else { return };
        match process.phase {
            Phase::Starting { .. } => self.promote(id, host),
            Phase::Backoff { .. } => self.queue_start(id),
            Phase::Stopping { pid } => {
                let config = Arc::clone(&process.config);
                host.log(LogLevel::Warn, format_args!("killing '{}' ({pid}) with SIGKILL", config.name));
                // A failure has made it UNKNOWN; there is no client to tell.
                self.send_stop_signal(now, id, Signal::KILL, host).ok();
            }
            Phase::Stopped if process.restart != Restart::No => self.queue_start(id),
            Phase::Stopped | Phase::Running { .. } | Phase::Exited | Phase::Fatal | Phase::Unknown { .. } => {}
        }
    }

    /// Stops a listener that has broken the protocol, to start it again. The more often in succession it has, the
    /// later: seconds, as with the retries of a failed start.
    pub(crate) fn restart_listener(&mut self, now: Now, id: ProcessId, host: &mut impl Host) {
        self.processes[id].restart = Restart::Wanted;
        // What cannot be signalled has become UNKNOWN, and is started again when it has ended.
        self.stop(now, id, host).ok();
    }

    /// A process that supervisord stopped by itself has stopped: sets the time of its next start.
    fn await_restart(&mut self, now: Now, id: ProcessId) {
        let process = &mut self.processes[id];
        if process.restart == Restart::No || !matches!(process.phase, Phase::Stopped) {
            return;
        }
        let breaches = process.listener.as_ref().map_or(0, |listener| listener.breaches());
        let at = after(now.monotonic, i64::from(breaches.clamp(1, limits::PROTOCOL_RESTART_SECONDS)));
        (process.restart, process.backoff) = (Restart::At(at), 0);
        self.timers.set(Timer::Process(id), at);
    }

    /// A client wants a process stopped that is to be started again: it is not.
    pub(crate) fn give_up_restart(&mut self, id: ProcessId) {
        let process = &mut self.processes[id];
        if let Restart::At(_) = std::mem::replace(&mut process.restart, Restart::No) {
            self.timers.cancel(Timer::Process(id));
        }
    }

    /// STARTING → RUNNING at once, for a process that need not stay up for any time.
    pub(crate) fn promote_at_once(&mut self, id: ProcessId, host: &mut impl Host) {
        if self.processes.get(id).is_some_and(|process| process.config.startsecs <= 0) {
            self.promote(id, host);
        }
    }

    /// STARTING → RUNNING: it has stayed up for `startsecs`.
    fn promote(&mut self, id: ProcessId, host: &mut impl Host) {
        let process = &mut self.processes[id];
        let Phase::Starting { pid, .. } = process.phase else { return };
        process.backoff = 0;
        let config = Arc::clone(&process.config);
        self.timers.cancel(Timer::Process(id));
        self.change_phase(id, Phase::Running { pid }, StateDetail::Pid(pid.get()), host);
        host.log(
            LogLevel::Info,
            format_args!(
                "success: {} entered RUNNING state, process has stayed up for > than {} seconds (startsecs)",
                config.name, config.startsecs
            ),
        );
        self.dispatch_for(id, host);
    }

    /// STARTING → BACKOFF, and on to FATAL when there is no retry left. `log` writes the line between the two.
    fn fail_start<H: Host>(
        &mut self,
        now: Now,
        id: ProcessId,
        spawnerr: Arc<str>,
        log: impl FnOnce(&mut H),
        host: &mut H,
    ) {
        self.processes.change(id, host).spawnerr = Some(spawnerr);
        let process = &mut self.processes[id];
        process.backoff += 1;
        let tries = process.backoff;
        let retry_at = after(now.monotonic, i64::try_from(tries).unwrap_or(i64::MAX));
        // A spawn error comes before there is a pid, so the phase itself was never STARTING.
        self.enter(id, ProcessState::Starting, Phase::Backoff { retry_at }, StateDetail::Tries(tries), host);
        log(host);
        if self.processes[id].has_no_retries_left() {
            let config = Arc::clone(&self.processes[id].config);
            self.give_up(id, host);
            host.log(
                LogLevel::Info,
                format_args!("gave up: {} entered FATAL state, too many start retries too quickly", config.name),
            );
        } else {
            self.timers.set(Timer::Process(id), retry_at);
        }
    }

    /// BACKOFF → FATAL.
    pub(crate) fn give_up(&mut self, id: ProcessId, host: &mut impl Host) {
        self.processes[id].backoff = 0;
        self.timers.cancel(Timer::Process(id));
        self.change_phase(id, Phase::Fatal, StateDetail::None, host);
    }

    /// Asks a process in a running-class state to stop. The error is what the client is told.
    pub(crate) fn stop(&mut self, now: Now, id: ProcessId, host: &mut impl Host) -> Result<(), String> {
        let process = &self.processes[id];
        match process.phase {
            Phase::Backoff { .. } => {
                let name = Arc::clone(&process.config);
                host.log(LogLevel::Debug, format_args!("Attempted to kill {}, which is in BACKOFF state.", name.name));
                self.timers.cancel(Timer::Process(id));
                self.change_phase(id, Phase::Stopped, StateDetail::Pid(0), host);
                Ok(())
            }
            Phase::Starting { .. } | Phase::Running { .. } => {
                let signal = process.config.stopsignal;
                self.send_stop_signal(now, id, signal, host)
            }
            Phase::Stopping { .. } => Ok(()),
            Phase::Stopped | Phase::Exited | Phase::Fatal | Phase::Unknown { .. } => {
                let (name, signal) = (&process.config.name, process.config.stopsignal);
                let text = format!("attempted to kill {name} with sig {} but it wasn't running", signal.name());
                host.log(LogLevel::Debug, format_args!("{text}"));
                Err(text)
            }
        }
    }

    /// Sends the signal of a stop, or its SIGKILL, and sets the time of the next SIGKILL.
    fn send_stop_signal<H: Host>(
        &mut self,
        now: Now,
        id: ProcessId,
        signal: Signal,
        host: &mut H,
    ) -> Result<(), String> {
        let process = &self.processes[id];
        let Some(pid) = process.phase.pid() else { return Ok(()) };
        let config = Arc::clone(&process.config);
        // Not the signal decides: SIGKILL may be the `stopsignal`.
        let repeated = matches!(process.phase, Phase::Stopping { .. });
        let as_group = if repeated { config.killasgroup } else { config.stopasgroup };
        let what = if as_group { " process group" } else { "" };
        host.log(
            LogLevel::Debug,
            format_args!("killing {} (pid {pid}){what} with signal {}", config.name, signal.name()),
        );
        // A repeated SIGKILL with `stopwaitsecs=0` must not become a loop without a pause.
        let wait = if repeated { config.stopwaitsecs.max(1) } else { config.stopwaitsecs };
        self.timers.set(Timer::Process(id), after(now.monotonic, wait));
        if !repeated {
            self.change_phase(id, Phase::Stopping { pid }, StateDetail::Pid(pid.get()), host);
        }
        let target = if as_group { KillTarget::Group(pid) } else { KillTarget::Process(pid) };
        self.deliver(id, target, signal, "killing", host)
    }

    /// Sends a signal for a client; no change of state unless it cannot be sent.
    pub(crate) fn signal(&mut self, id: ProcessId, signal: Signal, host: &mut impl Host) -> Result<(), String> {
        let process = &self.processes[id];
        let Some(pid) = process.phase.pid() else { return Ok(()) };
        let config = Arc::clone(&process.config);
        host.log(LogLevel::Debug, format_args!("sending {} (pid {pid}) sig {}", config.name, signal.name()));
        self.deliver(id, KillTarget::Process(pid), signal, "sending sig", host)
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
                self.timers.cancel(Timer::Process(id));
                self.timers.cancel(Timer::StopReport(id));
                self.change_phase(id, Phase::Unknown { pid }, StateDetail::None, host);
                Err(text)
            }
        }
    }

    /// A process was reaped; all its output has been dispatched.
    pub(crate) fn finish(&mut self, now: Now, id: ProcessId, status: ExitStatus, host: &mut impl Host) {
        let Some(process) = self.processes.get(id) else { return };
        let Some(pid) = process.phase.pid() else { return };
        let config = Arc::clone(&process.config);
        self.processes.change(id, host).laststop = now.epoch_seconds();
        self.flush_output(id, host);
        self.timers.cancel(Timer::Process(id));
        self.timers.cancel(Timer::StopReport(id));
        match self.processes[id].phase {
            Phase::Stopping { .. } | Phase::Unknown { .. } => self.finish_stopped(id, pid, status, &config, host),
            Phase::Starting { since, .. } if now.monotonic < after(since, config.startsecs) => {
                let spawnerr = "Exited too quickly (process log may have details)".into();
                let line = format!("exited: {} ({status}; not expected)", config.name);
                self.fail_start(now, id, spawnerr, |host| host.log(LogLevel::Warn, format_args!("{line}")), host);
            }
            Phase::Starting { .. } => {
                // It was up long enough, but ended before the timer that would have said so.
                self.change_phase(id, Phase::Running { pid }, StateDetail::Pid(pid.get()), host);
                self.finish_exited(id, pid, status, &config, host);
            }
            Phase::Running { .. } => self.finish_exited(id, pid, status, &config, host),
            Phase::Stopped | Phase::Backoff { .. } | Phase::Exited | Phase::Fatal => {}
        }
        host.release(id);
        self.release_socket(&config, host);
        self.listener_ended(id, host);
        self.await_restart(now, id);
        if self.processes[id].starts_by_itself(now) {
            self.queue_start(id);
        }
    }

    fn finish_stopped(
        &mut self,
        id: ProcessId,
        pid: Pid,
        status: ExitStatus,
        config: &ProcessConfig,
        host: &mut impl Host,
    ) {
        self.processes.change(id, host).exit_code = Some(status.code());
        self.change_phase(id, Phase::Stopped, StateDetail::Pid(pid.get()), host);
        let level = if config.exitcodes.contains(&status.code()) { LogLevel::Info } else { LogLevel::Warn };
        host.log(level, format_args!("stopped: {} ({status})", config.name));
    }

    fn finish_exited(
        &mut self,
        id: ProcessId,
        pid: Pid,
        status: ExitStatus,
        config: &ProcessConfig,
        host: &mut impl Host,
    ) {
        let code = status.code();
        let expected = config.exitcodes.contains(&code);
        self.processes[id].backoff = 0;
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

    /// Changes the phase, raises the event and settles who waited for it.
    fn change_phase(&mut self, id: ProcessId, to: Phase, detail: StateDetail, host: &mut impl Host) {
        let from = self.processes[id].state();
        self.enter(id, from, to, detail, host);
    }

    fn enter(&mut self, id: ProcessId, from: ProcessState, to: Phase, detail: StateDetail, host: &mut impl Host) {
        self.processes.change(id, host).phase = to;
        self.raise_state_event(id, from, to.state(), detail, host);
        for settled in self.deferred.settle(self.now, id, &self.processes[id]) {
            host.reply(settled.request, settled.answer);
        }
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
        self.notify(&Event::ProcessState { process: &config.name, group: &group, to, from, detail }, host);
    }
}
