//! Ordered shutdown and restart (contract/processes.md §2, §9.8).
//!
//! Groups stop strictly one after another, by descending priority; inside a group all members are signalled at
//! once, by descending priority. Invariant: a shutdown ends, since every STOPPING process is sent SIGKILL
//! again and again until it is reaped, and nothing is started any more. With `shutdown_timeout` it ends in that time
//! and two seconds, come what may.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Now;
use crate::event::Event;
use crate::fault::{Fault, FaultCode};
use crate::goal::{DownCause, Goal};
use crate::host::Host;
use crate::limits;
use crate::log_level::LogLevel;
use crate::process::Phase;
use crate::process_group::ProcessGroup;
use crate::process_id::{ProcessId, RequestId};
use crate::process_state::SupervisorState;
use crate::reply::Reply;
use crate::shutdown_progress::Shutdown;
use crate::supervisor::Supervisor;
use crate::timers::{Timer, after};

/// Seconds that listeners have to answer the event they were given before they are asked to stop: the one that
/// tells them of the shutdown would else reach a process that is being killed.
const LISTENER_GRACE_SECONDS: i64 = 1;

/// Seconds between two `waiting for x, y to die`.
const REPORT_SECONDS: i64 = 3;

/// Seconds that what was killed at the end of `shutdown_timeout` has to be reaped in.
const LAST_SECONDS: i64 = 2;

impl Supervisor {
    /// Begins a shutdown; who asks is answered before anything stops.
    pub(crate) fn ask_for_shutdown(
        &mut self,
        now: Now,
        request: RequestId,
        host: &mut impl Host,
    ) -> Option<Result<Reply, Fault>> {
        host.reply(request, Ok(Reply::Done));
        self.begin_shutdown(SupervisorState::Shutdown, now, host);
        None
    }

    /// Lets the configuration for a restart be read; who asks is answered when it is known to be good or bad.
    pub(crate) fn ask_for_restart(&mut self, request: RequestId, host: &mut impl Host) -> Option<Result<Reply, Fault>> {
        if self.restart_requests.len() == limits::RESTART_REQUESTS {
            return Some(Err(Fault::new(FaultCode::Failed, "too many requests are waiting for a restart")));
        }
        self.restart_requests.push(request);
        host.read_restart_config();
        None
    }

    /// The configuration is good: the requests are answered before anything stops.
    pub(crate) fn restart(&mut self, now: Now, host: &mut impl Host) {
        self.answer_restart_requests(&Ok(Reply::Done), host);
        self.ending.restart_for = None;
        self.begin_shutdown(SupervisorState::Restarting, now, host);
    }

    /// The configuration is bad: all stays as it is.
    pub(crate) fn refuse_restart(&mut self, error: &str, host: &mut impl Host) {
        host.log(
            LogLevel::Critical,
            format_args!("the configuration is not usable, everything stays as it is: {error}"),
        );
        self.answer_restart_requests(&Err(Fault::new(FaultCode::CantReread, error)), host);
    }

    fn answer_restart_requests(&mut self, answer: &Result<Reply, Fault>, host: &mut impl Host) {
        for request in std::mem::take(&mut self.restart_requests) {
            host.reply(request, answer.clone());
        }
    }

    /// Begins to stop everything. A shutdown turns a restart that is under way into a shutdown, never back.
    pub(crate) fn begin_shutdown(&mut self, state: SupervisorState, now: Now, host: &mut impl Host) {
        let for_restart = state == SupervisorState::Restarting;
        if let Some(shutdown) = &mut self.shutdown {
            shutdown.for_restart &= for_restart;
            let state = shutdown.state();
            host.state_changed(state);
            return;
        }
        self.answer_restart_requests(&Err(Fault::bare(FaultCode::ShutdownState)), host);
        let groups = self.groups.by_priority().into_iter().map(|group| Arc::clone(&group.name)).collect();
        self.shutdown = Some(Shutdown { for_restart, groups, asked: false, grace_ends: None, hurried: false });
        let bound = self.settings.shutdown_timeout;
        if !bound.is_zero() {
            self.timers.set(Timer::ShutdownDeadline, now.monotonic.saturating_add(bound));
        }
        self.take_back_starts(host);
        host.state_changed(state);
        self.notify(&Event::SupervisorStateChange { running: false }, host);
        self.admit_waiting_events(host);
        self.advance_shutdown(now, host);
        self.report_shutdown(now, host);
    }

