//! The file that a Unix socket leaves in the file system, and who may remove it.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A socket's file as we have made it. Another daemon that has taken over the path since has made another file, which
/// is not touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketFile {
    path: PathBuf,
    identity: FileIdentity,
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
        fs::symlink_metadata(path).map(|found| Self::from(&found))
    }
}

impl From<&Metadata> for FileIdentity {
    fn from(found: &Metadata) -> Self {
        Self { device: found.dev(), inode: found.ino(), modified: (found.mtime(), found.mtime_nsec()) }
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

    /// Removes the file if it is still ours. `false`: it is not, or there is none any more.
    pub fn remove_if_ours(&self) -> io::Result<bool> {
        match FileIdentity::of(&self.path) {
            Ok(found) if found == self.identity => fs::remove_file(&self.path).map(|()| true),
            Ok(_) => Ok(false),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}
