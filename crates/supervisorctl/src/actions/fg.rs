//! `fg`: a process in the foreground (contract/ctl.md §3.7).

use supervisor_core::{FaultCode, ProcessState};

use super::{Action, Completes, refuse};
use crate::answers::ProcessInfo;
use crate::controller::{Controller, Flow};
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::result_code::ResultCode::Known;
use crate::upcheck::upcheck;
use crate::world::{CallError, FollowEvent, Following, Line, Until};
use supervisor_protocol::xmlrpc::Value;

pub(super) const ACTION: Action = Action {
    name: "fg",
    help: "fg <process>\tConnect to a process in foreground mode\n\t\tCtrl-C to exit",
    completes: Completes::OneProcess,
    options: &[],
    more: "Examples:\n\
           fg web\t\tSee what web prints, and send it lines",
    run,
};

const INFO: &str = "supervisor.getProcessInfo";

fn run(controller: &mut Controller, argument: &str) -> Result<Flow, Failure> {
    if !upcheck(controller)? {
        return Ok(Flow::Continue);
    }
    let names: Vec<&str> = argument.split_whitespace().collect();
    let name = match names.as_slice() {
        [] => return Ok(refuse(controller, &ACTION, "ERROR: no process name supplied", ExitStatus::Generic)),
        [name] => *name,
        [..] => return Ok(complain(controller, "ERROR: too many process names supplied")),
    };
    match info(controller, name) {
        Ok(info) if info.state == ProcessState::Running.code() => attach(controller, name),
        Ok(_) => Ok(complain(controller, "ERROR: process not running")),
        Err(CallError::Fault { code: Known(FaultCode::BadName), .. }) => {
            complain(controller, "ERROR: bad process name supplied");
            controller.advise_name(name);
            Ok(Flow::Continue)
        }
        Err(error) => Err(Failure::Call { method: INFO, error }),
    }
}

fn complain(controller: &mut Controller, words: &str) -> Flow {
    controller.output.line(words);
    controller.fail(ExitStatus::Generic);
    Flow::Continue
}

fn info(controller: &mut Controller, name: &str) -> Result<ProcessInfo, CallError> {
    controller.try_call(INFO, &[Value::from(name)])
}

/// Shows both channels and sends each line of input, until one side has had enough. The process keeps running.
fn attach(controller: &mut Controller, name: &str) -> Result<Flow, Failure> {
    controller.output.line("==> Press Ctrl-C to exit <==");
    controller.output.flush();
    let paths = ["stdout", "stderr"].map(|channel| format!("/logtail/{name}/{channel}"));
    let outcome = match controller.world.start_following(&paths, &mut controller.output) {
        // A process whose standard error goes elsewhere has one channel.
        Following::All | Following::NotAll => converse(controller, name),
        Following::Interrupted => Ok(()),
    };
    controller.world.stop_following();
    match outcome {
        // Ctrl-C while a line was being sent.
        Err(failure) if failure.is_interruption() => {}
        outcome => outcome?,
    }
    controller.output.line("Exiting foreground");
    Ok(Flow::Continue)
}

fn converse(controller: &mut Controller, name: &str) -> Result<(), Failure> {
    const SEND: &str = "supervisor.sendProcessStdin";
    loop {
        let line = match controller.world.follow(Until::Line, &mut controller.output) {
            FollowEvent::Input(Line::Text(line)) => line,
            FollowEvent::Input(Line::EndOfInput | Line::Interrupted) | FollowEvent::StreamsEnded => return Ok(()),
        };
        let chars = Value::Str(format!("{line}\n"));
        match controller.try_call::<()>(SEND, &[Value::from(name), chars]) {
            Ok(()) => {}
            Err(CallError::Fault { code: Known(FaultCode::NotRunning), .. }) => {
                controller.output.line("Process got killed");
                return Ok(());
            }
            Err(CallError::Fault { text, .. }) => {
                controller.output.line(&format!("ERROR: {text}"));
                return Ok(());
            }
            Err(error) => return Err(Failure::Call { method: SEND, error }),
        }
        let info = info(controller, name).map_err(|error| Failure::Call { method: INFO, error })?;
        if info.state != ProcessState::Running.code() {
            controller.output.line("Process got killed");
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Outcome, Scene, check, done, fault, process};

    const BANNER: &str = "==> Press Ctrl-C to exit <==\n";

    fn running() -> Value {
        process("cat", "cat", (20, "RUNNING"), "", 1)
    }

    fn attached() -> Scene {
        Scene::new().on("getProcessInfo cat", Ok(running()))
    }

    fn words(outcome: &Outcome) -> (&str, u8) {
        assert_eq!(outcome.err, "opens /logtail/cat/stdout\nopens /logtail/cat/stderr\n");
        (&outcome.out, outcome.status)
    }

    #[test]
    fn who_can_be_attached_to() {
        check(Scene::new(), "fg", &format!("ERROR: no process name supplied\n{}\n", ACTION.help), 1);
        check(Scene::new(), "fg a b", "ERROR: too many process names supplied\n", 1);
        let unknown = Scene::new().on("getProcessInfo x", fault(FaultCode::BadName, "x"));
        check(unknown, "fg x", "ERROR: bad process name supplied\n", 1);
        let stopped = Scene::new().on("getProcessInfo x", Ok(process("x", "x", (10, "STARTING"), "", 1)));
        check(stopped, "fg x", "ERROR: process not running\n", 1);
    }

    #[test]
    fn lines_are_sent_until_the_input_ends() {
        let scene = attached()
            .streams("before\n")
            .types("hello")
            .on("sendProcessStdin cat hello\n", done())
            .on("getProcessInfo cat", Ok(running()));
        let outcome = scene.run("fg cat");
        assert_eq!(words(&outcome), (format!("{BANNER}before\nExiting foreground\n").as_str(), 0));
    }

    #[test]
    fn ctrl_c_leaves_the_process_running() {
        for scene in [attached().interrupts(), attached().interrupts_early()] {
            let outcome = scene.run("fg cat");
            assert_eq!(words(&outcome), (format!("{BANNER}Exiting foreground\n").as_str(), 0));
        }
    }

    #[test]
    fn ctrl_c_while_a_line_is_being_sent_leaves_it_running_too() {
        let scene = attached().types("x").on("sendProcessStdin cat x\n", Err(CallError::Interrupted));
        assert_eq!(words(&scene.run("fg cat")), (format!("{BANNER}Exiting foreground\n").as_str(), 0));
    }

    #[test]
    fn the_end_of_the_process_ends_it() {
        let refused = attached().types("x").on("sendProcessStdin cat x\n", fault(FaultCode::NotRunning, "cat"));
        let dead = attached()
            .types("x")
            .on("sendProcessStdin cat x\n", done())
            .on("getProcessInfo cat", Ok(process("cat", "cat", (100, "EXITED"), "", 0)));
        for scene in [refused, dead] {
            let outcome = scene.run("fg cat");
            assert_eq!(words(&outcome), (format!("{BANNER}Process got killed\nExiting foreground\n").as_str(), 0));
        }
        let closed = attached().types("x").on("sendProcessStdin cat x\n", fault(FaultCode::NoFile, "cat"));
        let outcome = closed.run("fg cat");
        assert_eq!(words(&outcome), (format!("{BANNER}ERROR: NO_FILE: cat\nExiting foreground\n").as_str(), 0));
    }
}
