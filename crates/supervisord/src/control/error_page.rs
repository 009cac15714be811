//! Error pages: status, reason and body as clients know them (contract/rpc.md §1.4).

use hyper::StatusCode;
use hyper::body::Bytes;
use hyper::header::{CONNECTION, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};

use super::response::{Response, full};

/// The page for an error status.
pub(super) fn error_page(status: StatusCode) -> Response {
    let mut response = full(status, body(status));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
    response
}

/// The page for an error after which the connection cannot go on.
pub(super) fn closing_error_page(status: StatusCode) -> Response {
    let mut response = error_page(status);
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// A short text. An error ends the connection: its body may be on the way still.
pub(super) fn plain_text(status: StatusCode, text: impl Into<Bytes>) -> Response {
    let mut response = full(status, text);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    if !status.is_success() {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// 401: asks for credentials, and closes the connection (contract/quirks.md F19, K47).
pub(super) fn unauthorized() -> Response {
    let mut response = closing_error_page(StatusCode::UNAUTHORIZED);
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"default\""));
    response
}

fn body(status: StatusCode) -> String {
    let code = status.as_u16();
    let reason = status.canonical_reason().unwrap_or("Unknown");
    format!(
        "<head>\r\n<title>Error response</title>\r\n</head>\r\n<body>\r\n<h1>Error response</h1>\r\n\
         <p>Error code {code}.\r\n<p>Message: {reason}.\r\n</body>\r\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_the_contracts() {
        let expected = concat!(
            "<head>\r\n<title>Error response</title>\r\n</head>\r\n<body>\r\n<h1>Error response</h1>\r\n",
            "<p>Error code 404.\r\n<p>Message: Not Found.\r\n</body>\r\n"
        );
        assert_eq!(body(StatusCode::NOT_FOUND), expected);
    }

    #[test]
    fn the_reasons_are_the_contracts() {
        let reasons = [
            (400, "Bad Request"),
            (401, "Unauthorized"),
            (403, "Forbidden"),
            (404, "Not Found"),
            (411, "Length Required"),
            (413, "Payload Too Large"),
            (500, "Internal Server Error"),
        ];
        for (code, reason) in reasons {
            assert!(body(StatusCode::from_u16(code).unwrap()).contains(&format!("<p>Message: {reason}.\r\n")));
        }
    }
}
