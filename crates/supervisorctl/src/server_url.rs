//! Where a server listens: `unix://PATH`, `http://HOST[:PORT]` or `https://HOST[:PORT]` (contract/ctl.md §4).
//!
//! As in the original `*` and an empty host are this machine, a path after the host is ignored, and the port defaults
//! to 80, or 443.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use supervisor_core::raw_text;

/// An address to connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// A socket in the file system.
    Unix(PathBuf),
    /// A host, by name or number, and a port.
    Inet {
        /// Whether it speaks HTTPS.
        encrypted: bool,
        /// Without the brackets of an IPv6 number.
        host: String,
        /// 1 to 65535.
        port: u16,
    },
}

impl Endpoint {
    /// Reads a `serverurl`; `None` for one of another kind.
    pub(crate) fn parse(url: &str) -> Option<Self> {
        if let Some(path) = url.strip_prefix("unix://") {
            return Some(Self::Unix(PathBuf::from(OsStr::from_bytes(&raw_text::to_bytes(path)))));
        }
        let (rest, encrypted) = match url.strip_prefix("http://") {
            Some(rest) => (rest, false),
            None => (url.strip_prefix("https://")?, true),
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
        let address = authority.rsplit_once('@').map_or(authority, |(_, address)| address);
        let (host, port) = split_port(address, if encrypted { 443 } else { 80 })?;
        if address.is_empty() {
            return None;
        }
        // As in `port=*:9001`, or no name at all: to the C library that is this machine.
        let host = if host.is_empty() || host == "*" { "localhost" } else { host };
        Some(Self::Inet { encrypted, host: host.to_owned(), port })
    }

    /// The value of the `Host` header.
    pub(crate) fn host_header(&self) -> String {
        match self {
            Self::Unix(_) => "localhost".to_owned(),
            Self::Inet { host, port, .. } if host.contains(':') => format!("[{host}]:{port}"),
            Self::Inet { host, port, .. } => format!("{host}:{port}"),
        }
    }
}

/// Host and port of `host`, `host:port`, `[v6]` and `[v6]:port`.
fn split_port(address: &str, default_port: u16) -> Option<(&str, u16)> {
    let (host, port) = match address.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            (host, if after.is_empty() { None } else { Some(after.strip_prefix(':')?) })
        }
        None => match address.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (address, None),
        },
    };
    let port = match port {
        None | Some("") => default_port,
        Some(digits) => digits.parse().ok()?,
    };
    Some((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let inet = |encrypted, host: &str, port| Some(Endpoint::Inet { encrypted, host: host.to_owned(), port });
        let (tcp, tls) = (|host, port| inet(false, host, port), |host, port| inet(true, host, port));
        for (url, expected) in [
            ("unix:///run/s.sock", Some(Endpoint::Unix(PathBuf::from("/run/s.sock")))),
            ("unix://s.sock", Some(Endpoint::Unix(PathBuf::from("s.sock")))),
            ("http://localhost:9001", tcp("localhost", 9001)),
            ("http://localhost:9001/RPC2?x", tcp("localhost", 9001)),
            ("http://example", tcp("example", 80)),
            ("http://example:", tcp("example", 80)),
            ("http://user:pass@example:81/", tcp("example", 81)),
            ("http://[::1]:9001", tcp("::1", 9001)),
            ("http://[::1]", tcp("::1", 80)),
            ("http://*:9001", tcp("localhost", 9001)),
            ("http://*", tcp("localhost", 80)),
            ("http://:9001", tcp("localhost", 9001)),
            ("http://", None),
            ("http://a:b", None),
            ("http://a:99999", None),
            ("https://example", tls("example", 443)),
            ("https://[::1]:9001/x", tls("::1", 9001)),
            ("https://*:9001/", tls("localhost", 9001)),
            ("HTTP://example", None),
            ("bogus://x", None),
            ("", None),
        ] {
            assert_eq!(Endpoint::parse(url), expected, "{url}");
        }
    }

    #[test]
    fn host_headers() {
        let header = |url| Endpoint::parse(url).map(|endpoint| endpoint.host_header());
        assert_eq!(header("unix:///s").as_deref(), Some("localhost"));
        assert_eq!(header("http://[::1]:9001").as_deref(), Some("[::1]:9001"));
        assert_eq!(header("http://example").as_deref(), Some("example:80"));
    }
}
