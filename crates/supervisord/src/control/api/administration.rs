//! What is done with groups and with supervisord itself: groups come and go, the main log is emptied, everything starts
//! anew or ends.

use std::rc::Rc;

use hyper::StatusCode;
use supervisor_core::{Command, Fault, FaultCode};
use supervisor_protocol::api::ProblemCode;
use supervisor_protocol::json;

use super::body::Body;
use super::document;
use super::problem::Problem;
use super::processes::{full_name, listing};
use crate::control::context::Context;
use crate::control::response::Response;
use crate::control::rpc::answer_to;

/// A group of the pending configuration becomes active.
pub(super) async fn add_group(name: &str, body: &Body, context: &Rc<Context>) -> Result<Response, Problem> {
    let strict = body.is_set("strict")?;
    let changed = match answer_to(Command::AddProcessGroup { name: name.to_owned() }, context).await {
        Ok(_) => true,
        Err(fault) if fault.code == FaultCode::AlreadyAdded && !strict => false,
        Err(fault) => return Err(of_group(&fault, name)),
    };
    Ok(told(StatusCode::OK, |object| {
        object.string("group", name);
        object.boolean("changed", changed);
    }))
}

/// A group whose processes have stopped goes.
pub(super) async fn remove_group(name: &str, context: &Rc<Context>) -> Result<Response, Problem> {
    match answer_to(Command::RemoveProcessGroup { name: name.to_owned() }, context).await {
        Ok(_) => Ok(told(StatusCode::OK, |object| {
            object.string("group", name);
            object.boolean("changed", true);
        })),
        Err(fault) if fault.code == FaultCode::StillRunning => {
            let infos = listing(context).await?.infos;
            let running = infos.iter().filter(|info| &*info.group == name && !info.state.is_stopped());
            let names: Vec<String> = running.map(|info| full_name(info)).collect();
            let detail = format!("these have not stopped: {}", names.join(", "));
            Err(Problem::new(ProblemCode::StillRunning, detail).with_fault(fault.code))
        }
        Err(fault) => Err(of_group(&fault, name)),
    }
}

/// Empties the main log.
pub(super) async fn clear_main_log(context: &Rc<Context>) -> Result<Response, Problem> {
    match answer_to(Command::ClearLog, context).await {
        Ok(_) => Ok(told(StatusCode::OK, |object| object.boolean("changed", true))),
        Err(fault) if fault.code == FaultCode::NoFile => {
            Err(Problem::new(ProblemCode::NoLog, "there is no main log in a file").with_fault(fault.code))
        }
        Err(fault) => Err(Problem::of_fault(&fault)),
    }
}

/// Everything ends, for good or to be started anew.
pub(super) async fn end(command: Command, context: &Rc<Context>) -> Result<Response, Problem> {
    answer_to(command, context).await.map_err(|fault| Problem::of_fault(&fault))?;
    Ok(told(StatusCode::ACCEPTED, |object| object.boolean("changed", true)))
}

fn of_group(fault: &Fault, name: &str) -> Problem {
    match fault.code {
        FaultCode::BadName => {
            Problem::new(ProblemCode::NoSuchGroup, format!("There is no group {name}.")).with_fault(fault.code)
        }
        FaultCode::AlreadyAdded => {
            Problem::new(ProblemCode::AlreadyAdded, format!("The group {name} is there already."))
                .with_fault(fault.code)
        }
        _ => Problem::of_fault(fault),
    }
}

fn told(status: StatusCode, write: impl FnOnce(&mut json::Object<'_>)) -> Response {
    let mut text = String::new();
    json::object(&mut text, write);
    document(status, text)
}
