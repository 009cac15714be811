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
    completes: Completes::SignalThenProcesses,
    options: &[],
    more: "Names may be patterns with *, ? and [...] (in quotes on a command line).\n\
           Examples:\n\
           signal HUP web\t\tAsk web to read its configuration again\n\
           signal USR1 'worker_*'\tSignal all workers",
    run,
};

const OPERATION: Operation = Operation {
    all: "supervisor.signalAllProcesses",
    group: Some("supervisor.signalProcessGroup"),
    one: "supervisor.signalProcess",
    line: format::signal_line,
    requested: None,
    ignored: None,
    no_such_group: ExitStatus::Generic,
    insists: false,
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
        [signal, names @ ..] => {
            let names = controller.expand(names);
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            OPERATION.run(controller, &names, &[Value::from(*signal)])
        }
    }
}
