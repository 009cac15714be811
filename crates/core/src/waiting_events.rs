//! Events of clients that wait for room in a pool with `overflow=block`, and their requests with them.
//!
//! Invariant: they keep their order, and are bounded by count and by bytes.

use std::collections::VecDeque;

use crate::event::Event;
use crate::limits;
use crate::process_id::RequestId;

/// The events of clients that wait for room, in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct WaitingEvents {
    events: VecDeque<WaitingEvent>,
    bytes: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct WaitingEvent {
    pub(crate) request: RequestId,
    pub(crate) kind: String,
    pub(crate) data: String,
}

impl WaitingEvents {
    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    pub(crate) fn push(&mut self, event: WaitingEvent) -> Result<(), ()> {
        let bytes = self.bytes + event.size();
        if self.events.len() >= limits::WAITING_EVENTS
            || (bytes > limits::WAITING_EVENT_BYTES && !self.events.is_empty())
        {
            return Err(());
        }
        self.bytes = bytes;
        self.events.push_back(event);
        Ok(())
    }

    pub(crate) fn pop(&mut self) -> Option<WaitingEvent> {
        let event = self.events.pop_front()?;
        self.bytes -= event.size();
        Some(event)
    }
}

impl WaitingEvent {
    pub(crate) fn event(&self) -> Event<'_> {
        Event::RemoteCommunication { kind: &self.kind, data: &self.data }
    }

    fn size(&self) -> usize {
        self.kind.len() + self.data.len()
    }
}
