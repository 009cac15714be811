//! Listening on a path, next to others who may want the same path (contract/processes.md §9.5; quirks.md K39).
//!
//! A socket is made under a name of its own and then linked to its path, so that whoever finds it there finds it
//! listening, with its mode. Of several who start at once, one succeeds. What lies at the path is removed only when
//! nobody answers there.
//!
//! Upstream waits 0.3 s after removing and removes by name; here a file is first taken aside and looked at again, so
//! that one which has been replaced meanwhile is put back.

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, Backlog, SockFlag, SockType, UnixAddr, bind, connect, listen, socket};
use supervisor_core::SocketOwner;

use crate::limits::{LISTEN_BACKLOG, PROBE_TIMEOUT, STALE_SOCKET_ATTEMPTS};
use crate::socket_error::SocketError;
use crate::socket_file::{FileIdentity, SocketFile};

/// A socket at its path.
#[derive(Debug)]
pub struct BoundUnixListener {
    /// Listens, and blocks until told otherwise.
    pub listener: UnixListener,
    /// To be removed at the end.
    pub file: SocketFile,
    /// How many stale sockets were cleared away, each to be told as `Unlinking stale socket <path>` on stderr.
    pub stale_removed: u32,
}

/// Listens at a path with this mode, and under this owner if there is one. Waits at most [`PROBE_TIMEOUT`] for an
/// answer of whoever may be there.
pub fn listen_unix(path: &Path, mode: u32, owner: Option<SocketOwner>) -> Result<BoundUnixListener, SocketError> {
    let aside = Aside::new(path, "");
    let listener = listen_aside(&aside.path, mode)?;
    let mut stale_removed = 0;
    for _ in 0..STALE_SOCKET_ATTEMPTS {
        if publish(&aside.path, path)? {
            let file = SocketFile::at(path).map_err(|error| SocketError::from_io(&error))?;
            give_to(&file, owner)?;
            return Ok(BoundUnixListener { listener: UnixListener::from(listener), file, stale_removed });
        }
        if clear_away_stale(path)? {
            stale_removed += 1;
        }
    }
    Err(SocketError::AddressInUse)
}

/// A file name next to the path with our pid in it. Nothing is left there in the end.
struct Aside {
    path: PathBuf,
}

impl Aside {
    fn new(path: &Path, suffix: &str) -> Self {
        let mut name = OsString::from(path);
        name.push(format!(".{}{suffix}", std::process::id()));
        let aside = Self { path: name.into() };
        // A leftover of a predecessor with our pid.
        aside.remove();
        aside
    }

    fn remove(&self) {
        // There is none, most of the time.
        let _no_matter = fs::remove_file(&self.path);
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Listens before anybody can find it: a published socket that refuses connections would count as stale.
fn listen_aside(path: &Path, mode: u32) -> Result<OwnedFd, SocketError> {
    let listener = socket(AddressFamily::Unix, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    bind(listener.as_raw_fd(), &UnixAddr::new(path)?)?;
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(|error| SocketError::from_io(&error))?;
    listen(&listener, Backlog::new(LISTEN_BACKLOG)?)?;
    Ok(listener)
}

/// Puts the socket to its path. `false`: something is there.
fn publish(aside: &Path, path: &Path) -> Result<bool, SocketError> {
    let Err(error) = fs::hard_link(aside, path) else { return Ok(true) };
    match error.raw_os_error() {
        Some(libc::EEXIST) => Ok(false),
        // A file system without links.
        Some(libc::EPERM | libc::EOPNOTSUPP | libc::ENOSYS) => {
            if fs::symlink_metadata(path).is_ok() {
                return Ok(false);
            }
            fs::rename(aside, path).map(|()| true).map_err(|error| SocketError::from_io(&error))
        }
        _ => Err(SocketError::from_io(&error)),
    }
}

fn give_to(file: &SocketFile, owner: Option<SocketOwner>) -> Result<(), SocketError> {
    let Some(owner) = owner else { return Ok(()) };
    let Err(error) = std::os::unix::fs::chown(file.path(), Some(owner.uid), owner.gid) else { return Ok(()) };
    // It is of no use to anybody like this; what counts is the first error.
    let _no_matter = file.remove_if_ours();
    Err(match error.raw_os_error() {
        Some(libc::EPERM) => SocketError::ChownRefused { path: file.path().to_owned(), owner },
        _ => SocketError::from_io(&error),
    })
}

/// Who is at a path.
enum Occupant {
    /// Somebody listens.
    Alive,
    /// Nobody; the file is a leftover.
    Stale,
    /// It has just ended or gone.
    Gone,
}

/// Removes what nobody listens at. `false`: there was nothing to remove any more.
fn clear_away_stale(path: &Path) -> Result<bool, SocketError> {
    let found = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(SocketError::from_io(&error)),
        Ok(found) => found,
    };
    if found.is_dir() {
        return Err(SocketError::Other { errno: libc::EISDIR });
    }
    let identity = FileIdentity::of(path).map_err(|error| SocketError::from_io(&error))?;
    match occupant(path)? {
        Occupant::Alive => Err(SocketError::AddressInUse),
        Occupant::Gone => Ok(false),
        Occupant::Stale => take_away(path, identity).map_err(|error| SocketError::from_io(&error)),
    }
}

fn occupant(path: &Path) -> Result<Occupant, SocketError> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let probe = socket(AddressFamily::Unix, SockType::Stream, flags, None)?;
    match connect(probe.as_raw_fd(), &UnixAddr::new(path)?) {
        Ok(()) => Ok(answer(UnixStream::from(probe))),
        // So many wait for it already that there is no room, or it is a socket of another kind.
        Err(Errno::EAGAIN | Errno::EPROTOTYPE) => Ok(Occupant::Alive),
        Err(Errno::ECONNREFUSED) => Ok(Occupant::Stale),
        Err(Errno::ENOENT) => Ok(Occupant::Gone),
        Err(error) => Err(error.into()),
    }
}

/// Asks as upstream does. Whoever takes the connection lives, even if it takes its time to answer.
fn answer(mut probe: UnixStream) -> Occupant {
    let asked = probe
        .set_nonblocking(false)
        .and_then(|()| probe.set_read_timeout(Some(PROBE_TIMEOUT)))
        .and_then(|()| probe.write_all(b"GET / HTTP/1.0\r\n\r\n"))
        .and_then(|()| probe.read(&mut [0; 1]));
    match asked {
        Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe) => {
            Occupant::Gone
        }
        Ok(_) | Err(_) => Occupant::Alive,
    }
}

/// Removes the file that was probed, and no other. `false`: another one had come to its place; it is there again.
fn take_away(path: &Path, probed: FileIdentity) -> io::Result<bool> {
    let aside = Aside::new(path, ".stale");
    match fs::rename(path, &aside.path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
        Ok(()) => {}
    }
    let ours_to_remove = FileIdentity::of(&aside.path)? == probed;
    if !ours_to_remove {
        // If a third one is there by now, that one has won.
        let _no_matter = fs::hard_link(&aside.path, path);
    }
    Ok(ours_to_remove)
}
