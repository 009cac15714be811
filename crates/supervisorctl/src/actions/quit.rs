//! `quit` and `exit` (contract/ctl.md §3.13).

use super::{Action, Completes};
use crate::controller::{Controller, Flow};
use crate::failure::Failure;

pub(super) const ACTION: Action = Action {
    name: "quit",
    help: "quit\tExit the supervisor shell.",
    completes: Completes::Nothing,
    options: &[],
    more: "",
    run,
};

pub(super) const EXIT: Action = Action {
    name: "exit",
    help: "exit\tExit the supervisor shell.",
    completes: Completes::Nothing,
    options: &[],
    more: "",
    run,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature of an action")]
fn run(controller: &mut Controller, _: &str) -> Result<Flow, Failure> {
    Ok(leave(controller))
}

/// Ends the session with an empty line, whatever brought it to its end.
pub(crate) fn leave(controller: &mut Controller) -> Flow {
    controller.output.line("");
    Flow::Leave
}
