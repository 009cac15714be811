//! Calls to an `https://` server: whom to believe, what to show, and errors that say what to do.
//!
//! supervisord gives its children `SUPERVISOR_TLS_CA` beside such a URL, the file of its own certificate, and never a
//! certificate to show: where it asks for one, the program's `environment` has to give `SUPERVISOR_TLS_CERT` and
//! `SUPERVISOR_TLS_KEY`. The files are read anew for each call, so that a renewed certificate needs no restart.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, Error as TlsError, StreamOwned};
use supervisor_tls::{Identity, NamedFile, Trust, client_config, distrust, refusal};

/// What to do instead, whatever is amiss.
const INSTEAD: &str = "or add a [unix_http_server], which programs of this machine need no TLS for";

/// What an https server is met with. Empty: the authorities of the system are believed, and nothing is shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tls {
    ca: Option<PathBuf>,
    identity: Option<(PathBuf, PathBuf)>,
}

impl Tls {
    /// From the variables of a program that supervisord runs.
    pub(crate) fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Self {
        let path = |name| variable(name).filter(|path| !path.is_empty()).map(PathBuf::from);
        Self { ca: path("SUPERVISOR_TLS_CA"), identity: path("SUPERVISOR_TLS_CERT").zip(path("SUPERVISOR_TLS_KEY")) }
    }

    /// Begins to speak TLS on a new connection to `address`, `host:port`.
    ///
    /// # Errors
    /// `InvalidInput`, naming the file that cannot be used; the handshake itself is done with the first byte.
    pub(crate) fn begin(&self, address: &str, stream: TcpStream) -> io::Result<impl Read + Write> {
        let unusable = |why: String| io::Error::new(io::ErrorKind::InvalidInput, why);
        let trust = self
            .ca
            .as_ref()
            .map_or(Trust::System, |path| Trust::ThisServer(NamedFile { option: "SUPERVISOR_TLS_CA", path }));
        let identity = self.identity.as_ref().map(|(certificate, key)| Identity {
            certificate: NamedFile { option: "SUPERVISOR_TLS_CERT", path: certificate },
            key: NamedFile { option: "SUPERVISOR_TLS_KEY", path: key },
        });
        let config = client_config(trust, identity)
            .map_err(|why| unusable(format!("{why}: this program's user has to be able to read it, {INSTEAD}")))?;
        let host = address.rsplit_once(':').map_or(address, |(host, _)| host).trim_matches(['[', ']']);
        let name = ServerName::try_from(host.to_owned()).map_err(|error| unusable(format!("{host}: {error}")))?;
        let connection = ClientConnection::new(Arc::new(config), name).map_err(|error| unusable(error.to_string()))?;
        Ok(StreamOwned::new(connection, stream))
    }

    /// The same error, or one that says what it means and what to do.
    pub(crate) fn explain(&self, address: &str, error: io::Error) -> io::Error {
        let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<TlsError>());
        if let Some(TlsError::InvalidCertificate(reason)) = cause {
            let why = distrust(reason);
            let whence = match &self.ca {
                Some(path) => format!("SUPERVISOR_TLS_CA={}", path.display()),
                None => "SUPERVISOR_TLS_CA, which is not set,".to_owned(),
            };
            let text = format!(
                "https://{address} has a certificate that cannot be trusted: {why}: {whence} has to name the file of \
                 that certificate or of its authority"
            );
            return io::Error::new(io::ErrorKind::PermissionDenied, text);
        }
        let show = format!("give SUPERVISOR_TLS_CERT and SUPERVISOR_TLS_KEY in this program's environment=, {INSTEAD}");
        let is_cut_off = matches!(
            error.kind(),
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof
        );
        match refusal(&error) {
            Some(words) => {
                io::Error::new(io::ErrorKind::PermissionDenied, format!("https://{address} {words}: {show}"))
            }
            // The kernel may lose its words: tcp(7), a reset overtakes data.
            None if is_cut_off && self.identity.is_none() => {
                let text = format!("https://{address} ended the connection; if it has tls_client_ca=, {show}");
                io::Error::new(error.kind(), text)
            }
            None => error,
        }
    }
}
