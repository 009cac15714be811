//! `restart`: the lines of `stop`, then those of `start` (contract/ctl.md §3.2, quirks.md K03).

use super::operation::Operation;
use super::{Action, Completes, start, stop, waiting};
use crate::controller::{Controller, Flow};
use crate::exit_status::ExitStatus;
use crate::failure::Failure;

pub(super) const ACTION: Action = Action {
    name: "restart",
    help: "restart <name>\t\tRestart a process\n\
           restart <gname>:*\tRestart all processes in a group\n\
           restart <name> <name>\tRestart multiple processes or groups\n\
           restart all\t\tRestart all processes\n\
           Note: restart does not reread config files. For that, see reread and update.",
    completes: Completes::ProcessesOrAll,
    options: &["--wait", "--no-wait", "--timeout="],
    more: "Options, before the names:\n\
           --no-wait\t\tWait for the stop, but not for the start\n\
           --wait --timeout <secs>\tWait, but no longer than this; exit status 7 if it takes longer\n\
           Names may be patterns with *, ? and [...] (in quotes on a command line).\n\
           Examples:\n\
           restart web:worker_00 cat\tRestart these two\n\
           restart '*:worker_?'\t\tRestart the workers of every group",
    run,
};

fn run(controller: &mut Controller, argument: &str) -> Result<Flow, Failure> {
    let start = Operation { insists: true, ..start::OPERATION };
    waiting::run(controller, &ACTION, &[&stop::OPERATION, &start], argument, ExitStatus::Generic)
}

#[cfg(test)]
mod tests {
    use supervisor_core::FaultCode;

    use crate::testing::{Scene, array, check, done, fault, result};

    #[test]
    fn the_words_of_both() {
        check(
            Scene::new().on("stopProcess x", done()).on("startProcess x", done()),
            "restart x",
            "x: stopped\nx: started\n",
            0,
        );
        let stopped = Scene::new().on("stopProcess x", fault(FaultCode::NotRunning, "x")).on("startProcess x", done());
        check(stopped, "restart x", "x: ERROR (not running)\nx: started\n", 0);
        let all = Scene::new()
            .on("stopAllProcesses", array([result("x", "x", FaultCode::Success)]))
            .on("startAllProcesses", array([result("x", "x", FaultCode::Success)]));
        check(all, "restart all", "x: stopped\nx: started\n", 0);
    }

    #[test]
    fn an_error_of_the_stop_stays() {
        let scene = Scene::new().on("stopProcess x", fault(FaultCode::Failed, "x")).on("startProcess x", done());
        check(scene, "restart x", "FAILED: x\nx: started\n", 1);
        let scene = Scene::new()
            .on("stopProcessGroup no", fault(FaultCode::BadName, "no"))
            .on("startProcessGroup no", fault(FaultCode::BadName, "no"));
        check(scene, "restart no:*", "no: ERROR (no such group)\nno: ERROR (no such group)\n", 2);
    }
}
