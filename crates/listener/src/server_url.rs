//! Where supervisord listens, as `SUPERVISOR_SERVER_URL` says it: `unix://PATH` or `http://HOST[:PORT]`.

use std::fmt;
use std::path::PathBuf;

/// The address of a supervisord.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerUrl {
    /// `unix://PATH`
    Unix(PathBuf),
    /// `http://HOST[:PORT]`, as `host:port`
    Http(String),
}

/// A URL of another kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerUrlError(String);

impl fmt::Display for ServerUrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' is neither unix://PATH nor http://HOST:PORT", self.0)
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
        let rest = url.strip_prefix("http://").ok_or_else(fail)?;
        let host = rest.split('/').next().unwrap_or_default();
        let port = host.rsplit_once(':').map(|(_, port)| port);
        match port.map(|port| port.parse::<u16>().is_ok()) {
            _ if host.is_empty() => Err(fail()),
            Some(true) => Ok(Self::Http(host.to_owned())),
            // A colon within brackets is part of the address.
            Some(false) if !host.ends_with(']') => Err(fail()),
            Some(false) | None => Ok(Self::Http(format!("{host}:80"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_are_read() {
        let http = |address: &str| Ok(ServerUrl::Http(address.to_owned()));
        assert_eq!(ServerUrl::parse("unix:///run/s.sock"), Ok(ServerUrl::Unix("/run/s.sock".into())));
        assert_eq!(ServerUrl::parse("http://127.0.0.1:9001"), http("127.0.0.1:9001"));
        assert_eq!(ServerUrl::parse("http://box:9001/RPC2"), http("box:9001"));
        assert_eq!(ServerUrl::parse("http://box"), http("box:80"));
        assert_eq!(ServerUrl::parse("http://[::1]:9001"), http("[::1]:9001"));
        assert_eq!(ServerUrl::parse("http://[::1]"), http("[::1]:80"));
        for bad in ["", "unix://", "https://box:1", "http://", "http://box:port", "/run/s.sock"] {
            assert!(ServerUrl::parse(bad).is_err(), "{bad}");
        }
    }
}
