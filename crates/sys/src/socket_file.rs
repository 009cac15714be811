//! The file that a Unix socket leaves in the file system: whose it is, its mode, and who may remove it.
//!
//! Mode and owner are given to the file itself, held open since just after it was made, and not to its path: in a
//! folder of others a link to another file may have come there meanwhile.

use std::fs::Metadata;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, fstatat};
use nix::unistd::{Gid, Uid, fchownat};
use supervisor_core::SocketOwner;

use crate::file_place::{FilePlace, is_kind, is_trusted_folder};

/// A socket's file as we have made it. Another daemon that has taken over the path since has made another file, which
/// is not touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketFile {
    path: PathBuf,
    identity: FileIdentity,
}

/// What is at the path of a socket's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtPath {
    /// The file, as we have made it.
    Ours,
    /// Nothing.
    Nothing,
    /// Another socket, or a link.
    OtherSocket,
    /// Something else.
    NoSocket,
}

/// Tells a file from another one that has its path now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileIdentity {
    device: u64,
    inode: u64,
    /// Of making it, in seconds and nanoseconds: inode numbers are used again.
    modified: (i64, i64),
}

impl FileIdentity {
    /// Of what is at this path now; a link is not followed.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        std::fs::symlink_metadata(path).map(|found| Self::from(&found))
    }
}

impl From<&Metadata> for FileIdentity {
    fn from(found: &Metadata) -> Self {
        Self { device: found.dev(), inode: found.ino(), modified: (found.mtime(), found.mtime_nsec()) }
    }
}

impl From<&FileStat> for FileIdentity {
    fn from(found: &FileStat) -> Self {
        Self { device: found.st_dev, inode: found.st_ino, modified: (found.st_mtime, found.st_mtime_nsec) }
    }
}

impl SocketFile {
    /// The file that is there now, just made by us.
    pub(crate) fn at(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), identity: FileIdentity::of(path)? })
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is at the path now. To be asked while the socket is open, so that its file's number is no other's; a new
    /// time of it (`touch`) is taken in.
    ///
    /// # Errors
    /// As `lstat(2)`.
    pub fn look(&mut self) -> io::Result<AtPath> {
        match std::fs::symlink_metadata(&self.path) {
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                Ok(AtPath::Nothing)
            }
            Err(error) => Err(error),
            Ok(found) if found.dev() == self.identity.device && found.ino() == self.identity.inode => {
                self.identity = FileIdentity::from(&found);
                Ok(AtPath::Ours)
            }
            Ok(found) if found.file_type().is_socket() || found.is_symlink() => Ok(AtPath::OtherSocket),
            Ok(_) => Ok(AtPath::NoSocket),
        }
    }

    /// Gives the file to this user, if it is still ours. A link or another file that came to its path is left alone.
    ///
    /// # Errors
    /// As `fchownat(2)`.
    pub fn give_to(&self, owner: SocketOwner) -> io::Result<()> {
        let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let place = FilePlace::at(&self.path)?;
        let file = match openat(&place.folder, place.name(), flags, Mode::empty()) {
            Ok(file) => file,
            Err(Errno::ENOENT) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        if FileIdentity::from(&fstat(&file)?) != self.identity {
            return Ok(());
        }
        let (uid, gid) = (Uid::from_raw(owner.uid), owner.gid.map(Gid::from_raw));
        Ok(fchownat(&file, "", Some(uid), gid, AtFlags::AT_EMPTY_PATH)?)
    }

    /// Removes the file if it is still ours. `false`: it is not, or there is none any more.
    ///
    /// # Errors
    /// As `unlink(2)`.
    pub fn remove_if_ours(&self) -> io::Result<bool> {
        // Looked at and removed in one folder, wherever its path leads meanwhile.
        let found = FilePlace::at(&self.path).and_then(|place| Ok((place.status()?, place)));
        match found {
            Ok((found, place)) if FileIdentity::from(&found) == self.identity => place.remove().map(|()| true),
            Ok(_) => Ok(false),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// The file of a socket that has just been bound, whatever becomes of its path.
#[derive(Debug)]
pub(crate) struct BoundFile {
    /// Opened for nothing but to name it (O_PATH).
    file: OwnedFd,
    path: PathBuf,
}

impl BoundFile {
    /// Takes hold of it. Refused for what is no socket, and for one with a second name in a folder that others may
    /// write to: it has been exchanged.
    pub(crate) fn at(path: &Path) -> io::Result<Self> {
        let place = FilePlace::at(path)?;
        let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let file = openat(&place.folder, place.name(), flags, Mode::empty())?;
        let status = fstat(&file)?;
        let is_ours_alone = || Ok::<_, io::Error>(status.st_nlink == 1 || is_trusted_folder(&fstat(&place.folder)?));
        if !is_kind(&status, SFlag::S_IFSOCK) || !is_ours_alone()? {
            let text =
                format!("{} is not the socket that was made there: somebody else has exchanged it", path.display());
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, text));
        }
        Ok(Self { file, path: path.to_owned() })
    }

    /// As `stat(2)` tells it, without the kind of file.
    pub(crate) fn mode(&self) -> io::Result<u32> {
        Ok(fstat(&self.file)?.st_mode & 0o7777)
    }

    /// As `chmod(2)`.
    pub(crate) fn set_mode(&self, mode: u32) -> io::Result<()> {
        if fstat(&self.file)?.st_mode & 0o7777 == mode {
            return Ok(());
        }
        // The one way to a descriptor opened with O_PATH, before Linux 6.6 (open(2)).
        let by_descriptor = format!("/proc/self/fd/{}", self.file.as_raw_fd());
        match std::fs::set_permissions(by_descriptor, std::fs::Permissions::from_mode(mode)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.set_mode_by_path(mode),
            other => other,
        }
    }

    /// Where there is no /proc: by its name, if that is no link and still the file's.
    fn set_mode_by_path(&self, mode: u32) -> io::Result<()> {
        let place = FilePlace::at(&self.path)?;
        let mode = Mode::from_bits_truncate(mode);
        let (ours, named) = (fstat(&self.file)?, fstatat(&place.folder, place.name(), AtFlags::AT_SYMLINK_NOFOLLOW)?);
        if !is_trusted_folder(&fstat(&place.folder)?) || FileIdentity::from(&ours) != FileIdentity::from(&named) {
            let text = "its mode cannot be changed safely without /proc, in a folder that others may write to";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, text));
        }
        Ok(nix::sys::stat::fchmodat(&place.folder, place.name(), mode, nix::sys::stat::FchmodatFlags::FollowSymlink)?)
    }

    /// As `chown(2)`.
    pub(crate) fn give_to(&self, owner: SocketOwner) -> io::Result<()> {
        let (uid, gid) = (Uid::from_raw(owner.uid), owner.gid.map(Gid::from_raw));
        Ok(fchownat(&self.file, "", Some(uid), gid, AtFlags::AT_EMPTY_PATH)?)
    }
}
