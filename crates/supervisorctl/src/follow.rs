//! Log streams that are open: `tail -f`, `maintail -f`, `fg` (contract/rpc.md §7).

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body as _, Bytes, Incoming};

/// The bodies of endless answers, each on its own connection.
#[derive(Default)]
pub(crate) struct Streams {
    open: Vec<Incoming>,
    /// Which one is asked first, so that a noisy stream does not silence the others.
    turn: usize,
}

impl Streams {
    /// One more to listen to.
    pub(crate) fn add(&mut self, body: Incoming) {
        self.open.push(body);
    }

    /// All have ended, or there were none.
    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// What came next on any of them; `None` when the last has ended. A stream that breaks has ended.
    pub(crate) async fn next_chunk(&mut self) -> Option<Bytes> {
        poll_fn(|context| self.poll_next(context)).await
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let mut waiting = 0;
        while waiting < self.open.len() {
            self.turn = (self.turn + 1) % self.open.len();
            match Pin::new(&mut self.open[self.turn]).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => {
                    if let Ok(data) = frame.into_data() {
                        return Poll::Ready(Some(data));
                    }
                }
                Poll::Ready(Some(Err(_)) | None) => {
                    drop(self.open.swap_remove(self.turn));
                    waiting = 0;
                }
                Poll::Pending => waiting += 1,
            }
        }
        if self.open.is_empty() { Poll::Ready(None) } else { Poll::Pending }
    }
}
