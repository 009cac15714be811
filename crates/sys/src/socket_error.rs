//! Why a socket could not be opened.

use std::fmt;
use std::io;
use std::path::PathBuf;

use nix::errno::Errno;
use nix::unistd::{User, geteuid};
use supervisor_core::SocketOwner;

use crate::errno::errno_name;

/// Why a server's socket could not be opened; its text is the contract's (contract/processes.md §9.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketError {
    /// Somebody listens there.
    AddressInUse,
    /// The file of the socket cannot be given to that owner (EPERM).
    ChownRefused {
        /// The socket's path.
        path: PathBuf,
        /// To whom it was to belong.
        owner: SocketOwner,
    },
    /// A host name that leads nowhere; the text is the resolver's.
    UnknownHost(String),
    /// Any other error number.
    Other {
        /// The error number.
        errno: i32,
    },
}

impl SocketError {
    pub(crate) fn from_io(error: &io::Error) -> Self {
        match error.raw_os_error() {
            Some(errno) => Self::from_errno(errno),
            None if error.kind() == io::ErrorKind::PermissionDenied => Self::Other { errno: libc::EACCES },
            None => Self::Other { errno: libc::EINVAL },
        }
    }

    fn from_errno(errno: i32) -> Self {
        if errno == libc::EADDRINUSE { Self::AddressInUse } else { Self::Other { errno } }
    }
}

impl From<Errno> for SocketError {
    fn from(errno: Errno) -> Self {
        Self::from_errno(errno as i32)
    }
}

impl std::error::Error for SocketError {}

impl fmt::Display for SocketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddressInUse => f.write_str(
                "Another program is already listening on a port that one of our HTTP servers is configured to use.  \
                 Shut this program down first before starting supervisord.",
            ),
            Self::ChownRefused { path, owner } => {
                let gid = owner.gid.map_or_else(|| "-1".to_owned(), |gid| gid.to_string());
                write!(
                    f,
                    "Not permitted to chown {} to uid/gid ({}, {gid}); adjust \"sockchown\" value in config file or \
                     on command line to values that the current user ({}) can successfully chown",
                    path.display(),
                    owner.uid,
                    current_user()
                )
            }
            Self::UnknownHost(text) => write!(f, "Cannot open an HTTP server: {text}"),
            Self::Other { errno } => {
                write!(f, "Cannot open an HTTP server: socket.error reported errno.{} ({errno})", errno_name(*errno))
            }
        }
    }
}

/// The name of who we are, its number for one without a name.
fn current_user() -> String {
    let uid = geteuid();
    User::from_uid(uid).ok().flatten().map_or_else(|| uid.to_string(), |user| user.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_the_contracts() {
        let text = SocketError::from(Errno::EACCES).to_string();
        assert_eq!(text, "Cannot open an HTTP server: socket.error reported errno.EACCES (13)");
        assert!(SocketError::from(Errno::EADDRINUSE).to_string().starts_with("Another program is already listening"));
        let owner = SocketOwner { uid: 0, gid: Some(0) };
        let text = SocketError::ChownRefused { path: "/tmp/s".into(), owner }.to_string();
        assert!(text.starts_with("Not permitted to chown /tmp/s to uid/gid (0, 0); adjust \"sockchown\""), "{text}");
    }
}
