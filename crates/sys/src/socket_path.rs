//! The path of a unix socket in a form that bind(2) and connect(2) take: an address holds 107 bytes (unix(7)), a path
//! may have 4,095. A longer one is reached by way of its folder, held open: `/proc/self/fd/N/NAME`.
//!
//! Where there is no /proc, long paths stay out of reach, and so do names that are too long by themselves.

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::socket::{getsockopt, sockopt};
use nix::sys::stat::Mode;
use nix::unistd::geteuid;

use crate::limits::SOCKET_PATH_BYTES;

/// A path that fits into an address, for as long as this lives.
#[derive(Debug)]
pub struct SocketPath {
    path: PathBuf,
    _folder: Option<OwnedFd>,
}

impl SocketPath {
    /// The path itself if it is short enough, or else by way of its folder.
    ///
    /// # Errors
    /// As `open(2)` of the folder; `ENAMETOOLONG` for a last name that does not fit.
    pub fn new(path: &Path) -> io::Result<Self> {
        if path.as_os_str().len() <= SOCKET_PATH_BYTES {
            return Ok(Self { path: path.to_owned(), _folder: None });
        }
        let (parent, name) = (path.parent(), path.file_name());
        let parent = parent.filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = name.ok_or(io::Error::from(Errno::EISDIR))?;
        let folder = open(parent, OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty())?;
        let path = Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(name);
        if path.as_os_str().len() > SOCKET_PATH_BYTES {
            return Err(Errno::ENAMETOOLONG.into());
        }
        Ok(Self { path, _folder: Some(folder) })
    }

    /// What to bind or to connect to.
    pub fn as_path(&self) -> &Path {
        &self.path
    }
}

/// Connects to the socket at a path of any length.
///
/// # Errors
/// As [`SocketPath::new`] and `connect(2)`.
pub fn connect_unix(path: &Path) -> io::Result<UnixStream> {
    UnixStream::connect(SocketPath::new(path)?.as_path())
}

/// Who we are: the effective user's id, as [`peer_uid`] tells it to others.
pub fn own_uid() -> u32 {
    geteuid().as_raw()
}

/// Who called listen(2) on the socket at the other end (SO_PEERCRED), told by the kernel: the user's id.
///
/// # Errors
/// As `getsockopt(2)`.
pub fn peer_uid(stream: impl AsFd) -> io::Result<u32> {
    Ok(getsockopt(&stream, sockopt::PeerCredentials)?.uid())
}
