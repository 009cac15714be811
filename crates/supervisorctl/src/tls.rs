//! HTTPS: whom to believe, and what to show when a server asks who we are.
//!
//! TLS 1.2 and 1.3 by rustls. The authorities are those of `tls_ca` and of no one else, or those of the system. There
//! is no way to go on with a certificate that cannot be trusted: a password would follow.
//!
//! A certificate that stands in `tls_ca` itself is believed for its names and in its time, although it is an authority
//! at the same time, which no server's certificate may be (RFC 5280 §4.2.1.9), or has been signed by an authority that
//! does not stand there: the first is what `openssl req -x509` makes.

use std::error::Error;
use std::io;
use std::path::Path;
use std::sync::Arc;

use supervisor_config::ClientTlsFiles;
use supervisor_config::pem::{read_certificates, read_private_key, unusable};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::client::{WebPkiServerVerifier, verify_server_name};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsError, RootCertStore,
    SignatureScheme,
};

use crate::limits::CONNECT_TIMEOUT;
use crate::world::ConnectError;

/// Begins to speak TLS on a new connection to `host`.
pub(crate) async fn connect(
    files: &ClientTlsFiles,
    host: &str,
    stream: TcpStream,
) -> Result<TlsStream<TcpStream>, ConnectError> {
    let config = config(files).map_err(ConnectError::TlsFiles)?;
    let name = ServerName::try_from(host.to_owned()).map_err(|error| ConnectError::UnknownHost(error.to_string()))?;
    let handshake = TlsConnector::from(Arc::new(config)).connect(name, stream);
    match tokio::time::timeout(CONNECT_TIMEOUT, handshake).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => {
            let tls_error = error.get_ref().and_then(|cause| cause.downcast_ref::<TlsError>());
            Err(match tls_error {
                Some(TlsError::InvalidCertificate(reason)) => ConnectError::Distrusted(in_words(reason)),
                Some(_) | None => refusal(&error).unwrap_or_else(|| ConnectError::NoTls(error.to_string())),
            })
        }
        Err(_late) => Err(ConnectError::TimedOut),
    }
}

/// What the server thinks of our certificate, if that is what an error of the connection is about. With TLS 1.3 it
/// comes after the handshake, in the place of the first answer.
pub(crate) fn refusal(error: &(dyn Error + 'static)) -> Option<ConnectError> {
    let causes = std::iter::successors(Some(error), |error| (*error).source());
    let tls_error = causes.filter_map(|cause| cause.downcast_ref::<io::Error>()?.get_ref()?.downcast_ref::<TlsError>());
    let alert = tls_error.filter_map(|error| match error {
        TlsError::AlertReceived(alert) => Some(alert),
        _ => None,
    });
    match alert.last()? {
        AlertDescription::CertificateRequired => Some(ConnectError::Unwelcome("asks for a certificate of ours")),
        AlertDescription::CertificateExpired => Some(ConnectError::Unwelcome("says that our certificate has expired")),
        AlertDescription::UnknownCA
        | AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateUnknown
        | AlertDescription::DecryptError
        | AlertDescription::AccessDenied => Some(ConnectError::Unwelcome("does not accept our certificate")),
        _ => None,
    }
}

/// Why a certificate is not believed.
fn in_words(reason: &CertificateError) -> String {
    let words = match reason {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "it has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => "it is not valid yet",
        CertificateError::UnknownIssuer => "nobody who is trusted has signed it",
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "it is that of another host"
        }
        other => {
            return if is_an_authority(other) { "it has signed itself".to_owned() } else { other.to_string() };
        }
    };
    words.to_owned()
}

/// Whether a certificate is refused because it is an authority. rustls has no case of its own for this.
fn is_an_authority(reason: &CertificateError) -> bool {
    matches!(reason, CertificateError::Other(_)) && reason.to_string().contains("CaUsedAsEndEntity")
}

/// The error names the option, the file and the reason.
fn config(files: &ClientTlsFiles) -> Result<ClientConfig, String> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Verifier::new(files.ca.as_deref(), Arc::clone(&provider))?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let Some((certificate, key)) = &files.identity else { return Ok(builder.with_no_client_auth()) };
    let chain = read_certificates("tls_cert", certificate)?;
    let private_key = read_private_key("tls_key", key)?;
    builder.with_client_auth_cert(chain, private_key).map_err(|error| unusable("tls_cert", certificate, &error))
}

/// Whom we believe.
#[derive(Debug)]
struct Verifier {
    authorities: Arc<WebPkiServerVerifier>,
    /// Certificates of `tls_ca`.
    own: Vec<CertificateDer<'static>>,
}

impl Verifier {
    fn new(ca: Option<&Path>, provider: Arc<CryptoProvider>) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        let own = ca.map_or(Ok(Vec::new()), |path| read_certificates("tls_ca", path))?;
        let whence = ca.map_or("the authorities of the system".to_owned(), |path| format!("tls_ca={}", path.display()));
        match ca {
            // What is not understood there is of no use to anybody, and no reason to refuse the others.
            None => drop(roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs)),
            Some(path) => {
                for root in &own {
                    roots.add(root.clone()).map_err(|error| unusable("tls_ca", path, &error))?;
                }
            }
        }
        let authorities = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
        Ok(Self { authorities: authorities.map_err(|error| format!("cannot use {whence}: {error}"))?, own })
    }
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
        let signer_is_amiss = is_an_authority(reason) || *reason == CertificateError::UnknownIssuer;
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
    use super::*;

    #[test]
    fn what_the_server_thinks_of_us() {
        let alert = |alert| io::Error::new(io::ErrorKind::InvalidData, TlsError::AlertReceived(alert));
        for (description, words) in [
            (AlertDescription::CertificateRequired, "asks for a certificate of ours"),
            (AlertDescription::CertificateExpired, "says that our certificate has expired"),
            (AlertDescription::UnknownCA, "does not accept our certificate"),
        ] {
            assert_eq!(refusal(&alert(description)), Some(ConnectError::Unwelcome(words)));
        }
        assert_eq!(refusal(&alert(AlertDescription::ProtocolVersion)), None);
        assert_eq!(refusal(&io::Error::from(io::ErrorKind::ConnectionReset)), None);
    }
}
