//! `overflow=spill`: what a pool keeps in its journal, and what in memory (docs/events.md).
//!
//! Each event is written to the journal when it is accepted, and marked there when it is done, so that what is not done
//! comes again after a restart, whatever ended supervisord. Memory holds the oldest, `buffer_size` of them; the rest is
//! read back as the pool drains. An event that cannot be written is held by memory alone.
//!
//! Invariants: the order is that of acceptance: `buffer`, then what is unread in the journal, then `late`; `late` is
//! empty unless the journal could not be written; what came back from a member stands in `buffer` before all others.

use crate::event_buffer::{Bound, EventBuffer, PoolEvent};
use crate::event_journal::{JournalBacklog, JournalError, JournalRead};
use crate::event_listener_pool::{EventListenerPool, Spill};
use crate::host::Host;
use crate::limits;
use crate::log_level::LogLevel;

/// Where the events are that wait.
pub(crate) struct Held {
    pub(crate) in_journal: u64,
    pub(crate) in_memory_alone: u64,
}

impl EventListenerPool {
    /// Begins with what a journal holds.
    pub(crate) fn replay(&mut self, backlog: JournalBacklog, host: &mut impl Host) {
        let JournalBacklog { events, bytes, next_serial: _, next_poolserial } = backlog;
        self.counters.accepted += events;
        self.next_poolserial = next_poolserial;
        let late = EventBuffer::new(self.config.buffer_size);
        self.spill = Some(Spill { unread: events, unread_bytes: bytes, late, is_unwritable: false });
        if events > 0 {
            let name = &self.name;
            host.log(LogLevel::Info, format_args!("pool {name} goes on with {events} events of its journal"));
        }
        self.refill(host);
    }

    /// Takes in a new event.
    pub(crate) fn spill(&mut self, event: PoolEvent, host: &mut impl Host) {
        while let Some(earlier) = self.spill.as_mut().and_then(|spill| spill.late.pop_oldest()) {
            if let Err(earlier) = self.write(earlier, host) {
                self.put_back_late(earlier);
                return self.keep_in_memory(event, host);
            }
        }
        if let Err(event) = self.write(event, host) {
            self.keep_in_memory(event, host);
        }
    }

    /// Fills memory up to `buffer_size`, from the journal and with what came after.
    pub(crate) fn refill(&mut self, host: &mut impl Host) {
        self.read_back(host);
        while self.has_room()
            && let Some(spill) = &mut self.spill
            && let Some(event) = spill.late.pop_oldest()
        {
            self.buffer.append(event);
        }
    }

    /// Fills memory from the journal.
    fn read_back(&mut self, host: &mut impl Host) {
        while self.has_room()
            && let Some(spill) = &mut self.spill
            && spill.unread > 0
        {
            match host.read_journal(&self.name) {
                JournalRead::Event(event) => {
                    spill.unread -= 1;
                    spill.unread_bytes = spill.unread_bytes.saturating_sub(event.payload.len() as u64);
                    self.buffer.append(event);
                }
                JournalRead::Lost { events, bytes } => {
                    spill.unread = spill.unread.saturating_sub(events);
                    spill.unread_bytes = spill.unread_bytes.saturating_sub(bytes);
                    self.counters.unreadable += events;
                }
                JournalRead::End => {
                    self.counters.unreadable += spill.unread;
                    (spill.unread, spill.unread_bytes) = (0, 0);
                }
            }
        }
    }

    /// Where the events are that wait.
    pub(crate) fn held(&self) -> Held {
        let (unread, late) = self.spill.as_ref().map_or((0, 0), |spill| (spill.unread, spill.late.len() as u64));
        let journaled = self.buffer.iter().filter(|event| event.journal.is_some()).count() as u64;
        let in_memory_alone = self.buffer.len() as u64 - journaled + late;
        Held { in_journal: journaled + unread, in_memory_alone }
    }

    /// Writes an event to the journal; the oldest ones are dropped for it where it takes no more. Gives the event back
    /// when the journal cannot be written.
    fn write(&mut self, event: PoolEvent, host: &mut impl Host) -> Result<(), PoolEvent> {
        loop {
            let stays = self.has_room() && self.spill.as_ref().is_some_and(|spill| spill.unread == 0);
            match host.append_to_journal(&self.name, &event, stays) {
                Ok(key) => {
                    self.tell_whether_writable(None, host);
                    if stays {
                        self.buffer.append(PoolEvent { journal: Some(key), ..event });
                    } else if let Some(spill) = &mut self.spill {
                        spill.unread += 1;
                        spill.unread_bytes += event.payload.len() as u64;
                    }
                    return Ok(());
                }
                Err(JournalError::Full) => {
                    let Some(oldest) = self.buffer.pop_oldest() else { return Err(event) };
                    self.counters.drop_event(&self.name, Bound::Bytes, &oldest, &mut self.drop_report, host);
                    // Nothing of `late`: this event may be one that was taken from there.
                    self.read_back(host);
                }
                Err(JournalError::Unwritable(reason)) => {
                    self.tell_whether_writable(Some(&reason), host);
                    return Err(event);
                }
            }
        }
    }

    /// Keeps an event that the journal has not taken, behind all others; the oldest of its kind is dropped for it.
    fn keep_in_memory(&mut self, event: PoolEvent, host: &mut impl Host) {
        let has_room = self.has_room();
        let Self { spill: Some(spill), buffer, counters, drop_report, name, .. } = self else { return };
        if has_room && spill.unread == 0 && spill.late.len() == 0 {
            return buffer.append(event);
        }
        spill.late.push_newest(event, |bound, dropped| counters.drop_event(name, bound, &dropped, drop_report, host));
    }

    fn put_back_late(&mut self, event: PoolEvent) {
        if let Some(spill) = &mut self.spill {
            spill.late.put_back(event);
        }
    }

    fn has_room(&self) -> bool {
        self.buffer.len() < self.config.buffer_size && self.buffer.bytes() < limits::LISTENER_POOL_BLOCK_BYTES
    }

    /// Says once that the journal cannot be written, and once that it can again.
    fn tell_whether_writable(&mut self, trouble: Option<&str>, host: &mut impl Host) {
        let Self { spill: Some(spill), name, .. } = self else { return };
        match trouble {
            Some(reason) if !spill.is_unwritable => host.log(
                LogLevel::Error,
                format_args!(
                    "the journal of pool {name} cannot be written, further events wait in memory alone, the oldest of \
                     them are dropped when there are too many: {reason}"
                ),
            ),
            None if spill.is_unwritable => {
                host.log(LogLevel::Info, format_args!("the journal of pool {name} can be written again"));
            }
            Some(_) | None => {}
        }
        spill.is_unwritable = trouble.is_some();
    }
}
