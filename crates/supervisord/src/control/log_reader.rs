//! Reading parts of log files: byte ranges, shown as text (contract/rpc.md §5).
//!
//! Everything here may block: it runs on the threads for file access. Only regular files are read, and no link of
//! another user is followed: a program could show any file of root's in the place of its log. A terminal or a pipe as
//! log file has no bytes to go back to, and `/dev/null` is an empty one. A range may cut a character or hold
//! any bytes: what is not UTF-8 becomes U+FFFD (contract/quirks.md F14).
//!
//! A range is as long as its client likes. So it is never in memory as a whole, but comes in pieces ([`LogText`]), once
//! to be measured and once to be sent.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use supervisor_core::{Fault, FaultCode};
use supervisor_protocol::xmlrpc::Writer;
use supervisor_sys::FilePlace;

use super::limits;

/// Finds a range. The path is what the log file is called; `None`: there is none.
pub(super) fn read(path: Option<&Path>, offset: i64, length: i64) -> Result<LogText, Fault> {
    let Some(path) = path else { return Err(Fault::bare(FaultCode::NoFile)) };
    let failed = |_: io::Error| Fault::bare(FaultCode::Failed);
    let (file, size) = open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Fault::new(FaultCode::NoFile, path.to_string_lossy()),
        _ => failed(error),
    })?;
    let (start, count) = read_range(offset, length, size).ok_or_else(|| Fault::bare(FaultCode::BadArguments))?;
    Ok(LogText::new(file, start, count))
}

/// The end of a log.
pub(super) struct Tail {
    /// What is to be shown.
    pub(super) text: LogText,
    /// The size of the log, to be the next offset.
    pub(super) offset: i64,
    /// More has come since the given offset than was asked for.
    pub(super) overflow: bool,
}

/// Finds the end of a log, for a client that has read up to `offset`.
pub(super) fn tail(path: Option<&Path>, offset: i64, length: i64) -> Tail {
    let nothing = |offset| Tail { text: LogText::default(), offset, overflow: false };
    let Some(path) = path else { return nothing(0) };
    let (file, size) = match open(path) {
        Ok(opened) => opened,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return nothing(0);
        }
        Err(_) => return nothing(offset),
    };
    let (start, count, overflow) = tail_range(offset, length, size);
    Tail { text: LogText::new(file, start, count), offset: i64::try_from(size).unwrap_or(i64::MAX), overflow }
}

/// A part of a log, as bytes.
pub(super) struct Part {
    pub(super) bytes: Vec<u8>,
    /// Where it begins in the file.
    pub(super) start: u64,
    /// How large the file was.
    pub(super) size: u64,
}

/// At most so many bytes before a place of a log, or before its end.
///
/// # Errors
/// As open(2) and read(2).
pub(super) fn part(path: &Path, before: Option<u64>, most: usize) -> io::Result<Part> {
    let (file, size) = open(path)?;
    let end = before.unwrap_or(size).min(size);
    let start = end.saturating_sub(most as u64);
    let mut bytes = vec![0; usize::try_from(end - start).unwrap_or(most)];
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, start + filled as u64) {
            // It has become shorter meanwhile.
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(Part { bytes, start, size })
}

/// First byte and number of bytes of a range; `None` if that is no range.
fn read_range(offset: i64, length: i64, size: u64) -> Option<(u64, u64)> {
    let backwards = offset.unsigned_abs().min(size);
    match (u64::try_from(offset), u64::try_from(length)) {
        (Err(_), Ok(0)) => Some((size - backwards, backwards)),
        (Ok(start), Ok(0)) => Some((start, size.saturating_sub(start))),
        (Ok(start), Ok(count)) => Some((start, count.min(size.saturating_sub(start)))),
        (Err(_), Ok(_)) | (_, Err(_)) => None,
    }
}

