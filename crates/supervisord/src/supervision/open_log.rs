//! An open log, whoever writes it: the loop itself, at once, or a thread ([`super::log_writers`]).

use std::io;
use std::path::Path;
use std::time::Duration;

use super::log_file::{LogFile, LogFileNotice, LogPath, Rotation};
use super::log_stream::LogStream;
use super::log_writers::{LogWriters, Order, Outcome, Ticket};
use super::queued_log::QueuedLog;
use crate::clock;

/// The log.
#[derive(Debug)]
pub(super) enum OpenLog {
    /// Written by the loop.
    Direct(LogFile),
    /// Written by a thread.
    Queued(QueuedLog),
}

impl OpenLog {
    /// Opens a path, where it lies deciding who does.
    ///
    /// # Errors
    /// As `open(2)`; but for one that does not come in time, which is said with the first write.
    pub(super) fn open(path: LogPath, writers: &mut LogWriters) -> io::Result<Self> {
        if let Some(writer) = writers.writer_of(&path.path) {
            let mut log = Self::Queued(QueuedLog::open(path, writer, writers)?);
            log.take_back_stream(Duration::ZERO);
            return Ok(log);
        }
        let mut log = Self::Direct(LogFile::open(path)?);
        if let Some(device) = log.device().filter(|device| writers.is_slow(*device)) {
            log.leave_to_writer(device, writers);
        }
        Ok(log)
    }

    /// Leaves a log of this file system to its thread, if the loop writes it.
    pub(super) fn leave_to_writer(&mut self, device: u64, writers: &mut LogWriters) {
        let Self::Direct(file) = self else { return };
        // One that could not be opened anew after a rotation lies where its path leads.
        let writer = match file.device() {
            Some(its_own) => (its_own == device).then(|| writers.writer_of_device(device, file.path())).flatten(),
            None if file.is_regular() => writers.writer_of(file.path()),
            None => None,
        };
        if let Some(writer) = writer {
            let file = std::mem::replace(file, LogFile::missing(file.log_path()));
            *self = Self::Queued(QueuedLog::adopt(file, writer, writers));
        }
    }

    /// The file system, as stat(2) numbers it, of a log that the loop writes; `None` for a stream.
    pub(super) fn device(&self) -> Option<u64> {
        match self {
            Self::Direct(file) => file.device(),
            Self::Queued(_) => None,
        }
    }

    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Direct(file) => file.path(),
            Self::Queued(log) => log.path(),
        }
    }

    /// Whether it is a file that can be read back and emptied.
    pub(super) fn is_regular(&self) -> bool {
        match self {
            Self::Direct(file) => file.is_regular(),
            Self::Queued(log) => log.is_regular(),
        }
    }

    /// Whether a thread writes it.
    pub(super) fn is_queued(&self) -> bool {
        match self {
            Self::Direct(_) => false,
            Self::Queued(_) => true,
        }
    }

    /// As [`LogFile::append`].
    #[must_use = "the main log is to say it"]
    pub(super) fn append(
        &mut self,
        bytes: &[u8],
        rotation: Rotation,
        bound: usize,
        now: Duration,
    ) -> Option<LogFileNotice> {
        match self {
            Self::Direct(file) => file.append(bytes, rotation, bound, now),
            Self::Queued(log) => log.append(bytes, rotation, bound),
        }
    }

    /// Its name with the thread that writes it.
    pub(super) fn ticket(&self) -> Option<Ticket> {
        match self {
            Self::Direct(_) => None,
            Self::Queued(log) => Some(log.ticket()),
        }
    }

    /// Takes in what has become of an order of this log.
    pub(super) fn answered(&mut self, outcome: Outcome, now: Duration) -> Option<LogFileNotice> {
        let Self::Queued(log) = self else { return None };
        let said = log.answered(outcome);
        self.take_back_stream(now).or(said)
    }

    /// Writes on to a stream that takes bytes again.
    #[must_use = "the main log is to say it"]
    pub(super) fn flush(&mut self) -> Option<LogFileNotice> {
        match self {
            Self::Direct(file) => file.flush(),
            Self::Queued(_) => None,
        }
    }

    /// The stream that it is, if it is one, to be watched with the poller.
    pub(super) fn stream(&mut self) -> Option<&mut LogStream> {
        match self {
            Self::Direct(file) => file.stream(),
            Self::Queued(_) => None,
        }
    }

    /// Bytes that it has dropped and that have not been told yet. A thread tells of them itself.
    pub(super) fn dropped(&self) -> u64 {
        match self {
            Self::Direct(file) => file.dropped(),
            Self::Queued(_) => 0,
        }
    }

    /// As [`LogFile::carry_dropped`].
    pub(super) fn carry_dropped(&mut self, dropped: u64) {
        match self {
            Self::Direct(file) => file.carry_dropped(dropped),
            Self::Queued(log) => log.carry_dropped(dropped),
        }
    }

    /// Whether it takes no more, so that its programs are not to be read.
    pub(super) fn is_blocked(&self) -> bool {
        match self {
            Self::Direct(file) => file.is_blocked(),
            Self::Queued(log) => log.is_full(),
        }
    }

    /// Whether it has to stay open though nobody writes to it.
    pub(super) fn is_busy(&self) -> bool {
        match self {
            Self::Direct(file) => file.is_blocked(),
            Self::Queued(log) => log.is_busy(),
        }
    }

    /// How much waits to be written, in bytes.
    pub(super) fn waiting(&mut self) -> usize {
        match self {
            Self::Direct(file) => file.stream().map_or(0, |stream| stream.pending()),
            Self::Queued(log) => log.waiting(),
        }
    }

    /// Gives a thread a moment to write what waits.
    #[must_use = "the main log is to say it"]
    pub(super) fn settle(&mut self, writers: &mut LogWriters) -> Option<LogFileNotice> {
        let Self::Queued(log) = self else { return None };
        log.settle(writers);
        let said = log.take_notice();
        self.take_back_stream(clock::monotonic_clock()).or(said)
    }

    /// Opens the path anew (SIGUSR2).
    pub(super) fn reopen(&mut self) {
        match self {
            Self::Direct(file) => file.reopen(),
            Self::Queued(log) => log.reopen(),
        }
    }

    /// Opens the path anew if it leads elsewhere.
    pub(super) fn follow_path(&mut self) {
        match self {
            Self::Direct(file) => file.follow_path(),
            Self::Queued(log) => log.follow_path(),
        }
    }

    /// Removes the file and begins a new one; backups are kept.
    ///
    /// # Errors
    /// As [`LogFile::clear`] and [`QueuedLog::clear`].
    pub(super) fn clear(&mut self, writers: &mut LogWriters) -> io::Result<()> {
        match self {
            Self::Direct(file) => file.clear(),
            Self::Queued(log) => log.clear(writers),
        }
    }

    /// A fifo on a remote file system is the kernel's own, and for the poller to watch.
    fn take_back_stream(&mut self, now: Duration) -> Option<LogFileNotice> {
        let Self::Queued(log) = self else { return None };
        let (mut stream, orders) = log.take_stream()?;
        let mut notice = None;
        for order in orders {
            if let Order::Append(batch) = order {
                notice = batch.write_to(&mut stream, now).or(notice);
            }
        }
        *self = Self::Direct(stream);
        notice
    }
}
