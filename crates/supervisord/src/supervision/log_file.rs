//! A log file that rotates by size, survives what is done to it from outside, and never loses a program
//! (contract/processes.md §6.1; quirks.md F39).
//!
//! Writes at once: no byte waits here. Only regular files are renamed, truncated or removed; a device, a pipe, a
//! terminal and whatever `/dev/stdout` leads to are only written to, through our own descriptor. A file that
//! cannot be written (full disk) drops what it cannot take, counts it, and says so once it can write again.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::OFlag;

use crate::inbox::Follower;

/// Where and how much to log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFileSettings {
    /// Path, relative to the current directory when it is opened.
    pub path: PathBuf,
    /// Size in bytes at which the file rotates; 0: never.
    pub maxbytes: u64,
    /// Rotated files that are kept; 0: the file is emptied instead.
    pub backups: u32,
}

/// An open log.
#[derive(Debug)]
pub struct LogFile {
    settings: LogFileSettings,
    /// `None` when it could not be opened anew after a rotation; tried again with each write.
    file: Option<File>,
    kind: Kind,
    /// Bytes in the file, counted; only of a regular one.
    size: u64,
    /// Bytes that could not be written and have not been told yet.
    dropped: u64,
    followers: Vec<Follower>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// May be renamed, truncated and removed.
    Regular,
    /// A device, a pipe, a terminal, a socket, or a name of one of our own descriptors.
    Stream,
}

impl LogFile {
    /// Opens for appending; creates the file when it is missing.
    ///
    /// # Errors
    /// As `open(2)`.
    pub fn open(settings: LogFileSettings) -> io::Result<Self> {
        let Opened { file, kind, size } = open(&settings.path)?;
        Ok(Self { settings, file: Some(file), kind, size, dropped: 0, followers: Vec::new() })
    }

    /// The path it was opened by.
    pub fn path(&self) -> &Path {
        &self.settings.path
    }

    /// Whether it is a file that can be read back and emptied.
    pub fn is_regular(&self) -> bool {
        self.kind == Kind::Regular
    }

    /// Writes, then rotates when the size has been reached, so that a chunk is never split over two files. Gives what
    /// the main log is to say of it, if anything.
    #[must_use = "the main log is to say it"]
    pub fn append(&mut self, bytes: &[u8]) -> Option<LogFileNotice> {
        let (written, error) = self.write(bytes);
        self.size += written as u64;
        let dropped_before = self.dropped;
        self.dropped += (bytes.len() - written) as u64;
        if self.kind == Kind::Regular && self.settings.maxbytes > 0 && self.size >= self.settings.maxbytes {
            self.rotate();
        }
        self.notify();
        match error {
            Some(error) => (dropped_before == 0).then_some(LogFileNotice::Drops { error }),
            None if dropped_before > 0 => {
                self.dropped = 0;
                Some(LogFileNotice::TakesAgain { dropped: dropped_before })
            }
            None => None,
        }
    }

    /// Opens the path anew, for one that was renamed or removed from outside (SIGUSR2).
    pub fn reopen(&mut self) {
        if self.kind == Kind::Regular {
            // Tried again, and reported, with the next write.
            self.open_again().ok();
            self.notify();
        }
    }

    /// Removes the file and begins a new one; backups are kept.
    ///
    /// # Errors
    /// As `unlink(2)`, but for a file that is already gone; as `open(2)`.
    pub fn clear(&mut self) -> io::Result<()> {
        if self.kind == Kind::Regular {
            remove_if_present(&self.settings.path)?;
            let opened = open(&self.settings.path)?;
            (self.file, self.kind, self.size) = (Some(opened.file), opened.kind, opened.size);
            self.notify();
        }
        Ok(())
    }

    /// Tells a client of each change from now on.
    pub fn follow(&mut self, follower: Follower) {
        self.followers.push(follower);
    }

    /// The clients that follow it, for the log that takes its place.
    pub fn into_followers(self) -> Vec<Follower> {
        self.followers
    }

    fn notify(&mut self) {
        if !self.followers.is_empty() {
            self.followers.retain(Follower::notify);
        }
    }

    /// Writes as much as the file takes; gives how much that was, and what stopped it. A full disk, a quota or a
    /// closed terminal is nothing that trying again at once would mend.
    fn write(&mut self, bytes: &[u8]) -> (usize, Option<io::Error>) {
        if self.file.is_none()
            && let Err(error) = self.open_again()
        {
            return (0, Some(error));
        }
        let Some(file) = &mut self.file else { return (0, None) };
        let mut written = 0;
        while written < bytes.len() {
            match file.write(&bytes[written..]) {
                Ok(0) => return (written, Some(io::Error::from(io::ErrorKind::WriteZero))),
                Ok(count) => written += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return (written, Some(error)),
            }
        }
        (written, None)
    }

