//! Event listener pools: what one pool subscribes to, numbers, holds and counts (contract/events.md §3, §5).
//!
//! Which member gets an event is decided in [`crate::event_dispatch`]. Invariants: an event goes to a pool once,
//! whatever the pool subscribes to (quirks.md F47); an event that is dropped is reported and counted; every event that
//! was accepted is delivered, dropped, waiting, or in progress with a member.

use std::sync::Arc;
use std::time::Duration;

use crate::channel::Channel;
use crate::event::EventType;
use crate::event_buffer::{Bound, EventBuffer, PoolEvent};
use crate::event_drop_report::DropReport;
use crate::group_config::{EventListenerPoolConfig, OnProtocolError, Overflow};
use crate::host::Host;
use crate::limits;
use crate::process_config::ProcessConfig;
use crate::process_id::ProcessId;
use crate::reply::PoolStatistics;

/// One `[eventlistener:x]` that is active.
#[derive(Clone, Debug)]
pub(crate) struct EventListenerPool {
    pub(crate) name: Arc<str>,
    pub(crate) config: EventListenerPoolConfig,
    /// In configuration order.
    pub(crate) members: Vec<ProcessId>,
    pub(crate) buffer: EventBuffer,
    pub(crate) next_poolserial: u64,
    pub(crate) counters: Counters,
    pub(crate) drop_report: DropReport,
    /// What its journal holds, with `overflow=spill`; `None`: it has none.
    pub(crate) spill: Option<Spill>,
    /// Since when and whether it is full, with `overflow=block`.
    pub(crate) blocking: Option<Blocking>,
}

/// What a pool has beyond the events at hand.
#[derive(Clone, Debug)]
pub(crate) struct Spill {
    /// Events that the journal alone holds.
    pub(crate) unread: u64,
    /// Bytes of their payloads.
    pub(crate) unread_bytes: u64,
    /// Events that came after those, and that memory alone holds, since the journal could not be written.
    pub(crate) late: EventBuffer,
    /// It was said that the journal cannot be written.
    pub(crate) is_unwritable: bool,
}

/// A pool that is full, or was a moment ago.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Blocking {
    pub(crate) since: Duration,
    /// It has room since then.
    pub(crate) relieved: Option<Duration>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Counters {
    pub(crate) accepted: u64,
    pub(crate) delivered: u64,
    pub(crate) rejected: u64,
    dropped_by_count: u64,
    dropped_by_bytes: u64,
    pub(crate) unreadable: u64,
}

impl EventListenerPool {
    pub(crate) fn new(name: Arc<str>, config: EventListenerPoolConfig, members: Vec<ProcessId>) -> Self {
        let buffer = EventBuffer::new(match config.overflow {
            // Without its journal it does as it would without the option.
            Overflow::DropOldest | Overflow::Spill => config.buffer_size,
            // Who makes an event that can wait is not asked for more; what comes all the same is not dropped for it.
            Overflow::Block => usize::MAX,
        });
        let (counters, drop_report) = (Counters::default(), DropReport::default());
        Self { name, config, members, buffer, next_poolserial: 0, counters, drop_report, spill: None, blocking: None }
    }

    /// Whether what can wait for room is to.
    pub(crate) fn is_full(&self) -> bool {
        self.room() == Some(0) || self.is_large()
    }

    /// How many events fit in until others have to wait; `None` where nobody waits.
    pub(crate) fn room(&self) -> Option<usize> {
        match self.config.overflow {
            Overflow::DropOldest | Overflow::Spill => None,
            Overflow::Block => Some(self.config.buffer_size.saturating_sub(self.buffer.len())),
        }
    }

    /// Whether even what better did not wait is to.
    pub(crate) fn is_large(&self) -> bool {
        match self.config.overflow {
            Overflow::DropOldest | Overflow::Spill => false,
            Overflow::Block => self.buffer.bytes() >= limits::LISTENER_POOL_BLOCK_BYTES,
        }
    }

    /// Whether a channel of a program, as it is configured, makes events that the pool wants.
    pub(crate) fn wants_output(&self, config: &ProcessConfig, channel: Channel) -> bool {
        let options = config.log.channel(channel);
        let (log, message) = match channel {
            Channel::Stdout => (EventType::ProcessLogStdout, EventType::ProcessCommunicationStdout),
            Channel::Stderr => (EventType::ProcessLogStderr, EventType::ProcessCommunicationStderr),
        };
        (options.events_enabled && self.subscribes(log)) || (options.capture_maxbytes > 0 && self.subscribes(message))
    }

    /// Whether the pool wants events of this type.
    pub(crate) fn subscribes(&self, event: EventType) -> bool {
        self.config.events.iter().any(|subscribed| event.is_a(*subscribed))
    }

    /// Whether the pool wants any event of this type or below it.
    pub(crate) fn subscribes_below(&self, event: EventType) -> bool {
        self.config.events.iter().any(|subscribed| subscribed.is_a(event) || event.is_a(*subscribed))
    }

    /// What becomes of a member that breaks the protocol.
    pub(crate) fn on_protocol_error(&self) -> OnProtocolError {
        self.config.on_protocol_error
    }

    /// The header line and the payload. `len` counts characters, as upstream's Python listeners read them (K01).
    pub(crate) fn envelope(&self, identifier: &str, event: &PoolEvent) -> String {
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

    pub(crate) fn statistics(&self, in_progress: usize, unknown: usize) -> PoolStatistics {
        let Counters { accepted, delivered, rejected, dropped_by_count, dropped_by_bytes, unreadable } = self.counters;
        let spill = self.spill.as_ref();
        PoolStatistics {
            name: Arc::clone(&self.name),
            overflow: match self.config.overflow {
                Overflow::Spill if spill.is_none() => Overflow::DropOldest,
                as_configured @ (Overflow::DropOldest | Overflow::Block | Overflow::Spill) => as_configured,
            },
            accepted,
            delivered,
            rejected,
            dropped_by_count,
            dropped_by_bytes,
            unreadable,
            waiting: self.buffer.len() + spill.map_or(0, |spill| spill.late.len()),
            waiting_bytes: self.buffer.bytes() + spill.map_or(0, |spill| spill.late.bytes()),
            spilled: spill.map_or(0, |spill| spill.unread),
            spilled_bytes: spill.map_or(0, |spill| spill.unread_bytes),
            in_progress,
            unknown,
            blocked: self.blocking.is_some(),
        }
    }
}

impl Counters {
    /// Counts and reports an event that is dropped, and takes it out of the journal.
    pub(crate) fn drop_event(
        &mut self,
        pool: &str,
        bound: Bound,
        dropped: &PoolEvent,
        report: &mut DropReport,
        host: &mut impl Host,
    ) {
        match bound {
            Bound::Count => self.dropped_by_count += 1,
            Bound::Bytes => self.dropped_by_bytes += 1,
        }
        report.dropped(pool, dropped.serial, host);
        if let Some(key) = dropped.journal {
            host.mark_done(pool, key);
        }
    }
}

/// Serials end at the largest number that upstream's clients know, and begin anew.
pub(crate) fn next_serial(serial: u64) -> u64 {
    const MAX: u64 = i64::MAX as u64;
    if serial >= MAX { 0 } else { serial + 1 }
}

#[cfg(test)]
mod tests {
    use super::next_serial;

    #[test]
    fn serials_begin_anew_after_the_largest() {
        assert_eq!(next_serial(0), 1);
        assert_eq!(next_serial(i64::MAX.unsigned_abs() - 1), i64::MAX.unsigned_abs());
        assert_eq!(next_serial(i64::MAX.unsigned_abs()), 0);
    }
}
