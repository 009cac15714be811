//! A log destination that is no file of ours: a pipe, a terminal, a socket, a device, or whatever stands behind a name
//! of one of our own descriptors such as `/dev/stdout`.
//!
//! Never waits: what the destination does not take at once is kept, within a bound that whoever appends gives, until it
//! can be written again. Our own descriptor is shared with whoever started us, so its flags are never touched: a pipe
//! or a terminal is opened once more with O_NONBLOCK, and what cannot be opened (a socket, another user's terminal) is
//! written to in small pieces, each after poll(2) has promised room (pipe(7), open(2)).

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::sys::stat::{SFlag, fstat};

/// The open destination.
#[derive(Debug)]
pub(super) struct LogStream {
    fd: OwnedFd,
    writing: Writing,
    /// The number of the file system of a regular file; anything else is no matter of a disk.
    device: Option<u64>,
    /// What has not been taken yet; empty unless the destination is blocked.
    pending: Vec<u8>,
    /// Whether somebody waits for it with the poller; theirs to keep.
    pub(super) watched: bool,
}

/// How to write without waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writing {
    /// The open file is ours and never blocks.
    AtOnce,
    /// The open file is shared and may block.
    WhenReady,
}

/// Bytes that were not taken.
#[derive(Debug)]
pub(super) struct Refused {
    /// How many.
    pub(super) count: usize,
    /// Why.
    pub(super) error: io::Error,
}

impl LogStream {
    /// Takes what was opened by its path, with O_NONBLOCK.
    pub(super) fn new(fd: OwnedFd) -> Self {
        Self { fd, writing: Writing::AtOnce, device: None, pending: Vec::new(), watched: false }
    }

    /// Takes a copy of a descriptor that is shared with others.
    ///
    /// # Errors
    /// As `dup(2)`.
    pub(super) fn of_shared(fd: BorrowedFd<'_>) -> io::Result<Self> {
        let status = fstat(fd)?;
        let kind = SFlag::from_bits_truncate(status.st_mode & SFlag::S_IFMT.bits());
        if (kind == SFlag::S_IFIFO || kind == SFlag::S_IFCHR)
            && let Ok(own) = supervisor_sys::pipe::reopen_for_writing(fd)
        {
            return Ok(Self::new(own));
        }
        // A copy of a file shares its position, so that nobody overwrites what others write to it.
        let (writing, device) = match kind {
            SFlag::S_IFREG => (Writing::AtOnce, Some(status.st_dev)),
            _ => (Writing::WhenReady, None),
        };
        Ok(Self { writing, device, ..Self::new(fd.try_clone_to_owned()?) })
    }

    /// The number of the file system, if it is a regular file, which is always ready and may still take long.
    pub(super) fn device(&self) -> Option<u64> {
        self.device
    }

    /// Whether something waits to be written.
    pub(super) fn is_blocked(&self) -> bool {
        !self.pending.is_empty()
    }

    /// How much waits to be written, in bytes.
    pub(super) fn pending(&self) -> usize {
        self.pending.len()
    }

    /// For the poller.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// Writes, and keeps what is not taken now: up to `bound` bytes, all of a chunk or nothing of it, so that no line
    /// is torn.
    pub(super) fn append(&mut self, bytes: &[u8], bound: usize) -> Result<(), Refused> {
        self.flush().map_err(|refused| Refused { count: refused.count + bytes.len(), ..refused })?;
        let rest = if self.is_blocked() {
            bytes
        } else {
            let (written, error) = self.write(bytes);
            let rest = &bytes[written..];
            match error {
                Some(error) => return Err(Refused { count: rest.len(), error }),
                None => rest,
            }
        };
        if self.pending.len() + rest.len() > bound {
            return Err(Refused { count: rest.len(), error: io::Error::from(io::ErrorKind::WouldBlock) });
        }
        self.pending.extend_from_slice(rest);
        Ok(())
    }

    /// Writes what waits, as far as it is taken. After an error nothing waits any more.
    pub(super) fn flush(&mut self) -> Result<(), Refused> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let (written, error) = self.write(&self.pending);
        if let Some(error) = error {
            let count = self.pending.len() - written;
            self.pending = Vec::new();
            return Err(Refused { count, error });
        }
        if written == self.pending.len() {
            // The room goes back too: a destination is blocked once in a long while.
            self.pending = Vec::new();
        } else {
            self.pending.drain(..written);
        }
        Ok(())
    }

    /// Writes as much as is taken now; gives how much that was, and the error that ends it for good.
    fn write(&self, bytes: &[u8]) -> (usize, Option<io::Error>) {
        let mut written = 0;
        while written < bytes.len() {
            let rest = &bytes[written..];
            let result = match self.writing {
                Writing::AtOnce => supervisor_sys::pipe::write(&self.fd, rest),
                Writing::WhenReady => supervisor_sys::pipe::write_when_ready(&self.fd, whole_lines(rest)),
            };
            match result {
                Ok(0) => return (written, Some(io::Error::from(io::ErrorKind::WriteZero))),
                Ok(count) => written += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return (written, Some(error)),
            }
        }
        (written, None)
    }
}

