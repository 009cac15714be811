//! `fg`: a process in the foreground (contract/ctl.md §3.7).

use supervisor_core::{FaultCode, ProcessState};

use super::{Action, Completes, refuse};
use crate::answers::ProcessInfo;
use crate::controller::{Controller, Flow};
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::result_code::ResultCode::Known;
use crate::upcheck::upcheck;
use crate::world::{CallError, FollowEvent, Line, Until};
use supervisor_protocol::xmlrpc::Value;

pub(super) const ACTION: Action = Action {
    name: "fg",
    help: "fg <process>\tConnect to a process in foreground mode\n\t\tCtrl-C to exit",
    completes: Completes::Processes,
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
            Ok(complain(controller, "ERROR: bad process name supplied"))
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
    let outcome = if controller.world.start_following(&paths, &mut controller.output) {
        converse(controller, name)
    } else {
        Ok(())
    };
    controller.world.stop_following();
    outcome?;
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
