//! Whom a client believes, and what it shows when a server asks who it is.
//!
//! TLS 1.2 and 1.3. There is no way to go on with a certificate that cannot be trusted: a password would follow.
//!
//! A certificate that stands in the file itself is believed for its names and in its time, although it is an authority
//! at the same time, which no server's certificate may be (RFC 5280 §4.2.1.9), or has been signed by an authority that
//! does not stand there: the first is what `openssl req -x509` makes, the second any other `tls_cert`.

use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsError, RootCertStore, SignatureScheme,
};

use crate::pem::{read_certificates, read_private_key, unusable};
use crate::words::is_an_authority;

/// A PEM file, and the option or variable that names it.
#[derive(Clone, Copy, Debug)]
pub struct NamedFile<'a> {
    /// For errors, such as `tls_ca`.
    pub option: &'a str,
    /// Read when a configuration is made.
    pub path: &'a Path,
}

/// Whom to believe.
#[derive(Clone, Copy, Debug)]
pub enum Trust<'a> {
    /// The authorities of the system, and nobody else.
    System,
    /// Those of a file, and nobody else.
    Authorities(NamedFile<'a>),
    /// The same; and the first certificate of the file by whatever name its server has been reached. It is for a file
    /// that comes from the server's own configuration together with its address, as children get it: who proves to
    /// have that certificate's key is the one who is meant, `https://localhost` or not.
    ThisServer(NamedFile<'a>),
}

/// What to show a server that asks.
#[derive(Clone, Copy, Debug)]
pub struct Identity<'a> {
    /// The chain.
    pub certificate: NamedFile<'a>,
    /// The private key of its first certificate.
    pub key: NamedFile<'a>,
}

/// Reads the files. May block.
///
/// # Errors
/// Names the option, the file and the reason.
pub fn client_config(trust: Trust<'_>, identity: Option<Identity<'_>>) -> Result<ClientConfig, String> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Verifier::new(trust, Arc::clone(&provider))?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let Some(Identity { certificate, key }) = identity else { return Ok(builder.with_no_client_auth()) };
    let chain = read_certificates(certificate.option, certificate.path)?;
    let private_key = read_private_key(key.option, key.path)?;
    let config = builder.with_client_auth_cert(chain, private_key);
    config.map_err(|error| unusable(certificate.option, certificate.path, &error))
}

#[derive(Debug)]
struct Verifier {
    authorities: Arc<WebPkiServerVerifier>,
    /// Certificates of the file.
    own: Vec<CertificateDer<'static>>,
    /// The one that is believed by whatever name.
    this_server: Option<CertificateDer<'static>>,
}

impl Verifier {
    fn new(trust: Trust<'_>, provider: Arc<CryptoProvider>) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        let (own, whence) = match trust {
            Trust::System => {
                // What is not understood there is of no use to anybody, and no reason to refuse the others.
                let (_added, _ignored) =
                    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
                (Vec::new(), "the authorities of the system".to_owned())
            }
            Trust::Authorities(NamedFile { option, path }) | Trust::ThisServer(NamedFile { option, path }) => {
                let own = read_certificates(option, path)?;
                for root in &own {
                    roots.add(root.clone()).map_err(|error| unusable(option, path, &error))?;
                }
                (own, format!("{option}={}", path.display()))
            }
        };
        let this_server = match trust {
            Trust::ThisServer(_) => own.first().cloned(),
            Trust::System | Trust::Authorities(_) => None,
        };
        let authorities = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
        let authorities = authorities.map_err(|error| format!("cannot use {whence}: {error}"))?;
        Ok(Self { authorities, own, this_server })
    }
}

/// Whether it is only by another name that the server has been reached.
fn is_another_name(reason: &CertificateError) -> bool {
    matches!(reason, CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. })
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let verified = self.authorities.verify_server_cert(certificate, intermediates, name, ocsp_response, now);
        let Err(TlsError::InvalidCertificate(reason)) = &verified else { return verified };
        // Its time has been looked at before its signer, and its signer before its names.
        let signer_is_amiss = is_an_authority(reason) || *reason == CertificateError::UnknownIssuer;
        let is_this_server = self.this_server.as_ref() == Some(certificate);
        if is_this_server && (signer_is_amiss || is_another_name(reason)) {
            return Ok(ServerCertVerified::assertion());
        }
        if !signer_is_amiss || !self.own.iter().any(|own| own == certificate) {
            return verified;
        }
        verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.authorities.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.authorities.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.authorities.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    /// See `supervisord/tests/tls/README.md`.
    fn file(name: &str) -> PathBuf {
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../supervisord/tests/tls")).join(name)
    }

    /// What is said of a server that shows the first certificate of `shown`, reached as `name`.
    fn judged(trust: Trust<'_>, shown: &str, name: &str) -> Result<(), String> {
        let verifier = Verifier::new(trust, Arc::new(ring::default_provider())).unwrap();
        let certificates = read_certificates("shown", &file(shown)).unwrap();
        let name = ServerName::try_from(name.to_owned()).unwrap();
        match verifier.verify_server_cert(&certificates[0], &[], &name, &[], UnixTime::now()) {
            Ok(_) => Ok(()),
            Err(TlsError::InvalidCertificate(reason)) => Err(crate::distrust(&reason)),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn a_server_is_known_by_its_own_certificate_whatever_its_name() {
        let (localhost, other, expired, server) =
            (file("localhost.crt"), file("other.crt"), file("expired.crt"), file("server.crt"));
        let named = |path| NamedFile { option: "ca", path };
        let refused = |words: &str| Err(words.to_owned());
        for name in ["localhost", "sup.example.com", "0.0.0.0", "::1"] {
            assert_eq!(judged(Trust::ThisServer(named(&localhost)), "localhost.crt", name), Ok(()), "{name}");
            // Signed by somebody else who does not stand in the file.
            assert_eq!(judged(Trust::ThisServer(named(&server)), "server.crt", name), Ok(()), "{name}");
            assert!(judged(Trust::ThisServer(named(&other)), "localhost.crt", name).is_err(), "{name}");
            assert!(judged(Trust::ThisServer(named(&expired)), "localhost.crt", name).is_err(), "{name}");
            assert_eq!(judged(Trust::ThisServer(named(&expired)), "expired.crt", name), refused("it has expired"));
        }
        assert_eq!(judged(Trust::Authorities(named(&localhost)), "localhost.crt", "localhost"), Ok(()));
        let elsewhere = judged(Trust::Authorities(named(&localhost)), "localhost.crt", "sup.example.com");
        assert_eq!(elsewhere, refused("it is that of another host"));
        // An authority of the file is none by whatever name.
        assert!(judged(Trust::ThisServer(named(&other)), "server.crt", "localhost").is_err());
    }
}
