//! Word from children on their way to their program: one pipe for all of them, closed by each as it executes.
//!
//! A child writes whole records of at most PIPE_BUF bytes, which do not mix (pipe(7)), and never blocks: for one that
//! finds the pipe full, its own log has to do. What arrives is only ever read without waiting, but for the one word
//! that a root child owes us before it becomes anybody else ([`ExecReports::wait_for_table`]).
//!
//! A record: the pid (4 bytes), the kind (1 byte), the length of the text (2 bytes), the text. What is no record ends
//! nothing: the rest of what was read is dropped.
#![expect(unsafe_code, reason = "write(2) on a number, in a child that owns no descriptors")]

use std::fs::OpenOptions;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::fs::OpenOptionsExt;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use supervisor_core::Pid;

use crate::child_message::{FixedText, Words};
use crate::limits::{CHILD_MESSAGE_BYTES, TABLE_PATIENCE};
use crate::low_copy::low_copy;
use crate::refusal::call_refused;

/// A child that did not become its program; it ends with status 127.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecFailure {
    /// Which one.
    pub pid: Pid,
    /// Why: `couldn't exec ./x: ENOENT`, as it writes it to its fd 2.
    pub words: String,
}

/// What a child says.
pub(crate) enum Word<'a> {
    /// It has a table of descriptors of its own.
    TableUnshared,
    /// It may not have one.
    TableRefused,
    /// It will not be its program.
    Failed(&'a Words),
}

/// Bytes before the text of a record.
const HEADER_BYTES: usize = 7;

/// Bytes of the pipe that are read at a time.
const READ_BYTES: usize = 16 * 1024;

/// For the child: says it. Allocates nothing.
pub(crate) fn tell(fd: RawFd, word: &Word<'_>) {
    let (kind, text): (u8, &[u8]) = match word {
        Word::TableUnshared => (1, b""),
        Word::TableRefused => (2, b""),
        Word::Failed(words) => (3, words.bytes()),
    };
    let mut record = FixedText::<CHILD_MESSAGE_BYTES>::new();
    record.push(&std::process::id().to_ne_bytes());
    record.push(&[kind]);
    record.push(&u16::try_from(text.len()).unwrap_or(u16::MAX).to_ne_bytes());
    record.push(text);
    let bytes = record.bytes();
    // SAFETY: write(2) reads that many bytes of the record. Where it fails, nobody is left to be told.
    unsafe { libc::write(fd, bytes.as_ptr().cast(), bytes.len()) };
}

/// How it stands with the table of a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TableNews {
    /// It is its own: the child does not see ours any more.
    Unshared,
    /// The kernel, or a filter, does not let it have one.
    Refused,
    /// The child has ended, and shares nothing.
    Ended,
    /// Nothing was heard for [`TABLE_PATIENCE`].
    Overdue,
}

/// The pipe, and what has come from it.
#[derive(Debug)]
pub(crate) struct ExecReports {
    reader: OwnedFd,
    /// `None`: the reader writes too.
    writer: Option<OwnedFd>,
    unread: Vec<u8>,
    tables: Vec<(Pid, TableNews)>,
    failures: Vec<ExecFailure>,
}

