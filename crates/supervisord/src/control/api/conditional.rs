//! Answers that a client has already: `ETag` and `If-None-Match` (RFC 9110 §13.1.2) of what is told of processes.
//!
//! A version is a number of the snapshot, and the life of the control plane that counts it. It stands for what has
//! happened: the uptime in a description goes on within one. So the tag is a weak one.

use hyper::StatusCode;
use hyper::header::{ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH};

use crate::control::context::Context;
use crate::control::response::{Response, full};

/// The tag of a version.
pub(super) struct Tag(String);

impl Tag {
    pub(super) fn of(version: u64, context: &Context) -> Self {
        Self(format!("W/\"{:x}.{version:x}\"", context.started.as_microsecond()))
    }

    /// The answer to a client that has this version; `None`: it has not.
    pub(super) fn not_modified(&self, headers: &HeaderMap) -> Option<Response> {
        let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        let mut tags = known.flat_map(|list| list.split(',')).map(str::trim);
        let bare = |tag: &str| tag.trim_start_matches("W/").to_owned();
        tags.any(|tag| tag == "*" || bare(tag) == bare(&self.0)).then(|| self.mark(full(StatusCode::NOT_MODIFIED, "")))
    }

    /// The answer, as one of this version.
    pub(super) fn mark(&self, mut response: Response) -> Response {
        let tag = HeaderValue::from_str(&self.0).expect("numbers are printable");
        response.headers_mut().insert(ETAG, tag);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_a_version_is_told_so() {
        let tag = Tag("W/\"a.7\"".to_owned());
        let asked = |text: &'static str| {
            let headers = [(IF_NONE_MATCH, HeaderValue::from_static(text))].into_iter().collect();
            tag.not_modified(&headers).map(|response| (response.status(), response.headers()[ETAG].clone()))
        };
        let known = Some((StatusCode::NOT_MODIFIED, HeaderValue::from_static("W/\"a.7\"")));
        for text in ["W/\"a.7\"", "\"a.7\"", "\"x\", W/\"a.7\"", "*"] {
            assert_eq!(asked(text), known, "{text}");
        }
        for text in ["\"a.8\"", "\"b.7\"", "a.7", ""] {
            assert_eq!(asked(text), None, "{text}");
        }
        assert!(tag.not_modified(&HeaderMap::new()).is_none());
    }
}
