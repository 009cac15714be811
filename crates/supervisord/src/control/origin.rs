//! Requests that another web site makes a browser send (contract/quirks.md D9).
//!
//! Browsers say so themselves: in `Sec-Fetch-Site`, and in `Origin`, which has to name the host that the request
//! goes to. Clients that are no browsers send neither and are never refused here.

use hyper::HeaderMap;
use hyper::header::{HOST, HeaderName, ORIGIN};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether a request comes from another site, so that it must not change anything.
pub(super) fn is_cross_site(headers: &HeaderMap) -> bool {
    if headers.get(SEC_FETCH_SITE).is_some_and(|site| site == "cross-site") {
        return true;
    }
    let Some(origin) = headers.get(ORIGIN) else { return false };
    let origin = origin.to_str().ok().and_then(authority_of_origin);
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).map(without_default_port);
    match (origin, host) {
        (Some(origin), Some(host)) => origin != host,
        (_, _) => true,
    }
}

/// `host` or `host:port` of `scheme://host:port`; `None` for `null`.
fn authority_of_origin(origin: &str) -> Option<String> {
    origin.split_once("://").map(|(_, authority)| without_default_port(authority))
}

/// Lower case, and without the port if it is that of HTTP or HTTPS.
fn without_default_port(authority: &str) -> String {
    let authority = authority.to_ascii_lowercase();
    let bare = authority.strip_suffix(":80").or_else(|| authority.strip_suffix(":443"));
    bare.map(str::to_owned).unwrap_or(authority)
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn headers(fields: &[(&HeaderName, &str)]) -> HeaderMap {
        fields.iter().map(|(name, value)| ((*name).clone(), HeaderValue::from_str(value).unwrap())).collect()
    }

    #[test]
    fn clients_that_are_no_browsers_are_not_asked() {
        assert!(!is_cross_site(&headers(&[])));
        assert!(!is_cross_site(&headers(&[(&HOST, "anything.example")])));
    }

    #[test]
    fn an_origin_has_to_be_the_host() {
        for (origin, host) in [
            ("http://localhost:9001", "localhost:9001"),
            ("http://LOCALHOST:9001", "localhost:9001"),
            ("http://example.com", "example.com:80"),
            ("https://example.com", "example.com"),
            ("http://[::1]:9001", "[::1]:9001"),
        ] {
            assert!(!is_cross_site(&headers(&[(&ORIGIN, origin), (&HOST, host)])), "{origin} {host}");
        }
        for (origin, host) in [
            ("http://evil.example", "localhost:9001"),
            ("http://localhost:9002", "localhost:9001"),
            ("http://localhost", "localhost:9001"),
            ("http://localhost:9001.evil.example", "localhost:9001"),
            ("null", "localhost:9001"),
            ("", "localhost:9001"),
        ] {
            assert!(is_cross_site(&headers(&[(&ORIGIN, origin), (&HOST, host)])), "{origin} {host}");
        }
        assert!(is_cross_site(&headers(&[(&ORIGIN, "http://localhost")])), "no host to compare with");
    }

    #[test]
    fn browsers_tell_the_site_themselves() {
        for (site, refused) in [("cross-site", true), ("same-origin", false), ("same-site", false), ("none", false)] {
            assert_eq!(is_cross_site(&headers(&[(&SEC_FETCH_SITE, site)])), refused, "{site}");
        }
    }
}
