//! `stop` (contract/ctl.md §3.2).

use supervisor_core::FaultCode;

use super::operation::Operation;
use super::{Action, Completes, refuse};
use crate::controller::{Controller, Flow};
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::format;
use crate::upcheck::upcheck;

pub(super) const ACTION: Action = Action {
    name: "stop",
    help: "stop <name>\t\tStop a process\n\
           stop <gname>:*\t\tStop all processes in a group\n\
           stop <name> <name>\tStop multiple processes or groups\n\
           stop all\t\tStop all processes",
    completes: Completes::Processes,
    run,
};

/// `restart` stops too.
pub(super) const OPERATION: Operation = Operation {
    all: "supervisor.stopAllProcesses",
    group: Some("supervisor.stopProcessGroup"),
    one: "supervisor.stopProcess",
    line: format::stop_line,
    ignored: Some(FaultCode::NotRunning),
    no_such_group: ExitStatus::Generic,
};

fn run(controller: &mut Controller, argument: &str) -> Result<Flow, Failure> {
    if !upcheck(controller)? {
        return Ok(Flow::Continue);
    }
    let names: Vec<&str> = argument.split_whitespace().collect();
    if names.is_empty() {
        return Ok(refuse(controller, &ACTION, "Error: stop requires a process name", ExitStatus::Generic));
    }
    OPERATION.run(controller, &names, &[])
}
