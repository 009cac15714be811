//! Which server a URL reaches, and so whose certificate a program has to believe that is told to call there.
//!
//! Nothing is asked of any network: a name that is not this machine's by its very text is another machine's.

use std::path::{Path, PathBuf};

use crate::config::{HttpServerAddress, HttpServerConfig};

/// The certificates of servers that speak HTTPS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerCertificates(Vec<(HttpServerAddress, PathBuf)>);

impl ServerCertificates {
    /// Those of these servers that have one.
    pub fn of_servers(servers: &[HttpServerConfig]) -> Self {
        let certificate = |server: &HttpServerConfig| Some((server.address.clone(), server.tls.clone()?.certificate));
        Self(servers.iter().filter_map(certificate).collect())
    }

    /// The absolute path of the one that the server at this URL shows; `None` for other schemes and other machines.
    pub fn at(&self, url: &str) -> Option<&Path> {
        let (host, _) = url.starts_with("https://").then(|| host_and_port(url))??;
        let is_shown = |address: &HttpServerAddress| match address {
            // It listens at every address, and which names have one of ours is not for us to know.
            HttpServerAddress::Inet { host: bound, .. } if is_any(bound) => is_any(&host) || is_loopback(&host),
            HttpServerAddress::Inet { .. } | HttpServerAddress::Unix { .. } => true,
        };
        let mut found = self.0.iter().filter(|(address, _)| is_shown(address) && is_reached(url, address));
        found.next().map(|(_, certificate)| certificate.as_path())
    }
}

pub(crate) fn is_any(host: &str) -> bool {
    matches!(host, "" | "*" | "0.0.0.0" | "::" | "[::]")
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.starts_with("127.") || matches!(host, "::1" | "[::1]")
}

/// Whether the one who is meant is on this machine. Another machine has a configuration of its own.
pub(crate) fn is_this_machine(url: &str) -> bool {
    match host_and_port(url) {
        None => url.starts_with("unix://"),
        Some((host, _)) => is_any(&host) || is_loopback(&host),
    }
}

/// Of an http or https URL: the host in lower case, and the port; `None` for one that is no number.
pub(crate) fn host_and_port(url: &str) -> Option<(String, Option<u16>)> {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"))?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit('@').next()?;
    let default = if url.starts_with("https") { 443 } else { 80 };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().ok()),
        Some(_) | None => (authority, Some(default)),
    };
    Some((host.to_lowercase(), port))
}

/// Whether it is the address of this server, by whatever name this machine has.
pub(crate) fn is_reached(url: &str, address: &HttpServerAddress) -> bool {
    match (address, host_and_port(url)) {
        (HttpServerAddress::Unix { path, .. }, None) => {
            url.strip_prefix("unix://").is_some_and(|wanted| Path::new(wanted) == path)
        }
        (HttpServerAddress::Inet { host, port }, Some((wanted, wanted_port))) => {
            let is_host = is_any(host)
                || is_any(&wanted)
                || is_same(host, &wanted)
                || (is_loopback(host) && is_loopback(&wanted));
            is_host && wanted_port.is_none_or(|wanted| wanted == *port)
        }
        (HttpServerAddress::Unix { .. }, Some(_)) | (HttpServerAddress::Inet { .. }, None) => false,
    }
}

/// Whether with the brackets of an IPv6 number or without.
fn is_same(host: &str, wanted: &str) -> bool {
    host.trim_matches(['[', ']']) == wanted.trim_matches(['[', ']'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_are_found_by_the_url_that_reaches_their_server() {
        let inet = |host: &str, port| HttpServerAddress::Inet { host: host.to_owned(), port };
        let certificates = ServerCertificates(vec![
            (inet("", 1), PathBuf::from("/any")),
            (inet("127.0.0.1", 2), PathBuf::from("/loopback")),
            (inet("sup.example.com", 3), PathBuf::from("/name")),
            (inet("::1", 4), PathBuf::from("/six")),
            (inet("2001:db8::1", 5), PathBuf::from("/far")),
        ]);
        for (url, expected) in [
            ("https://localhost:1", Some("/any")),
            ("https://0.0.0.0:1/RPC2", Some("/any")),
            ("https://127.0.0.1:2", Some("/loopback")),
            ("https://localhost:2", Some("/loopback")),
            ("https://SUP.example.com:3", Some("/name")),
            ("https://[::1]:4", Some("/six")),
            ("https://[2001:db8::1]:5", Some("/far")),
            ("https://box.example.com:1", None),
            ("https://box.example.com:2", None),
            ("https://localhost", None),
            ("https://localhost:9", None),
            ("http://localhost:1", None),
            ("unix:///run/s.sock", None),
            ("", None),
        ] {
            assert_eq!(certificates.at(url), expected.map(Path::new), "{url}");
        }
    }
}
