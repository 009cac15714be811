//! Refusals in words, ours of a certificate and the server's of us. What to do about them is for the caller to say.

use std::error::Error;
use std::io;

use rustls::{AlertDescription, CertificateError, Error as TlsError};

/// Why a certificate is not believed.
pub fn distrust(reason: &CertificateError) -> String {
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
pub(crate) fn is_an_authority(reason: &CertificateError) -> bool {
    matches!(reason, CertificateError::Other(_)) && reason.to_string().contains("CaUsedAsEndEntity")
}

/// What the server thinks of our certificate, if that is what an error of the connection is about. With TLS 1.3 it
/// comes after the handshake, in the place of the first answer.
pub fn refusal(error: &(dyn Error + 'static)) -> Option<&'static str> {
    let causes = std::iter::successors(Some(error), |error| (*error).source());
    let tls_error = causes.filter_map(|cause| cause.downcast_ref::<io::Error>()?.get_ref()?.downcast_ref::<TlsError>());
    let alert = tls_error.filter_map(|error| match error {
        TlsError::AlertReceived(alert) => Some(alert),
        _ => None,
    });
    match alert.last()? {
        AlertDescription::CertificateRequired => Some("asks for a certificate of ours"),
        AlertDescription::CertificateExpired => Some("says that our certificate has expired"),
        AlertDescription::UnknownCA
        | AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateUnknown
        | AlertDescription::DecryptError
        | AlertDescription::AccessDenied => Some("does not accept our certificate"),
        _ => None,
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
            assert_eq!(refusal(&alert(description)), Some(words));
        }
        assert_eq!(refusal(&alert(AlertDescription::ProtocolVersion)), None);
        assert_eq!(refusal(&io::Error::from(io::ErrorKind::ConnectionReset)), None);
    }
}