/// First byte, number of bytes, overflow. The given offset never moves the window, which is always at the end.
fn tail_range(offset: i64, length: i64, size: u64) -> (u64, u64, bool) {
    let signed_size = i128::from(size);
    let overflow = signed_size > i128::from(offset) + i128::from(length);
    let anything_new = i128::from(offset) < signed_size || overflow;
    let count = if anything_new { u64::try_from(length).unwrap_or(0).min(size) } else { 0 };
    (size - count, count, overflow)
}

/// Opens a file that has a size, and tells it: a regular one, or a device with an end (lseek(2) refuses a terminal).
fn open(path: &Path) -> io::Result<(File, u64)> {
    let mut file = FilePlace::find(path)?.read_file_or_device()?;
    let size = file.seek(SeekFrom::End(0))?;
    Ok((file, size))
}

/// A range of a log, read piece by piece.
#[derive(Default)]
pub(super) struct LogText {
    /// `None`: the range is empty.
    file: Option<File>,
    position: u64,
    end: u64,
    /// The beginning of a character whose rest has not been read yet.
    begun: Vec<u8>,
}

impl LogText {
    fn new(file: File, start: u64, count: u64) -> Self {
        Self { file: Some(file), position: start, end: start + count, begun: Vec::new() }
    }

    /// Bytes of the file that are left to be read.
    pub(super) fn left(&self) -> u64 {
        self.end - self.position
    }

    /// The same range from where it is now; it shares the file.
    pub(super) fn again(&self) -> io::Result<Self> {
        let file = self.file.as_ref().map(File::try_clone).transpose()?;
        Ok(Self { file, position: self.position, end: self.end, begun: self.begun.clone() })
    }

    /// Writes the next piece; false at the end of the range.
    ///
    /// # Errors
    /// As [`LogText::next_piece`].
    pub(super) fn write_piece(&mut self, writer: &mut Writer) -> io::Result<bool> {
        self.next_piece(|text| writer.part(text))
    }

