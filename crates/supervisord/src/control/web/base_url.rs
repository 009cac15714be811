//! Where we are, for redirects (contract/rpc.md §8.3): `base_url=` if it is set, else as the client has called us.
//!
//! What a proxy says of itself (`X-Forwarded-…`) is a client's word and changes nothing here.

use hyper::HeaderMap;
use hyper::header::HOST;

use crate::control::listener::Section;

/// `scheme://authority`, and a path where `base_url=` has one; no slash at its end.
pub(super) fn base_url(headers: &HeaderMap, section: &Section) -> String {
    if let Some(base) = &section.web.base_url {
        return base.url.clone();
    }
    let (scheme, usual_port) = if section.certificate.is_some() { ("https", ":443") } else { ("http", ":80") };
    let host = host(headers).unwrap_or(&section.own_authority);
    let host = host.strip_suffix(usual_port).unwrap_or(host);
    format!("{scheme}://{host}")
}

/// Whether a client calls us by a name that never means another machine.
pub(super) fn is_this_machine(headers: &HeaderMap) -> bool {
    let Some(host) = host(headers) else { return false };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => name,
        Some(_) | None => host,
    };
    ["localhost", "127.0.0.1", "[::1]"].contains(&name)
}

fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(HOST).and_then(|host| host.to_str().ok()).map(str::trim).filter(|host| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use hyper::header::{HeaderName, HeaderValue};
    use supervisor_config::{BaseUrl, WebConfig};

    use super::*;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let header = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        fields.iter().map(header).collect()
    }

    #[test]
    fn we_are_where_we_were_called_unless_it_is_said() {
        let mut section = Section::unguarded("inet_http_server");
        for (host, base) in [
            ("box.example", "http://box.example"),
            ("box.example:80", "http://box.example"),
            ("box.example:9001", "http://box.example:9001"),
            ("[::1]:9001", "http://[::1]:9001"),
        ] {
            let asked =
                headers(&[("host", host), ("x-forwarded-host", "evil.example"), ("x-forwarded-proto", "https")]);
            assert_eq!(base_url(&asked, &section), base);
        }
        assert_eq!(base_url(&headers(&[]), &section), "http://localhost");
        let base = BaseUrl { url: "https://sup.example/x".to_owned(), authority: "sup.example".to_owned() };
        section.web = WebConfig { base_url: Some(base), ..WebConfig::default() };
        assert_eq!(base_url(&headers(&[("host", "box.example")]), &section), "https://sup.example/x");
    }

    #[test]
    fn names_of_this_machine_are_few() {
        for (host, expected) in [
            ("localhost:9001", true),
            ("127.0.0.1", true),
            ("[::1]:9001", true),
            ("[::1]", true),
            ("localhost.evil.example", false),
            ("10.0.0.1:9001", false),
        ] {
            assert_eq!(is_this_machine(&headers(&[("host", host)])), expected, "{host}");
        }
        assert!(!is_this_machine(&headers(&[])));
    }
}