    /// Asks the next group to stop once the one before it has.
    pub(crate) fn advance_shutdown(&mut self, now: Now, host: &mut impl Host) {
        while let Some(shutdown) = &mut self.shutdown {
            let Some(name) = shutdown.groups.last().map(Arc::clone) else {
                self.timers.cancel(Timer::ShutdownReport);
                self.timers.cancel(Timer::ShutdownDeadline);
                return;
            };
            if !shutdown.asked {
                if self.waits_for_listeners(now, &name) {
                    return;
                }
                if let Some(shutdown) = &mut self.shutdown {
                    shutdown.asked = true;
                }
                self.stop_group_for_shutdown(now, &name, host);
            }
            if self.groups.get(&name).is_some_and(|group| !group.is_stopped(&self.processes)) {
                return;
            }
            if let Some(shutdown) = &mut self.shutdown {
                shutdown.groups.pop();
                (shutdown.asked, shutdown.grace_ends) = (false, None);
                if shutdown.is_finished() {
                    self.report_end(host);
                }
            }
        }
    }

    /// The last lines.
    fn report_end(&self, host: &mut impl Host) {
        self.report_exit_status(host);
        self.report_survivors(host);
        self.pools.iter().for_each(|pool| pool.report_end(host));
    }

    /// Says what our exit status is, where it is more than a 0 that nobody has asked for.
    fn report_exit_status(&self, host: &mut impl Host) {
        let is_end = self.shutdown.as_ref().is_some_and(|shutdown| !shutdown.for_restart);
        let outcome = self.ending.outcome();
        if is_end && (outcome.is_some() || !self.settings.ending.exit_code_from.is_empty()) {
            let status = self.exit_status();
            let name = outcome.and_then(|cause| cause.name.as_deref());
            let name = name.map(|name| format!(" ({name})")).unwrap_or_default();
            host.log(LogLevel::Info, format_args!("supervisord ends with status {status}{name}"));
        }
    }

    /// Whether listeners of this group work on an event and still have time to.
    fn waits_for_listeners(&mut self, now: Now, name: &str) -> bool {
        let Some(group) = self.groups.get(name) else { return false };
        if !group.members().iter().any(|id| self.processes[*id].works_on_an_event()) {
            self.timers.cancel(Timer::ListenerGrace);
            return false;
        }
        let Some(shutdown) = &mut self.shutdown else { return false };
        let ends = *shutdown.grace_ends.get_or_insert(after(now.monotonic, LISTENER_GRACE_SECONDS));
        let waits = now.monotonic < ends;
        if waits {
            self.timers.set(Timer::ListenerGrace, ends);
        }
        waits
    }

    fn stop_group_for_shutdown(&mut self, now: Now, name: &str, host: &mut impl Host) {
        let Some(group) = self.groups.get(name) else { return };
        for id in group.by_priority(&self.processes).into_iter().rev() {
            let goal = &mut self.processes[id].goal;
            if *goal == Goal::Down(DownCause::Shutdown { asked: false }) {
                *goal = Goal::Down(DownCause::Shutdown { asked: true });
                // What cannot be signalled has become UNKNOWN, which nothing waits for.
                self.pursue(now, id, host).ok();
            }
        }
    }

    /// Nothing is to run any more, whoever wanted it. What runs goes on until its turn comes.
    fn take_back_starts(&mut self, host: &mut impl Host) {
        self.start_queue.clear();
        for id in self.groups.members_by_name().collect::<Vec<_>>() {
            let process = &mut self.processes[id];
            if process.goal.pending().is_some() {
                self.timers.cancel(Timer::Process(id));
            }
            if process.goal.is_up() {
                process.goal = Goal::Down(DownCause::Shutdown { asked: false });
            }
            self.tell_start(id, host);
        }
    }

