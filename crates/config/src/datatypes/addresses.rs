//! Where something listens: ports, inet addresses, URLs.

use super::Checked;
use super::numbers::integer;
use crate::config::BaseUrl;
use crate::python_repr::Repr;

/// Host and port of an inet socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InetAddress {
    /// In lower case; empty: all interfaces.
    pub(crate) host: String,
    /// 1..=65535
    pub(crate) port: u16,
}

/// A port number from a number.
pub(crate) fn port_number(number: i64) -> Checked<u16> {
    match u16::try_from(number) {
        Ok(0) => Err("0 is below lower bound (1)".to_owned()),
        Ok(port) => Ok(port),
        Err(_) if number < 0 => Err(format!("{number} is below lower bound (1)")),
        Err(_) => Err(format!("{number} is above upper bound (65535)")),
    }
}

/// `port`, `:port`, `*:port` or `host:port`, split at the last colon.
pub(crate) fn inet_address(text: &str) -> Checked<InetAddress> {
    let parse = |text| integer(text).and_then(port_number);
    let Some((host, port)) = text.rsplit_once(':') else {
        // The blank at the end is upstream's.
        let port = parse(text).map_err(|_| format!("not a valid port number: {} ", Repr(text)))?;
        return Ok(InetAddress { host: String::new(), port });
    };
    if port.is_empty() {
        return Err("no port number specified in ''".to_owned());
    }
    let port = parse(port)?;
    let host = if host == "*" { String::new() } else { host.to_lowercase() };
    Ok(InetAddress { host, port })
}

/// Something with a scheme and a host or path after it, as Python's `urlparse` sees it.
pub(crate) fn url(text: &str) -> Checked<&str> {
    if has_scheme_and_place(text)? { Ok(text) } else { Err(format!("value {} is not a URL", Repr(text))) }
}

/// Where pages are to be found: nothing may stand behind the path, and no user before the host. An empty one is none:
/// it may come from a variable.
pub(crate) fn base_url(text: &str) -> Checked<Option<BaseUrl>> {
    if text.is_empty() {
        return Ok(None);
    }
    let refusal = || format!("value {} is no URL of the form https://host/path", Repr(text));
    let url = text.trim_end_matches('/');
    let after_scheme = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).ok_or_else(refusal)?;
    let authority = after_scheme.split('/').next().unwrap_or_default();
    let port_is_one = match authority.rsplit_once(':') {
        Some((_, port)) if !port.contains(']') => port.parse::<u16>().is_ok(),
        Some(_) | None => true,
    };
    let host_is_one = !authority.is_empty() && !authority.starts_with(':');
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"?#@\"<>\\^`{|}".contains(&byte);
    if !host_is_one || !port_is_one || !url.bytes().all(is_plain) {
        return Err(refusal());
    }
    Ok(Some(BaseUrl { url: url.to_owned(), authority: authority.to_owned() }))
}

fn has_scheme_and_place(text: &str) -> Checked<bool> {
    let text: String = text
        .trim_start_matches(|character| character <= ' ')
        .chars()
        .filter(|character| !matches!(character, '\t' | '\r' | '\n'))
        .collect();
    let Some((scheme, rest)) = text.split_once(':') else { return Ok(false) };
    let in_scheme = |character: char| character.is_ascii_alphanumeric() || "+-.".contains(character);
    if !scheme.starts_with(|first: char| first.is_ascii_alphabetic()) || !scheme.chars().all(in_scheme) {
        return Ok(false);
    }
    let Some(after_slashes) = rest.strip_prefix("//") else {
        return Ok(!rest.starts_with(['?', '#']) && !rest.is_empty());
    };
    let (host, path) = after_slashes.split_at(after_slashes.find(['/', '?', '#']).unwrap_or(after_slashes.len()));
    if host.contains('[') != host.contains(']') {
        return Err("Invalid IPv6 URL".to_owned());
    }
    Ok(!host.is_empty() || path.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inet_addresses() {
        for (text, host, port) in [
            ("9001", "", 9001),
            (":9001", "", 9001),
            ("*:9001", "", 9001),
            ("127.0.0.1:9001", "127.0.0.1", 9001),
            ("LocalHost: 80", "localhost", 80),
            ("::1:80", "::1", 80),
            ("x:65535", "x", 65535),
        ] {
            assert_eq!(inet_address(text), Ok(InetAddress { host: host.to_owned(), port }), "{text:?}");
        }
        for (text, error) in [
            ("abc", "not a valid port number: 'abc' "),
            ("", "not a valid port number: '' "),
            ("0", "not a valid port number: '0' "),
            ("70000", "not a valid port number: '70000' "),
            ("host:", "no port number specified in ''"),
            ("host:abc", "invalid literal for int() with base 10: 'abc'"),
            ("host:65536", "65536 is above upper bound (65535)"),
            ("host:0", "0 is below lower bound (1)"),
            ("host:-1", "-1 is below lower bound (1)"),
        ] {
            assert_eq!(inet_address(text), Err(error.to_owned()), "{text:?}");
        }
    }

    #[test]
    fn base_urls() {
        for (text, url, authority) in [
            ("https://sup.example", "https://sup.example", "sup.example"),
            ("http://sup.example:8080/", "http://sup.example:8080", "sup.example:8080"),
            ("https://sup.example/a/b//", "https://sup.example/a/b", "sup.example"),
            ("https://[::1]:8443/x", "https://[::1]:8443/x", "[::1]:8443"),
            ("https://[::1]", "https://[::1]", "[::1]"),
        ] {
            let parsed = BaseUrl { url: url.to_owned(), authority: authority.to_owned() };
            assert_eq!(base_url(text), Ok(Some(parsed)));
        }
        for text in [
            "/",
            "sup.example",
            "//sup.example",
            "ftp://sup.example",
            "https://",
            "https:///x",
            "https://:80",
            "https://h:x",
            "https://h:99999",
            "https://u:p@h",
            "https://h/?x",
            "https://h/#x",
            "https://h/a b",
            "https://h/é",
            "https://h\r\nX: y",
            "https://h/\"",
            "https://h/<b>",
        ] {
            assert!(base_url(text).is_err_and(|error| error.contains("is no URL of the form")), "{text}");
        }
        assert_eq!(base_url(""), Ok(None));
    }

    #[test]
    fn urls() {
        for text in ["http://localhost:9001", "unix:///tmp/s.sock", "a:b", "http:/x", "x-y+z.1:?", "unix:x?y"] {
            let expected =
                if text == "x-y+z.1:?" { Err("value 'x-y+z.1:?' is not a URL".to_owned()) } else { Ok(text) };
            assert_eq!(url(text), expected);
        }
        for text in ["", "localhost", "/tmp/x", "http:", "http://", "http://?x", "1a:b", ":x", "a b:c"] {
            assert_eq!(url(text), Err(format!("value '{text}' is not a URL")));
        }
        assert_eq!(url("http://[::1"), Err("Invalid IPv6 URL".to_owned()));
    }
}
