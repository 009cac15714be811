//! Requests that another web site makes a browser send (contract/quirks.md D9; reference/web.md §15.2).
//!
//! Browsers say so themselves. `Sec-Fetch-Site` is the last word where there is one: `same-site` is another site, as
//! is `localhost:3000` for `localhost:9001`. Without it, which is older browsers and plain HTTP to a name, `Origin` has
//! to be the origin under which the page of this server was asked for: scheme, host and port. Behind a proxy that is
//! what the proxy says it is (`X-Forwarded-…`), which no page can say in its place: a header of its own makes a
//! browser ask first whether it may be sent, and is never told that it may. What a proxy does not say, `allowed_hosts=`
//! does. Clients that are no browsers send nothing of this and are never refused here.

use std::fmt;

use hyper::HeaderMap;
use hyper::header::{HOST, HeaderName, HeaderValue, ORIGIN};

use super::limits;
use super::listener::Section;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");

/// Sent together, they say that a person has followed a link to a page.
const FOLLOWED_LINK: [(HeaderName, &str); 3] = [
    (HeaderName::from_static("sec-fetch-mode"), "navigate"),
    (HeaderName::from_static("sec-fetch-dest"), "document"),
    (HeaderName::from_static("sec-fetch-user"), "?1"),
];

const ANOTHER_SITE: &str = "another web site has made the browser ask, which is refused";

/// Why a request is refused as another site's, in a line for whoever sees the answer; `None`: it is not another site's.
pub(super) fn cross_site(headers: &HeaderMap, section: &Section) -> Option<String> {
    let mut sites = headers.get_all(SEC_FETCH_SITE).iter().peekable();
    if sites.peek().is_some() {
        let is_ours = sites.all(|site| site == "same-origin" || site == "none");
        return (!is_ours).then(|| ANOTHER_SITE.to_owned());
    }
    let given = headers.get(ORIGIN)?;
    let origin = given.to_str().ok().and_then(Origin::parse);
    let own = own_origin(headers, section);
    match &origin {
        Some(origin) if own.as_ref() == Some(origin) || section.allowed_hosts.iter().any(|host| host.is(origin)) => {
            None
        }
        Some(origin) => Some(section.refusal_of(origin, own.as_ref())),
        None => Some(ANOTHER_SITE.to_owned()),
    }
}

/// Whether a browser has said from which site it was made to ask, so that [`cross_site`] has judged it.
pub(super) fn tells_its_site(headers: &HeaderMap) -> bool {
    headers.contains_key(SEC_FETCH_SITE) || headers.contains_key(ORIGIN)
}

/// Whether a page, by its URL in a header, is one of this server's: of a host and port by which it was called, or that
/// `allowed_hosts=` names.
pub(super) fn is_own_page(page: &HeaderValue, headers: &HeaderMap, section: &Section) -> bool {
    let parsed = page.to_str().ok().and_then(|url| url.split_once("://")).and_then(|(scheme, rest)| {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        Origin::parse(&format!("{scheme}://{authority}"))
    });
    let Some(page) = parsed else { return false };
    // What stands before us may speak HTTPS and not say so: then the usual port is not the one that we believe.
    let is_called_so = own_origin(headers, section).is_some_and(|own| {
        own.host == page.host && (own.port == page.port || [&own, &page].iter().all(|it| it.port == it.scheme.port()))
    });
    is_called_so || section.allowed_hosts.iter().any(|host| host.is(&page))
}

/// Whether a person has followed a link, from wherever; as opposed to what a page does by itself.
pub(super) fn is_followed_link(headers: &HeaderMap) -> bool {
    FOLLOWED_LINK.iter().all(|(name, value)| headers.get(name).is_some_and(|given| given == value))
}

impl Section {
    fn refusal_of(&self, origin: &Origin, own: Option<&Origin>) -> String {
        let own = own.map(|own| format!(" {own}")).unwrap_or_default();
        let remedy = if self.host_names.is_some() {
            format!(", or set allowed_hosts={} in [{}]", origin.authority(), self.name)
        } else {
            String::new()
        };
        format!(
            "another web site, {origin}, has made the browser ask{own}, which is refused. If it is this server behind a \
             proxy, let the proxy pass on Host and X-Forwarded-Proto{remedy}."
        )
    }
}

/// The origin of this server as the browser sees it: what a proxy says that it was asked for, else what we were.
fn own_origin(headers: &HeaderMap, section: &Section) -> Option<Origin> {
    let scheme = match first(headers, &X_FORWARDED_PROTO) {
        Some(scheme) => Scheme::parse(scheme)?,
        None if section.certificate.is_some() => Scheme::Https,
        None => Scheme::Http,
    };
    let authority = first(headers, &X_FORWARDED_HOST).or_else(|| first(headers, &HOST))?;
    let (host, port) = host_and_port(authority)?;
    let port = match port {
        Some(port) => Some(port),
        None => first(headers, &X_FORWARDED_PORT).and_then(|port| port.parse().ok()),
    };
    Some(Origin { scheme, host, port: port.unwrap_or(scheme.port()) })
}

