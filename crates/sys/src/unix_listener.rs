//! Listening on a path, next to others who may want the same path (contract/processes.md §9.5; quirks.md K39).
//!
//! A socket is made under a name of its own and then linked to its path, so that whoever finds it there finds it
//! listening, with its mode. Of several who start at once, one succeeds. What lies at the path is removed only when
//! nobody answers there.
//!
//! Upstream removes by name and then waits 0.3 s, so that two that start at once on a stale socket may each remove the
//! other's. Here a stale file is replaced under a lock on its folder, and only if it is still the one that was probed.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, bind, connect, getsockopt, socket, sockopt};
use supervisor_core::SocketOwner;

use crate::limits::{LISTEN_BACKLOG, PROBE_TIMEOUT, STALE_SOCKET_ATTEMPTS, TAKEOVER_LOCK_ATTEMPTS};
use crate::listen::listen;
use crate::socket_error::{SocketError, SocketStep};
use crate::socket_file::{BoundFile, FileIdentity, SocketFile};
use crate::socket_path::SocketPath;

/// A socket at its path.
#[derive(Debug)]
pub struct BoundUnixListener {
    /// Listens, and blocks until told otherwise.
    pub listener: UnixListener,
    /// To be removed at the end.
    pub file: SocketFile,
    /// How many stale sockets were cleared away, each to be told as `Unlinking stale socket <path>` on stderr.
    pub stale_removed: u32,
    /// The mode that its file has instead, on a file system that cannot give it another; whoever may connect with it
    /// may connect with the mode that was wanted, too.
    pub mode_instead: Option<u32>,
}

/// Listens at a path with this mode, and under this owner if there is one. Waits at most [`PROBE_TIMEOUT`] for an
/// answer of whoever may be there.
pub fn listen_unix(path: &Path, mode: u32, owner: Option<SocketOwner>) -> Result<BoundUnixListener, SocketError> {
    let aside = Aside::new(path);
    let (listener, made, mode_instead) = listen_aside(&aside.path, mode)?;
    let mut stale_removed = 0;
    for _ in 0..STALE_SOCKET_ATTEMPTS {
        let published = publish(&aside.path, path)? || {
            let replaced = stale_file(path)?.map_or(Ok(false), |stale| replace(path, stale, &aside.path))?;
            stale_removed += u32::from(replaced);
            replaced
        };
        if published {
            let file = SocketFile::at(path).map_err(|error| SocketStep::Look.failed(&error))?;
            give_to(&made, &file, owner)?;
            return Ok(BoundUnixListener { listener: UnixListener::from(listener), file, stale_removed, mode_instead });
        }
    }
    Err(SocketError::AddressInUse { listener: None })
}

/// A file name next to the path with our pid in it. Nothing is left there in the end.
struct Aside {
    path: PathBuf,
}

impl Aside {
    fn new(path: &Path) -> Self {
        let mut name = OsString::from(path);
        name.push(format!(".{}", std::process::id()));
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

/// Listens before anybody can find it: a published socket that refuses connections would count as stale. Gives the mode
/// too that the file has instead of this one, if it does.
fn listen_aside(path: &Path, mode: u32) -> Result<(OwnedFd, BoundFile, Option<u32>), SocketError> {
    let listener = socket(AddressFamily::Unix, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    let place = |error: io::Error| SocketStep::Place.failed(&error);
    let reachable = SocketPath::new(path).map_err(place)?;
    let address = UnixAddr::new(reachable.as_path()).map_err(|error| place(error.into()))?;
    bind(listener.as_raw_fd(), &address).map_err(|error| place(error.into()))?;
    let made = BoundFile::at(path).map_err(|error| SocketStep::Look.failed(&error))?;
    let mode_instead = match made.set_mode(mode) {
        Ok(()) => None,
        Err(error) => match made.mode() {
            Ok(found) if found & MAY_CONNECT & !mode == 0 => Some(found),
            Ok(_) | Err(_) => return Err(SocketStep::Mode.failed(&error)),
        },
    };
    listen(listener.as_fd(), LISTEN_BACKLOG)?;
    Ok((listener, made, mode_instead))
}

/// The part of a socket's mode that decides who may connect (unix(7)).
const MAY_CONNECT: u32 = 0o222;

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
            fs::rename(aside, path).map(|()| true).map_err(|error| SocketStep::Place.failed(&error))
        }
        _ => Err(SocketStep::Place.failed(&error)),
    }
}

fn give_to(made: &BoundFile, file: &SocketFile, owner: Option<SocketOwner>) -> Result<(), SocketError> {
    let Some(owner) = owner else { return Ok(()) };
    let Err(error) = made.give_to(owner) else { return Ok(()) };
    // It is of no use to anybody like this; what counts is the first error.
    let _no_matter = file.remove_if_ours();
    Err(match error.raw_os_error() {
        Some(libc::EPERM) => SocketError::ChownRefused { path: file.path().to_owned(), owner },
        _ => SocketStep::Mode.failed(&error),
    })
}

