//! A socket with patience: how long a client may take for what.
//!
//! hyper's own header timeout also runs between requests, which would close the connection of an interactive
//! session; so the time is taken here, by what the connection is doing (architecture study, risk 18). A deadline
//! that passes is an I/O error of kind `TimedOut`, which ends the connection.
//!
//! The end of what the client sends is kept back for a while when it comes during the answering of a request, and as
//! long as an answer is being written: tools such as `nc` and `socat` end their half first and then read, while for
//! hyper such a client is gone.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;
use tokio::time::{Instant, Sleep, sleep_until};

use super::limits;

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Between requests: no byte of the next one has come, as far as we can see. What came together with the request
    /// before may be in hyper's hands; a client that plays on that gains the patience for an idle connection, no more.
    Idle,
    /// A head has begun and is not complete.
    Head,
    /// A request is being answered; no deadline of ours.
    Handling,
    /// A long answer is handed over piece by piece, as the client takes it.
    Sending,
    /// The answer is a log stream, which ends when the client wants.
    Streaming,
}

/// What a connection is doing and since when; shared by its socket, its handlers and its listener.
#[derive(Debug)]
pub(super) struct Activity {
    phase: Cell<Phase>,
    since: Cell<Instant>,
    /// The client sends no more.
    ended: Cell<bool>,
    /// The client does not take what we write.
    write_blocked: Cell<bool>,
    /// An answer is handed over that hyper has not written to its end.
    unsent: Cell<bool>,
    /// Told each time the connection becomes idle, for a listener that waits for room.
    became_idle: Rc<Notify>,
}

impl Activity {
    /// A new connection, idle. `became_idle` is its listener's.
    pub(super) fn new(became_idle: Rc<Notify>) -> Self {
        Self {
            phase: Cell::new(Phase::Idle),
            since: Cell::new(Instant::now()),
            ended: Cell::new(false),
            write_blocked: Cell::new(false),
            unsent: Cell::new(false),
            became_idle,
        }
    }

    /// A whole head has come; it is being answered.
    pub(super) fn begin_handling(&self) {
        self.phase.set(Phase::Handling);
    }

    /// The answer is handed over and is a stream.
    pub(super) fn begin_streaming(&self) {
        self.phase.set(Phase::Streaming);
    }

    /// The answer is handed over piece by piece, until the guard is dropped.
    pub(super) fn begin_sending(self: &Rc<Self>) -> Sending {
        self.phase.set(Phase::Sending);
        Sending(Rc::clone(self))
    }

    /// The answer is handed over and is complete.
    pub(super) fn finish_handling(&self) {
        self.unsent.set(true);
        self.enter(Phase::Idle);
        self.became_idle.notify_one();
    }

    /// Whether the client sends no more, so that this answer is the last.
    pub(super) fn has_ended(&self) -> bool {
        self.ended.get()
    }

    /// Since when this connection could be closed without cutting off anybody's answer.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        match self.phase.get() {
            Phase::Idle | Phase::Head if !self.write_blocked.get() => Some(self.since.get()),
            Phase::Idle | Phase::Head | Phase::Handling | Phase::Sending | Phase::Streaming => None,
        }
    }

    fn enter(&self, phase: Phase) {
        self.phase.set(phase);
        self.since.set(Instant::now());
    }

    fn bytes_came_in(&self) {
        match self.phase.get() {
            Phase::Idle => self.enter(Phase::Head),
            Phase::Head | Phase::Handling | Phase::Sending | Phase::Streaming => {}
        }
    }

    fn read_deadline(&self) -> Option<Instant> {
        match self.phase.get() {
            Phase::Idle => Some(self.since.get() + limits::IDLE_TIME),
            Phase::Head => Some(self.since.get() + limits::HEAD_TIME),
            Phase::Handling | Phase::Sending | Phase::Streaming => None,
        }
    }

    fn write_deadline(&self) -> Option<Instant> {
        match self.phase.get() {
            Phase::Idle | Phase::Head | Phase::Handling | Phase::Sending => Some(Instant::now() + limits::WRITE_TIME),
            Phase::Streaming => None,
        }
    }
}

/// An answer that is handed over piece by piece; dropped with its last one.
pub(super) struct Sending(Rc<Activity>);

impl Drop for Sending {
    fn drop(&mut self) {
        self.0.finish_handling();
    }
}

/// A socket that keeps the deadlines of its [`Activity`].
pub(super) struct TimedStream<S> {
    socket: S,
    activity: Rc<Activity>,
    read_timer: Timer,
    write_timer: Timer,
    /// Until when the end of the client's half is kept back, once it has come.
    kept_back: Option<Instant>,
}

