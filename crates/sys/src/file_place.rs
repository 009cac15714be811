//! Where a path leads, for a file in a folder that may be another user's: the folder held open, and a name in it.
//!
//! Whoever may write to a folder above a file can put a link, a pipe or another file in its place at any moment. So a
//! path is followed once, and all that is done to the file afterwards is done in the folder that was found, by name,
//! without following anything ([`crate::open_file`] opens it). What holds:
//!
//! - a link at the end of a path is followed if root or we made it; one of another user is not;
//! - a link on the way that another user made is followed to a folder of that same user, and nowhere else: deployments
//!   have such links (`current`), and in that folder its owner could do everything anyway;
//! - a link with a second name (a hard link to it) counts as another user's, unless nobody but root and us may write to
//!   the folder that it lies in;
//! - what is moved to another place, or replaced, after the path was followed has no part in what is done.
//!
//! A folder that was moved, link or not, still is a folder of those who could move it. Links of the kernel's own
//! (`/proc/self/fd/1`) are the kernel's to follow.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag, OpenHow, ResolveFlag, openat, openat2, readlinkat, renameat};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, fstatat};
use nix::sys::statfs::{PROC_SUPER_MAGIC, fstatfs};
use nix::unistd::{UnlinkatFlags, geteuid, unlinkat};

use crate::limits::SYMBOLIC_LINKS;

/// A folder, and a name in it at which there may be anything or nothing.
#[derive(Debug)]
pub struct FilePlace {
    pub(crate) folder: OwnedFd,
    pub(crate) name: OsString,
    /// The name is one of the kernel's links to what is open somewhere, which only the kernel can follow.
    pub(crate) is_kernels_link: bool,
}

/// Which file it is, whatever it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SameFile {
    device: u64,
    inode: u64,
}

impl FilePlace {
    /// Follows a path to its last name, which need not exist.
    ///
    /// # Errors
    /// As path_resolution(7); `PermissionDenied` with a text where a link of another user leads to a folder that is not
    /// that user's; `EISDIR` for a path that can only be a folder.
    pub fn find(path: &Path) -> io::Result<Self> {
        Self::along(path, LastLink::Followed)
    }

    /// As [`FilePlace::find`]; but a link at the end of the path is not followed, whoever made it: it is what is there.
    ///
    /// # Errors
    /// As [`FilePlace::find`].
    pub fn at(path: &Path) -> io::Result<Self> {
        Self::along(path, LastLink::Kept)
    }

