//! `avail` (contract/ctl.md §3.8).

use supervisor_core::FaultCode;

use super::{Action, Completes, has_no_argument};
use crate::answers::ConfigInfo;
use crate::controller::{Controller, Flow};
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::format;
use crate::result_code::ResultCode::Known;
use crate::world::CallError;

pub(super) const ACTION: Action =
    Action { name: "avail", help: "avail\t\t\tDisplay all configured processes", completes: Completes::Nothing, run };

const METHOD: &str = "supervisor.getAllConfigInfo";

fn run(controller: &mut Controller, argument: &str) -> Result<Flow, Failure> {
    if !has_no_argument(controller, &ACTION, argument) {
        return Ok(Flow::Continue);
    }
    match controller.try_call::<Vec<ConfigInfo>>(METHOD, &[]) {
        Ok(infos) => infos.iter().for_each(|info| controller.output.line(&format::avail_line(info))),
        Err(CallError::Fault { code: Known(FaultCode::ShutdownState), .. }) => {
            controller.output.line("ERROR: supervisor shutting down");
            controller.fail(ExitStatus::Generic);
        }
        Err(error) => return Err(Failure::Call { method: METHOD, error }),
    }
    Ok(Flow::Continue)
}
