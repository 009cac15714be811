//! One thread that writes logs: what it is told, what it answers, and how far it has got.
//!
//! It carries out its orders one after the other and decides nothing; which logs are its own is for
//! [`super::log_writers`] to say.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use supervisor_sys::{Waker, start_thread};

use super::limits;
use super::log_batch::Batch;
use super::log_file::{LogFile, LogFileNotice, LogPath, clear_closed};
use crate::clock;

/// Names a log for its thread, never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Ticket(pub(super) u64);

/// What a thread is to do with a log.
#[derive(Debug)]
pub(super) enum Order {
    /// Open it.
    Open(LogPath),
    /// Take one that is open.
    Adopt(Box<LogFile>),
    /// Write.
    Append(Batch),
    /// Open the path anew (SIGUSR2).
    Reopen,
    /// Open the path anew if it leads elsewhere.
    FollowPath,
    /// Remove the file and begin a new one.
    Clear,
    /// Empty a file that is not open.
    ClearClosed(LogPath),
    /// Close it; the only order without an answer.
    Close,
}

/// What a thread has to say of an order.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) ticket: Ticket,
    pub(super) outcome: Outcome,
    /// Which thread.
    pub(super) writer: usize,
}

/// What has become of an order.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It is open; or cannot be opened, which is tried again with the next write. A stream is given back: its room is
    /// for the poller to tell.
    Opened(io::Result<Option<Box<LogFile>>>),
    /// The batch is written, or dropped as the notice says; it is given back empty.
    Written(Batch, Option<LogFileNotice>),
    /// Reopened, adopted, or found where its path leads.
    Done,
    /// Emptied, or not.
    Cleared(io::Result<()>),
}

/// One thread, for those who give it orders.
#[derive(Clone, Debug)]
pub(super) struct WriterHandle {
    orders: mpsc::Sender<(Ticket, Order)>,
    progress: Arc<Progress>,
}

/// How far a thread has got; written by the thread but for `sent` and `impatient_until`.
#[derive(Debug, Default)]
struct Progress {
    sent: AtomicU64,
    done: AtomicU64,
    /// The monotonic clock in milliseconds, and one, when the order under way began; 0: none is.
    busy_since: AtomicU64,
    /// The monotonic clock in milliseconds: until then nobody waits for it. Each of its orders may be short, and an
    /// answer yet stand behind a long queue of them.
    impatient_until: AtomicU64,
}

/// Starts a thread. Its answers name it by `index`; the waker ends a wait of the loop when there is one.
pub(super) fn start(index: usize, answers: mpsc::Sender<Answer>, waker: Waker) -> io::Result<WriterHandle> {
    let (handle, orders) = WriterHandle::new();
    let progress = Arc::clone(&handle.progress);
    let thread = WriterThread { files: HashMap::new(), progress, answers, waker, index };
    let builder = thread::Builder::new().name(format!("log-writer-{index}")).stack_size(limits::LOG_WRITER_STACK);
    start_thread(|| builder.spawn(move || thread.run(orders)))?;
    Ok(handle)
}

impl WriterHandle {
    /// And the end that the orders come out of.
    pub(super) fn new() -> (Self, mpsc::Receiver<(Ticket, Order)>) {
        let (orders, received) = mpsc::channel();
        (Self { orders, progress: Arc::default() }, received)
    }

    /// Gives an order, which is carried out after all earlier ones.
    pub(super) fn send(&self, ticket: Ticket, order: Order) {
        self.progress.sent.fetch_add(1, Ordering::Relaxed);
        // A thread ends when nobody can give it orders any more, and no sooner.
        self.orders.send((ticket, order)).ok();
    }

    /// Whether it would be no use to wait for an answer now.
    pub(super) fn is_slow_now(&self) -> bool {
        let now = clock::monotonic_clock();
        self.busy_for(now) >= limits::LOG_WRITER_PATIENCE
            || milliseconds(now) < self.progress.impatient_until.load(Ordering::Relaxed)
    }

    /// Nobody waits for it before this time of the monotonic clock.
    pub(super) fn keep_impatient_until(&self, time: Duration) {
        self.progress.impatient_until.store(milliseconds(time), Ordering::Relaxed);
    }

    /// Whether it has not done yet all that it was told.
    pub(super) fn has_orders(&self) -> bool {
        self.progress.sent.load(Ordering::Relaxed) > self.progress.done.load(Ordering::Relaxed)
    }

    /// How long the order under way has taken so far; zero if there is none.
    pub(super) fn busy_for(&self, now: Duration) -> Duration {
        match self.progress.busy_since.load(Ordering::Relaxed) {
            0 => Duration::ZERO,
            since => now.saturating_sub(Duration::from_millis(since - 1)),
        }
    }
}

/// What a thread has.
struct WriterThread {
    files: HashMap<Ticket, LogFile>,
    progress: Arc<Progress>,
    answers: mpsc::Sender<Answer>,
    waker: Waker,
    index: usize,
}

impl WriterThread {
    /// Ends when nobody can give it orders any more.
    fn run(mut self, orders: mpsc::Receiver<(Ticket, Order)>) {
        for (ticket, order) in orders {
            self.progress.busy_since.store(milliseconds(clock::monotonic_clock()) + 1, Ordering::Relaxed);
            let outcome = self.carry_out(ticket, order);
            self.progress.busy_since.store(0, Ordering::Relaxed);
            self.progress.done.fetch_add(1, Ordering::Relaxed);
            if let Some(outcome) = outcome {
                // Nobody listens any more when supervision has ended.
                self.answers.send(Answer { ticket, outcome, writer: self.index }).ok();
                self.waker.wake();
            }
        }
    }

    fn carry_out(&mut self, ticket: Ticket, order: Order) -> Option<Outcome> {
        let file = self.files.get_mut(&ticket);
        Some(match order {
            Order::Open(path) => Outcome::Opened(self.open(ticket, path)),
            Order::Adopt(file) => {
                self.files.insert(ticket, *file);
                Outcome::Done
            }
            Order::Append(mut batch) => {
                let notice = match file {
                    Some(file) => batch.write_to(file, clock::monotonic_clock()),
                    None => Some(LogFileNotice::Drops { error: io::Error::other("it is not open") }),
                };
                batch.clear();
                Outcome::Written(batch, notice)
            }
            Order::Reopen => {
                file.map(LogFile::reopen);
                Outcome::Done
            }
            Order::FollowPath => {
                file.map(LogFile::follow_path);
                Outcome::Done
            }
            Order::Clear => Outcome::Cleared(file.map_or(Ok(()), LogFile::clear)),
            Order::ClearClosed(path) => Outcome::Cleared(clear_closed(&path)),
            Order::Close => {
                self.files.remove(&ticket);
                return None;
            }
        })
    }

    fn open(&mut self, ticket: Ticket, path: LogPath) -> io::Result<Option<Box<LogFile>>> {
        match LogFile::open(path.clone()) {
            Ok(file) if file.device().is_none() => Ok(Some(Box::new(file))),
            Ok(file) => {
                self.files.insert(ticket, file);
                Ok(None)
            }
            Err(error) => {
                self.files.insert(ticket, LogFile::missing(path));
                Err(error)
            }
        }
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX - 1)
}
