//! What `start`, `stop`, `signal` and `clear` have in common: names, groups or `all`, and a line per process.

use supervisor_core::{FaultCode, Namespec, make_namespec};

use super::options::Wait;
use super::{beside_others, progress};
use crate::answers::ProcessResult;
use crate::controller::{Controller, Flow};
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::format;
use crate::result_code::ResultCode::{self, Known};
use crate::world::CallError;
use supervisor_protocol::xmlrpc::Value;

/// An operation on processes: the methods, and what their answers mean.
#[derive(Debug)]
pub(super) struct Operation {
    /// Method for `all`.
    pub(super) all: &'static str,
    /// Method for `group:*`; `None`: the server knows none, so the group form is a name like any other.
    pub(super) group: Option<&'static str>,
    /// Method for one process.
    pub(super) one: &'static str,
    /// The words for a result.
    pub(super) line: fn(&ProcessResult) -> Result<String, Failure>,
    /// What to say instead of success when it was not waited for.
    pub(super) requested: Option<&'static str>,
    /// The fault that says that the wanted state was already there (quirks.md K04).
    pub(super) ignored: Option<FaultCode>,
    /// Exit status for a group that is not there.
    pub(super) no_such_group: ExitStatus,
    /// A start that another client has cut short is made again ([`beside_others`]).
    pub(super) insists: bool,
}

impl Operation {
    /// Does it to each of the names, or to everything if `all` is one of them. `extra` follows the name in the
    /// parameters of each call.
    pub(super) fn run(&self, controller: &mut Controller, names: &[&str], extra: &[Value]) -> Result<Flow, Failure> {
        self.run_with(controller, names, extra, Wait::Done)
    }

    /// As [`Operation::run`], with a word on how long to wait. When the time is up, the names that are left are told
    /// and not asked for.
    pub(super) fn run_with(
        &self,
        controller: &mut Controller,
        names: &[&str],
        extra: &[Value],
        wait: Wait,
    ) -> Result<Flow, Failure> {
        let names = if names.contains(&"all") { &["all"] } else { names };
        let mut extra = extra.to_vec();
        let task = Task { operation: self, wait };
        match wait {
            Wait::Done | Wait::AtMost(_) => {}
            Wait::No => extra.push(Value::Bool(false)),
        }
        for (index, name) in names.iter().enumerate() {
            match task.run(controller, name, &extra) {
                Err(Failure::Call { error: CallError::DeadlinePassed, .. }) => {
                    task.give_up(controller, names.get(index..).unwrap_or_default());
                    break;
                }
                outcome => outcome?,
            }
        }
        Ok(Flow::Continue)
    }
}

/// An operation under way.
struct Task<'a> {
    operation: &'a Operation,
    wait: Wait,
}

impl Task<'_> {
    fn run(&self, controller: &mut Controller, name: &str, extra: &[Value]) -> Result<(), Failure> {
        if name == "all" {
            let results: Vec<ProcessResult> = progress::try_call(controller, self.operation.all, extra, &|_| true)
                .map_err(|error| Failure::Call { method: self.operation.all, error })?;
            return self.show_all(controller, &results);
        }
        let namespec = Namespec::parse(name);
        match (namespec.process, self.operation.group) {
            (None, Some(method)) => self.run_group(controller, method, namespec.group, extra),
            (None, None) => self.run_one(controller, name, namespec.group, "*", extra),
            (Some(process), _) => self.run_one(controller, name, namespec.group, process, extra),
        }
    }

    /// The time is up: the first of these names was being waited for.
    fn give_up(&self, controller: &mut Controller, names: &[&str]) {
        let Wait::AtMost(limit) = self.wait else { return };
        let why = format!("not done within {} seconds", limit.as_secs_f64());
        for (index, name) in names.iter().enumerate() {
            let why = if index == 0 { &why } else { "not asked for, since the time was up" };
            controller.output.line(&format::error_line(name, why));
        }
        controller.fail(ExitStatus::NotRunning);
    }

    fn run_group(
        &self,
        controller: &mut Controller,
        method: &'static str,
        group: &str,
        extra: &[Value],
    ) -> Result<(), Failure> {
        match progress::try_call::<Vec<ProcessResult>>(controller, method, &with_name(group, extra), &|info| {
            info.group == group
        }) {
            Ok(results) => self.show_all(controller, &results),
            Err(CallError::Fault { code: Known(FaultCode::BadName), .. }) => {
                controller.output.line(&format::error_line(group, "no such group"));
                controller.fail(self.operation.no_such_group);
                controller.advise_name(group);
                Ok(())
            }
            Err(error) => Err(Failure::Call { method, error }),
        }
    }

    fn run_one(
        &self,
        controller: &mut Controller,
        name: &str,
        group: &str,
        process: &str,
        extra: &[Value],
    ) -> Result<(), Failure> {
        let method = self.operation.one;
        let (status, description) =
            match progress::try_call::<()>(controller, method, &with_name(name, extra), &|info| {
                info.group == group && info.name == process
            }) {
                Ok(()) => (Known(FaultCode::Success), String::new()),
                Err(CallError::Fault { code, text }) => (code, text),
                Err(error) => return Err(Failure::Call { method, error }),
            };
        let result = ProcessResult { group: group.to_owned(), name: process.to_owned(), status, description };
        self.show(controller, &result)
    }

    fn show_all(&self, controller: &mut Controller, results: &[ProcessResult]) -> Result<(), Failure> {
        results.iter().try_for_each(|result| self.show(controller, result))
    }

    fn show(&self, controller: &mut Controller, result: &ProcessResult) -> Result<(), Failure> {
        let result = &if self.operation.insists && result.status == Known(FaultCode::AbnormalTermination) {
            beside_others::start_again(controller, result)?
        } else {
            result.clone()
        };
        let line = match (self.wait, self.operation.requested, result.status) {
            (Wait::No, Some(word), Known(FaultCode::Success)) => {
                format!("{}: {word}", make_namespec(&result.group, &result.name))
            }
            (Wait::No | Wait::Done | Wait::AtMost(_), _, _) => (self.operation.line)(result)?,
        };
        controller.output.line(&line);
        let status = match result.status {
            Known(code) => ExitStatus::of_result(code, self.operation.ignored),
            ResultCode::Other(_) => Some(ExitStatus::Generic),
        };
        if let Some(status) = status {
            controller.fail(status);
        }
        advise(controller, result);
        Ok(())
    }
}

