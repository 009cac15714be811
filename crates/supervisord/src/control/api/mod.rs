//! `/api/v1`: what is new, in JSON and as streams; for programs and for `supervisorctl`.
//!
//! What there is stands in the table of [`supervisor_protocol::api`], behind the same admission as everything else. A
//! refusal is a document too ([`problem`]). What another site makes a browser ask is refused before, since a stream
//! takes a place.

mod action;
mod administration;
mod body;
mod bulk;
mod conditional;
mod configuration;
mod event_pools;
mod events;
mod groups;
mod order;
mod parameters;
pub(super) mod problem;
mod processes;
mod query;
mod server_sent_events;
mod stream;
mod summary;
mod supervisor;
mod time;
mod until;

use std::rc::Rc;

use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, StatusCode};
use supervisor_core::Command;
use supervisor_protocol::SUPERVISOR_VERSION;
use supervisor_protocol::api::{self as table, Lookup, ProblemCode, ROOT, Resource, Row, TABLE, Verb};

use super::context::Context;
use super::listener::Section;
use super::response::{Response, full};
use body::Body;
use parameters::Parameters;
use problem::Problem;
use until::Until;

pub(super) use stream::SharedTable;

/// Whether a path is one of ours, even if nothing is there.
pub(super) fn owns(path: &str) -> bool {
    path.strip_prefix(ROOT).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Answers a request that has been admitted, on a path that is ours.
pub(super) async fn route(
    request: Request<Incoming>,
    path: &str,
    section: &Section,
    context: &Rc<Context>,
) -> Response {
    let below = path.strip_prefix(ROOT).unwrap_or_default();
    let answer = match table::find(below, request.method().as_str()) {
        Lookup::Found(row, names) => {
            let name = names.first().copied().unwrap_or_default();
            match row.verb {
                Verb::Get => tell(request, (row, name), section, context).await,
                Verb::Post => act(request, (row, name), context).await,
            }
        }
        Lookup::OtherVerbs(verbs) if *request.method() == Method::OPTIONS => Ok(allowed(&verbs)),
        Lookup::OtherVerbs(verbs) => Err(Problem::wrong_method(request.method().as_str(), &verbs)),
        Lookup::Nothing => Err(nothing_at(path)),
    };
    answer.unwrap_or_else(Problem::answer)
}

async fn tell(
    request: Request<Incoming>,
    (row, name): (&Row, &str),
    section: &Section,
    context: &Rc<Context>,
) -> Result<Response, Problem> {
    let parameters = Parameters::read(request.uri().query(), row)?;
    let headers = request.headers();
    match row.resource {
        Resource::Root => Ok(supervisor::tell_root(context)),
        Resource::ConfigurationWarnings => Ok(configuration::tell_warnings(context)),
        Resource::EventPools => event_pools::tell(context).await,
        Resource::Events => events::follow(&request, section, context).await,
        Resource::Group => groups::tell_one(name, headers, context).await,
        Resource::Groups => groups::tell_all(headers, context).await,
        Resource::Methods => Ok(supervisor::tell_methods(context)),
        Resource::OpenApi => Ok(document(StatusCode::OK, table::openapi(SUPERVISOR_VERSION))),
        Resource::Problems => Ok(supervisor::tell_problems()),
        Resource::Process => match Until::read(&parameters)? {
            Some(until) => until.tell(name, section, context).await,
            None => processes::tell_one(name, &parameters, headers, context).await,
        },
        Resource::Processes => processes::tell_all(&parameters, headers, context).await,
        Resource::Stream => stream::follow(&request, &parameters, section, context).await,
        Resource::Summary => summary::tell(headers, context).await,
        Resource::Supervisor => Ok(supervisor::tell(context)),
        Resource::Act
        | Resource::ActOn(_)
        | Resource::ActOnGroup(_)
        | Resource::AddGroup
        | Resource::RemoveGroup
        | Resource::ClearMainLog
        | Resource::Reload
        | Resource::Shutdown => Err(not_told()),
    }
}

async fn act(
    request: Request<Incoming>,
    (row, name): (&Row, &str),
    context: &Rc<Context>,
) -> Result<Response, Problem> {
    Parameters::read(request.uri().query(), row)?;
    let body = Body::receive(request, row, context).await?;
    match row.resource {
        Resource::Act => bulk::act(&body, context).await,
        Resource::ActOn(action) => action::act(action, name, &body, context).await,
        Resource::ActOnGroup(action) => bulk::act_on_group(action, name, &body, context).await,
        Resource::AddGroup => administration::add_group(name, &body, context).await,
        Resource::RemoveGroup => administration::remove_group(name, context).await,
        Resource::ClearMainLog => administration::clear_main_log(context).await,
        Resource::Reload => administration::end(Command::Restart, context).await,
        Resource::Shutdown => administration::end(Command::Shutdown, context).await,
        Resource::Root
        | Resource::ConfigurationWarnings
        | Resource::EventPools
        | Resource::Events
        | Resource::Group
        | Resource::Groups
        | Resource::Methods
        | Resource::OpenApi
        | Resource::Problems
        | Resource::Process
        | Resource::Processes
        | Resource::Stream
        | Resource::Summary
        | Resource::Supervisor => Err(not_told()),
    }
}

/// A row whose verb is not its resource's, which a test of ours keeps from being.
fn not_told() -> Problem {
    Problem::new(ProblemCode::Failed, "the table of resources is wrong")
}

/// The answer to OPTIONS. No other site learns more: there is no CORS here.
fn allowed(verbs: &[Verb]) -> Response {
    let mut response = full(StatusCode::NO_CONTENT, "");
    let allow = HeaderValue::from_str(&Verb::allow(verbs)).expect("names of methods are printable");
    response.headers_mut().insert(ALLOW, allow);
    response
}

fn nothing_at(path: &str) -> Problem {
    let mut known: Vec<String> = TABLE.iter().map(|row| format!("{ROOT}{}", row.path)).collect();
    known.dedup();
    let nearest = supervisor_config::nearest(path, known.iter().map(String::as_str)).map(str::to_owned);
    Problem::new(ProblemCode::NotFound, format!("there is no {path}; there are {}", known.join(", ")))
        .with_nearest(nearest)
}

/// A document.
fn document(status: StatusCode, mut text: String) -> Response {
    text.push('\n');
    document_of(status, text)
}

/// A document whose line has its end.
fn document_of(status: StatusCode, text: impl Into<Bytes>) -> Response {
    let mut response = full(status, text);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ours() {
        for (path, is_ours) in [
            ("/api/v1", true),
            ("/api/v1/", true),
            ("/api/v1/events", true),
            ("/api/v1/nosuch/thing", true),
            ("/api/v10", false),
            ("/api", false),
            ("/RPC2", false),
        ] {
            assert_eq!(owns(path), is_ours, "{path}");
        }
    }
}
