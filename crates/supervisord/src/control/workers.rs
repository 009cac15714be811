//! Threads for calls that may block: reading log files, computing password hashes, reading the configuration anew.
//!
//! Each kind of work has threads of its own, so that none waits for another kind: logins for a dead network file
//! system, a reread for logins. Threads are started when there is work and end when there has been none for a while.
//! What cannot be done is an answer and ends nothing: too much waits already, the system gives no thread (its limit of
//! processes is reached), or the work has met a defect of ours. Work that nobody waits for any more is not begun.

use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use supervisor_sys::start_thread;
use tokio::sync::oneshot;

use super::limits;
use crate::defect_log;

/// Threads for one kind of work. Dropping it leaves behind those that are inside a call.
pub(super) struct Workers {
    shared: Arc<Shared>,
    stack_bytes: usize,
}

/// Why work was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NotDone {
    /// As much waits as may.
    Busy,
    /// There is no thread and the system gives none.
    NoThread(String),
    /// It panicked; the main log says where.
    Defect,
}

struct Shared {
    name: &'static str,
    most_threads: usize,
    state: Mutex<State>,
    work: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Job>,
    threads: usize,
    idle: usize,
    closed: bool,
}

type Job = Box<dyn FnOnce() + Send>;

impl Workers {
    /// At most so many threads of this name.
    pub(super) fn new(name: &'static str, most_threads: usize) -> Self {
        let shared = Shared { name, most_threads, state: Mutex::default(), work: Condvar::new() };
        Self { shared: Arc::new(shared), stack_bytes: limits::WORKER_STACK_BYTES }
    }

    /// No threads: work is done where it is asked for, in no time. For a paused clock, which would run on meanwhile.
    #[cfg(any(test, fuzzing))]
    pub(super) fn in_place() -> Self {
        Self::new("in place", 0)
    }

    /// Does this on one of the threads.
    ///
    /// # Errors
    /// When it was not done.
    pub(super) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, NotDone> {
        let (sender, done) = oneshot::channel();
        self.submit(Box::new(move || {
            if !sender.is_closed() {
                // Whoever has asked may have gone meanwhile.
                drop(sender.send(catch_unwind(AssertUnwindSafe(work))));
            }
        }))?;
        match done.await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(_)) | Err(_) => Err(NotDone::Defect),
        }
    }

    fn submit(&self, job: Job) -> Result<(), NotDone> {
        #[cfg(any(test, fuzzing))]
        if self.shared.most_threads == 0 {
            job();
            return Ok(());
        }
        let mut state = self.shared.lock();
        if state.waiting.len() >= limits::WAITING_JOBS {
            return Err(NotDone::Busy);
        }
        state.waiting.push_back(job);
        if state.idle < state.waiting.len() && state.threads < self.shared.most_threads {
            match self.start_thread() {
                Ok(()) => state.threads += 1,
                // Those that are there come to it.
                Err(_) if state.threads > 0 => {}
                Err(error) => {
                    state.waiting.pop_back();
                    return Err(NotDone::NoThread(error.to_string()));
                }
            }
        }
        self.shared.work.notify_one();
        Ok(())
    }

    fn start_thread(&self) -> std::io::Result<()> {
        let shared = Arc::clone(&self.shared);
        let builder = thread::Builder::new().name(self.shared.name.to_owned()).stack_size(self.stack_bytes);
        start_thread(|| builder.spawn(move || shared.work_until_idle())).map(drop)
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.closed = true;
        state.waiting.clear();
        self.shared.work.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that could panic is done under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work_until_idle(&self) {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.waiting.pop_front() {
                drop(state);
                job();
                state = self.lock();
                continue;
            }
            if state.closed {
                break;
            }
            state.idle += 1;
            let waited = self.work.wait_timeout(state, limits::WORKER_IDLE_TIME);
            let (woken, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            state = woken;
            state.idle -= 1;
            if timeout.timed_out() && state.waiting.is_empty() {
                break;
            }
        }
        state.threads -= 1;
    }
}

/// For clients.
impl fmt::Display for NotDone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy => f.write_str("too much of the kind waits already"),
            Self::NoThread(error) => write!(f, "no thread to do it with: {error}"),
            Self::Defect => f.write_str(defect_log::TOLD),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Asks it once.
    async fn poll_immediately<F: Future>(mut future: std::pin::Pin<&mut F>) -> Option<F::Output> {
        std::future::poll_fn(|cx| match future.as_mut().poll(cx) {
            std::task::Poll::Ready(output) => std::task::Poll::Ready(Some(output)),
            std::task::Poll::Pending => std::task::Poll::Ready(None),
        })
        .await
    }

    fn threads(workers: &Workers) -> usize {
        workers.shared.lock().threads
    }

    #[tokio::test]
    async fn work_is_done_by_few_threads_and_what_panics_is_a_defect_of_its_own() {
        let workers = Workers::new("test", 2);
        for number in 0..20 {
            assert_eq!(workers.run(move || number).await, Ok(number));
            let panicking = workers.run(|| assert_ne!(thread::current().name(), Some("test"), "on purpose"));
            assert_eq!(panicking.await, Err(NotDone::Defect));
        }
        assert!((1..=2).contains(&threads(&workers)));
    }

    #[tokio::test]
    async fn without_a_thread_it_is_an_error_until_there_is_one() {
        let mut workers = Workers::new("test", 2);
        workers.stack_bytes = 1 << 46;
        for _ in 0..3 {
            assert!(matches!(workers.run(|| ()).await, Err(NotDone::NoThread(_))));
        }
        workers.stack_bytes = limits::WORKER_STACK_BYTES;
        assert_eq!(workers.run(|| 1).await, Ok(1));
        workers.stack_bytes = 1 << 46;
        assert_eq!(workers.run(|| 2).await, Ok(2), "by the thread that is there");
    }

    #[tokio::test]
    async fn what_waits_is_bounded_and_what_nobody_waits_for_is_not_begun() {
        let workers = Workers::new("test", 1);
        let (go, gate) = mpsc::channel::<()>();
        let (begun, has_begun) = mpsc::channel();
        let blocked = workers.run(move || {
            begun.send(()).unwrap();
            gate.recv()
        });
        let mut blocked = Box::pin(blocked);
        assert!(poll_immediately(blocked.as_mut()).await.is_none());
        has_begun.recv().unwrap();
        let (told, hears) = mpsc::channel();
        let mut waiting = vec![];
        for number in 0..limits::WAITING_JOBS {
            let told = told.clone();
            let mut job = Box::pin(workers.run(move || told.send(number).unwrap()));
            assert!(poll_immediately(job.as_mut()).await.is_none());
            waiting.push(job);
        }
        assert_eq!(workers.run(|| ()).await, Err(NotDone::Busy));
        let last = waiting.pop().unwrap();
        drop(waiting);
        go.send(()).unwrap();
        assert!(blocked.await.unwrap().is_ok());
        last.await.unwrap();
        assert_eq!(hears.try_iter().collect::<Vec<_>>(), [limits::WAITING_JOBS - 1]);
    }
}