    fn rotate(&mut self) {
        self.file = None;
        let path = &self.settings.path;
        if self.settings.backups > 0 {
            for number in (1..self.settings.backups).rev() {
                // A gap in the numbers is no error, and neither is a directory that was taken away.
                fs::rename(numbered(path, number), numbered(path, number + 1)).ok();
            }
            fs::rename(path, numbered(path, 1)).ok();
        }
        self.file = truncate(path).ok();
        self.size = 0;
    }

    fn open_again(&mut self) -> io::Result<()> {
        self.file = None;
        let opened = open(&self.settings.path)?;
        (self.file, self.kind, self.size) = (Some(opened.file), opened.kind, opened.size);
        Ok(())
    }
}

/// What the main log is to say of a log file; once at the beginning and once at the end of each trouble.
#[derive(Debug)]
pub enum LogFileNotice {
    /// From now on bytes are dropped.
    Drops {
        /// Why.
        error: io::Error,
    },
    /// The file takes bytes again.
    TakesAgain {
        /// How many bytes it did not take.
        dropped: u64,
    },
}

/// Empties the log of a process that does not run: removes the file and makes a new, empty one.
///
/// # Errors
/// As `unlink(2)`, but for a file that is already gone; as `open(2)`.
pub fn clear_closed(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_file() => {
            remove_if_present(path)?;
            truncate(path).map(drop)
        }
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// What was opened.
struct Opened {
    file: File,
    kind: Kind,
    /// Bytes in it; 0 for a stream.
    size: u64,
}

fn open(path: &Path) -> io::Result<Opened> {
    if let Some(fd) = own_descriptor(path) {
        return Ok(Opened { file: File::from(fd?), kind: Kind::Stream, size: 0 });
    }
    let mut options = OpenOptions::new();
    options.append(true).create(true).mode(0o666).custom_flags(OFlag::O_NONBLOCK.bits());
    let file = match options.open(path) {
        // A fifo without a reader: opened for reading too it neither refuses nor breaks (fifo(7)).
        Err(error) if error.raw_os_error() == Some(Errno::ENXIO as i32) => {
            options.create(false).read(true).open(path)?
        }
        other => other?,
    };
    let metadata = file.metadata()?;
    let (kind, size) = if metadata.is_file() { (Kind::Regular, metadata.size()) } else { (Kind::Stream, 0) };
    Ok(Opened { file, kind, size })
}

/// A copy of the descriptor of ours that a path is a name of. Opening such a path could fail where writing does not (a
/// socket, another user's terminal), and would begin at the start of a file that others append to.
fn own_descriptor(path: &Path) -> Option<io::Result<OwnedFd>> {
    let number = match path.to_str()? {
        "/dev/stdout" => 1,
        "/dev/stderr" => 2,
        text => {
            let prefixes = ["/dev/fd/", "/proc/self/fd/"];
            prefixes.iter().find_map(|prefix| text.strip_prefix(prefix))?.parse::<i32>().ok()?
        }
    };
    match number {
        1 => Some(io::stdout().as_fd().try_clone_to_owned()),
        2 => Some(io::stderr().as_fd().try_clone_to_owned()),
        _ => None,
    }
}

fn truncate(path: &Path) -> io::Result<File> {
    // Append mode and truncation exclude each other in `OpenOptions`; O_APPEND is what copytruncate relies on.
    let file = OpenOptions::new().append(true).create(true).mode(0o666).open(path)?;
    file.set_len(0)?;
    Ok(file)
}

fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}"));
    PathBuf::from(name)
}

