//! A log file that rotates by size, survives what is done to it from outside, and never loses a program
//! (contract/processes.md §6.1; quirks.md F39).
//!
//! A regular file is written at once: no byte waits here. Only regular files are renamed, truncated or removed, and
//! only while their name leads to them; a device, a pipe, a terminal and whatever `/dev/stdout` leads to are
//! [`LogStream`]s. A file that cannot be written (full disk) drops what it cannot take, counts it, and says so once at
//! the beginning and once when it can write again.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::OFlag;

use super::limits;
use super::log_stream::{LogStream, Refused};

/// Where and how much to log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFileSettings {
    /// Path, relative to the current directory when it is opened.
    pub path: PathBuf,
    /// When it rotates.
    pub rotation: Rotation,
}

/// When a log rotates. Programs that share a file may each have their own idea of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// Size in bytes at which the file rotates; 0: never.
    pub maxbytes: u64,
    /// Rotated files that are kept; 0: the file is emptied instead.
    pub backups: u32,
}

/// An open log.
#[derive(Debug)]
pub struct LogFile {
    path: PathBuf,
    destination: Destination,
    /// Bytes that could not be written and have not been told yet.
    dropped: u64,
}

#[derive(Debug)]
enum Destination {
    /// May be renamed, truncated and removed.
    Regular(RegularFile),
    /// A device, a pipe, a terminal, a socket, or a name of one of our own descriptors.
    Stream(LogStream),
    /// It could not be opened anew after a rotation.
    Missing {
        /// Not tried before this time of the monotonic clock.
        retry_at: Duration,
    },
}

#[derive(Debug)]
struct RegularFile {
    file: File,
    /// Bytes in it, counted.
    size: u64,
    /// The size at which the rotation is tried, after one that was refused.
    rotate_above: u64,
}