/// What a person could try.
fn advise(controller: &mut Controller, result: &ProcessResult) {
    let Known(code) = result.status else { return };
    let name = make_namespec(&result.group, &result.name);
    match code {
        FaultCode::BadName => controller.advise_name(&name),
        FaultCode::NoFile | FaultCode::NotExecutable => {
            controller.advise("its command= names no program that can be executed: supervisord --check shows the line");
        }
        FaultCode::SpawnError | FaultCode::AbnormalTermination => {
            controller.advise(&format!("tail {name} stderr, or maintail, may say why"));
        }
        FaultCode::Failed => controller.advise("maintail may say why"),
        FaultCode::BadSignal => controller.advise("such as HUP, TERM, USR1, or a number"),
        FaultCode::Success
        | FaultCode::NotRunning
        | FaultCode::AlreadyStarted
        | FaultCode::UnknownMethod
        | FaultCode::IncorrectParameters
        | FaultCode::BadArguments
        | FaultCode::SignatureUnsupported
        | FaultCode::ShutdownState
        | FaultCode::AlreadyAdded
        | FaultCode::StillRunning
        | FaultCode::CantReread => {}
    }
}

fn with_name(name: &str, extra: &[Value]) -> Vec<Value> {
    std::iter::once(Value::from(name)).chain(extra.iter().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use supervisor_core::FaultCode;

    use crate::testing::{Scene, array, check, done, fault, result};

    /// A line for `start`, `stop` and `signal` of one process: which fault, which words, which status.
    fn check_one(command: &str, method: &str, table: &[(FaultCode, &str, u8)]) {
        for (code, words, status) in table {
            let reply = if *code == FaultCode::Success { done() } else { fault(*code, "web:cat") };
            let call = match command.strip_prefix("signal ") {
                Some(signal) => format!("{method} web:cat {signal}"),
                None => format!("{method} web:cat"),
            };
            check(Scene::new().on(&call, reply), &format!("{command} web:cat"), &format!("{words}\n"), *status);
        }
    }

    #[test]
    fn start_one() {
        check_one(
            "start",
            "startProcess",
            &[
                (FaultCode::Success, "web:cat: started", 0),
                (FaultCode::BadName, "web:cat: ERROR (no such process)", 1),
                (FaultCode::NoFile, "web:cat: ERROR (no such file)", 1),
                (FaultCode::NotExecutable, "web:cat: ERROR (file is not executable)", 1),
                (FaultCode::AlreadyStarted, "web:cat: ERROR (already started)", 0),
                (FaultCode::SpawnError, "web:cat: ERROR (spawn error)", 7),
                (FaultCode::AbnormalTermination, "web:cat: ERROR (abnormal termination)", 7),
                (FaultCode::Failed, "error: web:cat: FAILED: web:cat (unknown result code 30)", 1),
            ],
        );
    }

    #[test]
    fn stop_one() {
        check_one(
            "stop",
            "stopProcess",
            &[
                (FaultCode::Success, "web:cat: stopped", 0),
                (FaultCode::BadName, "web:cat: ERROR (no such process)", 1),
                (FaultCode::NotRunning, "web:cat: ERROR (not running)", 0),
                (FaultCode::Failed, "FAILED: web:cat", 1),
                (FaultCode::NoFile, "error: web:cat: NO_FILE: web:cat (unknown result code 20)", 1),
            ],
        );
    }

    #[test]
    fn signal_one() {
        check_one(
            "signal HUP",
            "signalProcess",
            &[
                (FaultCode::Success, "web:cat: signalled", 0),
                (FaultCode::BadName, "web:cat: ERROR (no such process)", 1),
                (FaultCode::BadSignal, "web:cat: ERROR (bad signal name)", 1),
                (FaultCode::NotRunning, "web:cat: ERROR (not running)", 7),
                (FaultCode::Failed, "FAILED: web:cat", 1),
            ],
        );
    }

    #[test]
    fn clear_one() {
        check_one(
            "clear",
            "clearProcessLogs",
            &[
                (FaultCode::Success, "web:cat: cleared", 0),
                (FaultCode::BadName, "web:cat: ERROR (no such process)", 1),
                (FaultCode::Failed, "web:cat: ERROR (failed)", 1),
            ],
        );
        let scene = Scene::new().on("clearProcessLogs g1:*", fault(FaultCode::BadName, "g1:*"));
        check(scene, "clear g1:*", "g1:*: ERROR (no such process)\n", 1);
    }

    #[test]
    fn groups() {
        let results = || array([result("g", "a", FaultCode::Success), result("g", "b", FaultCode::Success)]);
        for (line, call, word) in [
            ("start g:*", "startProcessGroup g", "started"),
            ("start g:", "startProcessGroup g", "started"),
            ("stop g:*", "stopProcessGroup g", "stopped"),
            ("signal 1 g:*", "signalProcessGroup g 1", "signalled"),
        ] {
            check(Scene::new().on(call, results()), line, &format!("g:a: {word}\ng:b: {word}\n"), 0);
            let scene = Scene::new().on(call, fault(FaultCode::BadName, "g"));
            let status = if line.starts_with("start") { 2 } else { 1 };
            check(scene, line, "g: ERROR (no such group)\n", status);
        }
    }

    #[test]
    fn all_anywhere_means_everything() {
        let results = || array([result("a", "a", FaultCode::Success), result("b", "b", FaultCode::BadName)]);
        for (line, call, word) in [
            ("start all", "startAllProcesses", "started"),
            ("stop x all", "stopAllProcesses", "stopped"),
            ("signal USR1 all y", "signalAllProcesses USR1", "signalled"),
            ("clear all", "clearAllProcessLogs", "cleared"),
        ] {
            let words = format!("a: {word}\nb: ERROR (no such process)\n");
            check(Scene::new().on(call, results()), line, &words, 1);
        }
        check(Scene::new().on("startAllProcesses", array([])), "start all", "", 0);
    }

    #[test]
    fn the_last_error_wins_and_success_does_not_forgive() {
        let scene = Scene::new()
            .on("startProcess a", fault(FaultCode::SpawnError, "a"))
            .on("startProcess b", fault(FaultCode::BadName, "b"))
            .on("startProcess c", done());
        let words = "a: ERROR (spawn error)\nb: ERROR (no such process)\nc: started\n";
        check(scene, "start a b c", words, 1);
    }

    #[test]
    fn a_fault_without_words_ends_the_command() {
        let scene = Scene::new().on("startProcessGroup g", fault(FaultCode::ShutdownState, ""));
        let words = "error: unix:///run/s.sock is shutting down or restarting (SHUTDOWN_STATE): \
                     try again when supervisord is up\n";
        check(scene, "start g:* never", words, 1);
    }

    #[test]
    fn a_name_is_needed() {
        for (line, complaint, status) in [
            ("start", "Error: start requires a process name", 2),
            ("stop", "Error: stop requires a process name", 1),
            ("restart", "Error: restart requires a process name", 1),
            ("clear", "Error: clear requires a process name", 1),
            ("signal", "Error: signal requires a signal name and a process name", 1),
            ("signal HUP", "Error: signal requires a signal name and a process name", 1),
        ] {
            let (out, actual) = Scene::new().run(line).words_and_status();
            let name = line.split(' ').next().unwrap();
            let help = crate::actions::find(name).unwrap().help;
            assert_eq!((out, actual), (format!("{complaint}\n{help}\n"), status));
        }
    }
}
