//! `/stylesheets/` and `/images/`: the style and the pictures of the classic pages, by the names that pages and
//! bookmarks know (contract/rpc.md §8.1).
//!
//! They are part of the program; nothing is read from the disk. They count as changed when supervisord was started, so
//! that a browser has those of the version that runs.

use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue, IF_MODIFIED_SINCE, LAST_MODIFIED, LOCATION};
use hyper::{Method, Request, StatusCode};
use jiff::Timestamp;
use jiff::fmt::rfc2822;

use super::super::base_url::base_url;
use crate::control::context::Context;
use crate::control::error_page::error_page;
use crate::control::listener::Section;
use crate::control::response::{Response, full};

/// Something below the folders of the classic pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::control) enum StaticFile {
    File {
        content_type: &'static str,
        bytes: &'static [u8],
    },
    /// A folder without the slash that belongs behind it.
    Folder(&'static str),
}

macro_rules! image {
    ($kind:literal, $name:literal) => {
        StaticFile::File {
            content_type: $kind,
            bytes: include_bytes!(concat!("../../../../assets/classic/images/", $name)),
        }
    };
}

const STYLE: StaticFile = StaticFile::File {
    content_type: "text/css",
    bytes: include_bytes!("../../../../assets/classic/stylesheets/supervisor.css"),
};

impl StaticFile {
    /// By its path, without leading slashes.
    pub(in crate::control) fn of(path: &str) -> Option<Self> {
        Some(match path {
            "stylesheets/supervisor.css" => STYLE,
            "images/icon.png" => image!("image/png", "icon.png"),
            "images/supervisor.gif" => image!("image/gif", "supervisor.gif"),
            "images/rule.gif" => image!("image/gif", "rule.gif"),
            "images/state0.gif" => image!("image/gif", "state0.gif"),
            "images/state1.gif" => image!("image/gif", "state1.gif"),
            "images/state2.gif" => image!("image/gif", "state2.gif"),
            "images/state3.gif" => image!("image/gif", "state3.gif"),
            "stylesheets" => Self::Folder("stylesheets"),
            "images" => Self::Folder("images"),
            _ => return None,
        })
    }
}

/// Answers a request for it.
pub(in super::super) fn answer<B>(
    file: StaticFile,
    request: &Request<B>,
    section: &Section,
    context: &Context,
) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return error_page(StatusCode::BAD_REQUEST);
    }
    match file {
        StaticFile::Folder(name) => {
            let mut response = error_page(StatusCode::MOVED_PERMANENTLY);
            let location = HeaderValue::try_from(format!("{}/{name}/", base_url(request.headers(), section)));
            if let Ok(location) = location {
                response.headers_mut().insert(LOCATION, location);
            }
            response
        }
        StaticFile::File { .. } if is_known(request.headers(), context.started) => full(StatusCode::NOT_MODIFIED, ""),
        StaticFile::File { content_type, bytes } => {
            let mut response = full(StatusCode::OK, bytes);
            let headers = response.headers_mut();
            let date = context.started.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
            headers.insert(LAST_MODIFIED, HeaderValue::try_from(date).expect("a date is visible ASCII"));
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
            response
        }
    }
}

/// Whether a client has it as it has been since this time.
fn is_known(headers: &HeaderMap, since: Timestamp) -> bool {
    let known = headers.get(IF_MODIFIED_SINCE).and_then(|date| date.to_str().ok());
    // Once there were browsers that told the length behind it.
    let date = known.and_then(|known| known.split(';').next()).map(str::trim);
    let date = date.and_then(|date| rfc2822::parse(date).ok());
    date.is_some_and(|date| date.timestamp().as_second() >= since.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_that_has_it_is_told_so() {
        let since = Timestamp::from_second(1_795_335_467).unwrap();
        let known = |date: &'static str| {
            is_known(&HeaderMap::from_iter([(IF_MODIFIED_SINCE, HeaderValue::from_static(date))]), since)
        };
        for date in [
            "Sun, 22 Nov 2026 08:17:47 GMT",
            "Sun, 22 Nov 2026 08:17:47 GMT; length=54",
            "Mon, 23 Nov 2026 08:17:47 GMT",
        ] {
            assert!(known(date), "{date}");
        }
        for date in ["Sun, 22 Nov 2026 08:17:46 GMT", "", "x", "Sunday, 22-Nov-26 08:17:47 GMT"] {
            assert!(!known(date), "{date}");
        }
        assert!(!is_known(&HeaderMap::new(), since));
    }

    #[test]
    fn pictures_are_of_their_kind_and_small() {
        for name in ["icon.png", "supervisor.gif", "rule.gif", "state0.gif", "state1.gif", "state2.gif", "state3.gif"] {
            let Some(StaticFile::File { content_type, bytes }) = StaticFile::of(&format!("images/{name}")) else {
                panic!("{name}");
            };
            let begins = if content_type == "image/png" { &b"\x89PNG"[..] } else { b"GIF8" };
            assert!(bytes.starts_with(begins) && bytes.len() < 4_096, "{name}");
        }
    }

    #[test]
    fn nothing_else_is_served() {
        for path in ["images/", "images/nosuch.gif", "images/../Cargo.toml", "../etc/passwd", "IMAGES/rule.gif", ""] {
            assert_eq!(StaticFile::of(path), None, "{path}");
        }
    }
}
