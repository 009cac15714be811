//! Who waits for a full pool with `overflow=block`, and what is said of it (docs/events.md).
//!
//! Output is held by not being read, which is the host's: it asks [`Supervisor::holds_output`] before each read. Events
//! of clients wait here, and their requests with them. Everything else cannot wait, and is taken in. Invariants: a
//! request that waits here is answered, at the latest when a shutdown begins; its events keep their order; a pool that
//! is removed, and a shutdown, hold nobody up; what is held up for longer than a moment is told in the main log.

use std::collections::VecDeque;
use std::time::Duration;

use crate::event::{Event, EventType};
use crate::event_listener_pool::EventListenerPool;
use crate::fault::{Fault, FaultCode};
use crate::host::Host;
use crate::limits;
use crate::log_level::LogLevel;
use crate::process::Phase;
use crate::process_config::Channel;
use crate::process_id::{ProcessId, RequestId};
use crate::reply::Reply;
use crate::supervisor::Supervisor;
use crate::timers::{Timer, after};

/// Seconds that a pool has to have had room before that is told: one that is full again and again is told once.
const RELIEF_SECONDS: i64 = 5;

/// The events of clients that wait for room, in their order.
#[derive(Debug, Default)]
pub(crate) struct WaitingEvents {
    events: VecDeque<WaitingEvent>,
    bytes: usize,
}

#[derive(Debug)]
struct WaitingEvent {
    request: RequestId,
    kind: String,
    data: String,
}

/// A pool that is full, or was a moment ago.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Blocking {
    since: Duration,
    /// It has room since then.
    relieved: Option<Duration>,
}

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
        let event = WaitingEvent { request, kind, data };
        let full = self.pool_without_room().map(|pool| pool.name.to_string());
        if self.shutdown.is_some() || (full.is_none() && self.waiting_events.events.is_empty()) {
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
        while !self.waiting_events.events.is_empty()
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

    /// Tells when a pool begins to hold others up, and when it has ended to.
    pub(crate) fn report_blocking(&mut self, host: &mut impl Host) {
        let (now, released) = (self.now, self.shutdown.is_some());
        let mut next: Option<Duration> = None;
        for pool in &mut self.pools {
            let full = pool.is_full();
            if pool.blocking.is_none() && !full {
                continue;
            }
            let ends = pool.report_blocking(full && !released, released, now, host);
            next = [next, ends].into_iter().flatten().min();
        }
        if let Some(next) = next {
            self.timers.set(Timer::PoolRelief, next);
        }
    }
}

impl EventListenerPool {
    /// The time at which it has had room for long enough.
    fn report_blocking(&mut self, full: bool, released: bool, now: Duration, host: &mut impl Host) -> Option<Duration> {
        let name = &self.name;
        let Some(blocking) = &mut self.blocking else {
            if full {
                self.blocking = Some(Blocking { since: now, relieved: None });
                let waiting = self.buffer.len();
                host.log(
                    LogLevel::Warn,
                    format_args!(
                        "pool {name} is full with {waiting} events: programs and clients whose events it wants wait \
                         from now on (overflow=block), until its listeners have worked; see to them, or raise its \
                         buffer_size"
                    ),
                );
            }
            return None;
        };
        if full {
            blocking.relieved = None;
            return None;
        }
        let ends = after(*blocking.relieved.get_or_insert(now), RELIEF_SECONDS);
        if now < ends && !released {
            return Some(ends);
        }
        blocking.report_end(name, now, host);
        self.blocking = None;
        None
    }
}

impl Blocking {
    /// How long others have been held up.
    fn length(&self, now: Duration) -> Duration {
        self.relieved.unwrap_or(now).saturating_sub(self.since)
    }

    pub(crate) fn report_end(&self, pool: &str, now: Duration, host: &mut impl Host) {
        let seconds = self.length(now).as_secs_f64();
        host.log(
            LogLevel::Info,
            format_args!("pool {pool} holds nobody up any more; programs and clients waited for {seconds:.1} s"),
        );
    }
}

impl WaitingEvents {
    fn push(&mut self, event: WaitingEvent) -> Result<(), ()> {
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

    fn pop(&mut self) -> Option<WaitingEvent> {
        let event = self.events.pop_front()?;
        self.bytes -= event.size();
        Some(event)
    }
}

impl WaitingEvent {
    fn event(&self) -> Event<'_> {
        Event::RemoteCommunication { kind: &self.kind, data: &self.data }
    }

    fn size(&self) -> usize {
        self.kind.len() + self.data.len()
    }
}
