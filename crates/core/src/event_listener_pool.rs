//! Event listener pools: who gets which event, in which order, and what waits (contract/events.md §3, §4.3, §5).
//!
//! A pool buffers so many events, gives the oldest to its first member that is RUNNING and READY, and takes back
//! what was rejected, at the head. Invariants: an event goes to a pool once, whatever the pool subscribes to
//! (quirks.md F47); what is rejected goes back to the pool it came from and to no other (F01); an event that is
//! dropped is logged.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::event::{Event, EventType};
use crate::host::{Host, StdinError};
use crate::listener_protocol::{Listener, ListenerState, Outcome};
use crate::log_level::LogLevel;
use crate::process::Phase;
use crate::process_config::EventListenerPoolConfig;
use crate::process_id::ProcessId;
use crate::supervisor::Supervisor;

/// One `[eventlistener:x]` that is active.
#[derive(Debug)]
pub(crate) struct EventListenerPool {
    name: Arc<str>,
    config: EventListenerPoolConfig,
    /// In configuration order.
    members: Vec<ProcessId>,
    buffer: VecDeque<PoolEvent>,
    next_poolserial: u64,
}

/// An event as one pool holds it. The payload is shared between pools.
#[derive(Clone, Debug)]
pub(crate) struct PoolEvent {
    serial: u64,
    poolserial: u64,
    event_type: EventType,
    payload: Arc<str>,
}

impl EventListenerPool {
    pub(crate) fn new(name: Arc<str>, config: EventListenerPoolConfig, members: Vec<ProcessId>) -> Self {
        Self { name, config, members, buffer: VecDeque::new(), next_poolserial: 0 }
    }

    /// Whether the pool wants events of this type.
    pub(crate) fn subscribes(&self, event: EventType) -> bool {
        self.config.events.iter().any(|subscribed| event.is_a(*subscribed))
    }

    /// Whether the pool wants any event of this type or below it.
    pub(crate) fn subscribes_below(&self, event: EventType) -> bool {
        self.config.events.iter().any(|subscribed| subscribed.is_a(event) || event.is_a(*subscribed))
    }

    fn accept(&mut self, serial: u64, event_type: EventType, payload: Arc<str>, host: &mut impl Host) {
        let poolserial = self.next_poolserial;
        self.next_poolserial = next_serial(poolserial);
        self.make_room(host);
        self.buffer.push_back(PoolEvent { serial, poolserial, event_type, payload });
    }

    /// Takes back an event that no member has processed.
    fn rebuffer(&mut self, event: PoolEvent, host: &mut impl Host) {
        host.log(
            LogLevel::Debug,
            format_args!(
                "rebuffering event {} for pool {} (buf size={}, max={})",
                event.serial,
                self.name,
                self.buffer.len(),
                self.config.buffer_size
            ),
        );
        self.make_room(host);
        self.buffer.push_front(event);
    }

    /// Drops the oldest event when there is no room for another.
    fn make_room(&mut self, host: &mut impl Host) {
        if self.buffer.len() >= self.config.buffer_size
            && let Some(dropped) = self.buffer.pop_front()
        {
            let (name, serial) = (&self.name, dropped.serial);
            host.log(LogLevel::Error, format_args!("pool {name} event buffer overflowed, discarding event {serial}"));
        }
    }

    /// The header line and the payload. `len` counts characters, as upstream's Python listeners read them (K01).
    fn envelope(&self, identifier: &str, event: &PoolEvent) -> String {
        format!(
            "ver:3.0 server:{identifier} serial:{} pool:{} poolserial:{} eventname:{} len:{}\n{}",
            event.serial,
            self.name,
            event.poolserial,
            event.event_type.name(),
            event.payload.chars().count(),
            event.payload
        )
    }
}

/// Serials end at the largest number that upstream's clients know, and begin anew.
fn next_serial(serial: u64) -> u64 {
    const MAX: u64 = i64::MAX as u64;
    if serial >= MAX { 0 } else { serial + 1 }
}

