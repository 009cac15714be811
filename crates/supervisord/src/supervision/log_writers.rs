//! Threads that write logs for which the loop must not wait: one for each file system that may keep a caller.
//!
//! A thread that is in write(2), open(2) or rename(2) for a file system that does not answer cannot be called back; it
//! can only be another one than the loop's. So what lies on a remote file system (NFS, CIFS, FUSE: the list of mounts
//! tells) is written by a thread from the beginning. A local one is written by the loop itself, which costs neither a
//! copy nor a change of threads; one that has once taken longer than `SLOW_DISK` gets a thread for good. So a local
//! disk that hangs can hold the loop once, never twice.
//!
//! Considered and left: a watchdog can tell of a thread that hangs, and not wake it; io_uring hands every buffered
//! write on ext4 to a thread of the kernel's, and is forbidden in most containers; a thread for every log costs the
//! healthy path a copy and two wake-ups for each read.
//!
//! Invariants: a thread owns the files that it writes, nothing is shared with it but a few numbers; there are at most
//! `LOG_WRITERS` threads, and file systems beyond that share them; a log has one order under way at a time
//! ([`super::queued_log`]), so bytes keep their order and the queue its bound. Threads are never waited for at the
//! end: a kernel that cannot end a call keeps the process until it can, whatever we do.

use std::collections::{HashMap, HashSet, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use supervisor_sys::{MountTable, Waker};

use super::limits;
use super::log_file::LogPath;
use super::log_writer::{Answer, start};
pub(super) use super::log_writer::{Order, Outcome, Ticket, WriterHandle};
use crate::clock;

/// All threads, and which file system is whose.
#[derive(Debug)]
pub(super) struct LogWriters {
    pub(super) mounts: MountTable,
    writers: Vec<Writer>,
    by_device: HashMap<u64, usize>,
    /// File systems for which the system refused a thread.
    without: HashSet<u64>,
    answers: mpsc::Receiver<Answer>,
    /// Answers that came while another one was waited for.
    early: VecDeque<Answer>,
    /// For the next thread.
    sender: mpsc::Sender<Answer>,
    waker: Waker,
    next_ticket: u64,
    /// When to look whether a thread hangs; `None` while none has anything to do.
    look_at: Option<Duration>,
    /// How long the answers that matter at once are waited for in a turn, all together.
    pub(super) patience: Duration,
    /// How much of that is left.
    patience_left: Duration,
}

#[derive(Debug)]
struct Writer {
    handle: WriterHandle,
    /// A log of its file system, for what is said of it.
    example: PathBuf,
    /// It was said that its file system does not answer.
    told: bool,
}

/// What is to be said of a file system.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum WriterNotice {
    /// It keeps its thread waiting.
    Hangs(PathBuf),
    /// It has answered at last.
    Answers(PathBuf),
}

/// What it has come to that a file system was too slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marked {
    /// A thread writes there.
    HasThread,
    /// The system refused a thread; it is tried again with the next slow write.
    Refused,
    /// It did so before.
    RefusedAgain,
}

impl LogWriters {
    /// No threads yet. The waker ends a wait of the loop when there is an answer.
    pub(super) fn new(waker: Waker) -> Self {
        let (sender, answers) = mpsc::channel();
        Self {
            mounts: MountTable::new(),
            writers: Vec::new(),
            by_device: HashMap::new(),
            without: HashSet::new(),
            answers,
            early: VecDeque::new(),
            sender,
            waker,
            next_ticket: 0,
            look_at: None,
            patience: limits::LOG_WRITER_PATIENCE,
            patience_left: limits::LOG_WRITER_PATIENCE,
        }
    }

    /// A turn is over: the next one may wait again.
    pub(super) fn end_turn(&mut self) {
        self.patience_left = self.patience;
    }

