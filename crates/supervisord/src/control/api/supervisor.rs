//! `/api/v1/supervisor` and `/api/v1/`: who we are, and what there is to be asked; `/api/v1/methods`: what else.

use hyper::StatusCode;
use supervisor_protocol::api::{ProblemCode, ROOT, TABLE};
use supervisor_protocol::{API_VERSION, SUPERVISOR_VERSION, json};

use super::document;
use crate::control::context::Context;
use crate::control::response::Response;

pub(super) fn tell(context: &Context) -> Response {
    let mut text = String::new();
    json::object(&mut text, |object| {
        object.string("identifier", &context.identifier());
        object.string("version", SUPERVISOR_VERSION);
        object.number("pid", context.pid);
        object.string("state", context.notices.state().name());
        object.string("started", &context.started.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string());
        if let Some(path) = &context.main_log {
            object.string("log", &path.to_string_lossy());
        }
    });
    document(StatusCode::OK, text)
}

/// The way to everything else.
pub(super) fn tell_root(context: &Context) -> Response {
    let mut text = String::new();
    json::object(&mut text, |object| {
        object.string("version", SUPERVISOR_VERSION);
        object.string("api_version", API_VERSION);
        object.string("identifier", &context.identifier());
        let mut paths: Vec<String> = TABLE.iter().map(|row| format!("{ROOT}{}", row.path)).collect();
        paths.dedup();
        object.strings("resources", paths);
    });
    document(StatusCode::OK, text)
}

/// The words of refusals.
pub(super) fn tell_problems() -> Response {
    let mut text = String::new();
    json::object(&mut text, |object| {
        object.objects("problems", ProblemCode::ALL, |object, code| {
            object.string("code", code.name());
            object.number("status", code.status());
            object.string("title", code.title());
        });
    });
    document(StatusCode::OK, text)
}

/// The methods of XML-RPC.
pub(super) fn tell_methods(context: &Context) -> Response {
    let mut text = String::new();
    json::object(&mut text, |object| {
        object.objects("methods", context.namespaces.method_names(), |object, name| {
            object.string("name", &name);
            if let Ok(method) = context.namespaces.find(&name) {
                object.strings("signature", method.signature());
                object.string("help", method.summary());
            }
        });
    });
    document(StatusCode::OK, text)
}
