//! Reading a configuration file: its bytes, within bounds and without waiting for a writer who never comes, and
//! its text as Python's text files decode it.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::ini::lines;
use crate::limits::{FILE_BYTES, PIPE_WAIT};

/// Bytes that Python decodes at a time; the position in its error text counts from the begin of such a piece.
const PIECE: usize = 8_192;

/// A decoded file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Text {
    /// All of it; or the lines that Python's parser sees before the error.
    pub(crate) text: String,
    /// The first bytes that are not UTF-8.
    pub(crate) error: Option<Undecodable>,
}

impl Text {
    /// All of it, with U+FFFD for what is not UTF-8.
    pub(crate) fn whole(&self) -> &str {
        self.error.as_ref().map_or(&self.text, |undecodable| &undecodable.whole)
    }
}

/// Bytes that are not UTF-8.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Undecodable {
    /// Python's words about them.
    pub(crate) text: String,
    /// From 1.
    pub(crate) line: u32,
    /// In characters, from 1.
    pub(crate) column: u32,
    /// The text that they are in, with U+FFFD in their place.
    whole: String,
}

/// The main file: whatever ends, a pipe or a terminal included. A pipe that nobody writes to for [`PIPE_WAIT`] is given
/// up.
pub(crate) fn read_any(path: &Path) -> io::Result<Text> {
    // Without O_NONBLOCK the open itself would wait for a writer.
    let file = open_without_waiting(path)?;
    if file.metadata()?.file_type().is_fifo() {
        read(Pipe { file, wait: PIPE_WAIT })
    } else {
        read(blocking(path, file)?)
    }
}

/// A terminal, as a file that waits for what is typed.
fn blocking(path: &Path, file: File) -> io::Result<File> {
    if file.metadata()?.is_file() { Ok(file) } else { File::open(path) }
}

fn open_without_waiting(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path)
}

/// A pipe whose reader waits, but not for ever.
struct Pipe {
    file: File,
    wait: Duration,
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let timeout = PollTimeout::try_from(self.wait).expect("it fits into an integer of milliseconds");
        match poll(&mut [PollFd::new(self.file.as_fd(), PollFlags::POLLIN)], timeout)? {
            0 => Err(io::Error::new(io::ErrorKind::TimedOut, "nobody writes to this pipe")),
            _ => self.file.read(buffer),
        }
    }
}

/// An included file: a regular one.
pub(crate) fn read_regular(path: &Path) -> io::Result<Text> {
    let file = open_without_waiting(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    read(file)
}

fn read(file: impl Read) -> io::Result<Text> {
    let mut bytes = Vec::new();
    file.take(FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("longer than {FILE_BYTES} bytes")));
    }
    Ok(decode(bytes))
}

fn decode(bytes: Vec<u8>) -> Text {
    String::from_utf8(bytes)
        .map_or_else(|error| bad_text(error.as_bytes(), error.utf8_error()), |text| Text { text, error: None })
}

fn bad_text(bytes: &[u8], error: std::str::Utf8Error) -> Text {
    let start = error.valid_up_to();
    let (valid, rest) = bytes.split_at(start);
    let valid = String::from_utf8_lossy(valid);
    let starts_nothing = matches!(rest.first(), Some(0x80..=0xc1 | 0xf5..=0xff));
    let length = error.error_len().unwrap_or(rest.len());
    let reason = match error.error_len() {
        None => "unexpected end of data",
        Some(_) if starts_nothing => "invalid start byte",
        Some(_) => "invalid continuation byte",
    };
    // Where the bytes begin that Python decodes when it notices: a piece, and what the piece before left over.
    let decided_at = if starts_nothing { start } else { start + length };
    let piece = if error.error_len().is_none() { start } else { decided_at / PIECE * PIECE };
    let begin = valid.floor_char_boundary(piece.min(start));
    let position = start - begin;
    let error = if length == 1 {
        let byte = rest.first().copied().unwrap_or_default();
        format!("'utf-8' codec can't decode byte 0x{byte:02x} in position {position}: {reason}")
    } else {
        format!("'utf-8' codec can't decode bytes in position {position}-{}: {reason}", position + length - 1)
    };
    let line_start = valid.rfind(['\n', '\r']).map_or(0, |end| end + 1);
    let number = |count: usize| u32::try_from(count + 1).unwrap_or(u32::MAX);
    let error = Undecodable {
        text: error,
        line: number(lines(valid.get(..line_start).unwrap_or_default()).count()),
        column: number(valid.get(line_start..).unwrap_or_default().chars().count()),
        whole: String::from_utf8_lossy(bytes).into_owned(),
    };
    // A carriage return at the end of a piece may be half of a line end.
    let seen = valid.get(..begin).unwrap_or_default().trim_end_matches('\r');
    let seen_lines = seen.rfind(['\n', '\r']).and_then(|end| seen.get(..=end)).unwrap_or_default();
    Text { text: seen_lines.to_owned(), error: Some(error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(bytes: &[u8]) -> (String, usize) {
        let text = decode(bytes.to_vec());
        (text.error.unwrap().text, text.text.len())
    }

    fn said(what: &str, position: &str, reason: &str) -> String {
        format!("'utf-8' codec can't decode {what} in position {position}: {reason}")
    }

    #[test]
    fn errors_have_pythons_texts() {
        for (bytes, what, position, reason) in [
            (&b"ab\xe9c"[..], "byte 0xe9", "2", "invalid continuation byte"),
            (b"ab\xff", "byte 0xff", "2", "invalid start byte"),
            (b"\x80", "byte 0x80", "0", "invalid start byte"),
            (b"a\xe2\x82x", "bytes", "1-2", "invalid continuation byte"),
            (b"a\xed\xa0\x80", "byte 0xed", "1", "invalid continuation byte"),
            (b"abc\xe2", "byte 0xe2", "0", "unexpected end of data"),
            (b"abc\xf0\x9f\x98", "bytes", "0-2", "unexpected end of data"),
        ] {
            assert_eq!(error(bytes), (said(what, position, reason), 0), "{bytes:?}");
        }
    }

    #[test]
    fn positions_count_from_the_begin_of_a_piece() {
        let mut bytes = b"x\n".repeat(PIECE / 2);
        bytes.extend(b"ab\xff");
        assert_eq!(error(&bytes), (said("byte 0xff", "2", "invalid start byte"), PIECE));
        let mut straddling = vec![b'x'; PIECE - 1];
        straddling.extend("é".bytes());
        straddling.extend(b"\xff");
        assert_eq!(error(&straddling), (said("byte 0xff", "2", "invalid start byte"), 0));
        let mut cut = vec![b'x'; PIECE - 1];
        cut.extend(b"\xe9c");
        assert_eq!(error(&cut), (said("byte 0xe9", "0", "invalid continuation byte"), 0));
    }

    #[test]
    fn a_pipe_that_nobody_writes_to_is_given_up() {
        let path = std::env::temp_dir().join(format!("supervisor-source-{}", std::process::id()));
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let file = open_without_waiting(&path).unwrap();
        let error = read(Pipe { file, wait: Duration::from_millis(1) }).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn only_what_ends_is_read() {
        assert_eq!(read_any(Path::new("/dev/zero")).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(read_any(Path::new("/dev/null")).unwrap(), Text { text: String::new(), error: None });
        assert!(read_any(Path::new("/tmp")).is_err());
        for path in ["/dev/zero", "/tmp"] {
            assert_eq!(read_regular(Path::new(path)).unwrap_err().to_string(), "not a regular file");
        }
    }
}
