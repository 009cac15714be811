//! What waits in a pool: events in their order, bounded by count and by bytes (contract/events.md §5, quirks.md K31).
//!
//! Sends nothing and knows no listener. Invariants: room is made by dropping the oldest; whoever adds an event is given
//! each one dropped for it; an event larger than the bound is kept as the only one, so that none is lost for its size.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::event::EventType;
use crate::limits;

/// An event as one pool holds it. The payload is shared between pools.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolEvent {
    /// Its number among all events.
    pub serial: u64,
    /// Its number among those of its pool.
    pub poolserial: u64,
    /// What happened; never an abstract type.
    pub event_type: EventType,
    /// What else there is to say.
    pub payload: Arc<str>,
    /// Where the journal of the pool keeps it; `None`: memory alone has it.
    pub journal: Option<JournalKey>,
}

impl PoolEvent {
    /// Bytes of memory that it takes while it waits.
    fn size(&self) -> usize {
        // Two counters stand before the text of an Arc.
        size_of::<Self>() + 2 * size_of::<usize>() + self.payload.len()
    }
}

/// An event of a journal, for as long as the journal is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct JournalKey(pub u64);

/// Why an event was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    /// `buffer_size` events waited.
    Count,
    /// [`limits::LISTENER_POOL_BYTES`] waited.
    Bytes,
}

/// The events that wait in a pool.
#[derive(Clone, Debug)]
pub(crate) struct EventBuffer {
    events: VecDeque<PoolEvent>,
    /// The sizes of all of them.
    bytes: usize,
    /// `buffer_size`
    max_events: usize,
}

impl EventBuffer {
    pub(crate) fn new(max_events: usize) -> Self {
        Self { events: VecDeque::new(), bytes: 0, max_events }
    }

    pub(crate) fn len(&self) -> usize {
        self.events.len()
    }

    /// The events, the oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &PoolEvent> {
        self.events.iter()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds a new event, after all others.
    pub(crate) fn push_newest(&mut self, event: PoolEvent, dropped: impl FnMut(Bound, PoolEvent)) {
        self.make_room(&event, dropped);
        self.append(event);
    }

    /// Adds a new event, after all others, whatever the bounds are.
    pub(crate) fn append(&mut self, event: PoolEvent) {
        self.bytes += event.size();
        self.events.push_back(event);
    }

    /// Adds an event that came back, before all others.
    pub(crate) fn push_oldest(&mut self, event: PoolEvent, dropped: impl FnMut(Bound, PoolEvent)) {
        self.make_room(&event, dropped);
        self.put_back(event);
    }

    /// Takes the oldest event out.
    pub(crate) fn pop_oldest(&mut self) -> Option<PoolEvent> {
        let event = self.events.pop_front()?;
        self.bytes -= event.size();
        if self.events.is_empty() && self.events.capacity() > limits::LISTENER_POOL_SPARE_EVENTS {
            self.events = VecDeque::new();
        }
        Some(event)
    }

    /// Adds an event that came back, before all others, whatever the bounds are.
    pub(crate) fn put_back(&mut self, event: PoolEvent) {
        self.bytes += event.size();
        self.events.push_front(event);
    }

    fn make_room(&mut self, event: &PoolEvent, mut dropped: impl FnMut(Bound, PoolEvent)) {
        if self.events.len() >= self.max_events
            && let Some(oldest) = self.pop_oldest()
        {
            dropped(Bound::Count, oldest);
        }
        while self.bytes + event.size() > limits::LISTENER_POOL_BYTES
            && let Some(oldest) = self.pop_oldest()
        {
            dropped(Bound::Bytes, oldest);
        }
    }
}
