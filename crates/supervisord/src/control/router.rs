//! Which handler answers which request: the order of contract/rpc.md §1.3, behind authentication.

use std::borrow::Cow;
use std::rc::Rc;

use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, StatusCode};

use super::context::Context;
use super::error_page::error_page;
use super::listener::Section;
use super::response::{Response, full};

/// Answers one request.
pub(super) async fn route(request: Request<Incoming>, _section: &Section, _context: &Rc<Context>) -> Response {
    let path = decode(request.uri().path());
    let bare = path.trim_start_matches('/');
    match (bare, request.method()) {
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

fn decode(path: &str) -> Cow<'_, str> {
    Cow::Borrowed(path)
}
