//! `version` (contract/ctl.md §3.13).

use super::{Action, Completes, has_no_argument};
use crate::controller::{Controller, Flow};
use crate::failure::Failure;
use crate::upcheck::upcheck;

pub(super) const ACTION: Action = Action {
    name: "version",
    help: "version\t\t\tShow the version of the remote supervisord process",
    completes: Completes::Nothing,
    options: &[],
    more: "Examples:\n\
           version\t\t\tThat of the server; for that of the program: supervisord --version",
    run,
};

fn run(controller: &mut Controller, argument: &str) -> Result<Flow, Failure> {
    if has_no_argument(controller, &ACTION, argument) && upcheck(controller)? {
        let version: String = controller.call("supervisor.getSupervisorVersion", &[])?;
        controller.output.line(&version);
    }
    Ok(Flow::Continue)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scene, check, text};

    #[test]
    fn words_and_status() {
        check(Scene::new().on("getSupervisorVersion", text("4.3.0")), "version", "4.3.0\n", 0);
        check(Scene::bare(), "version x", &format!("Error: version accepts no arguments\n{}\n", ACTION.help), 1);
    }
}
