//! How a pool takes an event in, gives it out, and takes it back.
//!
//! Which member gets it is decided in [`crate::event_dispatch`]; what waits where with `overflow=spill`, in
//! [`crate::event_spill`].

use std::sync::Arc;

use crate::event::EventType;
use crate::event_buffer::PoolEvent;
use crate::event_listener_pool::{EventListenerPool, next_serial};
use crate::host::Host;
use crate::log_level::LogLevel;

impl EventListenerPool {
    /// Takes in an event that has just happened.
    pub(crate) fn accept(&mut self, serial: u64, event_type: EventType, payload: Arc<str>, host: &mut impl Host) {
        let poolserial = self.next_poolserial;
        self.next_poolserial = next_serial(poolserial);
        self.counters.accepted += 1;
        let event = PoolEvent { serial, poolserial, event_type, payload, journal: None };
        if self.spill.is_some() {
            return self.spill(event, host);
        }
        let Self { buffer, counters, drop_report, name, .. } = self;
        buffer.push_newest(event, |bound, dropped| counters.drop_event(name, bound, &dropped, drop_report, host));
    }

    /// Takes back an event that no member has processed.
    pub(crate) fn rebuffer(&mut self, event: PoolEvent, host: &mut impl Host) {
        self.counters.rejected += 1;
        let Self { buffer, counters, drop_report, name, config, spill, .. } = self;
        let (serial, size, max) = (event.serial, buffer.len(), config.buffer_size);
        host.log(
            LogLevel::Debug,
            format_args!("rebuffering event {serial} for pool {name} (buf size={size}, max={max})"),
        );
        if spill.is_some() {
            return buffer.put_back(event);
        }
        buffer.push_oldest(event, |bound, dropped| counters.drop_event(name, bound, &dropped, drop_report, host));
    }

    /// A member has processed an event.
    pub(crate) fn delivered(&mut self, event: &PoolEvent, host: &mut impl Host) {
        self.counters.delivered += 1;
        if let Some(key) = event.journal {
            host.mark_done(&self.name, key);
        }
    }

    /// Takes out the event that is to be sent next.
    pub(crate) fn next_event(&mut self, host: &mut impl Host) -> Option<PoolEvent> {
        self.refill(host);
        self.buffer.pop_oldest()
    }
}
