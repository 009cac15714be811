//! Where supervisord listens, as `SUPERVISOR_SERVER_URL` says it: `unix://PATH`, `http://HOST[:PORT]` or
//! `https://HOST[:PORT]`.

use std::fmt;
use std::path::PathBuf;

/// The address of a supervisord.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerUrl {
    /// `unix://PATH`
    Unix(PathBuf),
    /// `http://HOST[:PORT]`, as `host:port`
    Http(String),
    /// `https://HOST[:PORT]`, as `host:port`
    Https(String),
}

/// A URL of another kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerUrlError(String);

impl fmt::Display for ServerUrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' is none of unix://PATH, http://HOST:PORT and https://HOST:PORT", self.0)
    }
}

impl std::error::Error for ServerUrlError {}

impl ServerUrl {
    /// Reads a URL.
    ///
    /// # Errors
    /// When it has another scheme, or names no place.
    pub fn parse(url: &str) -> Result<Self, ServerUrlError> {
        let fail = || ServerUrlError(url.to_owned());
        if let Some(path) = url.strip_prefix("unix://") {
            return if path.is_empty() { Err(fail()) } else { Ok(Self::Unix(path.into())) };
        }
        if let Some(rest) = url.strip_prefix("https://") {
            return address(rest, 443).map(Self::Https).ok_or_else(fail);
        }
        let rest = url.strip_prefix("http://").ok_or_else(fail)?;
        address(rest, 80).map(Self::Http).ok_or_else(fail)
    }
}

/// `host:port` of what follows the scheme.
fn address(rest: &str, default_port: u16) -> Option<String> {
    let host = rest.split('/').next().unwrap_or_default();
    let port = host.rsplit_once(':').map(|(_, port)| port);
    match port.map(|port| port.parse::<u16>().is_ok()) {
        _ if host.is_empty() => None,
        Some(true) => Some(host.to_owned()),
        // A colon within brackets is part of the address.
        Some(false) if !host.ends_with(']') => None,
        Some(false) | None => Some(format!("{host}:{default_port}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read() {
        let http = |address: &str| Ok(ServerUrl::Http(address.to_owned()));
        assert_eq!(ServerUrl::parse("unix:///run/s.sock"), Ok(ServerUrl::Unix("/run/s.sock".into())));
        assert_eq!(ServerUrl::parse("http://127.0.0.1:9001"), http("127.0.0.1:9001"));
        assert_eq!(ServerUrl::parse("http://box:9001/RPC2"), http("box:9001"));
        assert_eq!(ServerUrl::parse("http://box"), http("box:80"));
        for (url, address) in [("https://box", "box:443"), ("https://[::1]:9001", "[::1]:9001")] {
            assert_eq!(ServerUrl::parse(url), Ok(ServerUrl::Https(address.to_owned())));
        }
        assert_eq!(ServerUrl::parse("http://[::1]:9001"), http("[::1]:9001"));
        assert_eq!(ServerUrl::parse("http://[::1]"), http("[::1]:80"));
        for bad in ["", "unix://", "ftp://box:1", "http://", "https://", "http://box:port", "/run/s.sock"] {
            assert!(ServerUrl::parse(bad).is_err(), "{bad}");
        }
    }
}