    /// Who writes a path. `None`: the loop itself.
    pub(super) fn writer_of(&mut self, path: &Path) -> Option<WriterHandle> {
        if self.by_device.is_empty() && !self.mounts.has_remote() {
            return None;
        }
        let filesystem = self.mounts.filesystem_of(path)?;
        if filesystem.is_remote || self.by_device.contains_key(&filesystem.device) {
            self.writer_of_device(filesystem.device, path)
        } else {
            None
        }
    }

    /// Whether a file system, by the number that stat(2) gives it, was too slow for the loop.
    pub(super) fn is_slow(&self, device: u64) -> bool {
        self.by_device.contains_key(&device)
    }

    /// A file system has kept the loop waiting: what is logged there is written by a thread from now on. stat(2) and
    /// the list of mounts may number it differently.
    pub(super) fn mark_slow(&mut self, device: u64, path: &Path) -> Marked {
        let listed = self.mounts.filesystem_of(path).map(|filesystem| filesystem.device);
        let has_writer = self.writer_of_device(device, path).is_some();
        if let (Some(listed), Some(writer)) = (listed, self.by_device.get(&device).copied()) {
            self.by_device.entry(listed).or_insert(writer);
        }
        self.marked(device, has_writer)
    }

    fn marked(&mut self, device: u64, has_writer: bool) -> Marked {
        if has_writer {
            self.without.remove(&device);
            Marked::HasThread
        } else if self.without.insert(device) {
            Marked::Refused
        } else {
            Marked::RefusedAgain
        }
    }

    /// The thread of a file system, which begins now if it has none. `None` if the system refuses one.
    pub(super) fn writer_of_device(&mut self, device: u64, path: &Path) -> Option<WriterHandle> {
        let index = match self.by_device.get(&device) {
            Some(index) => *index,
            None if self.writers.len() < limits::LOG_WRITERS => self.start_writer(path).ok()?,
            None => self.least_busy_writer()?,
        };
        self.by_device.insert(device, index);
        self.writers.get(index).map(|writer| writer.handle.clone())
    }

    /// A name for a log.
    pub(super) fn ticket(&mut self) -> Ticket {
        self.next_ticket += 1;
        Ticket(self.next_ticket)
    }

    /// The next answer that has come.
    pub(super) fn next_answer(&mut self) -> Option<(Answer, Option<WriterNotice>)> {
        let answer = self.early.pop_front().or_else(|| self.answers.try_recv().ok())?;
        let notice = self.writers.get_mut(answer.writer).and_then(Writer::has_answered);
        Some((answer, notice))
    }

    /// Waits for the next answer about a log; `None` when the patience of this turn ends before. Others are kept for
    /// later.
    pub(super) fn wait_for(&mut self, ticket: Ticket, writer: &WriterHandle) -> Option<Outcome> {
        let had_patience = !self.patience_left.is_zero();
        let deadline = clock::monotonic_clock() + self.patience_left;
        let outcome = self.answer_until(ticket, deadline);
        let now = clock::monotonic_clock();
        self.patience_left = deadline.saturating_sub(now);
        if outcome.is_none() && had_patience {
            writer.keep_impatient_until(now + limits::LOG_WRITER_IMPATIENCE);
        }
        outcome
    }

    /// The same, until a time of the monotonic clock.
    pub(super) fn answer_until(&mut self, ticket: Ticket, deadline: Duration) -> Option<Outcome> {
        if let Some(place) = self.early.iter().position(|answer| answer.ticket == ticket) {
            return self.early.remove(place).map(|answer| answer.outcome);
        }
        loop {
            let left = deadline.saturating_sub(clock::monotonic_clock());
            let answer = self.answers.recv_timeout(left).ok()?;
            if answer.ticket == ticket {
                return Some(answer.outcome);
            }
            self.early.push_back(answer);
        }
    }

