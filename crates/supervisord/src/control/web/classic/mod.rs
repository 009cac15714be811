//! The pages of Supervisor 4.3 (contract/rpc.md §8): the list of processes, the end of a log, and what their links do.
//!
//! Elements, ids, classes, names, links and texts are those that scrapers and bookmarks hold on to; the markup, the
//! style and the pictures are ours. A person's browser is offered a few links more; whoever does not ask for HTML by
//! name gets the page as it was.

pub(super) mod actions;
mod consent;
mod question_page;
pub(super) mod static_files;
pub(super) mod status_page;
pub(super) mod tail_page;

use hyper::StatusCode;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, EXPIRES, HeaderMap, HeaderValue, PRAGMA, VARY};

use super::Visit;
use crate::control::context::Context;
use crate::control::error_page::error_page;
use crate::control::response::{Response, full, try_again_later};

const DOCTYPE: &str = "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\" \
                       \"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd\">\n";

/// Said to browsers alone, so that a page fits a phone.
const VIEWPORT: &str = "  <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />\n";

/// A page, if there is room for it beside the answers that others have not taken.
fn page(text: String, visit: &Visit, context: &Context) -> Response {
    let Some(share) = context.answers.try_take(text.len()) else {
        return try_again_later(error_page(StatusCode::SERVICE_UNAVAILABLE));
    };
    let mut response = full(StatusCode::OK, share.hold(text));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html;charset=utf-8"));
    never_keep(headers);
    if visit.varies {
        headers.insert(VARY, HeaderValue::from_static("Accept"));
    }
    response
}

/// What is told to caches; a redirect above all must not be kept.
fn never_keep(headers: &mut HeaderMap) {
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(EXPIRES, HeaderValue::from_static("Thu, 01 Jan 1970 00:00:00 GMT"));
}
