//! One input at a time: each goes to the file that knows what to do, then all consequences are drawn.

use std::sync::Arc;

use crate::clock::Now;
use crate::event::Event;
use crate::exit_status::ExitStatus;
use crate::group_config::GroupConfig;
use crate::host::Host;
use crate::input::{DaemonSignal, Input};
use crate::log_level::LogLevel;
use crate::process_id::Life;
use crate::process_state::SupervisorState;
use crate::supervisor::Supervisor;
use crate::timers::Timer;

impl Supervisor {
    /// Adds the groups of the configuration, in start order, before [`Input::Boot`].
    ///
    /// # Errors
    /// The text for the user when a FastCGI socket cannot be created (contract/quirks.md F21).
    pub fn configure(&mut self, groups: Vec<Arc<GroupConfig>>, host: &mut impl Host) -> Result<(), Vec<String>> {
        for group in &groups {
            self.open_journal(group, host);
        }
        let mut refusals = Vec::new();
        for group in &groups {
            if self.groups.get(&group.name).is_none() {
                refusals.extend(self.add_group(group, host).err());
            }
        }
        self.pending = groups;
        self.publish_changes(host);
        if refusals.is_empty() { Ok(()) } else { Err(refusals) }
    }

    /// Draws all consequences of one input.
    pub fn handle(&mut self, now: Now, input: Input<'_>, host: &mut impl Host) {
        self.now = now.monotonic;
        self.wall = now.wall;
        match input {
            Input::Boot => {
                self.count_delays_from_now(host);
                self.notify(&Event::SupervisorStateChange { running: true }, host);
            }
            Input::Timeout => self.run_timers(now, host),
            Input::Exited { life, status } => self.end_of_life(now, life, status, host),
            Input::StrangerExited { pid, status } => {
                host.log(LogLevel::Info, format_args!("reaped unknown pid {pid} ({status})"));
            }
            Input::Output { life, channel, bytes } => self.output(now, life, channel, bytes, host),
            Input::StdinTaken { life } => self.dispatch_for(life.process, host),
            Input::Signal(signal) => self.handle_signal(now, signal, host),
            Input::Command { request, command } => self.command(now, request, command, host),
            Input::RestartConfigRead => self.restart(now, host),
            Input::RestartConfigRefused { error } => {
                self.refuse_restart(&error, host);
                self.end_without_restart(now, host);
            }
        }
        self.come_to_rest(now, host);
        self.admit_waiting_events(host);
        self.report_blocking(host);
        self.report_dropped_events(host);
        self.update_tick_timer(now);
        self.publish_changes(host);
    }

    /// Draws all consequences of what has happened, those of the consequences included.
    pub(crate) fn come_to_rest(&mut self, now: Now, host: &mut impl Host) {
        self.draw_consequences(now, host);
        self.judge_ends(now, host);
        self.start_queued(now, host);
        self.draw_consequences(now, host);
        self.judge_ends(now, host);
        self.advance_shutdown(now, host);
        self.draw_consequences(now, host);
    }

    /// A life has ended. One that is not the present one of its process is over already.
    fn end_of_life(&mut self, now: Now, life: Life, status: ExitStatus, host: &mut impl Host) {
        if self.life(life.process) == Some(life) {
            self.flush_output(life.process, host);
            self.finish(now, life, status, host);
        }
    }

    fn run_timers(&mut self, now: Now, host: &mut impl Host) {
        while let Some(timer) = self.timers.pop_due(now.monotonic) {
            match timer {
                // What cannot be signalled has become UNKNOWN, and there is no client to tell.
                Timer::Process(id) => self.pursue(now, id, host).unwrap_or_default(),
                Timer::StopReport(id) => self.report_stopping(now, id, host),
                Timer::ShutdownReport => self.report_shutdown(now, host),
                Timer::ShutdownDeadline => self.hurry_shutdown(now, host),
                // What waits for it looks at the time itself, at the end of each input.
                Timer::ListenerGrace | Timer::PoolRelief | Timer::DroppedEvents => {}
                Timer::Tick => self.tick(now, host),
            }
        }
    }

    fn handle_signal(&mut self, now: Now, signal: DaemonSignal, host: &mut impl Host) {
        let Some(signal) = self.rewrite_signal(signal, host) else { return };
        match signal {
            DaemonSignal::Term | DaemonSignal::Int | DaemonSignal::Quit => {}
            DaemonSignal::Hup => return self.handle_hangup(host),
            DaemonSignal::Usr2 => {
                host.log(LogLevel::Info, format_args!("received SIGUSR2 indicating log reopen request"));
                return host.reopen_logs();
            }
            DaemonSignal::Chld => {
                return host.log(LogLevel::Debug, format_args!("received SIGCHLD indicating a child quit"));
            }
            DaemonSignal::Other(_) => {
                return host.log(LogLevel::Blather, format_args!("received {} indicating nothing", signal.name()));
            }
        }
        host.log(LogLevel::Warn, format_args!("received {} indicating exit request", signal.name()));
        self.begin_shutdown(SupervisorState::Shutdown, now, host);
    }

    /// What a signal counts as; `None`: nothing.
    fn rewrite_signal(&self, signal: DaemonSignal, host: &mut impl Host) -> Option<DaemonSignal> {
        let Some(rewrite) = self.settings.signal_rewrite.iter().find(|rewrite| rewrite.from == signal) else {
            return Some(signal);
        };
        let from = signal.name();
        match rewrite.to {
            Some(to) => host.log(LogLevel::Info, format_args!("{from} counts as {} (signal_rewrite)", to.name())),
            None => host.log(LogLevel::Info, format_args!("{from} is ignored (signal_rewrite)")),
        }
        rewrite.to
    }

    fn handle_hangup(&mut self, host: &mut impl Host) {
        if self.state() == SupervisorState::Shutdown {
            host.log(LogLevel::Warn, format_args!("ignored SIGHUP indicating restart request (shutdown in progress)"));
        } else {
            host.log(LogLevel::Warn, format_args!("received SIGHUP indicating restart request"));
            host.read_restart_config();
        }
    }
}
