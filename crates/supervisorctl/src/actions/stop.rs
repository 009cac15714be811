//! `stop` (contract/ctl.md §3.2).

use supervisor_core::FaultCode;

use super::operation::Operation;
use super::{Action, Completes, waiting};
use crate::controller::{Controller, Flow};
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::format;

pub(super) const ACTION: Action = Action {
    name: "stop",
    help: "stop <name>\t\tStop a process\n\
           stop <gname>:*\t\tStop all processes in a group\n\
           stop <name> <name>\tStop multiple processes or groups\n\
           stop all\t\tStop all processes",
    completes: Completes::ProcessesOrAll,
    options: &["--wait", "--no-wait", "--timeout="],
    more: "Options, before the names:\n\
           --no-wait\t\tDo not wait until it has happened\n\
           --wait --timeout <secs>\tWait, but no longer than this; exit status 7 if it takes longer\n\
           Names may be patterns with *, ? and [...] (in quotes on a command line).\n\
           Examples:\n\
           stop web:*\t\tStop all processes of the group web\n\
           stop --timeout 5 'web*'\tStop what begins with web, and say so if it takes longer than 5 seconds",
    run,
};

/// `restart` stops too.
pub(super) const OPERATION: Operation = Operation {
    all: "supervisor.stopAllProcesses",
    group: Some("supervisor.stopProcessGroup"),
    one: "supervisor.stopProcess",
    line: format::stop_line,
    requested: Some("stopping"),
    ignored: Some(FaultCode::NotRunning),
    no_such_group: ExitStatus::Generic,
    insists: false,
};

fn run(controller: &mut Controller, argument: &str) -> Result<Flow, Failure> {
    waiting::run(controller, &ACTION, &[&OPERATION], argument, ExitStatus::Generic)
}
