//! `pid` (contract/ctl.md §3.4).

use supervisor_core::FaultCode;

use super::{Action, Completes};
use crate::answers::ProcessInfo;
use crate::controller::{Controller, Flow};
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::result_code::ResultCode::Known;
use crate::upcheck::upcheck;
use crate::world::CallError;
use supervisor_protocol::xmlrpc::Value;

pub(super) const ACTION: Action = Action {
    name: "pid",
    help: "pid\t\t\tGet the PID of supervisord.\n\
           pid <name>\t\tGet the PID of a single child process by name.\n\
           pid all\t\t\tGet the PID of every child process, one per line.",
    completes: Completes::ProcessesOrAll,
    options: &[],
    more: "Names may be patterns with *, ? and [...] (in quotes on a command line).\n\
           Examples:\n\
           pid web\t\t\tThe PID of web; 0 and exit status 7 if it does not run",
    run,
};

const ONE: &str = "supervisor.getProcessInfo";

fn run(controller: &mut Controller, argument: &str) -> Result<Flow, Failure> {
    if !upcheck(controller)? {
        return Ok(Flow::Continue);
    }
    let names: Vec<&str> = argument.split_whitespace().collect();
    if names.is_empty() {
        let pid: i64 = controller.call("supervisor.getPID", &[])?;
        controller.output.line(&pid.to_string());
    } else if names.contains(&"all") {
        let infos: Vec<ProcessInfo> = controller.call("supervisor.getAllProcessInfo", &[])?;
        for info in infos {
            controller.output.line(&info.pid.to_string());
        }
    } else {
        for name in controller.expand(&names) {
            show_one(controller, &name)?;
        }
    }
    Ok(Flow::Continue)
}

fn show_one(controller: &mut Controller, name: &str) -> Result<(), Failure> {
    match controller.try_call::<ProcessInfo>(ONE, &[Value::from(name)]) {
        Ok(info) => {
            controller.output.line(&info.pid.to_string());
            if info.pid == 0 {
                controller.fail(ExitStatus::NotRunning);
            }
            Ok(())
        }
        Err(CallError::Fault { code: Known(FaultCode::BadName), .. }) => {
            controller.output.line(&format!("No such process {name}"));
            controller.fail(ExitStatus::Generic);
            controller.advise_name(name);
            Ok(())
        }
        Err(error) => Err(Failure::Call { method: ONE, error }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scene, array, check, fault, process};

    #[test]
    fn of_whom() {
        let live = || process("a", "a", (20, "RUNNING"), "", 12);
        let dead = || process("b", "b", (0, "STOPPED"), "", 0);
        check(Scene::new().on("getPID", Ok(Value::Int(1))), "pid", "1\n", 0);
        check(Scene::new().on("getAllProcessInfo", array([live(), dead()])), "pid all", "12\n0\n", 0);
        check(Scene::new().on("getProcessInfo a", Ok(live())), "pid a", "12\n", 0);
        check(Scene::new().on("getProcessInfo b", Ok(dead())), "pid b", "0\n", 7);
        let unknown = Scene::new().on("getProcessInfo g:*", fault(FaultCode::BadName, "g:*"));
        check(unknown, "pid g:*", "No such process g:*\n", 1);
    }
}