impl<S> TimedStream<S> {
    pub(super) fn new(socket: S, activity: Rc<Activity>) -> Self {
        Self { socket, activity, read_timer: Timer::default(), write_timer: Timer::default(), kept_back: None }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for TimedStream<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.kept_back.is_some() {
            return this.poll_end(cx);
        }
        let before = buffer.filled().len();
        match Pin::new(&mut this.socket).poll_read(cx, buffer) {
            Poll::Ready(Ok(())) if buffer.filled().len() > before => {
                this.activity.bytes_came_in();
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Ok(())) if buffer.remaining() > 0 => {
                this.activity.ended.set(true);
                this.kept_back = Some(Instant::now() + limits::HALF_CLOSED_TIME);
                this.poll_end(cx)
            }
            Poll::Ready(result) => Poll::Ready(result),
            Poll::Pending => match this.activity.read_deadline() {
                Some(deadline) => this.read_timer.poll(cx, deadline).map(Err),
                None => Poll::Pending,
            },
        }
    }
}

impl<S> TimedStream<S> {
    /// The client sends no more: tells so at once, or when the answer is written or has taken too long to make.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.activity.unsent.get() {
            // Writing has a deadline of its own; its end wakes us.
            return Poll::Pending;
        }
        match (self.activity.phase.get(), self.kept_back) {
            (Phase::Handling, Some(until)) => self.read_timer.poll(cx, until).map(|_late| Ok(())),
            // As above: writing has a deadline of its own.
            (Phase::Sending, _) => Poll::Pending,
            (Phase::Handling, None) | (Phase::Idle | Phase::Head | Phase::Streaming, _) => Poll::Ready(Ok(())),
        }
    }
}

impl<S: AsyncWrite + Unpin> TimedStream<S> {
    /// Watches one attempt to write: blocked from the first one that is pending to the next one that is not.
    fn watch_write<T>(&mut self, cx: &mut Context<'_>, attempt: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if let Poll::Ready(result) = attempt {
            self.activity.write_blocked.set(false);
            return Poll::Ready(result);
        }
        if !self.activity.write_blocked.replace(true) {
            match self.activity.write_deadline() {
                Some(deadline) => self.write_timer.start(deadline),
                None => self.write_timer.forget(),
            }
        }
        self.write_timer.poll_running(cx).map(Err)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TimedStream<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let attempt = Pin::new(&mut this.socket).poll_write(cx, bytes);
        this.watch_write(cx, attempt)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let attempt = Pin::new(&mut this.socket).poll_write_vectored(cx, buffers);
        this.watch_write(cx, attempt)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // What a socket below TLS does not take is noticed here.
        let this = self.get_mut();
        if this.activity.phase.get() == Phase::Streaming && this.is_left(cx) {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let attempt = Pin::new(&mut this.socket).poll_flush(cx);
        // hyper flushes once it has written all that it has.
        if attempt.is_ready() && this.activity.unsent.replace(false) && this.kept_back.is_some() {
            cx.waker().wake_by_ref();
        }
        this.watch_write(cx, attempt)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_shutdown(cx)
    }
}

impl<S: AsyncRead + Unpin> TimedStream<S> {
    /// Whether the client of a log stream is gone. hyper asks only as long as it holds nothing of a next request,
    /// which it will never come to; what else the client sends is of no interest either.
    fn is_left(&mut self, cx: &mut Context<'_>) -> bool {
        let mut space = [0; limits::IGNORED_BYTES];
        let mut buffer = ReadBuf::new(&mut space);
        match Pin::new(&mut self.socket).poll_read(cx, &mut buffer) {
            Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                cx.waker().wake_by_ref();
                false
            }
            Poll::Ready(Ok(()) | Err(_)) => true,
            Poll::Pending => false,
        }
    }
}

/// A timer that is made when it is first needed and then set anew.
#[derive(Default)]
struct Timer(Option<Pin<Box<Sleep>>>);

impl Timer {
    /// Ready with an error at the deadline.
    fn poll(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<io::Error> {
        self.start(deadline);
        self.poll_running(cx)
    }

    fn start(&mut self, deadline: Instant) {
        match &mut self.0 {
            Some(sleep) if sleep.deadline() == deadline && !sleep.is_elapsed() => {}
            Some(sleep) => sleep.as_mut().reset(deadline),
            none @ None => *none = Some(Box::pin(sleep_until(deadline))),
        }
    }

    fn forget(&mut self) {
        self.0 = None;
    }

    fn poll_running(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        match &mut self.0 {
            Some(sleep) => {
                ready!(sleep.as_mut().poll(cx));
                Poll::Ready(io::ErrorKind::TimedOut.into())
            }
            None => Poll::Pending,
        }
    }
}
