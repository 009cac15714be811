//! `restart`: the lines of `stop`, then those of `start` (contract/ctl.md §3.2, quirks.md K03).

use super::{Action, Completes, refuse, start, stop};
use crate::controller::{Controller, Flow};
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::upcheck::upcheck;

pub(super) const ACTION: Action = Action {
    name: "restart",
    help: "restart <name>\t\tRestart a process\n\
           restart <gname>:*\tRestart all processes in a group\n\
           restart <name> <name>\tRestart multiple processes or groups\n\
           restart all\t\tRestart all processes\n\
           Note: restart does not reread config files. For that, see reread and update.",
    completes: Completes::Processes,
    run,
};

fn run(controller: &mut Controller, argument: &str) -> Result<Flow, Failure> {
    if !upcheck(controller)? {
        return Ok(Flow::Continue);
    }
    let names: Vec<&str> = argument.split_whitespace().collect();
    if names.is_empty() {
        return Ok(refuse(controller, &ACTION, "Error: restart requires a process name", ExitStatus::Generic));
    }
    stop::OPERATION.run(controller, &names, &[])?;
    start::OPERATION.run(controller, &names, &[])
}
