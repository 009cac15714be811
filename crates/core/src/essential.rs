//! Programs whose end is supervisord's: what `on_exit`, `on_fatal` and `exit_when` bring about.
//!
//! An end is judged once all that follows from it is drawn: a process that has a pending start has not ended for good,
//! and one that a client stopped has not ended by itself. The first one that counts decides: once a shutdown or a
//! restart is begun, none does. The exit status that this gives is [`crate::ending`]'s to tell.

use crate::clock::Now;
use crate::ending::{self, Cause, ExitWhen, OwnEnd};
use crate::group_config::GroupKind;
use crate::host::{BadCommand, Host};
use crate::limits;
use crate::log_level::LogLevel;
use crate::namespec::make_namespec;
use crate::process::{Phase, Process};
use crate::process_config::Aftermath;
use crate::process_id::ProcessId;
use crate::process_state::SupervisorState;
use crate::supervisor::Supervisor;

/// An end that is not the program's alone.
struct Trigger {
    aftermath: Aftermath,
    level: LogLevel,
    /// What has happened, as it is logged.
    what: String,
    /// What `[supervisord]` says about it, in brackets.
    because: &'static str,
    cause: Cause,
}

impl Supervisor {
    /// Looks at the processes that have ended since the last time.
    pub(crate) fn judge_ends(&mut self, now: Now, host: &mut impl Host) {
        while let Some(id) = self.ending.next_noted() {
            let Some(process) = self.processes.get(id) else { continue };
            let is_fatal = match process.phase {
                Phase::Exited => false,
                Phase::Fatal => true,
                Phase::Stopped
                | Phase::Starting { .. }
                | Phase::Running { .. }
                | Phase::Backoff
                | Phase::Stopping { .. }
                | Phase::Unknown { .. } => continue,
            };
            let is_decided = self.shutdown.is_some() || self.ending.restart_for.is_some();
            if is_decided || process.goal.is_up() {
                continue;
            }
            if is_fatal && self.is_judged(process) {
                self.give_fatal_a_code(now, id, host);
            }
            if let Some(trigger) = self.trigger(id, is_fatal) {
                self.act_on(now, trigger, host);
            }
        }
    }

    /// The configuration for a restart that a program wanted is bad. Nothing else starts what has ended: it is the end.
    pub(crate) fn end_without_restart(&mut self, now: Now, host: &mut impl Host) {
        if let Some(cause) = self.ending.restart_for.take()
            && self.shutdown.is_none()
        {
            host.log(LogLevel::Warn, format_args!("a program has ended that is essential, shutting down"));
            self.end_because_of(now, cause, host);
        }
    }

    /// Whether anybody asks how it ends; a start that failed is only then looked into.
    fn is_judged(&self, process: &Process) -> bool {
        let config = &self.settings.ending;
        process.config.essential.on_fatal != Aftermath::None
            || config.exit_when != ExitWhen::Never
            || !config.exit_code_from.is_empty()
    }

    /// What a FATAL process means as an exit status.
    fn give_fatal_a_code(&mut self, now: Now, id: ProcessId, host: &mut impl Host) {
        let process = &self.processes[id];
        let found = if process.was_born { Ok(()) } else { host.find_program(&process.config) };
        let code = match found {
            Err(BadCommand::NoFile(_)) => ending::NOT_FOUND,
            Err(BadCommand::NotExecutable(_)) => ending::NOT_EXECUTABLE,
            Ok(()) => ending::code_of_fatal(process.last_exit.map(|last| last.status)),
        };
        self.ending.note_own_end(&self.settings.ending, (&process.group, &process.config.name), code);
        self.processes[id].own_end = Some(OwnEnd { code, expected: false, at: now.monotonic });
    }