    fn along(path: &Path, last_link: LastLink) -> io::Result<Self> {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(io::Error::from(if path.as_os_str().is_empty() { Errno::ENOENT } else { Errno::EISDIR }));
        };
        let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        match folder_without_links(parent) {
            // One call for most paths. An old kernel, or a filter of one, has none for it.
            Err(Errno::ELOOP | Errno::ENOSYS | Errno::EPERM) => Walk::along(path)?.finish(last_link),
            Err(error) => Err(error.into()),
            Ok(folder) => {
                let place = Self { folder, name: name.to_owned(), is_kernels_link: false };
                let is_there = last_link == LastLink::Kept || readlinkat(&place.folder, name).is_err();
                if is_there { Ok(place) } else { Walk::along(path)?.finish(last_link) }
            }
        }
    }

    /// What is at the place; no link is followed but the kernel's own.
    ///
    /// # Errors
    /// As `fstatat(2)`.
    pub fn status(&self) -> io::Result<FileStat> {
        let flags = if self.is_kernels_link { AtFlags::empty() } else { AtFlags::AT_SYMLINK_NOFOLLOW };
        Ok(fstatat(&self.folder, self.name.as_os_str(), flags)?)
    }

    /// Whether the name is one of the kernel's links to what is open somewhere (`/proc/self/fd/1`).
    pub fn is_kernels_link(&self) -> bool {
        self.is_kernels_link
    }

    /// Which file is at the place; a link is a file of its own.
    ///
    /// # Errors
    /// As `fstatat(2)`.
    pub fn same_file(&self) -> io::Result<SameFile> {
        self.status().map(|status| SameFile::of(&status))
    }

    /// The last name of the path, links followed.
    pub fn name(&self) -> &OsStr {
        &self.name
    }

    /// A name beside it, in the same folder.
    ///
    /// # Errors
    /// As `dup(2)`.
    pub fn beside(&self, name: impl Into<OsString>) -> io::Result<Self> {
        Ok(Self { folder: self.folder.try_clone()?, name: name.into(), is_kernels_link: false })
    }

    /// The same place with `.1` or the like behind its name.
    pub fn numbered(&self, number: u32) -> OsString {
        let mut name = self.name.clone();
        name.push(format!(".{number}"));
        name
    }

    /// Which file has this name in the same folder, if any.
    pub fn neighbour(&self, name: &OsStr) -> Option<SameFile> {
        fstatat(&self.folder, name, AtFlags::AT_SYMLINK_NOFOLLOW).ok().as_ref().map(SameFile::of)
    }

    /// Renames within the folder, over what has the new name.
    ///
    /// # Errors
    /// As `renameat(2)`.
    pub fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        Ok(renameat(&self.folder, from, &self.folder, to)?)
    }

    /// Removes what is at the place, a link itself; no folder.
    ///
    /// # Errors
    /// As `unlinkat(2)`.
    pub fn remove(&self) -> io::Result<()> {
        Ok(unlinkat(&self.folder, self.name.as_os_str(), UnlinkatFlags::NoRemoveDir)?)
    }

    /// As [`FilePlace::remove`]; nothing there is no error.
    ///
    /// # Errors
    /// As `unlinkat(2)`.
    pub fn remove_if_present(&self) -> io::Result<()> {
        match self.remove() {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

impl SameFile {
    pub(crate) fn of(status: &FileStat) -> Self {
        Self { device: status.st_dev, inode: status.st_ino }
    }

    /// Of a file that is open.
    ///
    /// # Errors
    /// As `fstat(2)`.
    pub fn of_open(file: impl AsFd) -> io::Result<Self> {
        Ok(Self::of(&fstat(file)?))
    }
}

/// Whether nobody but root and us may change what is in a folder.
pub(crate) fn is_trusted_folder(folder: &FileStat) -> bool {
    is_trusted_user(folder.st_uid) && folder.st_mode & 0o022 == 0
}

/// Whether somebody is root or us.
pub(crate) fn is_trusted_user(uid: u32) -> bool {
    uid == 0 || uid == geteuid().as_raw()
}

pub(crate) fn is_kind(status: &FileStat, kind: SFlag) -> bool {
    status.st_mode & SFlag::S_IFMT.bits() == kind.bits()
}

fn folder_without_links(path: &Path) -> nix::Result<OwnedFd> {
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    openat2(AT_FDCWD, path, OpenHow::new().flags(flags).resolve(ResolveFlag::RESOLVE_NO_SYMLINKS))
}

/// What becomes of a link at the end of a path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LastLink {
    Followed,
    Kept,
}

/// A path that is followed name by name.
struct Walk {
    /// The folder that was reached.
    at: OwnedFd,
    /// The names that are left, the last one first.
    left: Vec<OsString>,
    links: u32,
    /// The other user who made links on the way.
    stranger: Option<u32>,
}

/// What a name in a folder is.
enum Step {
    Folder(OwnedFd),
    /// To be followed. The owner, if that is another user.
    Link {
        target: OsString,
        stranger: Option<u32>,
    },
    /// A link of the kernel's own, with the owner likewise.
    KernelsLink {
        stranger: Option<u32>,
    },
    /// Something else, or nothing.
    Other,
}

/// The owner of a link with a second name: whoever made that name, who is not known.
const SOMEBODY: u32 = u32::MAX;

impl Walk {
    fn along(path: &Path) -> io::Result<Self> {
        let at = open_folder(AT_FDCWD, OsStr::new(if path.has_root() { "/" } else { "." }))?;
        Ok(Self { at, left: names(path.as_os_str()), links: 0, stranger: None })
    }

    fn finish(mut self, last_link: LastLink) -> io::Result<FilePlace> {
        while let Some(name) = self.left.pop() {
            if name == ".." {
                self.at = open_folder(&self.at, &name)?;
                continue;
            }
            let is_last = self.left.is_empty();
            if is_last && last_link == LastLink::Kept {
                return self.end(name, false);
            }
            match (self.look(&name, is_last)?, is_last) {
                (Step::Link { stranger: Some(_), .. } | Step::Other | Step::Folder(_), true) => {
                    return self.end(name, false);
                }
                (Step::KernelsLink { stranger }, true) => return self.end(name, stranger.is_none()),
                (Step::Link { target, stranger }, _) => self.follow(&target, stranger)?,
                (Step::KernelsLink { stranger }, false) => {
                    self.meet(stranger)?;
                    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
                    self.at = openat(&self.at, name.as_os_str(), flags, Mode::empty())?;
                }
                (Step::Folder(folder), false) => self.at = folder,
                (Step::Other, false) => return Err(Errno::ENOTDIR.into()),
            }
        }
        Err(Errno::EISDIR.into())
    }

    fn look(&self, name: &OsStr, is_last: bool) -> io::Result<Step> {
        let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let found = match openat(&self.at, name, flags, Mode::empty()) {
            Err(Errno::ENOENT) if is_last => return Ok(Step::Other),
            other => other?,
        };
        let status = fstat(&found)?;
        if is_kind(&status, SFlag::S_IFDIR) {
            return Ok(Step::Folder(found));
        }
        if !is_kind(&status, SFlag::S_IFLNK) {
            return Ok(Step::Other);
        }
        let target = readlinkat(&found, "")?;
        let is_procs = fstatfs(&found)?.filesystem_type() == PROC_SUPER_MAGIC;
        if is_procs {
            let stranger = (!is_trusted_user(status.st_uid)).then_some(status.st_uid);
            return Ok(Step::KernelsLink { stranger });
        }
        Ok(Step::Link { target, stranger: self.stranger_of(&status)? })
    }

    fn stranger_of(&self, link: &FileStat) -> io::Result<Option<u32>> {
        if !is_trusted_user(link.st_uid) {
            return Ok(Some(link.st_uid));
        }
        let is_only_name = link.st_nlink <= 1 || is_trusted_folder(&fstat(&self.at)?);
        Ok((!is_only_name).then_some(SOMEBODY))
    }

    fn follow(&mut self, target: &OsStr, stranger: Option<u32>) -> io::Result<()> {
        self.meet(stranger)?;
        self.links += 1;
        if self.links > SYMBOLIC_LINKS {
            return Err(Errno::ELOOP.into());
        }
        if target.as_bytes().starts_with(b"/") {
            self.at = open_folder(AT_FDCWD, OsStr::new("/"))?;
        }
        self.left.extend(names(target));
        Ok(())
    }

    fn meet(&mut self, stranger: Option<u32>) -> io::Result<()> {
        match (self.stranger, stranger) {
            (_, None) => {}
            (None, Some(uid)) => self.stranger = Some(uid),
            (Some(known), Some(uid)) if known == uid => {}
            (Some(_), Some(uid)) => return Err(strangers_link(uid)),
        }
        Ok(())
    }

    fn end(self, name: OsString, is_kernels_link: bool) -> io::Result<FilePlace> {
        if let Some(uid) = self.stranger
            && fstat(&self.at)?.st_uid != uid
        {
            return Err(strangers_link(uid));
        }
        Ok(FilePlace { folder: self.at, name, is_kernels_link })
    }
}

fn open_folder(at: impl AsFd, name: &OsStr) -> io::Result<OwnedFd> {
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    Ok(openat(at, name, flags, Mode::empty())?)
}

/// The names of a path, the last one first.
fn names(path: &OsStr) -> Vec<OsString> {
    let names = Path::new(path).components().rev().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some(OsString::from("..")),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    });
    names.collect()
}

/// What is said of a link that is not followed, with its remedy.
pub(crate) fn strangers_link(uid: u32) -> io::Error {
    let who = if uid == SOMEBODY { "somebody else".to_owned() } else { format!("the user with uid {uid}") };
    let text =
        format!("its path has a link of {who} that is not followed; name the real path, or let root make the link");
    io::Error::new(io::ErrorKind::PermissionDenied, text)
}
