//! `version` (contract/ctl.md §3.13).

use super::{Action, Completes, has_no_argument};
use crate::controller::{Controller, Flow};
use crate::failure::Failure;
use crate::upcheck::upcheck;

pub(super) const ACTION: Action = Action {
    name: "version",
    help: "version\t\t\tShow the version of the remote supervisord process",
    completes: Completes::Nothing,
    run,
};

fn run(controller: &mut Controller, argument: &str) -> Result<Flow, Failure> {
    if has_no_argument(controller, &ACTION, argument) && upcheck(controller)? {
        let version: String = controller.call("supervisor.getSupervisorVersion", &[])?;
        controller.output.line(&version);
    }
    Ok(Flow::Continue)
}
