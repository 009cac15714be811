//! Where a server listens: `unix://PATH` or `http://HOST[:PORT]` (contract/ctl.md §4).
//!
//! As in the original a path after the host is ignored, and the port defaults to 80.

use std::path::PathBuf;

/// An address to connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// A socket in the file system.
    Unix(PathBuf),
    /// A host, by name or number, and a port.
    Tcp {
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
            return Some(Self::Unix(PathBuf::from(path)));
        }
        let rest = url.strip_prefix("http://")?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
        let address = authority.rsplit_once('@').map_or(authority, |(_, address)| address);
        let (host, port) = split_port(address)?;
        if host.is_empty() {
            return None;
        }
        Some(Self::Tcp { host: host.to_owned(), port })
    }

    /// The value of the `Host` header.
    pub(crate) fn host_header(&self) -> String {
        match self {
            Self::Unix(_) => "localhost".to_owned(),
            Self::Tcp { host, port } if host.contains(':') => format!("[{host}]:{port}"),
            Self::Tcp { host, port } => format!("{host}:{port}"),
        }
    }
}

/// Host and port of `host`, `host:port`, `[v6]` and `[v6]:port`.
fn split_port(address: &str) -> Option<(&str, u16)> {
    const DEFAULT_PORT: u16 = 80;
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
        None | Some("") => DEFAULT_PORT,
        Some(digits) => digits.parse().ok()?,
    };
    Some((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let tcp = |host: &str, port| Some(Endpoint::Tcp { host: host.to_owned(), port });
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
            ("http://", None),
            ("http://a:b", None),
            ("http://a:99999", None),
            ("https://example", None),
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
