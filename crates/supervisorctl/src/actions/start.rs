//! `start` (contract/ctl.md §3.2).

use supervisor_core::FaultCode;

use super::operation::Operation;
use super::{Action, Completes, refuse};
use crate::controller::{Controller, Flow};
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::format;
use crate::upcheck::upcheck;

pub(super) const ACTION: Action = Action {
    name: "start",
    help: "start <name>\t\tStart a process\n\
           start <gname>:*\t\tStart all processes in a group\n\
           start <name> <name>\tStart multiple processes or groups\n\
           start all\t\tStart all processes",
    completes: Completes::Processes,
    run,
};

/// `restart` starts too.
pub(super) const OPERATION: Operation = Operation {
    all: "supervisor.startAllProcesses",
    group: Some("supervisor.startProcessGroup"),
    one: "supervisor.startProcess",
    line: format::start_line,
    ignored: Some(FaultCode::AlreadyStarted),
    no_such_group: ExitStatus::InvalidArguments,
};

fn run(controller: &mut Controller, argument: &str) -> Result<Flow, Failure> {
    if !upcheck(controller)? {
        return Ok(Flow::Continue);
    }
    let names: Vec<&str> = argument.split_whitespace().collect();
    if names.is_empty() {
        let complaint = "Error: start requires a process name";
        return Ok(refuse(controller, &ACTION, complaint, ExitStatus::InvalidArguments));
    }
    OPERATION.run(controller, &names, &[])
}
