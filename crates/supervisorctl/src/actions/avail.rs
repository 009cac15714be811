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

pub(super) const ACTION: Action = Action {
    name: "avail",
    help: "avail\t\t\tDisplay all configured processes",
    completes: Completes::Nothing,
    options: &[],
    more: "Examples:\n\
           avail\t\t\tWhat there is to start, with its priority; also what only reread has seen so far\n\
           avail | grep manual\tWhat does not start by itself (on a command line)",
    run,
};

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

#[cfg(test)]
mod tests {
    use supervisor_protocol::xmlrpc::Value;

    use super::*;
    use crate::testing::{Scene, array, check, fault, structure};

    #[test]
    fn a_line_per_process() {
        let info = |group: &str, name: &str, in_use, autostart, priority| {
            structure(&[
                ("group", Value::from(group)),
                ("name", Value::from(name)),
                ("inuse", Value::Bool(in_use)),
                ("autostart", Value::Bool(autostart)),
                ("group_prio", Value::Int(priority)),
                ("process_prio", Value::Int(999)),
            ])
        };
        let infos = array([info("el", "el", true, true, -1), info("g1", "manual", false, false, 999)]);
        let words = "el                               in use    auto      -1:999\n\
                     g1:manual                        avail     manual    999:999\n";
        check(Scene::bare().on("getAllConfigInfo", infos), "avail", words, 0);
    }

    #[test]
    fn refusals() {
        let down = Scene::bare().on("getAllConfigInfo", fault(FaultCode::ShutdownState, ""));
        check(down, "avail", "ERROR: supervisor shutting down\n", 1);
        let words = format!("Error: avail accepts no arguments\n{}\n", ACTION.help);
        check(Scene::bare(), "avail x", &words, 1);
    }
}
