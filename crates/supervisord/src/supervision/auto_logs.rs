//! AUTO log files: how they are named, made and cleaned away (contract/processes.md §6.1).
//!
//! Several supervisords may have one folder and one identifier. Of the eight characters that Supervisor chooses at
//! random, the first four are one instance's: while it lives it holds a lock on `.supervisor-<these four>.lock` beside
//! its logs, and nobody removes what has them. A lock that nobody holds is one that a killed instance has left.

use std::collections::HashMap;
use std::fs::{self, File, TryLockError};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use supervisor_core::Channel;
use supervisor_sys::{FilePlace, SameFile};

use super::limits;
use super::log_file::Readers;

/// The AUTO logs of this supervisord.
#[derive(Debug)]
pub(super) struct AutoLogs {
    folder: PathBuf,
    identifier: String,
    /// From the first log on.
    instance: Option<Instance>,
}

/// What tells our logs from those of others.
#[derive(Debug)]
struct Instance {
    tag: String,
    /// `None` on a file system without locks: then any other may remove our logs when it starts.
    lock: Option<Lock>,
}

#[derive(Debug)]
struct Lock {
    path: PathBuf,
    file: File,
}

impl AutoLogs {
    pub(super) fn new(folder: PathBuf, identifier: String) -> Self {
        Self { folder, identifier, instance: None }
    }

    /// The folder, for what is said of it.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Creates one: `<process>-<channel>---<identifier>-<8 random characters>.log`, for its owner alone, never over a
    /// file or a link that is there.
    ///
    /// # Errors
    /// As `open(2)`.
    pub(super) fn create(&mut self, process: &str, channel: Channel) -> io::Result<PathBuf> {
        let Self { folder, identifier, instance } = self;
        let tag = &instance.get_or_insert_with(|| Instance::new(folder)).tag;
        let mut last = io::Error::from(io::ErrorKind::AlreadyExists);
        for _ in 0..limits::AUTO_LOG_NAMES {
            let random = random_letters(RANDOM_LETTERS - TAG_LETTERS);
            let path = folder.join(format!("{process}-{}---{identifier}-{tag}{random}.log", channel.name()));
            match FilePlace::find(&path)?.create_new(Readers::Owner.mode()) {
                Ok(_) => return Ok(path),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => last = error,
                Err(error) => return Err(error),
            }
        }
        Err(last)
    }
}

impl Instance {
    fn new(folder: &Path) -> Self {
        for _ in 0..limits::AUTO_LOG_NAMES {
            let tag = random_letters(TAG_LETTERS);
            match Lock::take(folder, &tag) {
                Ok(Some(lock)) => return Self { tag, lock: Some(lock) },
                Ok(None) => {}
                // The logs themselves will fail likewise, and say so; or there are no locks here.
                Err(_) => break,
            }
        }
        Self { tag: random_letters(TAG_LETTERS), lock: None }
    }
}

impl Lock {
    /// `None`: the tag is another's, or somebody has just cleaned it away.
    fn take(folder: &Path, tag: &str) -> io::Result<Option<Self>> {
        let path = folder.join(lock_name(tag));
        // Not kept: a descriptor for the folder would be one that a program could have.
        let place = FilePlace::at(&path)?;
        let file = match place.create_new(Readers::Owner.mode()) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
            other => other?,
        };
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => {
                place.remove_if_present()?;
                return Err(error);
            }
            Ok(()) => {}
        }
        let lock = Self { path, file };
        Ok(lock.place().is_some().then_some(lock))
    }

    /// Where the lock is, while it is there.
    fn place(&self) -> Option<FilePlace> {
        let ours = SameFile::of_open(&self.file).ok()?;
        let place = FilePlace::at(&self.path).ok()?;
        place.same_file().is_ok_and(|there| there == ours).then_some(place)
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        if let Some(place) = self.lock.as_ref().and_then(Lock::place) {
            // One that stays is cleaned away by the next start.
            place.remove().ok();
        }
    }
}

/// Removes the AUTO logs that earlier runs under this identifier left, rotated ones included, but not those of an
/// instance that lives. Gives a warning for each that could not be removed.
pub fn clean(folder: &Path, identifier: &str) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return vec!["Could not clear childlog dir".to_owned()] };
    let mut warnings = Vec::new();
    let mut is_alive = HashMap::new();
    let mut lives = |tag: &str| *is_alive.entry(tag.to_owned()).or_insert_with(|| is_held(folder, tag));
    for entry in entries.filter_map(Result::ok) {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        if let Some(tag) = tag_of_lock(name) {
            // One that nobody holds goes.
            lives(tag);
        }
        let Some(random) = random_part(name, identifier) else { continue };
        let is_anothers = random.get(..TAG_LETTERS).is_some_and(&mut lives);
        if !is_anothers && FilePlace::at(&entry.path()).and_then(|place| place.remove()).is_err() {
            warnings.push(format!("Failed to clean up '{}'", entry.path().display()));
        }
    }
    warnings
}

