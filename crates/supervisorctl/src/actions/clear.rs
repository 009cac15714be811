//! `clear` (contract/ctl.md §3.6). Groups are not supported: their form is refused as an unknown process.

use super::operation::Operation;
use super::{Action, Completes, refuse};
use crate::controller::{Controller, Flow};
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::format;
use crate::upcheck::upcheck;

pub(super) const ACTION: Action = Action {
    name: "clear",
    help: "clear <name>\t\tClear a process' log files.\n\
           clear <name> <name>\tClear multiple process' log files\n\
           clear all\t\tClear all process' log files",
    completes: Completes::ProcessesOrAll,
    options: &[],
    more: "Names may be patterns with *, ? and [...] (in quotes on a command line).\n\
           Examples:\n\
           clear web\t\tEmpty the logs of web\n\
           clear 'worker_*'\tEmpty the logs of all workers",
    run,
};

const OPERATION: Operation = Operation {
    all: "supervisor.clearAllProcessLogs",
    group: None,
    one: "supervisor.clearProcessLogs",
    line: format::clear_line,
    requested: None,
    ignored: None,
    no_such_group: ExitStatus::Generic,
    insists: false,
};

fn run(controller: &mut Controller, argument: &str) -> Result<Flow, Failure> {
    if !upcheck(controller)? {
        return Ok(Flow::Continue);
    }
    let names: Vec<&str> = argument.split_whitespace().collect();
    if names.is_empty() {
        return Ok(refuse(controller, &ACTION, "Error: clear requires a process name", ExitStatus::Generic));
    }
    let names = controller.expand(&names);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    OPERATION.run(controller, &names, &[])
}