/// The beginning that is written as one piece, PIPE_BUF at most: to the end of a line if there is one, since others may
/// write between two pieces.
fn whole_lines(bytes: &[u8]) -> &[u8] {
    const PIECE: usize = 4096;
    let piece = &bytes[..bytes.len().min(PIECE)];
    let end = if piece.len() == bytes.len() { None } else { piece.iter().rposition(|byte| *byte == b'\n') };
    end.map_or(piece, |end| &piece[..=end])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fills the destination until it takes no more; gives what was appended.
    fn fill(stream: &mut LogStream) -> Vec<u8> {
        let mut appended = Vec::new();
        while !stream.is_blocked() {
            let line = format!("line {}\n", appended.len()).repeat(100);
            stream.append(line.as_bytes(), 1 << 20).unwrap();
            appended.extend_from_slice(line.as_bytes());
        }
        appended
    }

    /// Reads all that there is, giving the stream its chance after each read.
    fn drain(reader: &OwnedFd, stream: &mut LogStream) -> Vec<u8> {
        let (mut bytes, mut buffer) = (Vec::new(), [0; 1000]);
        supervisor_sys::pipe::set_nonblocking(reader.as_fd()).unwrap();
        while let Ok(count @ 1..) = supervisor_sys::pipe::read(reader, &mut buffer) {
            bytes.extend_from_slice(&buffer[..count]);
            stream.flush().unwrap();
        }
        bytes
    }

    #[test]
    fn a_full_pipe_delays_nobody_and_loses_nothing() {
        let (reader, writer) = supervisor_sys::pipe::pipe().unwrap();
        let mut stream = LogStream::of_shared(writer.as_fd()).unwrap();
        assert_eq!(stream.writing, Writing::AtOnce);
        let appended = fill(&mut stream);
        assert!(drain(&reader, &mut stream) == appended);
        assert!(!stream.is_blocked());
    }

    #[test]
    fn a_full_socket_delays_nobody_and_loses_nothing() {
        let (reader, writer) = std::os::unix::net::UnixStream::pair().unwrap();
        let mut stream = LogStream::of_shared(writer.as_fd()).unwrap();
        assert_eq!(stream.writing, Writing::WhenReady);
        let appended = fill(&mut stream);
        assert!(drain(&OwnedFd::from(reader), &mut stream) == appended);
    }

    #[test]
    fn more_than_the_bound_is_refused_as_a_whole() {
        let (reader, writer) = supervisor_sys::pipe::pipe().unwrap();
        let mut stream = LogStream::of_shared(writer.as_fd()).unwrap();
        let appended = fill(&mut stream);
        let bound = stream.pending() + 10;
        assert_eq!(stream.append(&[b'x'; 11], bound).unwrap_err().count, 11);
        stream.append(&[b'y'; 10], bound).unwrap();
        assert!(drain(&reader, &mut stream) == [appended, vec![b'y'; 10]].concat());
    }

    #[test]
    fn a_reader_that_goes_away_is_an_error_once_and_leaves_nothing_waiting() {
        let (reader, writer) = supervisor_sys::pipe::pipe().unwrap();
        let mut stream = LogStream::of_shared(writer.as_fd()).unwrap();
        fill(&mut stream);
        let waiting = stream.pending();
        drop(reader);
        let refused = stream.flush().unwrap_err();
        assert_eq!((refused.count, refused.error.kind()), (waiting, io::ErrorKind::BrokenPipe));
        assert!(!stream.is_blocked());
    }

    #[test]
    fn pieces_end_with_lines_where_there_are_lines() {
        let text = [vec![b'a'; 4000], b"\n".to_vec(), vec![b'b'; 4000], b"\n".to_vec()].concat();
        assert_eq!(whole_lines(&text).len(), 4001);
        assert_eq!(whole_lines(&text[4001..]).len(), 4001);
        assert_eq!(whole_lines(&[b'x'; 9000]).len(), 4096);
        assert_eq!(whole_lines(b"a\nb"), b"a\nb");
    }
}