    /// What the end of a process brings about, if anything.
    fn trigger(&self, id: ProcessId, is_fatal: bool) -> Option<Trigger> {
        let process = &self.processes[id];
        let essential = process.config.essential;
        let name = make_namespec(&process.group, &process.config.name);
        let code = process.own_end.map_or(0, |end| end.code);
        let cause = Cause { status: code, name: Some(name.as_str().into()) };
        let aftermath = if is_fatal { essential.on_fatal } else { essential.on_exit };
        if aftermath != Aftermath::None {
            let how = match process.last_exit.filter(|_| !is_fatal) {
                Some(last) => format!("has exited ({})", last.status),
                None => "is FATAL".to_owned(),
            };
            let what = format!("essential program {name} {how}");
            return Some(Trigger { aftermath, level: LogLevel::Warn, what, because: "", cause });
        }
        let aftermath = Aftermath::Shutdown;
        match self.settings.ending.exit_when {
            ExitWhen::AnyFatal if is_fatal && self.is_program(process) => Some(Trigger {
                aftermath,
                level: LogLevel::Warn,
                what: format!("program {name} is FATAL"),
                because: " (exit_when=any_fatal)",
                cause,
            }),
            ExitWhen::AllExited if self.is_program(process) && !self.has_program_to_run() => Some(Trigger {
                aftermath,
                level: LogLevel::Info,
                what: "all programs have exited".to_owned(),
                because: " (exit_when=all_exited)",
                cause: self.first_unexpected_end(),
            }),
            ExitWhen::Never | ExitWhen::AnyFatal | ExitWhen::AllExited | ExitWhen::EssentialExited => None,
        }
    }

    fn act_on(&mut self, now: Now, trigger: Trigger, host: &mut impl Host) {
        let Trigger { aftermath, level, what, because, cause } = trigger;
        match aftermath {
            Aftermath::None => {}
            Aftermath::Shutdown => {
                host.log(level, format_args!("{what}, shutting down{because}"));
                self.end_because_of(now, cause, host);
            }
            Aftermath::RestartSupervisor if self.ending.may_restart(now.monotonic) => {
                host.log(level, format_args!("{what}, restarting{because}"));
                self.ending.restart_for = Some(cause);
                host.read_restart_config();
            }
            Aftermath::RestartSupervisor => {
                let (restarts, seconds) = (limits::PROGRAM_RESTARTS, limits::PROGRAM_RESTARTS_SECONDS);
                host.log(
                    level,
                    format_args!(
                        "{what}, shutting down: there were {restarts} restarts for it within {seconds} seconds"
                    ),
                );
                self.end_because_of(now, cause, host);
            }
        }
    }

    fn end_because_of(&mut self, now: Now, cause: Cause, host: &mut impl Host) {
        self.ending.cause = Some(cause);
        self.begin_shutdown(SupervisorState::Shutdown, now, host);
    }

    /// Whether it is neither a listener nor an extension.
    fn is_program(&self, process: &Process) -> bool {
        self.groups.get(&process.group).is_some_and(|group| match group.config.kind {
            GroupKind::Programs | GroupKind::FastCgi => true,
            GroupKind::EventListeners(_) | GroupKind::Extension => false,
        })
    }

    fn programs(&self) -> impl Iterator<Item = &Process> {
        let all = self.groups.members_by_name().map(|id| &self.processes[id]);
        all.filter(|process| self.is_program(process))
    }

    fn has_program_to_run(&self) -> bool {
        self.programs().any(|process| process.goal.is_up())
    }

    /// The status of a run in which all programs have ended: that of the first one that failed.
    fn first_unexpected_end(&self) -> Cause {
        let ended = self.programs().filter(|process| matches!(process.phase, Phase::Exited | Phase::Fatal));
        let ends = ended.filter_map(|process| Some((process, process.own_end.filter(|end| !end.expected)?)));
        match ends.min_by_key(|(_, end)| end.at) {
            Some((process, end)) => {
                let name = make_namespec(&process.group, &process.config.name);
                Cause { status: end.code, name: Some(name.into()) }
            }
            None => Cause { status: 0, name: None },
        }
    }
}
