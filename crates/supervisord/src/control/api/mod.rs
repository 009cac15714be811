//! `/api/v1`: what is new, in JSON and as streams; for programs and for `supervisorctl`.
//!
//! What there is stands in the table of [`supervisor_protocol::api`]. It stands behind the same admission as everything
//! else and only tells: nothing here changes anything. An error is a document too: `{"error": "…"}` with the status
//! that fits. What another site makes a browser ask is refused before, since a stream takes a place.

mod configuration;
mod event_pools;
mod events;
mod groups;
mod parameters;
mod processes;
mod query;
mod server_sent_events;
mod summary;
mod supervisor;
mod time;

use std::rc::Rc;

use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, StatusCode};
use supervisor_protocol::api::{self as table, ROOT, Resource, TABLE};
use supervisor_protocol::json;

use super::context::Context;
use super::listener::Section;
use super::response::{Response, ResponseBody, full};
use parameters::Parameters;

/// Whether a path is one of ours, even if nothing is there.
pub(super) fn owns(path: &str) -> bool {
    path.strip_prefix(ROOT).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Answers a request that has been admitted, on a path that is ours.
pub(super) async fn route(
    request: &Request<Incoming>,
    path: &str,
    section: &Section,
    context: &Rc<Context>,
) -> Response {
    let Some((row, name)) = table::find(path.strip_prefix(ROOT).unwrap_or_default()) else {
        let known: Vec<String> = TABLE.iter().map(|row| format!("{ROOT}{}", row.path)).collect();
        return error(StatusCode::NOT_FOUND, &format!("there is no {path}; there are {}", known.join(", ")));
    };
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        // Its body may be on the way still.
        let mut refusal = closing_error(StatusCode::METHOD_NOT_ALLOWED, "this can only be asked for, by GET");
        refusal.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return refusal;
    }
    let parameters = match Parameters::read(request.uri().query(), row) {
        Ok(parameters) => parameters,
        Err(text) => return error(StatusCode::BAD_REQUEST, &text),
    };
    match (row.resource, name.unwrap_or_default()) {
        (Resource::Root, _) => supervisor::tell_root(context),
        (Resource::ConfigurationWarnings, _) => configuration::tell_warnings(context),
        (Resource::EventPools, _) => event_pools::tell(context).await,
        (Resource::Events, _) => events::follow(request, section, context).await,
        (Resource::Group, name) => groups::tell_one(name, context).await,
        (Resource::Groups, _) => groups::tell_all(context).await,
        (Resource::Methods, _) => supervisor::tell_methods(context),
        (Resource::Process, name) => processes::tell_one(name, &parameters, context).await,
        (Resource::Processes, _) => processes::tell_all(&parameters, context).await,
        (Resource::Summary, _) => summary::tell(context).await,
        (Resource::Supervisor, _) => supervisor::tell(context),
    }
}

/// The same refusal as a document of ours.
pub(super) fn as_document(refusal: Response) -> Response {
    let (mut head, body) = refusal.into_parts();
    let is_text = head.headers.get(CONTENT_TYPE).is_some_and(|kind| kind == "text/plain");
    let reason = head.status.canonical_reason().unwrap_or("refused").to_owned();
    let text = match body {
        ResponseBody::Full(Some(bytes)) if is_text => String::from_utf8_lossy(&bytes).trim_end().to_owned(),
        ResponseBody::Full(_) | ResponseBody::Measured(_) | ResponseBody::Stream(_) => reason,
    };
    let document = error(head.status, &text);
    let (own_head, body) = document.into_parts();
    head.headers.extend(own_head.headers);
    Response::from_parts(head, body)
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

fn error(status: StatusCode, text: &str) -> Response {
    let mut body = String::new();
    json::object(&mut body, |object| object.string("error", text));
    document(status, body)
}

fn closing_error(status: StatusCode, text: &str) -> Response {
    let mut response = error(status, text);
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// supervisord has ended or is about to.
fn ending() -> Response {
    error(StatusCode::SERVICE_UNAVAILABLE, "supervisord is shutting down or restarting")
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
