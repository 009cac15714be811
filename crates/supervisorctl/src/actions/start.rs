//! `start` (contract/ctl.md §3.2).

use supervisor_core::FaultCode;

use super::operation::Operation;
use super::{Action, Completes, waiting};
use crate::controller::{Controller, Flow};
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::format;

pub(super) const ACTION: Action = Action {
    name: "start",
    help: "start <name>\t\tStart a process\n\
           start <gname>:*\t\tStart all processes in a group\n\
           start <name> <name>\tStart multiple processes or groups\n\
           start all\t\tStart all processes",
    completes: Completes::ProcessesOrAll,
    options: &["--wait", "--no-wait", "--timeout="],
    more: "Options, before the names:\n\
           --no-wait\t\tDo not wait until it has happened\n\
           --wait --timeout <secs>\tWait, but no longer than this; exit status 7 if it takes longer\n\
           Names may be patterns with *, ? and [...] (in quotes on a command line).\n\
           Examples:\n\
           start web\t\tStart the process web\n\
           start --no-wait all\tStart everything, without waiting for it\n\
           start 'worker_[0-4]'\tStart five workers",
    run,
};

/// `restart` starts too.
pub(super) const OPERATION: Operation = Operation {
    all: "supervisor.startAllProcesses",
    group: Some("supervisor.startProcessGroup"),
    one: "supervisor.startProcess",
    line: format::start_line,
    requested: Some("starting"),
    ignored: Some(FaultCode::AlreadyStarted),
    no_such_group: ExitStatus::InvalidArguments,
    insists: false,
};

fn run(controller: &mut Controller, argument: &str) -> Result<Flow, Failure> {
    waiting::run(controller, &ACTION, &[&OPERATION], argument, ExitStatus::InvalidArguments)
}
