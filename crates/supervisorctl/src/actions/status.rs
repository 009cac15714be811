//! `status` (contract/ctl.md §3.1, quirks.md K28).

use supervisor_core::{FaultCode, Namespec, ProcessState};

use super::{Action, Completes};
use crate::answers::ProcessInfo;
use crate::controller::{Controller, Flow};
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::format;
use crate::limits::MAX_SINGLE_STATUS_NAMES;
use crate::result_code::ResultCode::Known;
use crate::upcheck::upcheck;
use crate::world::CallError;
use supervisor_protocol::xmlrpc::Value;

pub(super) const ACTION: Action = Action {
    name: "status",
    help: "status <name>\t\tGet status for a single process\n\
           status <gname>:*\tGet status for all processes in a group\n\
           status <name> <name>\tGet status for multiple named processes\n\
           status\t\t\tGet all process status info",
    completes: Completes::Processes,
    run,
};

const ALL: &str = "supervisor.getAllProcessInfo";
const ONE: &str = "supervisor.getProcessInfo";

pub(super) fn run(controller: &mut Controller, argument: &str) -> Result<Flow, Failure> {
    if !upcheck(controller)? {
        controller.fail(ExitStatus::StatusUnknown);
        return Ok(Flow::Continue);
    }
    let names: Vec<&str> = argument.split_whitespace().collect();
    let infos = if names.is_empty() || names.contains(&"all") {
        controller.call(ALL, &[])?
    } else if names.len() > MAX_SINGLE_STATUS_NAMES || names.iter().any(|name| Namespec::parse(name).process.is_none())
    {
        from_the_list(controller, &names)?
    } else {
        one_by_one(controller, &names)?
    };
    for line in format::status_lines(&infos) {
        controller.output.line(&line);
    }
    if infos.iter().any(is_stopped) {
        controller.fail(ExitStatus::SomethingStopped);
    }
    Ok(Flow::Continue)
}

/// Asks for all processes and picks the named ones, in the order of the names.
fn from_the_list(controller: &mut Controller, names: &[&str]) -> Result<Vec<ProcessInfo>, Failure> {
    let all: Vec<ProcessInfo> = controller.call(ALL, &[])?;
    let mut chosen = Vec::new();
    for name in names {
        let wanted = Namespec::parse(name);
        let before = chosen.len();
        chosen.extend(all.iter().filter(|info| is_named(info, wanted)).cloned());
        if chosen.len() == before {
            no_such(controller, name, wanted);
        }
    }
    Ok(chosen)
}

fn is_named(info: &ProcessInfo, wanted: Namespec<'_>) -> bool {
    info.group == wanted.group && wanted.process.is_none_or(|process| info.name == process)
}

/// Asks for each name: what nobody wants to see is not fetched.
fn one_by_one(controller: &mut Controller, names: &[&str]) -> Result<Vec<ProcessInfo>, Failure> {
    let mut chosen = Vec::new();
    for name in names {
        match controller.try_call(ONE, &[Value::from(*name)]) {
            Ok(info) => chosen.push(info),
            Err(CallError::Fault { code: Known(FaultCode::BadName), .. }) => {
                no_such(controller, name, Namespec::parse(name));
            }
            Err(error) => return Err(Failure::Call { method: ONE, error }),
        }
    }
    Ok(chosen)
}

fn no_such(controller: &mut Controller, name: &str, wanted: Namespec<'_>) {
    let line = match wanted.process {
        Some(_) => format::error_line(name, "no such process"),
        None => format::error_line(wanted.group, "no such group"),
    };
    controller.output.line(&line);
    controller.fail(ExitStatus::StatusUnknown);
}

fn is_stopped(info: &ProcessInfo) -> bool {
    ProcessState::ALL.into_iter().any(|state| state.code() == info.state && state.is_stopped())
}