    /// Empties a log that is not open. An error, too, if it takes longer than is waited for.
    pub(super) fn clear_closed(&mut self, writer: &WriterHandle, path: LogPath) -> io::Result<()> {
        let ticket = self.ticket();
        if writer.is_slow_now() {
            return Err(io::Error::from(io::ErrorKind::TimedOut));
        }
        writer.send(ticket, Order::ClearClosed(path));
        match self.wait_for(ticket, writer) {
            Some(Outcome::Cleared(result)) => result,
            Some(Outcome::Opened(_) | Outcome::Written(..) | Outcome::Done) => Ok(()),
            None => Err(io::Error::from(io::ErrorKind::TimedOut)),
        }
    }

    /// When to look after the threads again; nothing while they have nothing to do.
    pub(super) fn deadline(&mut self) -> Option<Duration> {
        if self.look_at.is_none() && self.writers.iter().any(|writer| writer.handle.has_orders() && !writer.told) {
            self.look_at = Some(clock::monotonic_clock() + limits::LOG_WRITER_HANGS);
        }
        self.look_at
    }

    /// Finds a file system that does not answer; says so once.
    pub(super) fn look_after(&mut self, now: Duration) -> Option<WriterNotice> {
        if self.look_at.is_none_or(|time| time > now) {
            return None;
        }
        let hangs = |writer: &&mut Writer| !writer.told && writer.handle.busy_for(now) >= limits::LOG_WRITER_HANGS;
        let Some(writer) = self.writers.iter_mut().find(hangs) else {
            self.look_at = None;
            return None;
        };
        writer.told = true;
        Some(WriterNotice::Hangs(writer.example.clone()))
    }

    fn start_writer(&mut self, path: &Path) -> io::Result<usize> {
        let index = self.writers.len();
        let handle = start(index, self.sender.clone(), self.waker.clone())?;
        self.writers.push(Writer { handle, example: path.to_owned(), told: false });
        Ok(index)
    }

    fn least_busy_writer(&self) -> Option<usize> {
        let now = clock::monotonic_clock();
        (0..self.writers.len()).min_by_key(|index| self.writers[*index].handle.busy_for(now))
    }
}

impl Writer {
    fn has_answered(&mut self) -> Option<WriterNotice> {
        std::mem::take(&mut self.told).then(|| WriterNotice::Answers(self.example.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A thread that is never found at work for long, and never answers.
    fn silent_writer() -> (WriterHandle, mpsc::Receiver<(Ticket, Order)>) {
        WriterHandle::new()
    }

    #[test]
    fn a_refused_thread_is_told_once_for_each_file_system() {
        let mut writers = LogWriters::new(supervisor_sys::Poller::new().unwrap().waker());
        let marks = [(1, false), (1, false), (2, false), (1, true), (1, false)];
        let told = marks.map(|(device, has_writer)| writers.marked(device, has_writer));
        let expected = [Marked::Refused, Marked::RefusedAgain, Marked::Refused, Marked::HasThread, Marked::Refused];
        assert_eq!(told, expected);
    }

    #[test]
    fn one_wait_in_vain_is_all_that_a_turn_bears_and_a_thread_gets_for_a_while() {
        let mut writers = LogWriters::new(supervisor_sys::Poller::new().unwrap().waker());
        let ((first, first_orders), (second, _second_orders)) = (silent_writer(), silent_writer());
        let clear = |writers: &mut LogWriters, writer| {
            let error = writers.clear_closed(writer, Path::new("/x.log").into()).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        };
        clear(&mut writers, &first);
        assert!(first.is_slow_now());
        assert!(writers.patience_left.is_zero());
        clear(&mut writers, &second);
        assert!(!second.is_slow_now(), "it was not waited for");
        writers.end_turn();
        assert_eq!(first_orders.try_iter().count(), 1);
        clear(&mut writers, &first);
        assert_eq!(first_orders.try_iter().count(), 0, "nobody waits for it, so nobody begins what may come late");
        assert_eq!(writers.patience_left, writers.patience);
        clear(&mut writers, &second);
        assert!(second.is_slow_now());
    }
}
