//! What the core asks of the journal of a pool with `overflow=spill`: words of [`crate::Host`].
//!
//! A journal is a queue of events that outlives supervisord. It keeps each event from its append until it is done, and
//! gives those back in their order that memory does not hold. How it is written, and where, is the host's.

use crate::event_buffer::PoolEvent;

/// What a journal holds when it is opened: what an earlier supervisord, or an earlier pool of this name, has left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JournalBacklog {
    /// Events that are not done.
    pub events: u64,
    /// Bytes of their payloads.
    pub bytes: u64,
    /// Beyond the serials of all its events; 0 without any.
    pub next_serial: u64,
    /// Beyond their poolserials; 0 without any.
    pub next_poolserial: u64,
}

/// Why an event is not in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JournalError {
    /// Events that are not done take as much room as they may.
    Full,
    /// It cannot be written now, for this reason.
    Unwritable(String),
}

/// The next event that memory does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JournalRead {
    /// This one.
    Event(PoolEvent),
    /// So many events, with so many bytes of payload, cannot be read; the host has said why.
    Lost {
        /// Events.
        events: u64,
        /// Bytes of their payloads.
        bytes: u64,
    },
    /// There is none.
    End,
}

/// What becomes of a journal whose pool is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JournalFate {
    /// It waits for a pool of this name.
    Kept,
    /// It is deleted.
    Deleted,
}
