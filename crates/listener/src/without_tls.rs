//! In the place of `tls.rs` without the feature `tls`: says that it is missing. Compiled for its test besides.

#![expect(clippy::unused_self, reason = "it has the form of the other")]

use std::io;
use std::net::TcpStream;

/// Nothing: no https server can be met.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tls {}

impl Tls {
    pub(crate) fn from_variables(_variable: impl Fn(&str) -> Option<String>) -> Self {
        Self {}
    }

    pub(crate) fn begin(&self, address: &str, _stream: TcpStream) -> io::Result<TcpStream> {
        let text = format!(
            "cannot call https://{address}: this program has been built without the feature `tls` of \
             supervisor-listener; build it with that, or add a [unix_http_server] to supervisord's configuration"
        );
        Err(io::Error::new(io::ErrorKind::Unsupported, text))
    }

    pub(crate) fn explain(&self, _address: &str, error: io::Error) -> io::Error {
        error
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn what_is_missing_is_told_with_the_way_out() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let tls = Tls::from_variables(|_| None);
        let error = tls.explain("box:1", tls.begin("box:1", stream).unwrap_err());
        assert_eq!(error.kind(), io::ErrorKind::Unsupported);
        let text = error.to_string();
        assert!(text.starts_with("cannot call https://box:1: ") && text.contains("[unix_http_server]"), "{text}");
    }
}
