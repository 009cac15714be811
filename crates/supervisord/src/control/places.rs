//! A number of places, each of which is given back when whoever holds it is dropped.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A place; dropping it gives it back.
pub(super) type Place = OwnedSemaphorePermit;

/// How many may be inside.
pub(super) struct Places {
    free: Arc<Semaphore>,
    count: usize,
}

impl Places {
    /// All of them free.
    pub(super) fn new(count: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(count)), count }
    }

    /// One of them; `None` when all are taken.
    pub(super) fn take(&self) -> Option<Place> {
        Arc::clone(&self.free).try_acquire_owned().ok()
    }

    /// How many there are, free or taken.
    pub(super) fn count(&self) -> usize {
        self.count
    }
}
