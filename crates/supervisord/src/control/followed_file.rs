//! A log file that is read as it grows, across rotation, clearing and truncation (contract/rpc.md §7).
//!
//! A file that was renamed or removed is read to its end before its successor is begun, so that nothing is lost
//! (contract/quirks.md F11). Everything here may block: it runs on the threads for file access. Nothing but regular
//! files is opened, and no link of another user followed, since a log may lie in a program's own folder.

use std::fs::File;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::PathBuf;
use std::time::SystemTime;

use supervisor_sys::{FilePlace, SameFile};

use super::limits;

/// What a look at the file has brought.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Bytes that follow those before; never empty.
    Bytes(Vec<u8>),
    /// The file is shorter than what was read of it; it goes on from its start.
    Truncated,
    /// Nothing new.
    Quiet,
}

/// A file that is being followed.
pub(super) struct FollowedFile {
    path: PathBuf,
    file: File,
    identity: SameFile,
    position: u64,
    generation: u32,
    /// The file before this one has no name any more.
    was_removed: bool,
    /// How much is read at a time.
    piece_bytes: u64,
}

/// Of the file that is being read just now.
impl AsRawFd for FollowedFile {
    fn as_raw_fd(&self) -> RawFd {
        self.file.as_raw_fd()
    }
}

impl FollowedFile {
    /// Opens a log to be followed from `limits::STREAM_HEAD_BYTES` before its end, and tells when it was last
    /// changed. Only regular files can be followed.
    pub(super) fn open(path: PathBuf) -> io::Result<(Self, SystemTime)> {
        let file = FilePlace::find(&path)?.read()?;
        let metadata = file.metadata()?;
        let position = metadata.len().saturating_sub(limits::STREAM_HEAD_BYTES);
        let modified = metadata.modified()?;
        Ok((Self::of(path, file, position, limits::STREAM_PIECE_BYTES)?, modified))
    }

    /// The same from a byte, or from so many before the end where that is below zero; never behind the end. So much is
    /// read at a time.
    pub(super) fn open_at(path: PathBuf, from: i64, piece_bytes: u64) -> io::Result<Self> {
        let file = FilePlace::find(&path)?.read()?;
        let size = file.metadata()?.len();
        let position = match u64::try_from(from) {
            Ok(offset) => offset.min(size),
            Err(_) => size.saturating_sub(from.unsigned_abs()),
        };
        Self::of(path, file, position, piece_bytes)
    }

    fn of(path: PathBuf, file: File, position: u64, piece_bytes: u64) -> io::Result<Self> {
        let (identity, generation) = (SameFile::of_open(&file)?, generation(&file)?);
        Ok(Self { path, file, identity, position, generation, was_removed: false, piece_bytes })
    }

    /// The next byte that is read.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Reads on from there.
    pub(super) fn go_to(&mut self, position: u64) {
        self.position = position;
    }

    /// How long the file is now.
    pub(super) fn size(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// Tells the file from others that have had its name, for all who ask.
    pub(super) fn generation(&self) -> u32 {
        self.generation
    }

    /// Whether the file that was read before this one was removed, not renamed.
    pub(super) fn was_removed(&self) -> bool {
        self.was_removed
    }

    /// Reads on.
    pub(super) fn step(&mut self) -> io::Result<Step> {
        if self.file.metadata()?.len() < self.position {
            self.position = 0;
            return Ok(Step::Truncated);
        }
        let bytes = self.read_on()?;
        if !bytes.is_empty() {
            return Ok(Step::Bytes(bytes));
        }
        let Ok(place) = FilePlace::find(&self.path) else { return Ok(Step::Quiet) };
        if place.same_file().map_or(true, |current| current == self.identity) {
            return Ok(Step::Quiet);
        }
        // It was replaced. What its writer wrote before that may have come after our last reading.
        let rest = self.read_on()?;
        if !rest.is_empty() {
            return Ok(Step::Bytes(rest));
        }
        let Ok(file) = self.open_successor(&place) else { return Ok(Step::Quiet) };
        self.was_removed = self.file.metadata()?.nlink() == 0;
        (self.identity, self.generation) = (SameFile::of_open(&file)?, generation(&file)?);
        self.file = file;
        self.position = 0;
        let bytes = self.read_on()?;
        Ok(if bytes.is_empty() { Step::Quiet } else { Step::Bytes(bytes) })
    }

    fn read_on(&mut self) -> io::Result<Vec<u8>> {
        let size = self.file.metadata()?.len();
        let wanted = size.saturating_sub(self.position).min(self.piece_bytes);
        let mut bytes = vec![0; usize::try_from(wanted).unwrap_or(0)];
        let count = if bytes.is_empty() { 0 } else { self.file.read_at(&mut bytes, self.position)? };
        bytes.truncate(count);
        self.position += count as u64;
        Ok(bytes)
    }

    /// The file that was begun after this one: the next newer of the rotated ones if there were several rotations,
    /// else the one that now has the log's name.
    fn open_successor(&self, place: &FilePlace) -> io::Result<File> {
        let is_ours = |number: u32| place.neighbour(&place.numbered(number)) == Some(self.identity);
        let found = (1..=limits::ROTATED_FILES).find(|number| is_ours(*number));
        if let Some(number) = found.filter(|number| *number > 1)
            && let Ok(newer) = place.beside(place.numbered(number - 1)).and_then(|newer| newer.read())
            // Unless it was renamed meanwhile, the one before it is the right one.
            && is_ours(number)
        {
            return Ok(newer);
        }
        place.read()
    }
}

/// A number that two files hardly ever share, even where one has the inode of the other.
fn generation(file: &File) -> io::Result<u32> {
    let metadata = file.metadata()?;
    let mut hasher = DefaultHasher::new();
    (metadata.dev(), metadata.ino(), metadata.created().ok()).hash(&mut hasher);
    let [.., a, b, c, d] = hasher.finish().to_be_bytes();
    Ok(u32::from_be_bytes([a, b, c, d]))
}

#[cfg(test)]
mod tests {
    use std::fs::{self, OpenOptions};
    use std::io::Write as _;
    use std::path::Path;

