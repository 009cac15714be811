//! `signal` (contract/ctl.md §3.3).

use super::operation::Operation;
use super::{Action, Completes, refuse};
use crate::controller::{Controller, Flow};
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::format;
use crate::upcheck::upcheck;
use supervisor_protocol::xmlrpc::Value;

pub(super) const ACTION: Action = Action {
    name: "signal",
    help: "signal <signal name> <name>\t\tSignal a process\n\
           signal <signal name> <gname>:*\t\tSignal all processes in a group\n\
           signal <signal name> <name> <name>\tSignal multiple processes or groups\n\
           signal <signal name> all\t\tSignal all processes",
    completes: Completes::Processes,
    run,
};

const OPERATION: Operation = Operation {
    all: "supervisor.signalAllProcesses",
    group: Some("supervisor.signalProcessGroup"),
    one: "supervisor.signalProcess",
    line: format::signal_line,
    ignored: None,
    no_such_group: ExitStatus::Generic,
};

fn run(controller: &mut Controller, argument: &str) -> Result<Flow, Failure> {
    if !upcheck(controller)? {
        return Ok(Flow::Continue);
    }
    let words: Vec<&str> = argument.split_whitespace().collect();
    match words.as_slice() {
        [] | [_] => {
            let complaint = "Error: signal requires a signal name and a process name";
            Ok(refuse(controller, &ACTION, complaint, ExitStatus::Generic))
        }
        [signal, names @ ..] => OPERATION.run(controller, names, &[Value::from(*signal)]),
    }
}
