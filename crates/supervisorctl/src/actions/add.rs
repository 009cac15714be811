//! `add` (contract/ctl.md §3.10, quirks.md K30).

use supervisor_core::FaultCode;

use super::{Action, Completes};
use crate::controller::{Controller, Flow};
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::result_code::ResultCode::Known;
use crate::world::CallError;
use supervisor_protocol::xmlrpc::Value;

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

const METHOD: &str = "supervisor.addProcessGroup";

fn run(controller: &mut Controller, argument: &str) -> Result<Flow, Failure> {
    for name in argument.split_whitespace() {
        add_one(controller, name)?;
    }
    Ok(Flow::Continue)
}

fn add_one(controller: &mut Controller, name: &str) -> Result<(), Failure> {
    let line = match controller.try_call::<()>(METHOD, &[Value::from(name)]) {
        Ok(()) => {
            controller.output.line(&format!("{name}: added process group"));
            return Ok(());
        }
        Err(CallError::Fault { code: Known(FaultCode::AlreadyAdded), .. }) => {
            controller.output.line("ERROR: process group already active");
            return Ok(());
        }
        Err(CallError::Fault { code: Known(FaultCode::ShutdownState), .. }) => "ERROR: shutting down".to_owned(),
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
    fn one_bad_name_does_not_stop_the_others() {
        let scene =
            Scene::bare().on("addProcessGroup a", fault(FaultCode::BadName, "a")).on("addProcessGroup b", done());
        check(scene, "add a b", "ERROR: no such process/group: a\nb: added process group\n", 1);
    }
}
