//! A log that a thread writes ([`super::log_writers`]), as the loop sees it: orders that wait, one that is under way.
//!
//! Never waits, but for a moment while the file system seems to be well, where somebody counts on the outcome: when a
//! log is opened or emptied, when its last program has ended, and before a client is answered that may look into the
//! main log. Bytes and their order never change. The queue is bounded: bytes by what the caller gives, orders because
//! one that would change nothing is not kept twice. All of it is written before what comes later, so a reopen or an
//! emptying finds the bytes that came before it in the file.

use std::collections::VecDeque;
use std::io;
use std::path::Path;

use super::limits;
use super::log_batch::Batch;
use super::log_file::{LogFile, LogFileNotice, LogPath, Rotation};
use super::log_writers::{LogWriters, Order, Outcome, Ticket, WriterHandle};

#[derive(Debug)]
pub(super) struct QueuedLog {
    path: LogPath,
    is_regular: bool,
    ticket: Ticket,
    writer: WriterHandle,
    orders: VecDeque<Order>,
    /// Bytes of the order that the thread has; `None`: it has none.
    under_way: Option<usize>,
    /// Bytes that are not written yet.
    waiting: usize,
    /// Bytes that found no room and have not been told yet.
    dropped: u64,
    /// Room for the next batch.
    spare: Batch,
    notice: Option<LogFileNotice>,
    /// What the last opening or emptying has come to.
    result: Option<io::Result<()>>,
    /// It turned out to be a stream, which is not for a thread to write.
    stream: Option<Box<LogFile>>,
}

impl QueuedLog {
    /// Opens a path.
    ///
    /// # Errors
    /// As `open(2)`, if that is known in time. Else it is tried again with the first write.
    pub(super) fn open(path: LogPath, writer: WriterHandle, writers: &mut LogWriters) -> io::Result<Self> {
        let mut log = Self::new(path.clone(), true, writer, writers.ticket());
        log.give(Order::Open(path));
        log.settle(writers);
        match log.result.take() {
            Some(Err(error)) => Err(error),
            Some(Ok(())) | None => Ok(log),
        }
    }

    /// Takes a log that was written at once.
    pub(super) fn adopt(file: LogFile, writer: WriterHandle, writers: &mut LogWriters) -> Self {
        let mut log = Self::new(file.log_path(), file.is_regular(), writer, writers.ticket());
        log.give(Order::Adopt(Box::new(file)));
        log
    }

    fn new(path: LogPath, is_regular: bool, writer: WriterHandle, ticket: Ticket) -> Self {
        Self {
            path,
            is_regular,
            ticket,
            writer,
            orders: VecDeque::new(),
            under_way: None,
            waiting: 0,
            dropped: 0,
            spare: Batch::default(),
            notice: None,
            result: None,
            stream: None,
        }
    }

    pub(super) fn ticket(&self) -> Ticket {
        self.ticket
    }

    pub(super) fn path(&self) -> &Path {
        &self.path.path
    }

    pub(super) fn is_regular(&self) -> bool {
        self.is_regular
    }

    /// Takes over what was dropped before it was opened, to be told once all has been written.
    pub(super) fn carry_dropped(&mut self, dropped: u64) {
        self.dropped += dropped;
    }

    /// Whether so much waits that more is not to be read.
    pub(super) fn is_full(&self) -> bool {
        self.waiting >= limits::LOG_QUEUE_BYTES
    }

    /// How much waits to be written, in bytes.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Whether there is anything that the thread has not done yet.
    pub(super) fn is_busy(&self) -> bool {
        self.under_way.is_some()
    }

    /// Queues a chunk: up to `bound` bytes, all of it or nothing.
    pub(super) fn append(&mut self, bytes: &[u8], rotation: Rotation, bound: usize) -> Option<LogFileNotice> {
        if self.waiting + bytes.len() > bound {
            let first = self.dropped == 0;
            self.dropped += bytes.len() as u64;
            let error = io::Error::new(io::ErrorKind::WouldBlock, "its file system takes too long");
            return self.notice.take().or_else(|| first.then_some(LogFileNotice::Drops { error }));
        }
        self.waiting += bytes.len();
        if let Some(Order::Append(batch)) = self.orders.back_mut() {
            batch.push(bytes, rotation);
        } else {
            let mut batch = std::mem::take(&mut self.spare);
            batch.push(bytes, rotation);
            self.give(Order::Append(batch));
        }
        self.notice.take()
    }