impl LogFile {
    /// Opens for appending; creates the file when it is missing.
    ///
    /// # Errors
    /// As `open(2)`.
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), destination: open(path)?, dropped: 0 })
    }

    /// The path it was opened by.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is a file that can be read back and emptied.
    pub fn is_regular(&self) -> bool {
        match &self.destination {
            Destination::Regular(_) | Destination::Missing { .. } => true,
            Destination::Stream(_) => false,
        }
    }

    /// The stream that it is, if it is one.
    pub(super) fn stream(&mut self) -> Option<&mut LogStream> {
        match &mut self.destination {
            Destination::Stream(stream) => Some(stream),
            Destination::Regular(_) | Destination::Missing { .. } => None,
        }
    }

    /// Whether something waits until a stream can be written.
    pub fn is_blocked(&self) -> bool {
        match &self.destination {
            Destination::Stream(stream) => stream.is_blocked(),
            Destination::Regular(_) | Destination::Missing { .. } => false,
        }
    }

    /// Writes, then rotates when the size has been reached, so that a chunk is never split over two files. What a
    /// stream does not take at once waits, up to `bound` bytes. `now` is the monotonic clock. Gives what the main log
    /// is to say of it, if anything.
    #[must_use = "the main log is to say it"]
    pub fn append(&mut self, bytes: &[u8], rotation: Rotation, bound: usize, now: Duration) -> Option<LogFileNotice> {
        if let Destination::Missing { retry_at } = self.destination {
            if now < retry_at {
                self.dropped += bytes.len() as u64;
                return None;
            }
            match open(&self.path) {
                Ok(destination) => self.destination = destination,
                Err(error) => {
                    self.destination = Destination::Missing { retry_at: now + limits::LOG_OPEN_PAUSE };
                    return self.outcome(Err(Refused { count: bytes.len(), error }));
                }
            }
        }
        let written = match &mut self.destination {
            Destination::Stream(stream) => stream.append(bytes, bound),
            Destination::Regular(file) => file.append(bytes),
            Destination::Missing { .. } => Ok(()),
        };
        let notice = self.outcome(written);
        let rotated = self.rotate_if_full(rotation, now);
        notice.or(rotated)
    }

    /// Writes on to a stream that takes bytes again.
    #[must_use = "the main log is to say it"]
    pub(super) fn flush(&mut self) -> Option<LogFileNotice> {
        let Destination::Stream(stream) = &mut self.destination else { return None };
        match stream.flush() {
            // What is still refused is not over.
            Ok(()) if stream.is_blocked() => None,
            result => self.outcome(result),
        }
    }

    /// Opens the path anew, for one that was renamed or removed from outside (SIGUSR2).
    pub fn reopen(&mut self) {
        if self.is_regular() {
            // Tried again, and reported, with the next write.
            self.destination = open(&self.path).unwrap_or(Destination::Missing { retry_at: Duration::ZERO });
        }
    }

    /// Opens the path anew if it leads elsewhere, for a program that starts beside another one with the same log.
    pub(super) fn follow_path(&mut self) {
        if let Destination::Regular(open) = &self.destination
            && !open.is_at(&self.path)
        {
            self.reopen();
        }
    }

    /// Removes the file and begins a new one; backups are kept.
    ///
    /// # Errors
    /// As `unlink(2)`, but for a file that is already gone; as `open(2)`.
    pub fn clear(&mut self) -> io::Result<()> {
        if self.is_regular() {
            remove_if_present(&self.path)?;
            self.destination = open(&self.path)?;
        }
        Ok(())
    }

    /// What is to be said after an attempt to write.
    fn outcome(&mut self, written: Result<(), Refused>) -> Option<LogFileNotice> {
        let dropped_before = self.dropped;
        match written {
            Err(refused) => {
                self.dropped += refused.count as u64;
                (dropped_before == 0).then_some(LogFileNotice::Drops { error: refused.error })
            }
            Ok(()) if dropped_before > 0 && !self.is_blocked() => {
                self.dropped = 0;
                Some(LogFileNotice::TakesAgain { dropped: dropped_before })
            }
            Ok(()) => None,
        }
    }

    fn rotate_if_full(&mut self, rotation: Rotation, now: Duration) -> Option<LogFileNotice> {
        let Destination::Regular(open_file) = &mut self.destination else { return None };
        if rotation.maxbytes == 0 || open_file.size < rotation.maxbytes.max(open_file.rotate_above) {
            return None;
        }
        let first_refusal = open_file.rotate_above == 0;
        match open_file.put_away(&self.path, rotation.backups) {
            Ok(PutAway::Renamed) => {
                let missing = |_| Destination::Missing { retry_at: now };
                self.destination = open(&self.path).unwrap_or_else(missing);
                None
            }
            Ok(PutAway::Emptied) => None,
            Err(error) => {
                // It only grows, which loses nothing; the next attempt comes with the next `maxbytes`.
                open_file.rotate_above = open_file.size + rotation.maxbytes;
                first_refusal.then_some(LogFileNotice::CannotRotate { error })
            }
        }
    }
}

/// What became of a full file.
enum PutAway {
    /// Its name is free for a new one, or leads to another file.
    Renamed,
    /// It is empty.
    Emptied,
}

