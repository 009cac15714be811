//! The way of an event: to the stream, to every pool that subscribes, to the first member that is ready, and back when
//! it was rejected (contract/events.md §4.3, §5).
//!
//! Invariants: a serial is taken only by an event that some pool accepts; what is rejected goes back to the pool that
//! its process belongs to and to no other (quirks.md F01); a member that does not read is passed over (F13).

use std::sync::Arc;

use crate::event::{Event, EventType};
use crate::event_buffer::PoolEvent;
use crate::event_journal::JournalFate;
use crate::event_listener_pool::{EventListenerPool, next_serial};
use crate::group_config::{GroupConfig, GroupKind, OnProtocolError, Overflow, Verdict};
use crate::host::{Host, StdinError};
use crate::limits;
use crate::listener_protocol::{Listener, ListenerState, Outcome, Step};
use crate::listener_remark::{excerpt, remarks};
use crate::log_level::LogLevel;
use crate::process::Phase;
use crate::process_id::{Life, ProcessId};
use crate::reply::PoolStatistics;
use crate::supervisor::Supervisor;
use crate::timers::Timer;

impl Supervisor {
    /// The counters of every active pool, in the order the pools were added.
    pub fn pool_statistics(&self) -> impl Iterator<Item = PoolStatistics> {
        self.pools.iter().map(|pool| {
            let listeners = pool.members.iter().filter_map(|id| self.processes.get(*id)?.listener.as_ref());
            let states: Vec<ListenerState> = listeners.map(|listener| listener.state()).collect();
            let count = |wanted| states.iter().filter(|state| **state == wanted).count();
            pool.statistics(count(ListenerState::Busy), count(ListenerState::Unknown))
        })
    }

    /// Something happened: tells the host, the event stream and every pool that subscribes to it.
    pub(crate) fn notify(&mut self, event: &Event<'_>, host: &mut impl Host) {
        host.publish(event);
        let event_type = event.event_type();
        let is_wanted = self.pools.iter().any(|pool| pool.subscribes(event_type));
        let (payload, omitted_bytes) =
            if is_wanted { (event.payload(), 0) } else { event.beginning_of_payload(limits::EVENT_RING_PAYLOAD_BYTES) };
        let payload: Arc<str> = Arc::from(payload);
        // The stream is what goes to a listener of `EVENT`, numbered without a gap.
        if event_type.is_a(EventType::Event) {
            self.events.push(self.wall, event_type, &payload, omitted_bytes, event.ended());
        }
        let mut taken: Option<u64> = None;
        for index in 0..self.pools.len() {
            if !self.pools[index].subscribes(event_type) {
                continue;
            }
            // The serial is taken by the first pool that accepts, so that what nobody wants takes none.
            let serial = *taken.get_or_insert_with(|| {
                let serial = self.next_event_serial;
                self.next_event_serial = next_serial(serial);
                serial
            });
            self.pools[index].accept(serial, event_type, Arc::clone(&payload), host);
            self.dispatch_events(index, host);
        }
    }

