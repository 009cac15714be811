//! Who waits for a full pool with `overflow=block` (docs/events.md).
//!
//! Output is held by not being read, which is the host's: it asks [`Supervisor::holds_output`] before each read. Events
//! of clients wait in [`crate::waiting_events`]. Everything else cannot wait, and is taken in. Invariants: a request
//! that waits here is answered, at the latest when a shutdown begins; a pool that is removed, and a shutdown, hold
//! nobody up.

use crate::channel::Channel;
use crate::event::{EventType, OwnEventType};
use crate::event_listener_pool::EventListenerPool;
use crate::fault::{Fault, FaultCode};
use crate::host::Host;
use crate::process::Phase;
use crate::process_id::{ProcessId, RequestId};
use crate::reply::Reply;
use crate::supervisor::Supervisor;
use crate::waiting_events::{Content, WaitingEvent};

impl Supervisor {
    /// Whether the output of a process is not to be read now, since a pool that wants its events has no room. A
    /// listener is always read, and so is what a process has left that has ended; one that is asked to stop, and
    /// everything in a shutdown, as long as there is memory.
    pub fn holds_output(&self, id: ProcessId, channel: Channel) -> bool {
        if !self.pools.iter().any(EventListenerPool::is_full) {
            return false;
        }
        let Some(process) = self.processes.get(id).filter(|process| process.listener.is_none()) else { return false };
        let may_wait = match process.phase {
            Phase::Starting { .. } | Phase::Running { .. } => self.shutdown.is_none(),
            Phase::Stopping { .. } | Phase::Unknown { .. } => false,
            Phase::Stopped | Phase::Backoff | Phase::Exited | Phase::Fatal => return false,
        };
        let holds = |pool: &EventListenerPool| if may_wait { pool.is_full() } else { pool.is_large() };
        self.pools.iter().any(|pool| holds(pool) && pool.wants_output(&process.config, channel))
    }

    /// How many events there is room for in the pool that has the least; 1 at least, for whatever is not held.
    pub fn room_for_output(&self) -> usize {
        self.pools.iter().filter_map(EventListenerPool::room).min().unwrap_or(usize::MAX).max(1)
    }

    /// A client sends an event: done at once, or when there is room for it.
    pub(crate) fn send_remote_event(
        &mut self,
        request: RequestId,
        kind: String,
        data: String,
        host: &mut impl Host,
    ) -> Option<Result<Reply, Fault>> {
        self.send_event(WaitingEvent { request, content: Content::RemoteCommunication { kind, data } }, host)
    }

    /// An event of an extension's own, in the same way.
    pub(crate) fn send_own_event(
        &mut self,
        request: RequestId,
        name: OwnEventType,
        payload: String,
        host: &mut impl Host,
    ) -> Option<Result<Reply, Fault>> {
        self.send_event(WaitingEvent { request, content: Content::Own { name, payload } }, host)
    }

    fn send_event(&mut self, event: WaitingEvent, host: &mut impl Host) -> Option<Result<Reply, Fault>> {
        let full = self.pool_without_room().map(|pool| pool.name.to_string());
        if self.shutdown.is_some() || (full.is_none() && self.waiting_events.is_empty()) {
            self.notify(&event.event(), host);
            return Some(Ok(Reply::Done));
        }
        if let Err(()) = self.waiting_events.push(event) {
            let text = format!("too many events are waiting for room in pool {}", full.unwrap_or_default());
            return Some(Err(Fault::new(FaultCode::Failed, text)));
        }
        None
    }

    /// Takes in the events of clients that there is room for, and answers.
    pub(crate) fn admit_waiting_events(&mut self, host: &mut impl Host) {
        while !self.waiting_events.is_empty()
            && (self.shutdown.is_some() || self.pool_without_room().is_none())
            && let Some(event) = self.waiting_events.pop()
        {
            self.notify(&event.event(), host);
            host.reply(event.request, Ok(Reply::Done));
        }
    }

    /// A pool that events of clients have to wait for.
    fn pool_without_room(&self) -> Option<&EventListenerPool> {
        self.pools.iter().find(|pool| pool.is_full() && pool.subscribes(EventType::RemoteCommunication))
    }
}