    use super::*;
    use crate::test_folder::TestFolder;

    fn append(path: &Path, text: &str) {
        OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
    }

    fn bytes(text: &str) -> Step {
        Step::Bytes(text.as_bytes().to_vec())
    }

    fn follow(path: &Path) -> FollowedFile {
        FollowedFile::open(path.to_owned()).unwrap().0
    }

    #[test]
    fn it_begins_shortly_before_the_end() {
        let folder = TestFolder::new();
        let long = "x".repeat(3000) + "end";
        let path = folder.file("log", long.as_bytes());
        let Ok(Step::Bytes(head)) = follow(&path).step() else { panic!("there is something to read") };
        assert_eq!(head.len(), 1024);
        assert!(head.ends_with(b"xend"));
        let short = folder.file("short", b"abc");
        assert_eq!(follow(&short).step().unwrap(), bytes("abc"));
        let empty = folder.file("empty", b"");
        assert_eq!(follow(&empty).step().unwrap(), Step::Quiet);
    }

    #[test]
    fn what_is_appended_comes_next() {
        let folder = TestFolder::new();
        let path = folder.file("log", b"one\n");
        let mut file = follow(&path);
        assert_eq!(file.step().unwrap(), bytes("one\n"));
        assert_eq!(file.step().unwrap(), Step::Quiet);
        append(&path, "two\n");
        assert_eq!(file.step().unwrap(), bytes("two\n"));
        assert_eq!(file.step().unwrap(), Step::Quiet);
    }

    #[test]
    fn a_lot_comes_in_pieces() {
        let folder = TestFolder::new();
        let path = folder.file("log", b"");
        let mut file = follow(&path);
        append(&path, &"y".repeat(100_000));
        let mut sizes = vec![];
        while let Step::Bytes(piece) = file.step().unwrap() {
            sizes.push(piece.len());
        }
        assert_eq!(sizes, [65_536, 34_464]);
    }

    #[test]
    fn a_rotated_file_is_read_to_its_end_before_the_new_one() {
        let folder = TestFolder::new();
        let path = folder.file("log", b"a");
        let mut file = follow(&path);
        assert_eq!(file.step().unwrap(), bytes("a"));
        append(&path, "last words");
        fs::rename(&path, folder.path("log.1")).unwrap();
        append(&path, "new");
        assert_eq!(file.step().unwrap(), bytes("last words"));
        assert_eq!(file.step().unwrap(), bytes("new"));
        assert_eq!(file.step().unwrap(), Step::Quiet);
    }

    #[test]
    fn several_rotations_between_two_looks_lose_nothing() {
        let folder = TestFolder::new();
        let path = folder.file("log", b"1");
        let mut file = follow(&path);
        assert_eq!(file.step().unwrap(), bytes("1"));
        for text in ["2", "3", "4", "5"] {
            for number in [3, 2, 1] {
                if folder.path(format!("log.{number}")).exists() {
                    fs::rename(folder.path(format!("log.{number}")), folder.path(format!("log.{}", number + 1)))
                        .unwrap();
                }
            }
            fs::rename(&path, folder.path("log.1")).unwrap();
            append(&path, text);
        }
        for text in ["2", "3", "4", "5"] {
            assert_eq!(file.step().unwrap(), bytes(text));
        }
        assert_eq!(file.step().unwrap(), Step::Quiet);
    }

    #[test]
    fn a_removed_file_is_followed_until_there_is_a_new_one() {
        let folder = TestFolder::new();
        let path = folder.file("log", b"");
        let mut file = follow(&path);
        let mut writer = OpenOptions::new().append(true).open(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert_eq!(file.step().unwrap(), Step::Quiet);
        writer.write_all(b"still here").unwrap();
        assert_eq!(file.step().unwrap(), bytes("still here"));
        append(&path, "again");
        assert_eq!(file.step().unwrap(), bytes("again"));
    }

    #[test]
    fn truncation_is_told_and_reading_begins_anew() {
        let folder = TestFolder::new();
        let path = folder.file("log", b"0123456789");
        let mut file = follow(&path);
        assert_eq!(file.step().unwrap(), bytes("0123456789"));
        File::create(&path).unwrap();
        append(&path, "new");
        assert_eq!(file.step().unwrap(), Step::Truncated);
        assert_eq!(file.step().unwrap(), bytes("new"));
    }

    #[test]
    fn only_regular_files_can_be_followed() {
        let folder = TestFolder::new();
        for path in [folder.path("missing"), folder.path("."), "/dev/null".into()] {
            assert!(FollowedFile::open(path.clone()).is_err(), "{}", path.display());
        }
    }
}