/// Whether an instance with this tag lives. The lock of one that does not is removed.
fn is_held(folder: &Path, tag: &str) -> bool {
    let opened = FilePlace::at(&folder.join(lock_name(tag))).and_then(|place| Ok((place.read()?, place)));
    let (file, place) = match opened {
        Ok(opened) => opened,
        // Another user's, whose logs are not ours to remove either.
        Err(error) => return error.raw_os_error() == Some(nix::errno::Errno::EACCES as i32),
    };
    let is_ours = file.metadata().is_ok_and(|metadata| metadata.uid() == nix::unistd::geteuid().as_raw());
    match file.try_lock() {
        Ok(()) if is_ours => {
            place.remove().ok();
            false
        }
        // Planted by somebody who would have our logs stay for ever.
        Ok(()) | Err(TryLockError::Error(_)) => false,
        Err(TryLockError::WouldBlock) => is_ours,
    }
}

fn lock_name(tag: &str) -> String {
    format!(".supervisor-{tag}.lock")
}

fn tag_of_lock(name: &str) -> Option<&str> {
    let tag = name.strip_prefix(".supervisor-")?.strip_suffix(".lock")?;
    (tag.len() == TAG_LETTERS && tag.bytes().all(|byte| LETTERS.contains(&byte))).then_some(tag)
}

/// What stands for the random characters and the rest in the name of an AUTO log of this identifier: something, `---`,
/// the identifier, `-`, at least one more character without blanks, `.log`, anything. A `.` of the identifier stands
/// for any character, as upstream. `None`: it is no such name.
fn random_part(name: &str, identifier: &str) -> Option<String> {
    let name: Vec<char> = name.chars().collect();
    let marker: Vec<char> = format!("---{identifier}-").chars().collect();
    let is_marker = |place: &[char]| {
        let mut pairs = marker.iter().enumerate().zip(place);
        pairs.all(|((index, want), got)| want == got || (*want == '.' && index >= 3))
    };
    let mut starts = 1..name.len().saturating_sub(marker.len());
    let start = starts
        .find(|start| is_marker(&name[*start..start + marker.len()]) && has_extension(&name[start + marker.len()..]))?;
    Some(name[start + marker.len()..].iter().collect())
}

/// At least one character without blanks, then `.log`.
fn has_extension(rest: &[char]) -> bool {
    let word = rest.iter().position(|c| c.is_whitespace()).map_or(rest, |end| &rest[..end]);
    (1..word.len()).any(|at| word[at..].starts_with(&['.', 'l', 'o', 'g']))
}

const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789_";

/// In the name of a log.
const RANDOM_LETTERS: usize = 8;

/// Those of them that are the instance's.
const TAG_LETTERS: usize = 4;

/// They need not be secret, only unlikely to be taken.
fn random_letters(count: usize) -> String {
    let mut number = RandomState::new().build_hasher().finish();
    let mut letters = String::with_capacity(count);
    for _ in 0..count {
        let index = usize::try_from(number % LETTERS.len() as u64).unwrap_or(0);
        letters.push(char::from(LETTERS[index]));
        number /= LETTERS.len() as u64;
    }
    letters
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_folder::TestFolder;

    #[test]
    fn names_of_auto_logs_are_known_with_everything_that_rotation_and_people_append() {
        for name in [
            "x-stdout---supervisor-abcd1234.log",
            "x-stdout---supervisor-abcd1234.log.1",
            "x-stderr---supervisor-abcd1234.log.12345",
            "x-stdout---supervisor-a.log.2.gz",
            "x---supervisor-a.logfoo",
        ] {
            assert!(random_part(name, "supervisor").is_some(), "{name}");
        }
        for name in [
            "---supervisor-abcd1234.log",
            "x-stdout---supervisor-.log",
            "x-stdout---other-abcd1234.log",
            "x-stdout---supervisor-ab cd.log",
            "x-stdout--supervisor-abcd.log",
            "x.log",
        ] {
            assert_eq!(random_part(name, "supervisor"), None, "{name}");
        }
        assert_eq!(random_part("x---aXb-1.log", "a.b").as_deref(), Some("1.log"));
    }

    #[test]
    fn a_log_is_made_for_its_owner_alone_and_cleaned_away() {
        use std::os::unix::fs::MetadataExt;
        let folder = TestFolder::new();
        let create = |identifier: &str| {
            AutoLogs::new(folder.root().to_owned(), identifier.to_owned()).create("x", Channel::Stdout).unwrap()
        };
        let path = create("ident");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        let other = create("other");
        assert_eq!(clean(folder.root(), "ident"), Vec::<String>::new());
        assert!(!path.exists());
        assert!(other.exists());
        fs::remove_dir_all(folder.root()).unwrap();
        assert_eq!(clean(folder.root(), "ident"), ["Could not clear childlog dir"]);
    }

    #[test]
    fn logs_of_an_instance_that_lives_stay_and_those_of_one_that_was_killed_go() {
        let folder = TestFolder::new();
        let root = folder.root().to_owned();
        let names = || fs::read_dir(folder.root()).unwrap().count();
        let mut ours = AutoLogs::new(root.clone(), "ident".to_owned());
        let log = ours.create("x", Channel::Stdout).unwrap();
        folder.file(&format!("{}.1", log.file_name().unwrap().to_str().unwrap()), b"");
        let tag = ours.instance.as_ref().unwrap().tag.clone();
        assert_eq!((clean(&root, "ident"), names()), (vec![], 3), "the log, its backup, the lock");
        // Killed: the lock is let go, its file stays.
        drop(ours);
        folder.file(&lock_name(&tag), b"");
        assert_eq!((clean(&root, "ident"), names()), (vec![], 0));
    }
}