fn remove_if_present(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileTypeExt;

    use super::*;

    /// A folder of its own that is removed at the end.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("log-file-{}-{name}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn log(&self, maxbytes: u64, backups: u32) -> LogFile {
            LogFile::open(LogFileSettings { path: self.0.join("x.log"), maxbytes, backups }).unwrap()
        }

        fn text(&self, name: &str) -> Option<String> {
            fs::read_to_string(self.0.join(name)).ok()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).ok();
        }
    }

    #[test]
    fn a_file_rotates_once_it_has_reached_its_size_and_keeps_so_many_backups() {
        let folder = Folder::new("rotate");
        let mut log = folder.log(100, 2);
        for letter in ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"] {
            assert!(log.append(letter.repeat(40).as_bytes()).is_none());
        }
        assert_eq!(folder.text("x.log"), Some("j".repeat(40)));
        assert_eq!(folder.text("x.log.1"), Some(["g", "h", "i"].map(|x| x.repeat(40)).concat()));
        assert_eq!(folder.text("x.log.2"), Some(["d", "e", "f"].map(|x| x.repeat(40)).concat()));
        assert_eq!(folder.text("x.log.3"), None);
    }

    #[test]
    fn without_backups_a_file_is_emptied() {
        let folder = Folder::new("no-backups");
        let mut log = folder.log(10, 0);
        assert!(log.append(b"0123456789").is_none());
        assert!(log.append(b"x").is_none());
        assert_eq!(folder.text("x.log").as_deref(), Some("x"));
        assert_eq!(folder.text("x.log.1"), None);
    }

    #[test]
    fn a_file_counts_what_was_in_it_and_never_rotates_with_a_size_of_zero() {
        let folder = Folder::new("reopened");
        assert!(folder.log(0, 1).append(&[b'x'; 500]).is_none());
        assert_eq!(folder.text("x.log").map(|text| text.len()), Some(500));
        assert!(folder.log(501, 1).append(b"y").is_none());
        assert_eq!(folder.text("x.log.1").map(|text| text.len()), Some(501));
    }

    #[test]
    fn a_file_renamed_from_outside_is_written_to_until_it_is_reopened() {
        let folder = Folder::new("renamed");
        let mut log = folder.log(0, 0);
        assert!(log.append(b"one\n").is_none());
        fs::rename(log.path(), folder.0.join("moved")).unwrap();
        assert!(log.append(b"two\n").is_none());
        log.reopen();
        assert!(log.append(b"three\n").is_none());
        assert_eq!(folder.text("moved").as_deref(), Some("one\ntwo\n"));
        assert_eq!(folder.text("x.log").as_deref(), Some("three\n"));
    }

    #[test]
    fn a_file_truncated_from_outside_goes_on_at_its_new_end() {
        let folder = Folder::new("truncated");
        let mut log = folder.log(0, 0);
        assert!(log.append(b"before\n").is_none());
        File::create(log.path()).unwrap();
        assert!(log.append(b"after\n").is_none());
        assert_eq!(folder.text("x.log").as_deref(), Some("after\n"));
    }

    #[test]
    fn clearing_begins_a_new_file_and_leaves_backups() {
        let folder = Folder::new("cleared");
        let mut log = folder.log(4, 1);
        assert!(log.append(b"old!").is_none());
        assert!(log.append(b"new").is_none());
        log.clear().unwrap();
        assert!(log.append(b"er").is_none());
        assert_eq!(folder.text("x.log").as_deref(), Some("er"));
        assert_eq!(folder.text("x.log.1").as_deref(), Some("old!"));
        clear_closed(&folder.0.join("x.log")).unwrap();
        assert_eq!(folder.text("x.log").as_deref(), Some(""));
        clear_closed(&folder.0.join("never-there")).unwrap();
        assert_eq!(folder.text("never-there"), None);
    }

    #[test]
    fn what_a_full_disk_refuses_is_told_once() {
        let mut log = LogFile::open(LogFileSettings { path: "/dev/full".into(), maxbytes: 1, backups: 3 }).unwrap();
        assert!(!log.is_regular());
        assert!(matches!(log.append(b"lost"), Some(LogFileNotice::Drops { .. })));
        assert!(log.append(b"lost too").is_none());
        assert!(fs::metadata("/dev/full").unwrap().file_type().is_char_device());
    }

    #[test]
    fn a_directory_taken_away_and_given_back_loses_only_what_came_between() {
        let folder = Folder::new("directory");
        let inner = folder.0.join("inner");
        fs::create_dir(&inner).unwrap();
        let settings = LogFileSettings { path: inner.join("y.log"), maxbytes: 4, backups: 1 };
        let mut log = LogFile::open(settings).unwrap();
        fs::remove_dir_all(&inner).unwrap();
        assert!(log.append(b"into the unlinked file").is_none());
        assert!(matches!(log.append(b"lost"), Some(LogFileNotice::Drops { .. })));
        fs::create_dir(&inner).unwrap();
        assert!(matches!(log.append(b"ok"), Some(LogFileNotice::TakesAgain { dropped: 4 })));
        assert_eq!(fs::read_to_string(inner.join("y.log")).unwrap(), "ok");
    }
}
