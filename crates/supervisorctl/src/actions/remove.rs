//! `remove` (contract/ctl.md §3.10).

use supervisor_core::FaultCode;

use super::{Action, Completes};
use crate::controller::{Controller, Flow};
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::result_code::ResultCode::Known;
use crate::world::CallError;
use supervisor_protocol::xmlrpc::Value;

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

const METHOD: &str = "supervisor.removeProcessGroup";

fn run(controller: &mut Controller, argument: &str) -> Result<Flow, Failure> {
    for name in argument.split_whitespace() {
        remove_one(controller, name)?;
    }
    Ok(Flow::Continue)
}

fn remove_one(controller: &mut Controller, name: &str) -> Result<(), Failure> {
    let line = match controller.try_call::<()>(METHOD, &[Value::from(name)]) {
        Ok(()) => {
            controller.output.line(&format!("{name}: removed process group"));
            return Ok(());
        }
        Err(CallError::Fault { code: Known(FaultCode::StillRunning), .. }) => {
            format!("ERROR: process/group still running: {name}")
        }
        Err(CallError::Fault { code: Known(FaultCode::BadName), .. }) => {
            format!("ERROR: no such process/group: {name}")
        }
        Err(error) => return Err(Failure::Call { method: METHOD, error }),
    };
    controller.output.line(&line);
    controller.fail(ExitStatus::Generic);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scene, check, done, fault};

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
