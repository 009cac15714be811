//! The directory of a program's own with its credentials (programs.md §7.4): readable by its user alone, in memory
//! where the system has a place for that, and gone with the life that it was made for.

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use nix::sys::statfs::{TMPFS_MAGIC, statfs};
use nix::unistd::{AccessFlags, access, geteuid};
use supervisor_sys::{Credentials, random_key};

/// Exists as long as it is kept.
#[derive(Debug)]
pub(super) struct CredentialsFolder(PathBuf);

/// Where such directories are made.
#[derive(Clone, Debug)]
pub struct RuntimeFolder {
    path: PathBuf,
    /// Whether it is a directory that belongs to everybody, in which only the names of ours are secret.
    is_shared: bool,
}

impl RuntimeFolder {
    /// Below `/run` for root, else below `$XDG_RUNTIME_DIR`, else where logs are.
    pub fn new(identifier: &str, xdg_runtime_dir: Option<PathBuf>, childlogdir: &Path) -> Self {
        let of_run = (geteuid().is_root() && access("/run", AccessFlags::W_OK).is_ok()).then(|| "/run".into());
        let parent = of_run.or(xdg_runtime_dir.filter(|path| path.is_absolute()));
        match parent {
            Some(parent) => Self { path: parent.join(format!("supervisor-{}", plain(identifier))), is_shared: false },
            None => Self { path: childlogdir.to_owned(), is_shared: true },
        }
    }

    /// Makes the directory, and one for the credentials of a life in it.
    ///
    /// # Errors
    /// With the path that could not be made.
    pub(super) fn fill(
        &self,
        credentials: &[(Box<str>, Vec<u8>)],
        owner: Option<&Credentials>,
    ) -> Result<CredentialsFolder, (PathBuf, io::Error)> {
        let at = |path: &Path| {
            let path = path.to_owned();
            move |error| (path, error)
        };
        if !self.is_shared {
            self.make_ours().map_err(at(&self.path))?;
        }
        let key = random_key().map_err(at(&self.path))?;
        let [a, b, c, d, ..] = key;
        let path = self.path.join(format!("c.{:08x}", u32::from_be_bytes([a, b, c, d])));
        DirBuilder::new().mode(0o700).create(&path).map_err(at(&path))?;
        let folder = CredentialsFolder(path);
        for (name, bytes) in credentials {
            folder.write(name, bytes, owner).map_err(at(&folder.0.join(&**name)))?;
        }
        let finished = fs::set_permissions(&folder.0, Permissions::from_mode(0o500));
        finished.and_then(|()| give(&folder.0, owner)).map_err(at(&folder.0))?;
        Ok(folder)
    }

    /// Whether what is written here stays in memory.
    pub(super) fn is_in_memory(&self) -> bool {
        // Ours may be yet to be made.
        let place = if self.is_shared { Some(&*self.path) } else { self.path.parent() };
        place.and_then(|place| statfs(place).ok()).is_some_and(|found| found.filesystem_type() == TMPFS_MAGIC)
    }

    /// The directory is there, and nobody but us can change what is in it.
    fn make_ours(&self) -> io::Result<()> {
        match DirBuilder::new().mode(0o711).create(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => return made,
        }
        let found = fs::symlink_metadata(&self.path)?;
        let is_ours = found.is_dir() && found.uid() == geteuid().as_raw() && found.mode() & 0o022 == 0;
        if is_ours { Ok(()) } else { Err(io::Error::from(nix::errno::Errno::EPERM)) }
    }
}

impl CredentialsFolder {
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    fn write(&self, name: &str, bytes: &[u8], owner: Option<&Credentials>) -> io::Result<()> {
        let path = self.0.join(name);
        OpenOptions::new().write(true).create_new(true).mode(0o400).open(&path)?.write_all(bytes)?;
        give(&path, owner)
    }
}

impl Drop for CredentialsFolder {
    fn drop(&mut self) {
        // Where we are not root, we may not take anything out of it before.
        fs::set_permissions(&self.0, Permissions::from_mode(0o700)).ok();
        fs::remove_dir_all(&self.0).ok();
    }
}

fn give(path: &Path, owner: Option<&Credentials>) -> io::Result<()> {
    let Some(owner) = owner.filter(|_| geteuid().is_root()) else { return Ok(()) };
    chown(path, Some(owner.uid), Some(owner.gid))
}

/// A name as a file may have it.
fn plain(identifier: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    identifier.chars().map(|character| if is_plain(character) { character } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_folder::TestFolder;

    #[test]
    fn it_is_readable_by_its_owner_alone_and_goes_when_it_is_let_go() {
        let parent = TestFolder::new();
        let runtime = RuntimeFolder { path: parent.path("supervisor-x"), is_shared: false };
        let folder = runtime.fill(&[("key".into(), b"canary".to_vec())], None).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o7777;
        let file = folder.path().join("key");
        assert_eq!((mode(folder.path()), mode(&file)), (0o500, 0o400));
        assert_eq!(fs::read(&file).unwrap(), b"canary");
        let path = folder.path().to_owned();
        drop(folder);
        assert!(!path.exists());
        fs::set_permissions(&runtime.path, Permissions::from_mode(0o777)).unwrap();
        assert!(runtime.fill(&[], None).is_err(), "others could have put it there");
    }
}