/// Who is at a path.
enum Occupant {
    /// Somebody listens, and may be known.
    Alive { listener: Option<u32> },
    /// Nobody; the file is a leftover.
    Stale,
    /// It has just ended or gone.
    Gone,
}

/// The file at the path, if nobody listens there. `None`: there is none any more.
fn stale_file(path: &Path) -> Result<Option<FileIdentity>, SocketError> {
    let found = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(SocketStep::Look.failed(&error)),
        Ok(found) => found,
    };
    if found.is_dir() {
        return Err(SocketStep::Look.failed_with(libc::EISDIR));
    }
    match occupant(path, &found)? {
        Occupant::Alive { listener } => Err(SocketError::AddressInUse { listener }),
        Occupant::Gone => Ok(None),
        Occupant::Stale => Ok(Some(FileIdentity::from(&found))),
    }
}

fn occupant(path: &Path, found: &fs::Metadata) -> Result<Occupant, SocketError> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let probe = socket(AddressFamily::Unix, SockType::Stream, flags, None)?;
    let look = |error: io::Error| SocketStep::Look.failed(&error);
    let reachable = SocketPath::new(path).map_err(look)?;
    let address = UnixAddr::new(reachable.as_path()).map_err(|error| look(error.into()))?;
    match connect(probe.as_raw_fd(), &address) {
        Ok(()) => Ok(answer(UnixStream::from(probe))),
        // So many wait for it already that there is no room, or it is a socket of another kind.
        Err(Errno::EAGAIN | Errno::EPROTOTYPE) => Ok(Occupant::Alive { listener: None }),
        Err(Errno::ECONNREFUSED) => Ok(Occupant::Stale),
        // A link that leads nowhere is in nobody's use, and stays for ever.
        Err(Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP) if found.is_symlink() => Ok(Occupant::Stale),
        Err(Errno::ENOENT) => Ok(Occupant::Gone),
        Err(error) => Err(look(error.into())),
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
        Ok(_) | Err(_) => {
            let peer = getsockopt(&probe, sockopt::PeerCredentials).ok();
            Occupant::Alive { listener: peer.and_then(|peer| u32::try_from(peer.pid()).ok()).filter(|pid| *pid != 0) }
        }
    }
}

/// Puts our socket in the place of the stale file. `false`: another file had come to its place.
fn replace(path: &Path, stale: FileIdentity, aside: &Path) -> Result<bool, SocketError> {
    let _lock = lock_folder_of(path);
    match FileIdentity::of(path) {
        Ok(found) if found == stale => {}
        Ok(_) => return Ok(false),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(SocketStep::Look.failed(&error)),
    }
    fs::remove_file(path).map_err(|error| SocketStep::Look.failed(&error))?;
    publish(aside, path)
}

/// Keeps other starters from replacing at the same time. `None` where that cannot be had: a folder that may be used but
/// not read, a file system without locks, or somebody who does not let go.
fn lock_folder_of(path: &Path) -> Option<Flock<File>> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut folder = File::open(folder).ok()?;
    for _ in 0..TAKEOVER_LOCK_ATTEMPTS {
        match Flock::lock(folder, FlockArg::LockExclusiveNonblock) {
            Ok(locked) => return Some(locked),
            Err((unlocked, Errno::EWOULDBLOCK)) => folder = unlocked,
            Err(_) => return None,
        }
        std::thread::yield_now();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_that_came_after_the_probe_is_not_replaced() {
        let folder = std::env::temp_dir().join(format!("supervisor-sys-unix-listener-{}", std::process::id()));
        fs::create_dir(&folder).unwrap();
        let path = folder.join("s.sock");
        drop(listen_unix(&path, 0o700, None).unwrap());
        let stale = stale_file(&path).unwrap().expect("nobody listens");

        // Another starter, which has probed the same file, is faster.
        let faster = listen_unix(&path, 0o700, None).unwrap();
        let aside = Aside::new(&path);
        let _listener = listen_aside(&aside.path, 0o700).unwrap().0;
        assert_eq!(replace(&path, stale, &aside.path), Ok(false));
        let _client = UnixStream::connect(&path).unwrap();
        faster.listener.accept().unwrap();

        drop(aside);
        assert!(faster.file.remove_if_ours().unwrap());
        fs::remove_dir(&folder).unwrap();
    }

    #[test]
    fn somebody_who_does_not_let_go_of_the_folder_is_no_obstacle() {
        let folder = std::env::temp_dir().join(format!("supervisor-sys-locked-{}", std::process::id()));
        fs::create_dir(&folder).unwrap();
        let path = folder.join("s.sock");
        drop(listen_unix(&path, 0o700, None).unwrap());
        let lock = lock_folder_of(&path).expect("nobody else has it");
        assert!(lock_folder_of(&path).is_none());
        let bound = listen_unix(&path, 0o700, None).unwrap();
        assert_eq!(bound.stale_removed, 1);
        drop(lock);
        bound.file.remove_if_ours().unwrap();
        fs::remove_dir(&folder).unwrap();
    }
}