    /// The time of a shutdown is over: everything is killed that still runs, whatever the order. The second time
    /// nothing more is waited for.
    pub(crate) fn hurry_shutdown(&mut self, now: Now, host: &mut impl Host) {
        let Some(shutdown) = &mut self.shutdown else { return };
        if std::mem::replace(&mut shutdown.hurried, true) {
            shutdown.groups.clear();
            self.timers.cancel(Timer::ShutdownReport);
            return self.report_end(host);
        }
        let seconds = self.settings.shutdown_timeout.as_secs_f64();
        self.timers.set(Timer::ShutdownDeadline, after(now.monotonic, LAST_SECONDS));
        let unstopped = self.unstopped();
        let names = self.names_of(&unstopped);
        host.log(
            LogLevel::Warn,
            format_args!("shutdown has taken {seconds} seconds, killing {names} (shutdown_timeout)"),
        );
        for id in unstopped {
            let goal = &mut self.processes[id].goal;
            if *goal == Goal::Down(DownCause::Shutdown { asked: false }) {
                *goal = Goal::Down(DownCause::Shutdown { asked: true });
                // What cannot be signalled has become UNKNOWN, which nothing waits for.
                self.pursue(now, id, host).ok();
            }
            self.kill_all_of(now, id, host).ok();
        }
    }

    /// Says what could not be ended and goes on without a supervisor.
    fn report_survivors(&self, host: &mut impl Host) {
        let members = self.groups.in_order_added().flat_map(|group| group.members().iter());
        for id in members {
            let process = &self.processes[*id];
            let Some(pid) = process.phase.pid() else { continue };
            let name = &process.config.name;
            match process.phase {
                Phase::Stopping { .. } => {
                    host.log(LogLevel::Warn, format_args!("{name} (pid {pid}) has not ended, it is left behind"));
                }
                Phase::Stopped
                | Phase::Starting { .. }
                | Phase::Running { .. }
                | Phase::Backoff
                | Phase::Exited
                | Phase::Fatal
                | Phase::Unknown { .. } => host
                    .log(LogLevel::Warn, format_args!("{name} (pid {pid}) could not be signalled, it is left running")),
            }
        }
    }

    /// How long it may take from now until everything has stopped: each process needs its `stopwaitsecs` at most, those
    /// of a group at once, one group after another; and no longer than `shutdown_timeout`.
    pub fn longest_shutdown(&self) -> Duration {
        let of_process = |id: &ProcessId| {
            let process = &self.processes[*id];
            let seconds = u64::try_from(process.config.stop.stopwaitsecs).unwrap_or(0).max(1);
            if process.state().is_stopped() { Duration::ZERO } else { Duration::from_secs(seconds) }
        };
        let of_group = |group: &ProcessGroup| group.members().iter().map(of_process).max().unwrap_or_default();
        let sum = self.groups.by_priority().into_iter().map(of_group).fold(Duration::ZERO, Duration::saturating_add);
        let bound = self.settings.shutdown_timeout;
        if bound.is_zero() { sum } else { sum.min(bound) }
    }

    /// Says what a shutdown waits for, now and every three seconds.
    pub(crate) fn report_shutdown(&mut self, now: Now, host: &mut impl Host) {
        let unstopped = self.unstopped();
        if unstopped.is_empty() {
            return;
        }
        host.log(LogLevel::Info, format_args!("waiting for {} to die", self.names_of(&unstopped)));
        for id in unstopped {
            let process = &self.processes[id];
            host.log(LogLevel::Blather, format_args!("{} state: {}", process.config.name, process.state().name()));
        }
        self.timers.set(Timer::ShutdownReport, after(now.monotonic, REPORT_SECONDS));
    }

    /// What has not stopped, in the order in which it was added.
    fn unstopped(&self) -> Vec<ProcessId> {
        let members = self.groups.in_order_added().flat_map(|group| group.members().iter().copied());
        members.filter(|id| !self.processes[*id].state().is_stopped()).collect()
    }

    fn names_of(&self, ids: &[ProcessId]) -> String {
        let names: Vec<&str> = ids.iter().map(|id| &*self.processes[*id].config.name).collect();
        names.join(", ")
    }
}
