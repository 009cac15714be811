//! Which handler answers which request: the order of contract/rpc.md §1.3, behind authentication.

use std::rc::Rc;

use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, StatusCode};

use super::auth::{Admission, admission};
use super::context::Context;
use super::error_page::{closing_error_page, error_page, unauthorized};
use super::listener::Section;
use super::origin::is_cross_site;
use super::percent::decode;
use super::response::{Response, full};
use super::{log_stream, rpc};

/// Answers one request.
pub(super) async fn route(request: Request<Incoming>, section: &Section, context: &Rc<Context>) -> Response {
    match admission(section, request.headers()) {
        Admission::Admitted => {}
        Admission::Refused => return unauthorized(),
        Admission::Unreadable => return closing_error_page(StatusCode::BAD_REQUEST),
    }
    let path = decode(request.uri().path());
    let method = request.method();
    if path.starts_with("/RPC2") {
        if method != Method::POST {
            return error_page(StatusCode::BAD_REQUEST);
        }
        if is_cross_site(request.headers()) {
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
        (_, &Method::GET | &Method::HEAD) => error_page(StatusCode::NOT_FOUND),
        (_, _) => error_page(StatusCode::BAD_REQUEST),
    }
}

/// `/ok.html`, for monitors.
fn ok() -> Response {
    let mut response = full(StatusCode::OK, "OK");
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}
