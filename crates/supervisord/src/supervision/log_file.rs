//! A log file that rotates by size, survives what is done to it from outside, and never loses a program
//! (contract/processes.md §6.1; quirks.md F39).
//!
//! A regular file is written at once: no byte waits here. Only regular files are renamed, truncated or removed, and
//! only while their name leads to them; a device, a pipe, a terminal and whatever `/dev/stdout` leads to are
//! `LogStream`s. A log that is a link is the file that it leads to, if root or we made the link; what others have put
//! in its place is not followed ([`FilePlace`]). A file that cannot be written (full disk) drops what it cannot take,
//! counts it, and says so once at the beginning and once when it can write again.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use nix::fcntl::OFlag;
use nix::sys::stat::SFlag;
use supervisor_sys::FilePlace;

use super::limits;
use super::log_stream::{LogStream, Refused};
use super::regular_file::{PutAway, RegularFile, count_backups};

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

/// A log by its path, and who may read a file that is made for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPath {
    pub(super) path: Arc<Path>,
    pub(super) readers: Readers,
}

/// Who may read a new log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// Whom the umask lets.
    ByUmask,
    /// Its owner (AUTO logs).
    Owner,
}

impl Readers {
    /// The mode of a new file, less the umask.
    pub(super) fn mode(self) -> u32 {
        match self {
            Self::ByUmask => 0o666,
            Self::Owner => 0o600,
        }
    }
}

impl<P: Into<Arc<Path>>> From<P> for LogPath {
    /// A log that the configuration names.
    fn from(path: P) -> Self {
        Self { path: path.into(), readers: Readers::ByUmask }
    }
}

/// An open log.
#[derive(Debug)]
pub struct LogFile {
    path: LogPath,
    destination: Destination,
    /// Bytes that could not be written and have not been told yet.
    dropped: u64,
    /// How many backups there are at least, without a gap from the first on. Nobody wants a rotation that tries a
    /// hundred thousand names because that many backups are allowed.
    backups: u32,
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

impl LogFile {
    /// Opens for appending; creates the file when it is missing.
    ///
    /// # Errors
    /// As `open(2)`.
    pub fn open(path: impl Into<LogPath>) -> io::Result<Self> {
        let path = path.into();
        Ok(Self { destination: open(&path)?, path, dropped: 0, backups: 0 })
    }

    /// One that is to be opened with the first write.
    pub(super) fn missing(path: LogPath) -> Self {
        Self { destination: Destination::Missing { retry_at: Duration::ZERO }, path, dropped: 0, backups: 0 }
    }

    /// The path it was opened by.
    pub fn path(&self) -> &Path {
        &self.path.path
    }

    /// Bytes that it has dropped and that have not been told yet, since it takes none.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Takes over what was dropped before it was opened, to be told together with its own.
    pub(super) fn carry_dropped(&mut self, dropped: u64) {
        self.dropped += dropped;
    }

    /// The path, to be kept.
    pub(super) fn log_path(&self) -> LogPath {
        self.path.clone()
    }

    /// The number of its file system (stat(2)); `None` for what is no file, and while there is none.
    pub(super) fn device(&self) -> Option<u64> {
        match &self.destination {
            Destination::Regular(file) => Some(file.device()),
            Destination::Stream(stream) => stream.device(),
            Destination::Missing { .. } => None,
        }
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
            && !FilePlace::find(&self.path.path).is_ok_and(|place| open.is_at(&place))
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
            self.destination = begin_anew(&self.path)?;
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
        if !open_file.is_full(rotation.maxbytes) {
            return None;
        }
        let put_away = match FilePlace::find(&self.path.path) {
            Ok(place) if open_file.is_at(&place) => {
                let there = count_backups(&place, self.backups, rotation.backups);
                self.backups = there + 1;
                open_file.put_away(&place, rotation.backups, there)
            }
            // It was renamed or removed from outside, and whatever has its name now is not ours to rename.
            Ok(_) | Err(_) => Ok(PutAway::Renamed),
        };
        match put_away {
            Ok(PutAway::Renamed) => {
                let missing = |_| Destination::Missing { retry_at: now };
                self.destination = open(&self.path).unwrap_or_else(missing);
                None
            }
            Ok(PutAway::Emptied) => None,
            Err(error) => {
                let is_first = open_file.grow_on(rotation.maxbytes);
                is_first.then_some(LogFileNotice::CannotRotate { error })
            }
        }
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
    /// Nobody writes to it any more, and it has never taken bytes again.
    NeverTookAgain {
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
pub(super) fn clear_closed(path: &LogPath) -> io::Result<()> {
    let found =
        FilePlace::find(&path.path).and_then(|place| Ok((place.status()?.st_mode & SFlag::S_IFMT.bits(), place)));
    match found {
        Ok((kind, place)) if kind == SFlag::S_IFREG.bits() && !place.is_kernels_link() => begin_anew(path).map(drop),
        Ok((kind, place)) if kind == SFlag::S_IFLNK.bits() => Err(place.not_followed()),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Removes what is there, and makes a new file. What has come there in between is opened like any log.
fn begin_anew(path: &LogPath) -> io::Result<Destination> {
    let place = FilePlace::find(&path.path)?;
    place.remove_if_present()?;
    match place.create_new(path.readers.mode()) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => open(path),
        other => destination(other?),
    }
}

fn open(path: &LogPath) -> io::Result<Destination> {
    match own_descriptor(&path.path) {
        Some(number) => own_stream(number).map(Destination::Stream),
        None => destination(FilePlace::find(&path.path)?.append(path.readers.mode())?),
    }
}

fn destination(file: File) -> io::Result<Destination> {
    let metadata = file.metadata()?;
    Ok(if metadata.is_file() {
        Destination::Regular(RegularFile::new(file, &metadata))
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

#[cfg(test)]
mod tests;
