//! Certificates and keys from the PEM files that options name, for the daemon and for the client (RFC 7468).
//!
//! Nothing is read here while a configuration is loaded: whoever begins to speak TLS asks. What the certificates are
//! worth is for others to judge. Every error names the option and the file.

use std::fmt::Display;
use std::path::Path;

use rustls::pki_types::pem::{Error, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// All certificates of a file in their order, one at least. May block.
///
/// # Errors
/// As [`unusable`].
pub fn read_certificates(option: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let certificates = read.map_err(|error| unreadable(option, path, &error))?;
    if certificates.is_empty() {
        return Err(unusable(option, path, &"there is no certificate in it"));
    }
    Ok(certificates)
}

/// The first private key of a file. May block.
///
/// # Errors
/// As [`unusable`].
pub fn read_private_key(option: &str, path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    PrivateKeyDer::from_pem_file(path).map_err(|error| unreadable(option, path, &error))
}

/// Says that what an option names is of no use, and why.
pub fn unusable(option: &str, path: &Path, reason: &dyn Display) -> String {
    format!("cannot use {option}={}: {reason}", path.display())
}

fn unreadable(option: &str, path: &Path, error: &Error) -> String {
    match error {
        Error::Io(error) => unusable(option, path, error),
        Error::NoItemsFound => unusable(option, path, &"there is nothing of the kind in it"),
        other => unusable(option, path, other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_without_what_is_looked_for_are_named() {
        let missing = "cannot use tls_cert=/no/such/file: No such file or directory (os error 2)";
        assert_eq!(read_certificates("tls_cert", Path::new("/no/such/file")), Err(missing.to_owned()));
        let empty = "cannot use tls_ca=/dev/null: there is no certificate in it";
        assert_eq!(read_certificates("tls_ca", Path::new("/dev/null")), Err(empty.to_owned()));
        let keyless = "cannot use tls_key=/dev/null: there is nothing of the kind in it";
        assert_eq!(read_private_key("tls_key", Path::new("/dev/null")).map(drop), Err(keyless.to_owned()));
    }
}