/// The first of the values of a header: several proxies, each of which adds its own behind.
fn first<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()?.split(',').next().map(str::trim)
}

/// Where a page is from.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Origin {
    scheme: Scheme,
    /// In lower case; IPv6 in brackets.
    host: String,
    port: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Http,
    Https,
}

impl Scheme {
    fn parse(text: &str) -> Option<Self> {
        [Self::Http, Self::Https].into_iter().find(|scheme| text.eq_ignore_ascii_case(scheme.name()))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// Where it is when no port is said.
    fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl Origin {
    /// `scheme://host` or `scheme://host:port`; `None` for `null` and whatever else is no web page.
    fn parse(text: &str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let scheme = Scheme::parse(scheme)?;
        let (host, port) = host_and_port(authority)?;
        Some(Self { scheme, host, port: port.unwrap_or(scheme.port()) })
    }

    /// `host`, or `host:port` where the port has to be said; shortened to what a person can read.
    fn authority(&self) -> String {
        let host: String = self.host.chars().take(limits::SHOWN_HOST_CHARACTERS).collect();
        if self.port == self.scheme.port() { host } else { format!("{host}:{}", self.port) }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.name(), self.authority())
    }
}

/// A host that `allowed_hosts=` names, `host` or `host:port`: pages from there are this server's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AllowedHost {
    host: String,
    /// `None`: where its scheme is when no port is said.
    port: Option<u16>,
}

impl AllowedHost {
    /// `None` for what is no host.
    pub(super) fn parse(text: &str) -> Option<Self> {
        host_and_port(text).map(|(host, port)| Self { host, port })
    }

    /// The host alone, in lower case.
    pub(super) fn name(&self) -> &str {
        &self.host
    }

    fn is(&self, origin: &Origin) -> bool {
        self.host == origin.host && self.port.unwrap_or(origin.scheme.port()) == origin.port
    }
}

/// Splits `host`, `host:port`, `[address]`, `[address]:port`; the host in lower case.
fn host_and_port(authority: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match authority.rsplit_once(':') {
        // Within the brackets of an address a colon separates no port.
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        Some(_) | None => (authority, None),
    };
    let port = match port {
        None | Some("") => None,
        Some(port) => Some(port.parse().ok()?),
    };
    (!host.is_empty()).then(|| (host.to_ascii_lowercase(), port))
}

#[cfg(test)]
mod tests {
    use super::super::host_names::HostNames;
    use super::*;

    fn headers(fields: &[(&str, &str)]) -> HeaderMap {
        let header = |(name, value): &(&str, &str)| {
            (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap())
        };
        fields.iter().map(header).collect()
    }

    fn section(allowed_hosts: &[&str]) -> Section {
        let allowed_hosts = allowed_hosts.iter().filter_map(|host| AllowedHost::parse(host)).collect();
        let host_names = Some(HostNames::default());
        Section { host_names, allowed_hosts, ..Section::unguarded("inet_http_server") }
    }

    #[track_caller]
    fn assert_refused(refused: bool, fields: &[(&str, &str)]) {
        assert_eq!(cross_site(&headers(fields), &section(&[])).is_some(), refused, "{fields:?}");
    }

    #[test]
    fn clients_that_are_no_browsers_are_not_asked() {
        assert_refused(false, &[]);
        assert_refused(false, &[("host", "anything.example")]);
        assert_refused(false, &[("host", "localhost:9001"), ("x-forwarded-host", "other.example")]);
    }

    #[test]
    fn an_origin_has_to_be_the_host() {
        for (origin, host) in [
            ("http://localhost:9001", "localhost:9001"),
            ("http://LOCALHOST:9001", "localhost:9001"),
            ("http://example.com", "example.com:80"),
            ("http://example.com:80", "example.com"),
            ("http://[::1]:9001", "[::1]:9001"),
            ("http://[::1]", "[::1]:80"),
        ] {
            assert_refused(false, &[("origin", origin), ("host", host)]);
        }
        for (origin, host) in [
            ("http://evil.example", "localhost:9001"),
            ("http://localhost:9002", "localhost:9001"),
            ("http://localhost", "localhost:9001"),
            ("http://localhost:9001.evil.example", "localhost:9001"),
            ("https://localhost:9001", "localhost:9001"),
            ("https://h", "h:80"),
            ("https://h", "h"),
            ("http://h:443", "h"),
            ("http://h", "h:443"),
            ("http://[::1]:9002", "[::1]:9001"),
            ("http://[::1", "[::1]:80"),
            ("http://localhost:90010", "localhost:9001"),
            ("http://localhost:x", "localhost:9001"),
            ("http://u@localhost:9001", "localhost:9001"),
            ("ftp://localhost:9001", "localhost:9001"),
            ("http://", ""),
            ("null", "localhost:9001"),
            ("", "localhost:9001"),
        ] {
            assert_refused(true, &[("origin", origin), ("host", host)]);
        }
        assert_refused(true, &[("origin", "http://localhost")]);
    }