impl RegularFile {
    /// Writes all, or as much as the file takes. A full disk or a quota is nothing that trying again at once would mend.
    fn append(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.file.write(rest) {
                Ok(0) => return Err(Refused { count: rest.len(), error: io::ErrorKind::WriteZero.into() }),
                Ok(count) => {
                    self.size += count as u64;
                    rest = &rest[count..];
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Refused { count: rest.len(), error }),
            }
        }
        Ok(())
    }

    /// Whether this path leads to the file.
    fn is_at(&self, path: &Path) -> bool {
        let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
        match (self.file.metadata(), fs::metadata(path)) {
            (Ok(ours), Ok(theirs)) => identity(ours) == identity(theirs),
            (Err(_), _) | (_, Err(_)) => false,
        }
    }

    /// Puts a full file away. One that was renamed or removed from outside is left where it is, and whatever has its
    /// name now is not ours to rename.
    fn put_away(&mut self, path: &Path, backups: u32) -> io::Result<PutAway> {
        if !self.is_at(path) {
            return Ok(PutAway::Renamed);
        }
        if backups == 0 {
            self.file.set_len(0)?;
            (self.size, self.rotate_above) = (0, 0);
            return Ok(PutAway::Emptied);
        }
        for number in (1..backups).rev() {
            // A gap in the numbers is no error.
            fs::rename(numbered(path, number), numbered(path, number + 1)).ok();
        }
        fs::rename(path, numbered(path, 1)).map(|()| PutAway::Renamed)
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
    /// It is full and cannot be renamed, so it grows.
    CannotRotate {
        /// Why.
        error: io::Error,
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
            OpenOptions::new().append(true).create(true).mode(0o666).open(path).map(drop)
        }
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

fn open(path: &Path) -> io::Result<Destination> {
    if let Some(number) = own_descriptor(path) {
        return own_stream(number).map(Destination::Stream);
    }
    let mut options = OpenOptions::new();
    options.append(true).create(true).mode(0o666).custom_flags((OFlag::O_NONBLOCK | OFlag::O_NOCTTY).bits());
    let file = match options.open(path) {
        // A fifo without a reader: opened for reading too it neither refuses nor breaks (fifo(7)).
        Err(error) if error.raw_os_error() == Some(Errno::ENXIO as i32) => {
            options.create(false).read(true).open(path)?
        }
        other => other?,
    };
    let metadata = file.metadata()?;
    Ok(if metadata.is_file() {
        Destination::Regular(RegularFile { file, size: metadata.size(), rotate_above: 0 })
    } else {
        Destination::Stream(LogStream::new(OwnedFd::from(file)))
    })
}

/// Which descriptor of ours a path is a name of. Opening such a path could fail where writing does not (a socket,
/// another user's terminal), and would begin at the start of a file that others append to.
pub(super) fn own_descriptor(path: &Path) -> Option<i32> {
    match path.to_str()? {
        "/dev/stdout" => Some(1),
        "/dev/stderr" => Some(2),
        text => {
            let prefixes = ["/dev/fd/", "/proc/self/fd/"];
            let number = prefixes.iter().find_map(|prefix| text.strip_prefix(prefix))?.parse().ok()?;
            (0..=i32::MAX).contains(&number).then_some(number)
        }
    }
}

/// A stream for one of our own descriptors. Those above 2 are whatever was inherited, and can only be opened by name.
fn own_stream(number: i32) -> io::Result<LogStream> {
    match number {
        1 => LogStream::of_shared(io::stdout().as_fd()),
        2 => LogStream::of_shared(io::stderr().as_fd()),
        other => {
            let path = format!("/proc/self/fd/{other}");
            let file = OpenOptions::new().append(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path)?;
            Ok(LogStream::new(OwnedFd::from(file)))
        }
    }
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

    const NEVER: Rotation = Rotation { maxbytes: 0, backups: 0 };

    /// A folder of its own that is removed at the end.
    struct Folder(PathBuf);

    /// A log with its settings.
    struct Log {
        file: LogFile,
        rotation: Rotation,
    }

    impl Log {
        fn append(&mut self, bytes: &[u8]) -> Option<LogFileNotice> {
            self.append_at(Duration::ZERO, bytes)
        }

        fn append_at(&mut self, now: Duration, bytes: &[u8]) -> Option<LogFileNotice> {
            self.file.append(bytes, self.rotation, 0, now)
        }
    }

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("log-file-{}-{name}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn log(&self, maxbytes: u64, backups: u32) -> Log {
            let file = LogFile::open(&self.0.join("x.log")).unwrap();
            Log { file, rotation: Rotation { maxbytes, backups } }
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
        fs::rename(log.file.path(), folder.0.join("moved")).unwrap();
        assert!(log.append(b"two\n").is_none());
        log.file.reopen();
        assert!(log.append(b"three\n").is_none());
        assert_eq!(folder.text("moved").as_deref(), Some("one\ntwo\n"));
        assert_eq!(folder.text("x.log").as_deref(), Some("three\n"));
    }

    #[test]
    fn a_file_truncated_from_outside_goes_on_at_its_new_end() {
        let folder = Folder::new("truncated");
        let mut log = folder.log(0, 0);
        assert!(log.append(b"before\n").is_none());
        File::create(log.file.path()).unwrap();
        assert!(log.append(b"after\n").is_none());
        assert_eq!(folder.text("x.log").as_deref(), Some("after\n"));
    }

    #[test]
    fn clearing_begins_a_new_file_and_leaves_backups() {
        let folder = Folder::new("cleared");
        let mut log = folder.log(4, 1);
        assert!(log.append(b"old!").is_none());
        assert!(log.append(b"new").is_none());
        log.file.clear().unwrap();
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
        let mut log = LogFile::open(Path::new("/dev/full")).unwrap();
        let rotation = Rotation { maxbytes: 1, backups: 3 };
        assert!(!log.is_regular());
        assert!(matches!(log.append(b"lost", rotation, 0, Duration::ZERO), Some(LogFileNotice::Drops { .. })));
        assert!(log.append(b"lost too", rotation, 0, Duration::ZERO).is_none());
        assert!(fs::metadata("/dev/full").unwrap().file_type().is_char_device());
    }

    #[test]
    fn a_directory_taken_away_and_given_back_loses_only_what_came_between() {
        let folder = Folder::new("directory");
        let inner = folder.0.join("inner");
        fs::create_dir(&inner).unwrap();
        let rotation = Rotation { maxbytes: 4, backups: 1 };
        let mut log = Log { file: LogFile::open(&inner.join("y.log")).unwrap(), rotation };
        fs::remove_dir_all(&inner).unwrap();
        assert!(log.append(b"into the unlinked file").is_none());
        assert!(matches!(log.append(b"lost"), Some(LogFileNotice::Drops { .. })));
        fs::create_dir(&inner).unwrap();
        let soon = limits::LOG_OPEN_PAUSE / 2;
        assert!(log.append_at(soon, b"not tried").is_none(), "an attempt for each chunk would cost too much");
        let later = limits::LOG_OPEN_PAUSE;
        assert!(matches!(log.append_at(later, b"ok"), Some(LogFileNotice::TakesAgain { dropped: 13 })));
        assert_eq!(fs::read_to_string(inner.join("y.log")).unwrap(), "ok");
    }

    #[test]
    fn a_file_that_cannot_be_renamed_grows_and_says_so_once() {
        let folder = Folder::new("grows");
        // A directory in the place of the backup refuses the rename, whoever we are.
        fs::create_dir_all(folder.0.join("x.log.1")).unwrap();
        let mut log = folder.log(4, 1);
        assert!(matches!(log.append(b"1234"), Some(LogFileNotice::CannotRotate { .. })));
        for more in [b"5678", b"9abc"] {
            assert!(log.append(more).is_none());
        }
        assert_eq!(folder.text("x.log").as_deref(), Some("123456789abc"));
        fs::remove_dir(folder.0.join("x.log.1")).unwrap();
        assert!(log.append(b"defg").is_none());
        assert_eq!(folder.text("x.log.1").as_deref(), Some("123456789abcdefg"));
        assert_eq!(folder.text("x.log").as_deref(), Some(""));
    }

    #[test]
    fn a_full_file_that_was_renamed_from_outside_leaves_its_successor_alone() {
        let folder = Folder::new("successor");
        for backups in [0, 2] {
            let mut log = folder.log(8, backups);
            assert!(log.append(b"1234").is_none());
            fs::rename(log.file.path(), folder.0.join("moved")).unwrap();
            fs::write(log.file.path(), "another's\n").unwrap();
            assert!(log.append(b"5678").is_none());
            assert!(log.append(b"9\n").is_none());
            assert_eq!(folder.text("moved").as_deref(), Some("12345678"));
            let all = folder.text("x.log.1").unwrap_or_default() + &folder.text("x.log").unwrap_or_default();
            let expected = if backups == 0 { "" } else { "another's\n9\n" };
            assert_eq!(all, expected, "with {backups} backups");
            fs::remove_file(log.file.path()).unwrap();
        }
    }

    #[test]
    fn a_fifo_is_written_when_it_can_be_and_never_renamed() {
        let folder = Folder::new("fifo");
        let path = folder.0.join("fifo");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let mut log = LogFile::open(&path).unwrap();
        assert!(log.append(b"no reader yet\n", NEVER, 100, Duration::ZERO).is_none());
        let mut appended = b"no reader yet\n".to_vec();
        while !log.is_blocked() {
            let line = format!("{}\n", appended.len()).into_bytes();
            let rotation = Rotation { maxbytes: 10, backups: 2 };
            assert!(log.append(&line, rotation, 100, Duration::ZERO).is_none());
            appended.extend_from_slice(&line);
        }
        let mut reader = OpenOptions::new().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(&path).unwrap();
        let mut text = Vec::new();
        assert_eq!(io::Read::read_to_end(&mut reader, &mut text).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        assert!(log.flush().is_none());
        assert_eq!(io::Read::read_to_end(&mut reader, &mut text).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        assert!(text == appended);
        assert!(fs::metadata(&path).unwrap().file_type().is_fifo());
        assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1);
    }
}
