//! Names under which browsers may speak to a TCP server: the defence against DNS rebinding.
//!
//! A page of another site can have its own name resolve to this machine, and is then of the same origin as we are for
//! the browser: `Origin` and `Host` agree, and both are the stranger's. So a browser's request has to name a host that
//! is known to be this one. Addresses name themselves and cannot be rebound. A GET to such a page's own name over
//! plain HTTP has neither `Origin` nor `Sec-Fetch-…`; there a browser is known by what it says of itself. Clients that
//! are no browsers may call us what they like (reference/wants-and-peers.md, R6); a unix socket is out of reach for
//! browsers.

use std::net::{IpAddr, Ipv6Addr};

use hyper::header::{ACCEPT_LANGUAGE, HOST, ORIGIN, REFERER, USER_AGENT};
use hyper::{HeaderMap, Method, Request};

/// Where local names are listed.
const HOSTS_FILE: &str = "/etc/hosts";
/// Where the domains of this network are listed.
const RESOLVER_FILE: &str = "/etc/resolv.conf";

/// Names that are known to mean this machine; in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct HostNames(Vec<String>);

impl HostNames {
    /// The names of this machine, and the given ones. Reads two small files.
    pub(super) fn of_this_machine(further: impl IntoIterator<Item = String>) -> Self {
        let read = |path| std::fs::read_to_string(path).unwrap_or_default();
        let node_name = nix::unistd::gethostname().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut names = own_names(&node_name, &read(HOSTS_FILE), &read(RESOLVER_FILE));
        names.extend(further.into_iter().filter(|name| !name.is_empty()));
        for name in &mut names {
            name.make_ascii_lowercase();
        }
        names.sort();
        names.dedup();
        Self(names)
    }

    /// The host of a request from a browser, if it is none of ours. Without `marks_count`, only what cannot be from
    /// anything else is from a browser.
    pub(super) fn stranger<'r, B>(&self, request: &'r Request<B>, marks_count: bool) -> Option<&'r str> {
        // With anything else than these, browsers send their Origin.
        let marks_count = marks_count && matches!(*request.method(), Method::GET | Method::HEAD);
        if !(is_from_browser(request.headers()) || marks_count && looks_like_a_browser(request.headers())) {
            return None;
        }
        let authority = match request.uri().authority() {
            Some(authority) => authority.as_str(),
            // Bytes that are no text are nobody's name.
            None => request.headers().get(HOST)?.to_str().unwrap_or(""),
        };
        (!self.knows(authority)).then_some(authority)
    }

    fn knows(&self, authority: &str) -> bool {
        if is_address(authority) {
            return true;
        }
        let name = authority.rsplit_once(':').map_or(authority, |(name, _)| name);
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        name == "localhost" || name.ends_with(".localhost") || self.0.contains(&name)
    }
}

/// Browsers say what a page is about to do; others do not.
fn is_from_browser(headers: &HeaderMap) -> bool {
    headers.contains_key(ORIGIN) || headers.keys().any(|name| name.as_str().starts_with("sec-fetch-"))
}

/// What browsers send with every request, and programs with none: the first can be set by a page in some of them, the
/// second cannot be left out.
fn looks_like_a_browser(headers: &HeaderMap) -> bool {
    headers.get(USER_AGENT).is_some_and(|agent| agent.as_bytes().starts_with(b"Mozilla/"))
        || headers.contains_key(ACCEPT_LANGUAGE)
        || headers.contains_key(REFERER)
}

/// `address` or `address:port`; IPv6 in brackets.
fn is_address(authority: &str) -> bool {
    if let Some((address, _)) = authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return address.parse::<Ipv6Addr>().is_ok();
    }
    let host = authority.split_once(':').map_or(authority, |(host, _)| host);
    host.parse::<IpAddr>().is_ok()
}

