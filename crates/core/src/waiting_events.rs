//! Events of clients that wait for room in a pool with `overflow=block`, and their requests with them.
//!
//! Invariant: they keep their order, and are bounded by count and by bytes.

use std::collections::VecDeque;

use crate::event::{Event, OwnEventType};
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
    pub(crate) content: Content,
}

/// What a client sends.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    RemoteCommunication { kind: String, data: String },
    Own { name: OwnEventType, payload: String },
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
        match &self.content {
            Content::RemoteCommunication { kind, data } => Event::RemoteCommunication { kind, data },
            Content::Own { name, payload } => Event::Own { name: *name, payload },
        }
    }

    fn size(&self) -> usize {
        match &self.content {
            Content::RemoteCommunication { kind, data } => kind.len() + data.len(),
            Content::Own { payload, .. } => payload.len(),
        }
    }
}