impl Supervisor {
    /// Something happened: tells the host and every pool that subscribes to it.
    pub(crate) fn notify(&mut self, event: &Event<'_>, host: &mut impl Host) {
        host.publish(event);
        if self.pools.is_empty() {
            return;
        }
        let event_type = event.event_type();
        let mut shared: Option<(u64, Arc<str>)> = None;
        for index in 0..self.pools.len() {
            if !self.pools[index].subscribes(event_type) {
                continue;
            }
            // The serial is taken by the first pool that accepts, so that what nobody wants takes none.
            let (serial, payload) = shared.get_or_insert_with(|| {
                let serial = self.next_event_serial;
                self.next_event_serial = next_serial(serial);
                (serial, Arc::from(event.payload()))
            });
            let (serial, payload) = (*serial, Arc::clone(payload));
            self.pools[index].accept(serial, event_type, payload, host);
            self.dispatch_events(index, host);
        }
    }

    /// Gives events of a pool to members that are ready for one.
    fn dispatch_events(&mut self, index: usize, host: &mut impl Host) {
        while let Some(event) = self.pools[index].buffer.pop_front() {
            if let Err(event) = self.send_to_a_member(index, event, host) {
                // It was the oldest before, and there is room for it: nothing is dropped, nothing to be said.
                self.pools[index].buffer.push_front(event);
                return;
            }
        }
    }

    /// Gives an event to the first member that takes it, or back.
    fn send_to_a_member(&mut self, index: usize, event: PoolEvent, host: &mut impl Host) -> Result<(), PoolEvent> {
        let pool = &self.pools[index];
        let mut envelope: Option<String> = None;
        for id in pool.members.iter().copied() {
            let Some(process) = self.processes.get_mut(id) else { continue };
            let Some(listener) = process.listener.as_mut().filter(|it| it.state() == ListenerState::Ready) else {
                continue;
            };
            let Phase::Running { .. } = process.phase else { continue };
            let envelope = envelope.get_or_insert_with(|| pool.envelope(&self.settings.identifier, &event));
            let name = &process.config.name;
            match host.write_stdin(id, envelope.as_bytes()) {
                Ok(()) => {
                    let serial = event.serial;
                    listener.begin(event);
                    host.log(LogLevel::Debug, format_args!("event {serial} sent to listener {name}"));
                    return Ok(());
                }
                Err(StdinError::Closed) => host.log(
                    LogLevel::Debug,
                    format_args!(
                        "epipe occurred while sending event {} to listener {name}, listener state unchanged",
                        event.serial
                    ),
                ),
                // It says READY and does not read: the event is another's (quirks.md F13).
                Err(StdinError::Full) => {}
            }
        }
        Err(event)
    }

    /// A listener wrote to its stdout, which is the protocol.
    pub(crate) fn listener_output(&mut self, id: ProcessId, bytes: &[u8], host: &mut impl Host) {
        let Some(process) = self.processes.get_mut(id) else { return };
        let config = Arc::clone(&process.config);
        let Some(listener) = &mut process.listener else { return };
        let mut returned = Vec::new();
        listener.feed(bytes, |step| {
            step.log(&config.name, host);
            if let Outcome::Rejected(event) = step.outcome {
                returned.push(event);
            }
        });
        self.return_events(id, returned, host);
        self.dispatch_for(id, host);
    }

    /// A listener has started: it has to say READY first.
    pub(crate) fn listener_started(&mut self, id: ProcessId) {
        if let Some(listener) = self.processes.get_mut(id).and_then(|process| process.listener.as_mut()) {
            **listener = Listener::default();
        }
    }

    /// A listener has ended: what it was working on counts as rejected.
    pub(crate) fn listener_ended(&mut self, id: ProcessId, host: &mut impl Host) {
        let listener = self.processes.get_mut(id).and_then(|process| process.listener.as_mut());
        let unfinished = listener.and_then(|listener| listener.end());
        self.return_events(id, unfinished.into_iter().collect(), host);
        self.dispatch_for(id, host);
    }

    /// A member became RUNNING or READY, or an event came back: the pool may have something for somebody.
    pub(crate) fn dispatch_for(&mut self, id: ProcessId, host: &mut impl Host) {
        if let Some(index) = self.pool_of(id) {
            self.dispatch_events(index, host);
        }
    }

    fn return_events(&mut self, id: ProcessId, events: Vec<PoolEvent>, host: &mut impl Host) {
        let Some(index) = self.pool_of(id) else { return };
        for event in events {
            self.pools[index].rebuffer(event, host);
        }
    }

    fn pool_of(&self, id: ProcessId) -> Option<usize> {
        self.pools.iter().position(|pool| pool.members.contains(&id))
    }

    /// Removes the pool of a group; events that wait in it are dropped with it.
    pub(crate) fn remove_pool(&mut self, name: &str) {
        self.pools.retain(|pool| *pool.name != *name);
    }
}
