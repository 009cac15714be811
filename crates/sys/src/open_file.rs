//! Opening what lies in folders of others: logs, the pidfile, what clients read.
//!
//! The one way to do so. No link at the last name is followed ([`FilePlace::find`] has followed those that may be), no
//! pipe without a partner and no terminal holds the caller, and what was opened is judged by its descriptor:
//!
//! - a regular file with a second name is refused where others than root and we may write to the folder, unless it
//!   belongs to the folder's owner, who is such another: a user may give root's files a second name in a folder of
//!   theirs (`fs.protected_hardlinks` is off in many containers);
//! - for writing, a file of another user in a folder with the sticky bit is refused, as `fs.protected_regular` does.
//!
//! Pipes, terminals and devices are opened for writing, which is what administrators use them for.
//!
//! What does not hold: with `fs.protected_hardlinks=0`, somebody who removes the second name within the nanoseconds
//! that the kernel takes for one fstatat(2) is not noticed.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, fstatat};

use crate::file_place::{FilePlace, SameFile, is_kind, is_trusted_folder, is_trusted_user, strangers_link};
use crate::limits::OPEN_ATTEMPTS;

/// What a file is opened for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Read,
    Write,
}

impl FilePlace {
    /// Opens for appending, and makes a file with this mode (less the umask) if there is nothing. A FIFO without a
    /// reader is opened for both, so that it neither refuses nor breaks (fifo(7)).
    ///
    /// # Errors
    /// As `open(2)`; `PermissionDenied` with a text for what is refused here.
    pub fn append(&self, mode: u32) -> io::Result<File> {
        let flags = OFlag::O_WRONLY | OFlag::O_APPEND;
        match self.open(flags | OFlag::O_CREAT, mode, Use::Write) {
            Err(error) if error.raw_os_error() == Some(libc::ENXIO) => {
                self.open(OFlag::O_RDWR | OFlag::O_APPEND, mode, Use::Write)
            }
            other => other,
        }
    }

    /// Opens for writing at any place of it what is there.
    ///
    /// # Errors
    /// As [`FilePlace::append`].
    pub fn write(&self) -> io::Result<File> {
        self.open(OFlag::O_WRONLY, 0, Use::Write)
    }

    /// Makes a file with this mode (less the umask), never one that is there.
    ///
    /// # Errors
    /// As `open(2)`.
    pub fn create_new(&self, mode: u32) -> io::Result<File> {
        let flags = OFlag::O_WRONLY | OFlag::O_APPEND | OFlag::O_CREAT | OFlag::O_EXCL;
        self.open(flags, mode, Use::Write)
    }

    /// Opens a regular file for reading.
    ///
    /// # Errors
    /// As [`FilePlace::append`]; `Unsupported` for what is no regular file, which is not opened.
    pub fn read(&self) -> io::Result<File> {
        self.read_one_of(&[SFlag::S_IFREG])
    }

    /// Opens a regular file or a character device for reading.
    ///
    /// # Errors
    /// As [`FilePlace::read`].
    pub fn read_file_or_device(&self) -> io::Result<File> {
        self.read_one_of(&[SFlag::S_IFREG, SFlag::S_IFCHR])
    }

    /// Why the link at the place is not followed.
    pub fn not_followed(&self) -> io::Error {
        let owner = self.status().map(|status| status.st_uid);
        owner.map_or_else(|error| error, strangers_link)
    }

    fn read_one_of(&self, kinds: &[SFlag]) -> io::Result<File> {
        let is_wanted = |status: &FileStat| kinds.iter().any(|kind| is_kind(status, *kind));
        let found = self.status()?;
        if is_kind(&found, SFlag::S_IFLNK) {
            return Err(self.not_followed());
        }
        // Looked at before it is opened: whoever writes to a pipe would take us for its reader.
        if !is_wanted(&found) {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let file = self.open(OFlag::O_RDONLY, 0, Use::Read)?;
        if is_wanted(&fstat(&file)?) { Ok(file) } else { Err(io::ErrorKind::Unsupported.into()) }
    }

    fn open(&self, flags: OFlag, mode: u32, purpose: Use) -> io::Result<File> {
        let flags = flags | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
        let mode = Mode::from_bits_truncate(mode);
        let name = self.name.as_os_str();
        if self.is_kernels_link {
            return Ok(openat(&self.folder, name, flags, mode)?.into());
        }
        for _ in 0..OPEN_ATTEMPTS {
            let opened = match openat(&self.folder, name, flags | OFlag::O_NOFOLLOW, mode) {
                Err(Errno::ELOOP) => return Err(self.not_followed()),
                other => other?,
            };
            if self.judge(&opened, purpose)? {
                return Ok(opened.into());
            }
        }
        Err(Errno::EAGAIN.into())
    }

    /// Whether it may be used; false if it has been exchanged meanwhile.
    fn judge(&self, opened: &OwnedFd, purpose: Use) -> io::Result<bool> {
        let file = fstat(opened)?;
        let is_regular = is_kind(&file, SFlag::S_IFREG);
        if !is_regular && !is_kind(&file, SFlag::S_IFIFO) {
            return Ok(true);
        }
        let folder = fstat(self.folder.as_fd())?;
        if is_trusted_folder(&folder) {
            return Ok(true);
        }
        if purpose == Use::Write && is_strangers_in_sticky(&file, &folder) {
            return Err(refused(format!("it belongs to uid {}, in a folder that everybody may write to", file.st_uid)));
        }
        if !is_regular || (file.st_uid == folder.st_uid && !is_trusted_user(file.st_uid)) {
            return Ok(true);
        }
        // The name and the number of names at one moment; a second one may be removed as soon as the file is open.
        let named = fstatat(&self.folder, self.name.as_os_str(), AtFlags::AT_SYMLINK_NOFOLLOW);
        let Some(named) = named.ok().filter(|named| SameFile::of(named) == SameFile::of(&file)) else {
            return Ok(false);
        };
        if named.st_nlink > 1 {
            return Err(refused("it has a second name (a hard link), in a folder that others may write to".to_owned()));
        }
        Ok(true)
    }
}

/// The rule of `fs.protected_regular` and `fs.protected_fifos` (proc(5)).
fn is_strangers_in_sticky(file: &FileStat, folder: &FileStat) -> bool {
    let is_sticky = folder.st_mode & libc::S_ISVTX != 0 && folder.st_mode & 0o022 != 0;
    is_sticky && file.st_uid != folder.st_uid && !is_trusted_user(file.st_uid)
}

fn refused(text: String) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, text)
}