    /// Hands on the text of the next piece; false at the end of the range.
    ///
    /// # Errors
    /// As read(2), and `UnexpectedEof` where the file has become shorter than the range.
    pub(super) fn next_piece(&mut self, mut take: impl FnMut(&str)) -> io::Result<bool> {
        let Some(file) = self.file.as_ref().filter(|_| self.position < self.end) else { return Ok(false) };
        let wanted = usize::try_from(self.left()).unwrap_or(usize::MAX).min(limits::LOG_PIECE_BYTES);
        let begun = self.begun.len();
        let mut bytes = std::mem::take(&mut self.begun);
        bytes.resize(begun + wanted, 0);
        let count = file.read_at(&mut bytes[begun..], self.position)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.truncate(begun + count);
        self.position += count as u64;
        let mut chunks = bytes.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            take(chunk.valid());
            let invalid = chunk.invalid();
            let may_go_on = chunks.peek().is_none() && self.position < self.end;
            if may_go_on && std::str::from_utf8(invalid).is_err_and(|error| error.error_len().is_none()) {
                self.begun = invalid.to_vec();
            } else if !invalid.is_empty() {
                take("\u{FFFD}");
            }
        }
        Ok(true)
    }

    /// Bytes that this much of the range takes when it is written, and whether that was all. A file that has become
    /// shorter ends the range there.
    pub(super) fn measure(&mut self, most_pieces: usize) -> io::Result<(u64, bool)> {
        let mut writer = Writer::default();
        let mut bytes = 0;
        for _ in 0..most_pieces {
            let begun_at = self.position;
            match self.write_piece(&mut writer) {
                Ok(true) => bytes += writer.len() as u64,
                Ok(false) => return Ok((bytes, true)),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    self.end = begun_at;
                    return Ok((bytes, true));
                }
                Err(error) => return Err(error),
            }
            writer.truncate(0);
        }
        Ok((bytes, self.position >= self.end))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::test_folder::TestFolder;

    /// The text as a client gets it, without markup in it.
    fn whole(mut text: LogText) -> String {
        let mut writer = Writer::default();
        while text.write_piece(&mut writer).unwrap() {}
        writer.take()
    }

    fn read(path: Option<&Path>, offset: i64, length: i64) -> Result<String, Fault> {
        super::read(path, offset, length).map(whole)
    }

    /// [`super::Tail`] as text.
    #[derive(Debug, PartialEq, Eq)]
    struct Tail {
        text: String,
        offset: i64,
        overflow: bool,
    }

    fn tail(path: Option<&Path>, offset: i64, length: i64) -> Tail {
        let super::Tail { text, offset, overflow } = super::tail(path, offset, length);
        Tail { text: whole(text), offset, overflow }
    }

    #[test]
    fn pieces_are_the_same_text_as_the_whole_wherever_they_are_cut() {
        let folder = TestFolder::new();
        let mut bytes = "aé€\u{1F600}<&\0\u{FFFE}".repeat(9_000).into_bytes();
        bytes.extend(b"\xff\xf0\x9f\x98 \xe2\x82".repeat(3_000));
        bytes.extend(b"\xf0\x9f");
        let path = folder.file("log", &bytes);
        for start in 0..8_usize {
            let mut expected = Writer::default();
            expected.part(&String::from_utf8_lossy(&bytes[start..]));
            let found = super::read(Some(&path), i64::try_from(start).unwrap(), 0).unwrap();
            assert_eq!(found.again().unwrap().measure(usize::MAX).unwrap(), (expected.len() as u64, true));
            assert!(whole(found) == expected.take(), "from {start}");
        }
    }

    #[test]
    fn a_file_that_has_become_shorter_ends_what_is_measured_and_breaks_what_is_sent() {
        let folder = TestFolder::new();
        let path = folder.file("log", &vec![b'x'; 3 * limits::LOG_PIECE_BYTES]);
        let mut measured = super::read(Some(&path), 0, 0).unwrap();
        let mut sent = measured.again().unwrap();
        assert!(sent.write_piece(&mut Writer::default()).unwrap());
        File::options().write(true).open(&path).unwrap().set_len(limits::LOG_PIECE_BYTES as u64).unwrap();
        assert_eq!(measured.measure(usize::MAX).unwrap(), (limits::LOG_PIECE_BYTES as u64, true));
        assert_eq!(sent.write_piece(&mut Writer::default()).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    /// The rows of contract/rpc.md §5.1, and what lies between them.
    #[test]
    fn a_range_is_read_as_the_table_says() {
        let folder = TestFolder::new();
        let path = folder.file("log", b"0123456789");
        let bad = Err(Fault::bare(FaultCode::BadArguments));
        let ok = |text: &str| Ok(text.to_owned());
        for (offset, length, expected) in [
            (-4, 2, bad.clone()),
            (-4, -2, bad.clone()),
            (0, -1, bad.clone()),
            (4, -1, bad.clone()),
            (i64::MIN, i64::MAX, bad.clone()),
            (-4, 0, ok("6789")),
            (-10, 0, ok("0123456789")),
            (-1000, 0, ok("0123456789")),
            (i64::MIN, 0, ok("0123456789")),
            (0, 0, ok("0123456789")),
            (4, 0, ok("456789")),
            (10, 0, ok("")),
            (1000, 0, ok("")),
            (i64::MAX, 0, ok("")),
            (0, 3, ok("012")),
            (4, 3, ok("456")),
            (8, 5, ok("89")),
            (10, 5, ok("")),
            (0, i64::MAX, ok("0123456789")),
            (i64::MAX, i64::MAX, ok("")),
        ] {
            assert_eq!(read(Some(&path), offset, length), expected, "({offset}, {length})");
        }
    }

    /// The rows of contract/rpc.md §5.2, and the edges around them as 4.3.0 answers them.
    #[test]
    fn the_end_is_read_as_the_table_says() {
        let folder = TestFolder::new();
        let path = folder.file("log", b"0123456789");
        let all = "0123456789";
        for (offset, length, text, overflow) in [
            (0, 0, "", true),
            (0, 5, "56789", true),
            (0, 10, all, false),
            (0, 20, all, false),
            (3, 100, all, false),
            (3, 7, "3456789", false),
            (5, 5, "56789", false),
            (5, 3, "789", true),
            (9, 1, "9", false),
            (9, 0, "", true),
            (10, 0, "", false),
            (10, 5, "", false),
            (20, 5, "", false),
            (-3, 5, "56789", true),
            (-3, 100, all, false),
            (-100, 50, all, true),
            (0, -1, "", true),
            (5, -2, "", true),
            (12, -1, "", false),
            (12, -5, "", true),
            (i64::MAX, i64::MAX, "", false),
            (i64::MIN, i64::MIN, "", true),
        ] {
            let expected = Tail { text: text.to_owned(), offset: 10, overflow };
            assert_eq!(tail(Some(&path), offset, length), expected, "({offset}, {length})");
        }
    }

    #[test]
    fn an_empty_log_has_an_empty_end() {
        let folder = TestFolder::new();
        let path = folder.file("log", b"");
        assert_eq!(read(Some(&path), 0, 0), Ok(String::new()));
        assert_eq!(read(Some(&path), -5, 0), Ok(String::new()));
        assert_eq!(tail(Some(&path), 0, 100), Tail { text: String::new(), offset: 0, overflow: false });
    }

    #[test]
    fn a_log_that_is_not_there_is_no_file() {
        let folder = TestFolder::new();
        let missing = folder.path("missing");
        assert_eq!(read(None, 0, 0), Err(Fault::bare(FaultCode::NoFile)));
        let text = missing.display().to_string();
        assert_eq!(read(Some(&missing), 0, -1), Err(Fault::new(FaultCode::NoFile, text)));
        let nothing = Tail { text: String::new(), offset: 0, overflow: false };
        assert_eq!(tail(None, 7, 7), nothing);
        assert_eq!(tail(Some(&missing), 7, 7), nothing);
    }

    #[test]
    fn what_has_no_end_is_not_read() {
        let folder = TestFolder::new();
        let fifo = folder.path("fifo");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        for path in [folder.path("."), fifo, "/dev/ptmx".into()] {
            assert_eq!(read(Some(&path), 0, 0), Err(Fault::bare(FaultCode::Failed)), "{}", path.display());
            assert_eq!(tail(Some(&path), 7, 7), Tail { text: String::new(), offset: 7, overflow: false });
        }
    }

    #[test]
    fn the_null_device_is_an_empty_log() {
        let folder = TestFolder::new();
        let null = folder.path("null");
        symlink("/dev/null", &null).unwrap();
        assert_eq!(read(Some(&null), 0, 0), Ok(String::new()));
        assert_eq!(tail(Some(&null), 0, 7), Tail { text: String::new(), offset: 0, overflow: false });
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        let folder = TestFolder::new();
        let path = folder.file("log", "aé€\u{1F600}z".as_bytes());
        assert_eq!(read(Some(&path), 0, 2), Ok("a\u{FFFD}".to_owned()));
        assert_eq!(read(Some(&path), 2, 1), Ok("\u{FFFD}".to_owned()));
        assert_eq!(read(Some(&path), 1, 5), Ok("é€".to_owned()));
        assert_eq!(read(Some(&path), -3, 0), Ok("\u{FFFD}\u{FFFD}z".to_owned()));
        let latin = folder.file("latin", b"caf\xe9\n");
        assert_eq!(read(Some(&latin), 0, 0), Ok("caf\u{FFFD}\n".to_owned()));
        assert_eq!(tail(Some(&latin), 0, 2).text, "\u{FFFD}\n");
    }
}
