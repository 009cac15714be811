//! The folder of a journal: its name, whose it is, and the files in it.
//!
//! What is in the files is [`super::segment`]'s. Invariants: no link is followed, and no file used that another user
//! might have put here; of several supervisords one has the folder.

use std::fmt::Write;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;
use nix::unistd::{UnlinkatFlags, unlinkat};

use super::text_of;

/// One that is open, and ours.
#[derive(Debug)]
pub(super) struct JournalFolder {
    path: PathBuf,
    /// Locked. Files are reached through it, so that they lie in no other folder.
    file: File,
}

impl JournalFolder {
    /// Makes the folder if need be, sees that it is ours alone, and locks it.
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        match DirBuilder::new().mode(0o700).create(path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(text_of(&error)),
            Ok(()) | Err(_) => {}
        }
        Ok(Self { file: lock(path)?, path: path.to_owned() })
    }

    /// The numbers of its files, ascending.
    pub(super) fn numbers(&self) -> io::Result<Vec<u64>> {
        numbers_in(&self.path)
    }

    /// Opens a file, or makes it.
    pub(super) fn open_file(&self, number: u64, flags: OFlag) -> io::Result<File> {
        let flags = flags | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK;
        let file = openat(&self.file, file_name(number).as_str(), flags, Mode::S_IRUSR | Mode::S_IWUSR)?;
        Ok(File::from(file))
    }

    pub(super) fn remove_file(&self, number: u64) {
        // What cannot be removed comes again after a restart, with events that are done.
        unlinkat(&self.file, file_name(number).as_str(), UnlinkatFlags::NoRemoveDir).ok();
    }

    /// For what is said of a file.
    pub(super) fn file_path(&self, number: u64) -> PathBuf {
        self.path.join(file_name(number))
    }

    /// Removes it when all its files are. Something else that somebody has put there stays, and the folder with it.
    pub(super) fn remove(&self) {
        fs::remove_dir(&self.path).ok();
    }
}

/// The folder of the journal of a pool.
pub(crate) fn folder_of(childlogdir: &Path, pool: &str, identifier: &str) -> PathBuf {
    childlogdir.join(format!("{}{}", escaped(pool), ending(identifier)))
}

/// Whether events wait in this folder, and nobody has it open.
pub(crate) fn is_forsaken(path: &Path) -> bool {
    let holds_events = || {
        let numbers = numbers_in(path).unwrap_or_default();
        let mut files = numbers.into_iter().map(|number| fs::symlink_metadata(path.join(file_name(number))));
        files.any(|file| file.is_ok_and(|file| file.is_file() && file.len() > 0))
    };
    lock(path).is_ok_and(|_folder| holds_events())
}

/// What the names of the folders of all journals of this identifier end with.
pub(crate) fn ending(identifier: &str) -> String {
    format!("-{}.spill", escaped(identifier))
}

/// A name as part of a file name: no separator, no hyphen, which AUTO logs are told by, and not too long.
fn escaped(name: &str) -> String {
    const LONGEST: usize = 100;
    let mut escaped = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'_' {
            escaped.push(char::from(byte));
        } else {
            write!(escaped, "%{byte:02X}").expect("a string takes everything");
        }
    }
    if escaped.len() > LONGEST {
        // FNV-1a tells names apart that begin alike.
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        escaped.truncate(LONGEST - 17);
        write!(escaped, "+{hash:016x}").expect("a string takes everything");
    }
    escaped
}

fn lock(path: &Path) -> Result<File, String> {
    let flags = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW;
    let folder =
        OpenOptions::new().read(true).custom_flags(flags.bits()).open(path).map_err(|error| text_of(&error))?;
    let metadata = folder.metadata().map_err(|error| text_of(&error))?;
    if metadata.uid() != nix::unistd::geteuid().as_raw() || metadata.mode() & 0o077 != 0 {
        return Err("it is not a folder that belongs to this user alone".to_owned());
    }
    match folder.try_lock() {
        Ok(()) => Ok(folder),
        Err(TryLockError::WouldBlock) => Err("another supervisord uses it".to_owned()),
        Err(TryLockError::Error(error)) => Err(text_of(&error)),
    }
}

/// The numbers of the files in a folder, ascending.
fn numbers_in(path: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(path)? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(".events")).and_then(|name| name.parse().ok());
        numbers.extend(number.filter(|number| *name == *file_name(*number)));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

pub(super) fn file_name(number: u64) -> String {
    format!("{number:020}.events")
}
