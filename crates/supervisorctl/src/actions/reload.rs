//! `reload`: restarts supervisord (contract/ctl.md §3.12).

use supervisor_core::FaultCode;

use super::shutdown::confirm;
use super::{Action, Completes, has_no_argument};
use crate::controller::{Controller, Flow};
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::result_code::ResultCode::Known;
use crate::world::CallError;

pub(super) const ACTION: Action =
    Action { name: "reload", help: "reload \t\tRestart the remote supervisord.", completes: Completes::Nothing, run };

const METHOD: &str = "supervisor.restart";

fn run(controller: &mut Controller, argument: &str) -> Result<Flow, Failure> {
    if !has_no_argument(controller, &ACTION, argument)
        || !confirm(controller, "Really restart the remote supervisord process y/N? ")?
    {
        return Ok(Flow::Continue);
    }
    match controller.try_call::<()>(METHOD, &[]) {
        Ok(()) => controller.output.line("Restarted supervisord"),
        Err(CallError::Fault { code: Known(FaultCode::ShutdownState), .. }) => {
            controller.output.line("ERROR: already shutting down");
            controller.fail(ExitStatus::Generic);
        }
        Err(error) => return Err(Failure::Call { method: METHOD, error }),
    }
    Ok(Flow::Continue)
}