    #[test]
    fn browsers_tell_the_site_themselves() {
        for (site, refused) in [
            ("cross-site", true),
            ("same-site", true),
            ("SAME-ORIGIN", true),
            ("", true),
            ("same-origin", false),
            ("none", false),
        ] {
            assert_refused(refused, &[("sec-fetch-site", site)]);
            // Its word counts, whatever stands beside it.
            assert_refused(refused, &[("sec-fetch-site", site), ("origin", "https://x"), ("host", "127.0.0.1:9001")]);
        }
        assert_refused(true, &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")]);
    }

    #[test]
    fn what_a_proxy_says_that_it_was_asked_for_is_ours() {
        let origin = ("origin", "https://sup.example:8443");
        for said in [
            &[("host", "sup.example:8443"), ("x-forwarded-proto", "https")][..],
            &[("host", "sup.example:8443"), ("x-forwarded-proto", "HTTPS, http")],
            &[("host", "127.0.0.1:9001"), ("x-forwarded-proto", "https"), ("x-forwarded-host", "sup.example:8443")],
            &[("x-forwarded-proto", "https"), ("x-forwarded-host", "sup.example:8443, inner:80")],
            &[("host", "sup.example"), ("x-forwarded-proto", "https"), ("x-forwarded-port", "8443")],
        ] {
            assert_refused(false, &[said, &[origin]].concat());
        }
        for said in [
            &[("host", "sup.example:8443")][..],
            &[("host", "sup.example"), ("x-forwarded-proto", "https")],
            &[("host", "sup.example:8443"), ("x-forwarded-proto", "http")],
            &[("host", "sup.example:8443"), ("x-forwarded-proto", "wss")],
            &[("host", "sup.example:8443"), ("x-forwarded-proto", "https"), ("x-forwarded-host", "evil.example")],
        ] {
            assert_refused(true, &[said, &[origin]].concat());
        }
    }

    #[test]
    fn what_a_proxy_does_not_say_allowed_hosts_does() {
        let asked = |allowed: &[&str], origin: &str| {
            cross_site(&headers(&[("host", "127.0.0.1:9001"), ("origin", origin)]), &section(allowed))
        };
        for (allowed, origin) in [
            ("sup.example", "https://sup.example"),
            ("SUP.example", "http://sup.example"),
            ("sup.example:8443", "https://sup.example:8443"),
            ("[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        ] {
            assert_eq!(asked(&[allowed], origin), None, "{allowed} {origin}");
        }
        for (allowed, origin) in [
            ("sup.example", "https://sup.example:8443"),
            ("sup.example:8443", "https://sup.example"),
            ("sup.example", "https://www.sup.example"),
            ("example", "https://sup.example"),
            ("", "null"),
        ] {
            assert!(asked(&[allowed], origin).is_some(), "{allowed} {origin}");
        }
        assert_eq!(
            asked(&["other.example"], "https://sup.example:8443").unwrap(),
            "another web site, https://sup.example:8443, has made the browser ask http://127.0.0.1:9001, which is \
             refused. If it is this server behind a proxy, let the proxy pass on Host and X-Forwarded-Proto, or set \
             allowed_hosts=sup.example:8443 in [inet_http_server]."
        );
        let unix = Section::unguarded("unix_http_server");
        let refusal = cross_site(&headers(&[("host", "localhost"), ("origin", "http://sup.example")]), &unix).unwrap();
        assert!(refusal.ends_with("let the proxy pass on Host and X-Forwarded-Proto."), "{refusal}");
    }

    #[test]
    fn a_page_is_ours_by_its_host() {
        let is_ours = |page: &'static str, host: &str| {
            is_own_page(&HeaderValue::from_static(page), &headers(&[("host", host)]), &section(&["sup.example:8443"]))
        };
        for (page, host) in [
            ("http://box.example:9001/", "box.example:9001"),
            ("http://BOX.example:9001", "box.example:9001"),
            ("http://box.example/index.html?x#y", "box.example"),
            ("https://box.example/", "box.example"),
            ("https://sup.example:8443/a/b", "127.0.0.1:9001"),
            ("http://[::1]:9001/?x", "[::1]:9001"),
        ] {
            assert!(is_ours(page, host), "{page} {host}");
        }
        for (page, host) in [
            ("http://evil.example/", "box.example"),
            ("http://evil.example/?http://box.example/", "box.example"),
            ("http://box.example.evil.example/", "box.example"),
            ("http://box.example@evil.example/", "box.example"),
            ("http://box.example:9002/", "box.example:9001"),
            ("http://box.example/", "box.example:9001"),
            ("ftp://box.example/", "box.example"),
            ("box.example", "box.example"),
            ("about:blank", "box.example"),
            ("", ""),
        ] {
            assert!(!is_ours(page, host), "{page} {host}");
        }
    }

    #[test]
    fn a_link_that_a_person_follows_is_told_apart() {
        let link = [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document"), ("sec-fetch-user", "?1")];
        assert!(is_followed_link(&headers(&link)));
        for missing in 0..link.len() {
            let mut fewer = link.to_vec();
            fewer.remove(missing);
            assert!(!is_followed_link(&headers(&fewer)), "{fewer:?}");
        }
        assert!(!is_followed_link(&headers(&[link[0], ("sec-fetch-dest", "iframe"), link[2]])));
    }
}
