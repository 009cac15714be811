//! The socket that the processes of an `[fcgi-program:x]` share as fd 0 (contract/processes.md §7; quirks.md F45).
//!
//! Counting who uses it is the core's.

use std::ffi::OsStr;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, bind, socket};
use supervisor_core::{SocketAddress, SocketConfig, SocketOwner, raw_text};

use crate::file_place::FilePlace;
use crate::limits::FCGI_BACKLOG;
use crate::listen::listen;
use crate::socket_error::SocketError;
use crate::socket_file::{BoundFile, SocketFile};
use crate::socket_path::SocketPath;
use crate::tcp_listener::bind_tcp;

/// A listening socket; dropping it closes it and removes its file if that is still ours.
#[derive(Debug)]
pub struct FcgiSocket {
    socket: OwnedFd,
    file: Option<SocketFile>,
}

impl FcgiSocket {
    /// Binds and listens. Whatever lies at the path of a Unix socket is removed first. The error is a text for the log,
    /// in the form that Python gives it. `address_of` knows the address of a host and a port: [`crate::resolve_host`],
    /// or what that has said before.
    pub fn open(
        config: &SocketConfig,
        address_of: impl FnOnce(&str, u16) -> Result<SocketAddr, SocketError>,
    ) -> Result<Self, String> {
        let bound = match &config.address {
            SocketAddress::Unix { path, owner, mode } => {
                open_unix(Path::new(OsStr::from_bytes(&raw_text::to_bytes(path))), *owner, *mode)?
            }
            SocketAddress::Tcp { host, port } => {
                let socket = address_of(host, *port).and_then(bind_tcp).map_err(|error| tcp_text(&error))?;
                Self { socket, file: None }
            }
        };
        let backlog = config.backlog.map(|backlog| i32::try_from(backlog).unwrap_or(i32::MAX));
        let backlog = match backlog {
            Some(backlog @ 1..) => backlog,
            Some(_) | None => FCGI_BACKLOG,
        };
        listen(bound.socket.as_fd(), backlog).map_err(|error| os_error(error as i32, None))?;
        Ok(bound)
    }

    /// What becomes fd 0 of each process; blocking.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Drop for FcgiSocket {
    fn drop(&mut self) {
        if let Some(file) = &self.file {
            // Nobody can be told any more.
            let _no_matter = file.remove_if_ours();
        }
    }
}

fn open_unix(path: &Path, owner: Option<SocketOwner>, mode: u32) -> Result<FcgiSocket, String> {
    match FilePlace::at(path).and_then(|place| place.remove()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(python_text(&error, Some(path))),
        Ok(()) | Err(_) => {}
    }
    let numbered = |error: Errno| os_error(error as i32, None);
    let socket = socket(AddressFamily::Unix, SockType::Stream, SockFlag::SOCK_CLOEXEC, None).map_err(numbered)?;
    let reachable = SocketPath::new(path).map_err(|error| match error.raw_os_error() {
        Some(libc::ENAMETOOLONG) => format!("AF_UNIX path too long: '{}'", path.display()),
        _ => python_text(&error, Some(path)),
    })?;
    let address = UnixAddr::new(reachable.as_path()).map_err(|_| "AF_UNIX path too long".to_owned())?;
    bind(socket.as_raw_fd(), &address).map_err(numbered)?;
    let file = SocketFile::at(path).map_err(|error| python_text(&error, Some(path)))?;
    // From here on a failure drops the socket, which removes the file.
    let bound = FcgiSocket { socket, file: Some(file) };
    let made = BoundFile::at(path).map_err(|error| python_text(&error, Some(path)))?;
    if let Some(owner) = owner {
        made.give_to(owner).map_err(|error| {
            format!("Could not change ownership of socket file: {}", python_text(&error, Some(path)))
        })?;
    }
    made.set_mode(mode)
        .map_err(|error| format!("Could not change permissions of socket file: {}", python_text(&error, Some(path))))?;
    Ok(bound)
}

fn tcp_text(error: &SocketError) -> String {
    match error {
        SocketError::AddressInUse { .. } => os_error(libc::EADDRINUSE, None),
        SocketError::Other { errno, .. } => os_error(*errno, None),
        SocketError::UnknownHost(text) => text.clone(),
        SocketError::ChownRefused { .. } => error.to_string(),
    }
}

fn python_text(error: &io::Error, path: Option<&Path>) -> String {
    error.raw_os_error().map_or_else(|| error.to_string(), |errno| os_error(errno, path))
}

/// An error as Python's `OSError` prints itself.
fn os_error(errno: i32, path: Option<&Path>) -> String {
    let text = Errno::from_raw(errno).desc();
    match path {
        Some(path) => format!("[Errno {errno}] {text}: '{}'", path.display()),
        None => format!("[Errno {errno}] {text}"),
    }
}
