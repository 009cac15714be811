//! What a browser is shown at `/` while the web interface is not there: that this is supervisord, and what there is.
//!
//! 200, as the status page of the Python release, so that health checks which ask for `/` find a server that is well.
//! It tells nothing of programs. Not here: the pages of contract/rpc.md §8.

use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, HeaderValue};

use super::response::{Response, full};

const PAGE: &str = concat!(
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>supervisord</title></head>\n<body>\n",
    "<h1>supervisord ",
    env!("CARGO_PKG_VERSION"),
    "</h1>\n",
    "<p>It runs, and answers. The web interface is not there yet; these are:</p>\n<ul>\n",
    "<li><code>supervisorctl status</code>, and <code>supervisorctl help</code> for the other commands</li>\n",
    "<li><code>POST /RPC2</code>: XML-RPC; <code>system.listMethods</code> names the methods</li>\n",
    "<li><code>/logtail/NAME</code>, <code>/mainlogtail</code>: logs as they grow</li>\n",
    "<li><code>/api/v1/events</code>: events as they happen; ",
    "<code>/api/v1/event-pools</code>: what event listeners have done</li>\n",
    "</ul>\n</body>\n</html>\n",
);

/// Whether it is this page that a path asks for, decoded and without its leading slashes.
pub(super) fn owns(path: &str) -> bool {
    matches!(path, "" | "index.html")
}

/// The page.
pub(super) fn start_page() -> Response {
    let mut response = full(StatusCode::OK, PAGE);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response
}