/// The node name, alone and with each domain of this network, and the names that the table of hosts has beside it.
fn own_names(node_name: &str, hosts: &str, resolver: &str) -> Vec<String> {
    if node_name.is_empty() {
        return Vec::new();
    }
    let mut names = vec![node_name.to_owned()];
    for line in resolver.lines() {
        let mut words = line.split_ascii_whitespace();
        if matches!(words.next(), Some("search" | "domain")) {
            names.extend(words.map(|domain| format!("{node_name}.{}", domain.trim_matches('.'))));
        }
    }
    for line in hosts.lines() {
        let line = line.split('#').next().unwrap_or_default();
        let listed: Vec<_> = line.split_ascii_whitespace().skip(1).collect();
        if listed.iter().any(|name| name.eq_ignore_ascii_case(node_name)) {
            names.extend(listed.into_iter().map(str::to_owned));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stranger(fields: &[(&str, &str)]) -> Option<String> {
        let names = HostNames(vec!["supervisor.example.com".to_owned(), "web1".to_owned()]);
        let mut request = Request::builder().uri("/RPC2");
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        names.stranger(&request.body(()).unwrap(), true).map(str::to_owned)
    }

    #[test]
    fn a_browser_has_to_name_this_machine() {
        for host in [
            "localhost",
            "LocalHost:9001",
            "app.localhost:9001",
            "127.0.0.1:9001",
            "10.1.2.3",
            "[::1]:9001",
            "[fe80::1]",
            "web1:9001",
            "WEB1.",
            "supervisor.example.com:80",
        ] {
            assert_eq!(stranger(&[("origin", "http://x"), ("host", host)]), None, "{host}");
        }
        for host in
            ["evil.example", "evil.example:9001", "localhost.evil.example", "127.0.0.1.evil.example", "", "1", "[x]"]
        {
            for mark in ["origin", "sec-fetch-site", "sec-fetch-mode"] {
                assert_eq!(stranger(&[(mark, "x"), ("host", host)]).as_deref(), Some(host), "{host}");
            }
        }
    }

    #[test]
    fn what_is_no_browser_may_call_us_what_it_likes() {
        assert_eq!(stranger(&[("host", "evil.example")]), None);
        assert_eq!(stranger(&[]), None);
    }

    #[test]
    fn a_browser_that_sends_no_origin_is_known_by_what_it_says_of_itself() {
        let named = |method: &str, fields: &[(&str, &str)], marks_count| {
            let mut request = Request::builder().method(method).uri("/logtail/x").header("host", "evil.example");
            for (name, value) in fields {
                request = request.header(*name, *value);
            }
            HostNames::default().stranger(&request.body(()).unwrap(), marks_count).is_some()
        };
        for mark in [
            ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"),
            ("accept-language", "en-US,en;q=0.5"),
            ("referer", "http://evil.example/"),
        ] {
            for method in ["GET", "HEAD"] {
                assert!(named(method, &[mark], true), "{method} {mark:?}");
                assert!(!named(method, &[mark], false), "{method} {mark:?}");
            }
            assert!(!named("POST", &[mark], true), "{mark:?}");
        }
        for agent in ["curl/8.5.0", "Python-xmlrpc/3.12", "xmlrpc.client Mozilla/5.0", ""] {
            assert!(!named("GET", &[("user-agent", agent), ("accept", "*/*")], true), "{agent}");
        }
    }

    #[test]
    fn a_target_with_a_host_counts_before_the_header() {
        let request =
            Request::builder().uri("http://evil.example/RPC2").header("origin", "x").header("host", "localhost");
        assert_eq!(HostNames::default().stranger(&request.body(()).unwrap(), false), Some("evil.example"));
    }

    #[test]
    fn the_names_of_a_machine_stand_in_two_files() {
        let hosts = "127.0.0.1 localhost\n127.0.1.1 web1.example.com web1 # own\n0.0.0.0 ads.example\n";
        let resolver = "nameserver 10.0.0.1\nsearch example.net corp.\n";
        assert_eq!(
            own_names("web1", hosts, resolver),
            ["web1", "web1.example.net", "web1.corp", "web1.example.com", "web1"]
        );
        assert!(own_names("", hosts, resolver).is_empty());
        assert!(HostNames::of_this_machine(["Further.Example".to_owned()]).knows("further.example:9001"));
    }
}
