//! HTTPS: a handshake with a time limit, and what can go wrong with it.
//!
//! Whom to believe is `supervisor_tls`'s matter. It is those of `tls_ca` and no one else; without it, and where the URL
//! is the one that supervisord has given us, the certificate that it has given with it; else those of the system.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

use supervisor_config::ClientTlsFiles;
use supervisor_tls::{Identity, NamedFile, Trust, client_config, distrust};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::Error as TlsError;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::limits::CONNECT_TIMEOUT;
use crate::world::ConnectError;

/// What an https server is met with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tls {
    files: ClientTlsFiles,
    /// `SUPERVISOR_SERVER_URL` and `SUPERVISOR_TLS_CA`: the server that runs us.
    this_server: Option<(String, PathBuf)>,
}

impl Tls {
    /// `variable` looks into the environment.
    pub(crate) fn new(files: ClientTlsFiles, variable: impl Fn(&str) -> Option<String>) -> Self {
        let path = variable("SUPERVISOR_TLS_CA").filter(|path| !path.is_empty());
        Self { files, this_server: variable("SUPERVISOR_SERVER_URL").zip(path.map(PathBuf::from)) }
    }

    /// Whether we have a certificate to show.
    pub(crate) fn has_identity(&self) -> bool {
        self.files.identity.is_some()
    }

    /// The file of authorities that a server at `url` is believed by; `None`: those of the system.
    pub(crate) fn authorities(&self, url: &str) -> Option<String> {
        let ours = self.this_server.as_ref().filter(|(ours, _)| ours == url).map(|(_, path)| path);
        self.files.ca.as_ref().or(ours).map(|path| path.display().to_string())
    }

    fn trust(&self, url: &str) -> Trust<'_> {
        match (&self.files.ca, &self.this_server) {
            (Some(path), _) => Trust::Authorities(NamedFile { option: "tls_ca", path }),
            (None, Some((ours, path))) if ours == url => {
                Trust::ThisServer(NamedFile { option: "SUPERVISOR_TLS_CA", path })
            }
            (None, Some(_) | None) => Trust::System,
        }
    }

    /// Begins to speak TLS on a new connection to `host`, which is that of `url`.
    pub(crate) async fn connect(
        &self,
        url: &str,
        host: &str,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, ConnectError> {
        let identity = self.files.identity.as_ref().map(|(certificate, key)| Identity {
            certificate: NamedFile { option: "tls_cert", path: certificate },
            key: NamedFile { option: "tls_key", path: key },
        });
        let config = client_config(self.trust(url), identity).map_err(ConnectError::TlsFiles)?;
        let name =
            ServerName::try_from(host.to_owned()).map_err(|error| ConnectError::UnknownHost(error.to_string()))?;
        let handshake = TlsConnector::from(Arc::new(config)).connect(name, stream);
        match tokio::time::timeout(CONNECT_TIMEOUT, handshake).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => {
                let tls_error = error.get_ref().and_then(|cause| cause.downcast_ref::<TlsError>());
                Err(match tls_error {
                    Some(TlsError::InvalidCertificate(reason)) => ConnectError::Distrusted(distrust(reason)),
                    Some(_) | None => refusal(&error).unwrap_or_else(|| ConnectError::NoTls(error.to_string())),
                })
            }
            Err(_late) => Err(ConnectError::TimedOut),
        }
    }
}

/// What the server thinks of our certificate, if that is what an error of the connection is about.
pub(crate) fn refusal(error: &(dyn Error + 'static)) -> Option<ConnectError> {
    supervisor_tls::refusal(error).map(ConnectError::Unwelcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_the_environment_is_for_the_server_of_the_environment() {
        let variable = |name: &str| match name {
            "SUPERVISOR_SERVER_URL" => Some("https://localhost:1".to_owned()),
            "SUPERVISOR_TLS_CA" => Some("/c.pem".to_owned()),
            _ => None,
        };
        let trust = |ca: Option<&str>, url: &str| {
            let files = ClientTlsFiles { ca: ca.map(PathBuf::from), identity: None };
            format!("{:?}", Tls::new(files, variable).trust(url))
        };
        assert!(trust(None, "https://localhost:1").starts_with("ThisServer(NamedFile { option: \"SUPERVISOR_TLS_CA\""));
        assert!(trust(Some("/a.pem"), "https://localhost:1").starts_with("Authorities(NamedFile { option: \"tls_ca\""));
        assert_eq!(trust(None, "https://box:1"), "System");
    }
}
