//! Which handler answers which request: the order of contract/rpc.md §1.3, behind authentication.

use std::rc::Rc;

use hyper::body::Incoming;
use hyper::{Method, Request, StatusCode};

use super::auth::{Admission, admission};
use super::context::Context;
use super::error_page::{closing_error_page, error_page, plain_text, unauthorized};
use super::listener::Section;
use super::origin::is_cross_site;
use super::percent::decode;
use super::response::Response;
use super::{api, limits, log_stream, request_body, rpc, start_page};

/// Answers one request.
pub(super) async fn route(request: Request<Incoming>, section: &Section, context: &Rc<Context>) -> Response {
    let path = decode(request.uri().path());
    if let Some(refusal) = refusal(&request, section, context).await {
        let refusal = if api::owns(&path) { api::as_document(refusal) } else { refusal };
        request_body::let_pass(request, context).await;
        return refusal;
    }
    if api::owns(&path) {
        return api::route(&request, &path, context).await;
    }
    let method = request.method();
    if path.starts_with("/RPC2") {
        if method != Method::POST {
            return error_page(StatusCode::BAD_REQUEST);
        }
        if is_cross_site(request.headers()) {
            request_body::let_pass(request, context).await;
            return closing_error_page(StatusCode::FORBIDDEN);
        }
        return rpc::handle(request, context).await;
    }
    // Handlers below decode once more what the server has decoded, as the original does.
    let inner = decode(path.trim_start_matches('/'));
    let inner = inner.trim_start_matches('/');
    if path.starts_with("/logtail") {
        return log_stream::process_log(method, inner, context).await;
    }
    if path.starts_with("/mainlogtail") {
        return log_stream::main_log(method, context).await;
    }
    match (inner, method) {
        ("ok.html", &Method::GET | &Method::POST) => ok(),
        (page, &Method::GET | &Method::POST) if start_page::owns(page) => start_page::start_page(),
        (_, &Method::GET | &Method::HEAD) => error_page(StatusCode::NOT_FOUND),
        (_, _) => error_page(StatusCode::BAD_REQUEST),
    }
}

/// The answer to whoever is not admitted.
async fn refusal(request: &Request<Incoming>, section: &Section, context: &Rc<Context>) -> Option<Response> {
    if let Some(host) = section.host_names.as_ref().and_then(|names| names.stranger(request)) {
        return Some(stranger_host(host, section));
    }
    match admission(section, request.headers(), context).await {
        Admission::Admitted => None,
        Admission::Refused => Some(unauthorized()),
        Admission::Unreadable => Some(closing_error_page(StatusCode::BAD_REQUEST)),
        Admission::Undecided => Some(closing_error_page(StatusCode::SERVICE_UNAVAILABLE)),
    }
}

/// A page calls us by a name that is not ours, as after DNS rebinding.
fn stranger_host(host: &str, section: &Section) -> Response {
    let host: &str = &host.chars().filter(|c| !c.is_control()).take(limits::SHOWN_HOST_CHARACTERS).collect::<String>();
    let name = &section.name;
    let bare = host.rsplit_once(':').map_or(host, |(bare, _)| bare);
    let text = format!(
        "'{bare}' is not known to be this machine, so what web pages send there is refused. If it is, set \
         allowed_hosts={bare} in [{name}].\n"
    );
    plain_text(StatusCode::FORBIDDEN, text)
}

/// `/ok.html`, for monitors.
fn ok() -> Response {
    plain_text(StatusCode::OK, "OK")
}
