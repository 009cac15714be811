//! One call of a method, for the function that works on it.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use supervisor_protocol::xmlrpc::Value;

use crate::supervisor::Supervisor;

/// What supervisord has said of this extension.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// The namespace: the suffix of `[rpcinterface:x]`.
    pub name: String,
    /// The options of the section that are its own, by their names in lower case.
    pub config: BTreeMap<String, String>,
    /// `identifier` of supervisord.
    pub identifier: String,
}

/// A call. It may take as long as it likes; it has a thread of its own.
#[derive(Debug)]
pub struct Call {
    pub(crate) parameters: Vec<Value>,
    pub(crate) section: Arc<Section>,
    pub(crate) supervisor: Supervisor,
    pub(crate) cancellation: Arc<Cancellation>,
}

impl Call {
    /// The arguments.
    pub fn parameters(&self) -> &[Value] {
        &self.parameters
    }

    /// What supervisord has said of this extension.
    pub fn section(&self) -> &Section {
        &self.section
    }

    /// supervisord, to call back.
    pub fn supervisor(&self) -> &Supervisor {
        &self.supervisor
    }

    /// Nobody waits for the answer any more, or the end has come.
    pub fn is_cancelled(&self) -> bool {
        self.is_cancelled_within(Duration::ZERO)
    }

    /// Lets time pass, but no more than until nobody waits for the answer any more: whether that is so.
    pub fn is_cancelled_within(&self, time: Duration) -> bool {
        let cancelled = self.cancellation.cancelled.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.cancellation.told.wait_timeout_while(cancelled, time, |cancelled| !*cancelled);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// Whether a call is still wanted.
#[derive(Debug, Default)]
pub(crate) struct Cancellation {
    cancelled: Mutex<bool>,
    told: Condvar,
}

impl Cancellation {
    pub(crate) fn cancel(&self) {
        *self.cancelled.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.told.notify_all();
    }
}
