//! `add` (contract/ctl.md §3.10, quirks.md K30).

use supervisor_core::FaultCode;

use super::group_change::{GroupChange, Refusal};
use super::{Action, Completes};
use crate::controller::{Controller, Flow};
use crate::failure::Failure;

pub(super) const ACTION: Action = Action {
    name: "add",
    help: "add <name> [...]\tActivates any updates in config for process/group",
    completes: Completes::Groups,
    options: &[],
    more: "Examples:\n\
           reread\t\tSee what has changed in the configuration\n\
           add web\t\tStart what it says about web",
    run,
};

const CHANGE: GroupChange = GroupChange { method: "supervisor.addProcessGroup", done: "added process group", refusal };

fn run(controller: &mut Controller, argument: &str) -> Result<Flow, Failure> {
    CHANGE.run(controller, argument)
}

fn refusal(fault: FaultCode, name: &str) -> Option<Refusal> {
    if fault == FaultCode::AlreadyAdded {
        return Some(Refusal::Harmless("ERROR: process group already active".to_owned()));
    }
    if fault == FaultCode::ShutdownState {
        let advice = "again when supervisord is up".to_owned();
        return Some(Refusal::Failed { line: "ERROR: shutting down".to_owned(), advice });
    }
    (fault == FaultCode::BadName).then(|| Refusal::Failed {
        line: format!("ERROR: no such process/group: {name}"),
        advice: "reread reads the configuration again, and avail shows what it has".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scene, check, done, fault};

    #[test]
    fn words_and_status() {
        check(Scene::bare(), "add", "", 0);
        check(Scene::bare().on("addProcessGroup x", done()), "add x", "x: added process group\n", 0);
        for (code, words, status) in [
            (FaultCode::AlreadyAdded, "ERROR: process group already active\n", 0),
            (FaultCode::BadName, "ERROR: no such process/group: x\n", 1),
            (FaultCode::ShutdownState, "ERROR: shutting down\n", 1),
            (
                FaultCode::Failed,
                "error: unix:///run/s.sock refused supervisor.addProcessGroup: FAILED: x (fault 30)\n",
                1,
            ),
        ] {
            let about = if code == FaultCode::ShutdownState { "" } else { "x" };
            check(Scene::bare().on("addProcessGroup x", fault(code, about)), "add x", words, status);
        }
    }

    #[test]
    fn people_are_told_what_to_try() {
        let scene = Scene::bare().at_terminal().on("addProcessGroup x", fault(FaultCode::BadName, "x"));
        let words =
            "ERROR: no such process/group: x\n    reread reads the configuration again, and avail shows what it has\n";
        check(scene, "add x", words, 1);
    }

    #[test]
    fn one_bad_name_does_not_stop_the_others() {
        let scene =
            Scene::bare().on("addProcessGroup a", fault(FaultCode::BadName, "a")).on("addProcessGroup b", done());
        check(scene, "add a b", "ERROR: no such process/group: a\nb: added process group\n", 1);
    }
}
