//! HTTPS for an `[inet_http_server]`: its certificate, its key, and whose clients it believes.
//!
//! TLS 1.2 and 1.3 by rustls. The files are read when the server is opened and again at SIGUSR2, so that a renewed
//! certificate needs no restart; connections that exist keep what they began with. Files that cannot be used leave
//! what is in use as it is, and are told as CRIT. They are read as the user that supervisord runs as.

use std::fmt;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use supervisor_config::TlsFiles;
use supervisor_core::LogLevel;
use supervisor_tls::pem::{read_certificates, read_private_key, unusable};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use super::context::Context;

/// What a server needs to speak HTTPS, read and understood.
#[derive(Clone)]
pub struct Tls {
    files: TlsFiles,
    config: Arc<ServerConfig>,
}

impl Tls {
    /// Reads the files. May block.
    ///
    /// # Errors
    /// Names the option, the file and the reason.
    pub fn load(files: &TlsFiles) -> Result<Self, String> {
        let TlsFiles { certificate, key, client_ca } = files;
        let chain = read_certificates("tls_cert", certificate)?;
        let private_key = read_private_key("tls_key", key)?;
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?;
        let builder = match client_ca {
            None => builder.with_no_client_auth(),
            Some(path) => {
                let unusable = |error: &dyn fmt::Display| unusable("tls_client_ca", path, error);
                let mut roots = RootCertStore::empty();
                for root in read_certificates("tls_client_ca", path)? {
                    roots.add(root).map_err(|error| unusable(&error))?;
                }
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
                builder.with_client_cert_verifier(verifier.map_err(|error| unusable(&error))?)
            }
        };
        let config = builder.with_single_cert(chain, private_key);
        let mut config = config
            .map_err(|error| unusable("tls_cert", certificate, &format_args!("with {}: {error}", key.display())))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { files: files.clone(), config: Arc::new(config) })
    }
}

/// The certificate that a server uses now.
pub(super) struct Certificate {
    section: String,
    /// Locked for moments and by one thread; it is no `RefCell` because listeners are made on another one.
    current: Mutex<Tls>,
}

impl Certificate {
    pub(super) fn new(section: String, tls: Tls) -> Self {
        Self { section, current: Mutex::new(tls) }
    }

    /// For one more connection.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.current().config))
    }

    fn current(&self) -> MutexGuard<'_, Tls> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn reload(&self, context: &Context) {
        let section = &self.section;
        let files = self.current().files.clone();
        match context.rereads.run(move || Tls::load(&files)).await {
            Ok(Ok(tls)) => {
                *self.current() = tls;
                context.log(LogLevel::Info, || format!("{section} uses its certificate as read anew"));
            }
            Ok(Err(error)) => {
                context.log(LogLevel::Critical, || format!("{section} keeps its certificate: {error}"));
            }
            Err(why) => context.log(LogLevel::Critical, || format!("{section} keeps its certificate: {why}")),
        }
    }
}

/// Reads all certificates anew whenever the supervision plane says so.
pub(super) async fn reload_forever(certificates: Vec<Arc<Certificate>>, context: Rc<Context>) {
    loop {
        context.notices.reopened().await;
        for certificate in &certificates {
            certificate.reload(&context).await;
        }
    }
}

/// Without the key.
impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("files", &self.files).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_folder::TestFolder;

    /// See `tests/tls/README.md`.
    const CERTIFICATE: &[u8] = include_bytes!("../../tests/tls/localhost.crt");
    const KEY: &[u8] = include_bytes!("../../tests/tls/localhost.key");
    const OTHER_KEY: &[u8] = include_bytes!("../../tests/tls/other.key");

    #[test]
    fn files_that_fit_are_used() {
        let folder = TestFolder::new();
        let (certificate, key) = (folder.file("c.pem", CERTIFICATE), folder.file("k.pem", KEY));
        for client_ca in [None, Some(certificate.clone())] {
            let files = TlsFiles { certificate: certificate.clone(), key: key.clone(), client_ca };
            assert!(Tls::load(&files).is_ok());
        }
    }

    #[test]
    fn files_that_cannot_be_used_are_named() {
        let folder = TestFolder::new();
        let (certificate, key) = (folder.file("c.pem", CERTIFICATE), folder.file("k.pem", KEY));
        let (other, junk) = (folder.file("o.pem", OTHER_KEY), folder.file("junk", b"junk\n"));
        let missing = folder.path("missing");
        for (certificate, key, client_ca, option, path, reason) in [
            (&missing, &key, None, "tls_cert", &missing, "No such file or directory (os error 2)"),
            (&junk, &key, None, "tls_cert", &junk, "there is no certificate in it"),
            (&certificate, &missing, None, "tls_key", &missing, "No such file or directory (os error 2)"),
            (&certificate, &junk, None, "tls_key", &junk, "there is nothing of the kind in it"),
            (&certificate, &key, Some(&junk), "tls_client_ca", &junk, "there is no certificate in it"),
        ] {
            let client_ca = client_ca.cloned();
            let files = TlsFiles { certificate: certificate.clone(), key: key.clone(), client_ca };
            let expected = format!("cannot use {option}={}: {reason}", path.display());
            assert_eq!(Tls::load(&files).map(drop), Err(expected));
        }
        let files = TlsFiles { certificate, key: other, client_ca: None };
        let error = Tls::load(&files).map(drop).unwrap_err();
        assert!(error.contains("o.pem: keys may not be consistent"), "{error}");
    }
}
