//! `remove` (contract/ctl.md §3.10).

use supervisor_core::FaultCode;

use super::group_change::{GroupChange, Refusal};
use super::{Action, Completes};
use crate::controller::{Controller, Flow};
use crate::failure::Failure;

pub(super) const ACTION: Action = Action {
    name: "remove",
    help: "remove <name> [...]\tRemoves process/group from active config",
    completes: Completes::Groups,
    options: &[],
    more: "Examples:\n\
           stop web:*\tStop the group web\n\
           remove web\tForget it, until it is added again",
    run,
};

const CHANGE: GroupChange =
    GroupChange { method: "supervisor.removeProcessGroup", done: "removed process group", refusal };

fn run(controller: &mut Controller, argument: &str) -> Result<Flow, Failure> {
    CHANGE.run(controller, argument)
}

fn refusal(fault: FaultCode, name: &str) -> Option<Refusal> {
    if fault == FaultCode::StillRunning {
        return Some(Refusal::Failed {
            line: format!("ERROR: process/group still running: {name}"),
            advice: format!("stop {name}:* first"),
        });
    }
    (fault == FaultCode::BadName).then(|| Refusal::Failed {
        line: format!("ERROR: no such process/group: {name}"),
        advice: "status shows the groups, before the colon; a process alone in its group shows the group's name"
            .to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scene, check, done, fault};

    #[test]
    fn people_are_told_what_to_try() {
        let scene = Scene::bare().at_terminal().on("removeProcessGroup x", fault(FaultCode::StillRunning, "x"));
        check(scene, "remove x", "ERROR: process/group still running: x\n    stop x:* first\n", 1);
    }

    #[test]
    fn words_and_status() {
        check(Scene::bare(), "remove", "", 0);
        check(Scene::bare().on("removeProcessGroup x", done()), "remove x", "x: removed process group\n", 0);
        for (code, words) in [
            (FaultCode::StillRunning, "ERROR: process/group still running: x\n"),
            (FaultCode::BadName, "ERROR: no such process/group: x\n"),
            (
                FaultCode::Failed,
                "error: unix:///run/s.sock refused supervisor.removeProcessGroup: FAILED: x (fault 30)\n",
            ),
        ] {
            check(Scene::bare().on("removeProcessGroup x", fault(code, "x")), "remove x", words, 1);
        }
    }
}
