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