impl ExecReports {
    /// The pipe, with numbers that are as low as there are above the standard three: one where /proc is there, since
    /// a pipe may be opened for both (fifo(7), Linux), else two.
    pub(crate) fn new() -> io::Result<Self> {
        let (reader, writer) =
            nix::unistd::pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK).map_err(|error| call_refused("pipe2", error))?;
        let both = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(OFlag::O_NONBLOCK.bits())
            .open(format!("/proc/self/fd/{}", reader.as_raw_fd()));
        let (reader, writer) = match both {
            Ok(both) => {
                drop((reader, writer));
                (low_copy(&both)?, None)
            }
            Err(_) => (reader, Some(writer)),
        };
        Ok(Self { reader, writer, unread: Vec::new(), tables: Vec::new(), failures: Vec::new() })
    }

    /// The end for children.
    pub(crate) fn for_children(&self) -> BorrowedFd<'_> {
        self.writer.as_ref().unwrap_or(&self.reader).as_fd()
    }

    /// Readable when a child has something to say.
    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }

    /// The failures told since the last time. Does not wait.
    pub(crate) fn take_failures(&mut self) -> Vec<ExecFailure> {
        self.read();
        std::mem::take(&mut self.failures)
    }

    /// A failure that we have found ourselves.
    pub(crate) fn add_failure(&mut self, pid: Pid, words: &str) {
        self.failures.push(ExecFailure { pid, words: words.to_owned() });
    }

    /// Waits until a child has said how it stands with its table, has ended, or time is up. The child is root, as we
    /// are, so nobody else can hold it up; a machine out of breath can.
    pub(crate) fn wait_for_table(&mut self, pid: Pid, pidfd: Option<BorrowedFd<'_>>) -> TableNews {
        loop {
            let ended = pidfd.is_some_and(|pidfd| is_readable(&mut [PollFd::new(pidfd, PollFlags::POLLIN)]));
            self.read();
            let news = self.tables.iter().find(|(of, _)| *of == pid).map(|(_, news)| *news);
            if let Some(news) = news.or(ended.then_some(TableNews::Ended)) {
                // What others have left here came too late for whoever waited for it.
                self.tables.clear();
                return news;
            }
            let wanted = [Some(self.reader.as_fd()), pidfd];
            let mut wanted: Vec<_> =
                wanted.into_iter().flatten().map(|fd| PollFd::new(fd, PollFlags::POLLIN)).collect();
            // Each word of another child makes the wait begin anew, and each has one.
            let patience = PollTimeout::try_from(TABLE_PATIENCE).unwrap_or(PollTimeout::MAX);
            if poll(&mut wanted, patience) == Ok(0) {
                return TableNews::Overdue;
            }
        }
    }

    fn read(&mut self) {
        let mut piece = [0; READ_BYTES];
        loop {
            match nix::unistd::read(&self.reader, &mut piece) {
                Ok(count @ 1..) => {
                    self.unread.extend_from_slice(piece.get(..count).unwrap_or_default());
                    self.parse();
                }
                Err(Errno::EINTR) => {}
                Ok(0) | Err(_) => return,
            }
        }
    }

    fn parse(&mut self) {
        let mut rest = self.unread.as_slice();
        while let Some((header, after)) = rest.split_first_chunk::<HEADER_BYTES>() {
            let [p0, p1, p2, p3, kind, l0, l1] = *header;
            let Some((text, after)) = after.split_at_checked(usize::from(u16::from_ne_bytes([l0, l1]))) else { break };
            rest = after;
            let Some(pid) = Pid::new(i32::from_ne_bytes([p0, p1, p2, p3])) else { continue };
            match kind {
                1 => self.tables.push((pid, TableNews::Unshared)),
                2 => self.tables.push((pid, TableNews::Refused)),
                _ => {
                    let words = String::from_utf8_lossy(text).into_owned();
                    self.failures.push(ExecFailure { pid, words });
                }
            }
        }
        let left = rest.len();
        self.unread.drain(..self.unread.len() - left);
    }
}

fn is_readable(fds: &mut [PollFd<'_>]) -> bool {
    poll(fds, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own_pid() -> Pid {
        Pid::new(i32::try_from(std::process::id()).unwrap()).unwrap()
    }

    fn words(text: &str) -> Words {
        let mut words = Words::new();
        words.refused(text.as_bytes());
        words
    }

    #[test]
    fn what_is_told_is_heard_in_its_order_and_once() {
        let mut reports = ExecReports::new().unwrap();
        let writer = reports.for_children().as_raw_fd();
        for text in ["couldn't exec ./x: ENOENT", "", "couldn't chdir to /no: EACCES"] {
            tell(writer, &Word::Failed(&words(text)));
        }
        let heard: Vec<String> = reports.take_failures().into_iter().map(|failure| failure.words).collect();
        assert_eq!(heard, ["couldn't exec ./x: ENOENT", "", "couldn't chdir to /no: EACCES"]);
        assert_eq!(reports.take_failures(), []);
    }

    #[test]
    fn a_wait_for_one_word_keeps_the_others() {
        let mut reports = ExecReports::new().unwrap();
        let writer = reports.for_children().as_raw_fd();
        tell(writer, &Word::Failed(&words("first")));
        tell(writer, &Word::TableUnshared);
        assert_eq!(reports.wait_for_table(own_pid(), None), TableNews::Unshared);
        tell(writer, &Word::TableRefused);
        assert_eq!(reports.wait_for_table(own_pid(), None), TableNews::Refused);
        assert_eq!(reports.take_failures(), [ExecFailure { pid: own_pid(), words: "first".to_owned() }]);
    }

    #[test]
    fn a_full_pipe_loses_words_and_holds_up_nobody() {
        let mut reports = ExecReports::new().unwrap();
        let writer = reports.for_children().as_raw_fd();
        let long = words(&"x".repeat(3000));
        for _ in 0..100 {
            tell(writer, &Word::Failed(&long));
        }
        let heard = reports.take_failures();
        assert!((10..100).contains(&heard.len()), "{}", heard.len());
        assert!(heard.iter().all(|failure| failure.words.len() == 3000));
        tell(writer, &Word::Failed(&words("again")));
        assert_eq!(reports.take_failures().len(), 1);
    }
}
