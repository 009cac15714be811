//! The calls that are being worked on, by the ids that supervisord has given them.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use supervisor_protocol::extension::Id;

use crate::call::Cancellation;

#[derive(Debug, Default)]
pub(crate) struct OpenCalls {
    calls: Mutex<HashMap<Id, Arc<Cancellation>>>,
    answered: Condvar,
}

impl OpenCalls {
    /// A call has come.
    pub(crate) fn begin(&self, id: Id) -> Arc<Cancellation> {
        let cancellation = Arc::<Cancellation>::default();
        self.lock().insert(id, Arc::clone(&cancellation));
        cancellation
    }

    /// It has been answered. Its id may already be that of another.
    pub(crate) fn end(&self, id: &Id, cancellation: &Arc<Cancellation>) {
        let mut calls = self.lock();
        if calls.get(id).is_some_and(|known| Arc::ptr_eq(known, cancellation)) {
            calls.remove(id);
        }
        drop(calls);
        self.answered.notify_all();
    }

    /// Nobody waits for this one any more, if it is still open.
    pub(crate) fn cancel(&self, id: &Id) {
        if let Some(call) = self.lock().get(id) {
            call.cancel();
        }
    }

    /// Nobody waits for any of them any more.
    pub(crate) fn cancel_all(&self) {
        self.lock().values().for_each(|call| call.cancel());
    }

    /// Waits until all are answered, and no longer than that.
    pub(crate) fn wait_for_answers(&self, time: Duration) {
        let waited = self.answered.wait_timeout_while(self.lock(), time, |calls| !calls.is_empty());
        drop(waited);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Id, Arc<Cancellation>>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