    /// Has the path opened anew (SIGUSR2). One order is enough, however many wait: whatever was done to the file is
    /// done when it is carried out.
    pub(super) fn reopen(&mut self) {
        if !self.orders.iter().any(|order| matches!(order, Order::Reopen)) {
            self.give(Order::Reopen);
        }
    }

    /// Has the path opened anew if it leads elsewhere.
    pub(super) fn follow_path(&mut self) {
        if !self.orders.iter().any(|order| matches!(order, Order::Reopen | Order::FollowPath)) {
            self.give(Order::FollowPath);
        }
    }

    /// Has the file removed and begun anew.
    ///
    /// # Errors
    /// As `unlink(2)` and `open(2)`, if that is known in time; `TimedOut` if the file is emptied later.
    pub(super) fn clear(&mut self, writers: &mut LogWriters) -> io::Result<()> {
        // What an earlier one would empty, this one does.
        self.orders.retain(|order| !matches!(order, Order::Clear));
        self.result = None;
        self.give(Order::Clear);
        self.settle(writers);
        if self.stream.is_some() {
            return Ok(()); // There is nothing to empty.
        }
        let later = || io::Error::new(io::ErrorKind::TimedOut, "its file system does not answer");
        self.result.take().unwrap_or_else(|| Err(later()))
    }

    /// What there is to be said since the last answer.
    pub(super) fn take_notice(&mut self) -> Option<LogFileNotice> {
        self.notice.take()
    }

    /// Takes in what has become of the order under way, and gives the next one. What there is to be said.
    pub(super) fn answered(&mut self, outcome: Outcome) -> Option<LogFileNotice> {
        self.take(outcome);
        self.notice.take()
    }

    /// The stream that it turned out to be, with what waits for it.
    pub(super) fn take_stream(&mut self) -> Option<(LogFile, VecDeque<Order>)> {
        let stream = self.stream.take()?;
        Some((*stream, std::mem::take(&mut self.orders)))
    }

    fn take(&mut self, outcome: Outcome) {
        self.waiting -= self.under_way.take().unwrap_or(0);
        match outcome {
            Outcome::Opened(Ok(None)) => self.result = Some(Ok(())),
            // It keeps its orders: whoever takes it carries them out.
            Outcome::Opened(Ok(Some(stream))) => return self.stream = Some(stream),
            Outcome::Opened(Err(error)) => self.result = Some(Err(error)),
            Outcome::Cleared(result) => self.result = Some(result),
            Outcome::Written(batch, notice) => {
                self.spare = batch;
                self.notice = notice.or(self.notice.take());
            }
            Outcome::Done => {}
        }
        self.send_next();
        if !self.is_busy() {
            // The room goes back: most logs are quiet most of the time.
            self.spare = Batch::default();
        }
        if self.waiting == 0 && self.dropped > 0 {
            let dropped = std::mem::take(&mut self.dropped);
            self.notice = Some(LogFileNotice::TakesAgain { dropped });
        }
    }

    fn give(&mut self, order: Order) {
        self.orders.push_back(order);
        self.send_next();
    }

    fn send_next(&mut self) {
        if self.under_way.is_none()
            && let Some(order) = self.orders.pop_front()
        {
            self.under_way = Some(match &order {
                Order::Append(batch) => batch.len(),
                Order::Open(_)
                | Order::Adopt(_)
                | Order::Reopen
                | Order::FollowPath
                | Order::Clear
                | Order::ClearClosed(_)
                | Order::Close => 0,
            });
            self.writer.send(self.ticket, order);
        }
    }

    /// Waits a moment for the thread to do all that was ordered, unless it hangs.
    pub(super) fn settle(&mut self, writers: &mut LogWriters) {
        if self.writer.is_slow_now() {
            return;
        }
        while self.is_busy()
            && let Some(outcome) = writers.wait_for(self.ticket, &self.writer)
        {
            self.take(outcome);
        }
    }
}

/// What waits is written all the same, should the thread still come to it.
impl Drop for QueuedLog {
    fn drop(&mut self) {
        self.orders.drain(..).for_each(|order| self.writer.send(self.ticket, order));
        self.writer.send(self.ticket, Order::Close);
    }
}
