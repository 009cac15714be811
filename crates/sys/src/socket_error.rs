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
    AddressInUse {
        /// Who called listen(2), where the kernel tells: a process that may have left the socket to another since.
        listener: Option<u32>,
    },
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
        /// What it came of.
        step: SocketStep,
    },
}

/// What could not be done to a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocketStep {
    /// To have one at all: socket(2), listen(2).
    Make,
    /// To give it its address, or for a file its place: bind(2), link(2), rename(2).
    Place,
    /// To give its file the mode that is wanted.
    Mode,
    /// To find out who is at its path, or to clear that away.
    Look,
}

impl SocketStep {
    /// The error of this step.
    pub(crate) fn failed(self, error: &io::Error) -> SocketError {
        let errno = match error.raw_os_error() {
            Some(errno) => errno,
            None if error.kind() == io::ErrorKind::PermissionDenied => libc::EACCES,
            None => libc::EINVAL,
        };
        self.failed_with(errno)
    }

    /// The error of this step, from an error number.
    pub(crate) fn failed_with(self, errno: i32) -> SocketError {
        if errno == libc::EADDRINUSE {
            SocketError::AddressInUse { listener: None }
        } else {
            SocketError::Other { errno, step: self }
        }
    }
}

impl From<Errno> for SocketError {
    fn from(errno: Errno) -> Self {
        SocketStep::Make.failed_with(errno as i32)
    }
}

impl std::error::Error for SocketError {}

impl fmt::Display for SocketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddressInUse { .. } => f.write_str(
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
            Self::Other { errno, .. } => {
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