    /// Gives events of a pool to members that are ready for one.
    fn dispatch_events(&mut self, index: usize, host: &mut impl Host) {
        while let Some(event) = self.pools[index].next_event(host) {
            if let Err(event) = self.send_to_a_member(index, event, host) {
                self.pools[index].buffer.put_back(event);
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
            let Phase::Running { .. } = process.phase else { continue };
            let Some(listener) = process.listener.as_mut().filter(|it| it.state() == ListenerState::Ready) else {
                continue;
            };
            let envelope = envelope.get_or_insert_with(|| pool.envelope(&self.settings.identifier, &event));
            let name = &process.config.name;
            let life = Life { process: id, number: process.lives };
            match host.write_stdin(life, envelope.as_bytes()) {
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
                // It says READY and does not read: the event is another's, or waits for Input::StdinTaken.
                Err(StdinError::Full) => {}
            }
        }
        Err(event)
    }

    /// A listener wrote to its stdout, which is the protocol. Whether it is to be restarted for it.
    pub(crate) fn listener_output(&mut self, id: ProcessId, bytes: &[u8], host: &mut impl Host) -> bool {
        self.listener_steps(id, host, |listener, sink| listener.feed(bytes, sink))
    }

    /// The result that a listener gave for an event has been judged. Whether it is to be restarted for it.
    pub(crate) fn listener_judged(
        &mut self,
        id: ProcessId,
        serial: u64,
        verdict: Verdict,
        host: &mut impl Host,
    ) -> bool {
        self.listener_steps(id, host, |listener, sink| listener.judged(serial, verdict, sink))
    }

    /// What the steps of a listener mean for its event and its pool.
    fn listener_steps(
        &mut self,
        id: ProcessId,
        host: &mut impl Host,
        advance: impl FnOnce(&mut Listener, &mut dyn FnMut(Step)),
    ) -> bool {
        let Some(index) = self.pool_of(id) else { return false };
        let on_error = self.on_protocol_error(id, index);
        let pool = &mut self.pools[index];
        let Some(process) = self.processes.get_mut(id) else { return false };
        let config = Arc::clone(&process.config);
        let life = Life { process: id, number: process.lives };
        let Some(listener) = &mut process.listener else { return false };
        let mut said = None;
        advance(listener, &mut |step| {
            for remark in remarks(&step, &config.name, &pool.name, on_error) {
                host.log(remark.level, format_args!("{remark}"));
            }
            match step.outcome {
                Outcome::NoEvent => {}
                Outcome::NoReady(written) | Outcome::BadResultLine(written) => said = Some(excerpt(&written)),
                Outcome::Processed(event) => pool.delivered(&event, host),
                Outcome::Rejected(event) => pool.rebuffer(event, host),
                Outcome::ToBeJudged(event, result) => host.judge_result(life, &pool.name, &event, &result),
                Outcome::NotJudged => said = Some("its result_handler has failed".to_owned()),
            }
        });
        let Some(said) = said else { return false };
        self.processes.change(id, host).protocol_error = Some(said.into());
        on_error == OnProtocolError::Restart
    }

    /// What becomes of a listener that breaks the protocol now. One that is to stop anyway is not started again.
    fn on_protocol_error(&self, id: ProcessId, pool: usize) -> OnProtocolError {
        let runs = self.processes.get(id).is_some_and(|process| match process.phase {
            Phase::Starting { .. } | Phase::Running { .. } => true,
            Phase::Stopped
            | Phase::Backoff
            | Phase::Stopping { .. }
            | Phase::Exited
            | Phase::Fatal
            | Phase::Unknown { .. } => false,
        });
        if runs && self.shutdown.is_none() { self.pools[pool].on_protocol_error() } else { OnProtocolError::Unknown }
    }

    /// A listener has started: it has to say READY first.
    pub(crate) fn listener_started(&mut self, id: ProcessId) {
        if let Some(listener) = self.processes.get_mut(id).and_then(|process| process.listener.as_mut()) {
            listener.start();
        }
    }

    /// A listener has ended: what it was working on counts as rejected.
    pub(crate) fn listener_ended(&mut self, id: ProcessId, host: &mut impl Host) {
        let listener = self.processes.get_mut(id).and_then(|process| process.listener.as_mut());
        let unfinished = listener.and_then(|listener| listener.end());
        if let (Some(event), Some(index)) = (unfinished, self.pool_of(id)) {
            self.pools[index].rebuffer(event, host);
        }
        self.dispatch_for(id, host);
    }

    /// A member became RUNNING or READY, reads again, or an event came back: the pool may have something for somebody.
    pub(crate) fn dispatch_for(&mut self, id: ProcessId, host: &mut impl Host) {
        if let Some(index) = self.pool_of(id) {
            self.dispatch_events(index, host);
        }
    }

    fn pool_of(&self, id: ProcessId) -> Option<usize> {
        self.pools.iter().position(|pool| pool.members.contains(&id))
    }

    /// Makes the pool of a group, with what its journal holds.
    pub(crate) fn add_pool(
        &mut self,
        group: &GroupConfig,
        name: &Arc<str>,
        members: &[ProcessId],
        host: &mut impl Host,
    ) {
        let GroupKind::EventListeners(config) = &group.kind else { return };
        for id in members {
            self.processes[*id].listener = Some(Box::new(Listener::of_pool(&config.result_handler)));
        }
        let mut pool = EventListenerPool::new(Arc::clone(name), config.clone(), members.to_vec());
        self.open_journal(group, host);
        if let Some(Some(backlog)) = self.journals.remove(&group.name) {
            pool.replay(backlog, host);
        }
        self.pools.push(pool);
    }

    /// Opens the journal of a pool, so that no event gets a serial that is in it. Of all pools of a configuration
    /// before the first event.
    pub(crate) fn open_journal(&mut self, group: &GroupConfig, host: &mut impl Host) {
        if !spills(group) || self.journals.contains_key(&group.name) {
            return;
        }
        let backlog = host.open_journal(&group.name);
        if let Some(backlog) = &backlog {
            self.next_event_serial = self.next_event_serial.max(backlog.next_serial);
        }
        self.journals.insert(group.name.clone(), backlog);
    }

    /// Removes the pool of a group; events that wait in it are dropped with it, but for those of a journal that the
    /// configuration, as it was read last, still has a pool for.
    pub(crate) fn remove_pool(&mut self, name: &str, host: &mut impl Host) {
        let now = self.now;
        let comes_again = self.pending.iter().any(|group| *group.name == *name && spills(group));
        let fate = if comes_again { JournalFate::Kept } else { JournalFate::Deleted };
        for pool in self.pools.extract_if(.., |pool| *pool.name == *name) {
            pool.report_removal(fate, now, host);
        }
        self.timers.cancel(Timer::PoolRelief);
        self.timers.cancel(Timer::DroppedEvents);
    }
}

/// Whether a group is a pool with a journal.
fn spills(group: &GroupConfig) -> bool {
    match &group.kind {
        GroupKind::EventListeners(pool) => pool.overflow == Overflow::Spill,
        GroupKind::Programs | GroupKind::FastCgi | GroupKind::Extension => false,
    }
}
