//! The newest events of all types, numbered without a gap: what the event stream is read from.
//!
//! Every event that is raised enters, whether a pool subscribes to its type or not; nothing is sent from here and no
//! reader is known here. The numbers are the ring's own: `serial` of contract/events.md §3 is taken only by events that
//! a pool accepts, so that it has gaps for whoever sees them all.
//!
//! Invariants: serials are contiguous, and do not come again in a later life of supervisord, since they begin at the
//! microsecond of its start (they may, should the clock be behind then); a reader is told of each event that it cannot
//! have any more; the ring is bounded by count and by bytes, and of a payload larger than
//! `limits::EVENT_RING_PAYLOAD_BYTES` only the beginning is kept.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::event::EventType;
use crate::exit_status::ExitStatus;
use crate::limits;

/// The newest events. Plain data: handed on to the supervisor of the next configuration at a restart.
#[derive(Clone, Debug)]
pub struct EventRing {
    events: VecDeque<Entry>,
    /// The sizes of all of them.
    bytes: usize,
    /// The serial of the first event of this life of supervisord.
    first: u64,
    /// The serial of the next event.
    next: u64,
}

#[derive(Clone, Debug)]
struct Entry {
    time: Duration,
    event_type: EventType,
    payload: Arc<str>,
    omitted_bytes: usize,
    ended: Option<ExitStatus>,
}

/// An event as the stream tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamEvent {
    /// Its number in the stream.
    pub serial: u64,
    /// The wall clock when it happened, since the Unix epoch.
    pub time: Duration,
    /// Its concrete type.
    pub event_type: EventType,
    /// Its payload (contract/events.md §2), or the beginning of a very long one.
    pub payload: Arc<str>,
    /// How many bytes of the payload were cut off at its end.
    pub omitted_bytes: usize,
    /// The end of a life that led to it, which the payload does not tell.
    pub ended: Option<ExitStatus>,
}

/// What a reader gets at a time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventBatch {
    /// The serial that was asked from is of another life of supervisord; how much was lost is not known.
    pub restarted: bool,
    /// The first and the last serial of those that come before `events` and have left the ring.
    pub lost: Option<(u64, u64)>,
    /// Contiguous, oldest first; not more than `limits::EVENT_BATCH_EVENTS` and `limits::EVENT_BATCH_BYTES` at a time.
    pub events: Vec<StreamEvent>,
    /// Where the reader is now: the serial to ask from for what follows.
    pub position: u64,
    /// The serial of the newest event.
    pub newest: u64,
    /// Everything has stopped for good or for a restart: no event will follow the newest.
    pub is_ended: bool,
}

/// What the ring holds and may hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RingStatistics {
    /// The serial of the first event of this life of supervisord.
    pub first: u64,
    /// The serial of the oldest event that can be read; above `newest` while there is none.
    pub oldest: u64,
    /// The serial of the newest event.
    pub newest: u64,
    /// The memory that the events take, in bytes.
    pub bytes: usize,
}

impl EventRing {
    /// An empty ring of a supervisord that was started at this time since the Unix epoch.
    pub(crate) fn new(started: Duration) -> Self {
        let first = u64::try_from(started.as_micros()).unwrap_or(u64::MAX / 2).saturating_add(1);
        Self { events: VecDeque::new(), bytes: 0, first, next: first }
    }

    /// Takes in what has just happened; so many bytes at the end of the payload have been left out already.
    pub(crate) fn push(
        &mut self,
        time: Duration,
        event_type: EventType,
        payload: &Arc<str>,
        omitted: usize,
        ended: Option<ExitStatus>,
    ) {
        let end = payload.floor_char_boundary(limits::EVENT_RING_PAYLOAD_BYTES);
        let (kept, _) = payload.split_at(end);
        let omitted_bytes = omitted + payload.len() - end;
        let payload = if end == payload.len() { Arc::clone(payload) } else { Arc::from(kept) };
        let entry = Entry { time, event_type, payload, omitted_bytes, ended };
        while self.events.len() >= limits::EVENT_RING_EVENTS || self.bytes + entry.size() > limits::EVENT_RING_BYTES {
            let Some(oldest) = self.events.pop_front() else { break };
            self.bytes -= oldest.size();
        }
        self.bytes += entry.size();
        self.events.push_back(entry);
        self.next += 1;
    }

    /// What follows this serial; 0 asks for all there is, `None` for nothing but the place to go on from.
    pub(crate) fn read(&self, after: Option<u64>) -> EventBatch {
        let (oldest, newest) = (self.oldest(), self.next - 1);
        let Some(after) = after else {
            return EventBatch { position: newest, newest, ..EventBatch::default() };
        };
        let is_of_this_life = after >= self.first - 1 && after <= newest;
        let wanted = if is_of_this_life { after + 1 } else { self.first };
        let begin = wanted.max(oldest);
        let mut bytes = 0;
        let skipped = usize::try_from(begin - oldest).unwrap_or(usize::MAX);
        let entries = self.events.iter().skip(skipped).take(limits::EVENT_BATCH_EVENTS);
        let within = entries.take_while(|entry| {
            let is_first = bytes == 0;
            bytes += entry.size();
            is_first || bytes <= limits::EVENT_BATCH_BYTES
        });
        let events: Vec<StreamEvent> = (begin..).zip(within).map(|(serial, entry)| entry.tell(serial)).collect();
        EventBatch {
            restarted: !is_of_this_life && after != 0,
            lost: (begin > wanted).then(|| (wanted, begin - 1)),
            position: events.last().map_or(newest, |event| event.serial),
            events,
            newest,
            is_ended: false,
        }
    }

    pub(crate) fn statistics(&self) -> RingStatistics {
        RingStatistics { first: self.first, oldest: self.oldest(), newest: self.next - 1, bytes: self.bytes }
    }

    fn oldest(&self) -> u64 {
        self.next - self.events.len() as u64
    }
}

impl Entry {
    /// Bytes of memory that it takes. A payload that waits in a pool too is counted here all the same.
    fn size(&self) -> usize {
        // Two counters stand before the text of an Arc.
        size_of::<Self>() + 2 * size_of::<usize>() + self.payload.len()
    }

    fn tell(&self, serial: u64) -> StreamEvent {
        let Self { time, event_type, payload, omitted_bytes, ended } = self;
        StreamEvent {
            serial,
            time: *time,
            event_type: *event_type,
            payload: Arc::clone(payload),
            omitted_bytes: *omitted_bytes,
            ended: *ended,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ring whose serials begin at 101, with so many events of so many bytes.
    fn ring(events: usize, bytes: usize) -> EventRing {
        let mut ring = EventRing::new(Duration::from_micros(100));
        let payload: Arc<str> = "x".repeat(bytes).into();
        for number in 0..events {
            ring.push(Duration::from_secs(number as u64), EventType::RemoteCommunication, &payload, 0, None);
        }
        ring
    }

    fn serials(batch: &EventBatch) -> Vec<u64> {
        batch.events.iter().map(|event| event.serial).collect()
    }

    #[test]
    fn a_reader_gets_what_follows_and_where_to_go_on() {
        let ring = ring(4, 1);
        let batch = ring.read(Some(102));
        assert_eq!((serials(&batch), batch.position, batch.newest), (vec![103, 104], 104, 104));
        assert_eq!((batch.restarted, batch.lost), (false, None));
        assert_eq!(ring.read(Some(104)), EventBatch { position: 104, newest: 104, ..EventBatch::default() });
        assert_eq!(ring.read(None), EventBatch { position: 104, newest: 104, ..EventBatch::default() });
        assert_eq!(serials(&ring.read(Some(0))), [101, 102, 103, 104]);
        assert_eq!(serials(&ring.read(Some(100))), [101, 102, 103, 104]);
    }

    #[test]
    fn a_ring_without_events_can_be_read() {
        let ring = ring(0, 0);
        for after in [None, Some(0), Some(100)] {
            assert_eq!(ring.read(after), EventBatch { position: 100, newest: 100, ..EventBatch::default() });
        }
        assert_eq!(ring.statistics(), RingStatistics { first: 101, oldest: 101, newest: 100, bytes: 0 });
    }

    #[test]
    fn a_serial_of_another_life_is_told() {
        let ring = ring(3, 1);
        for after in [7, 99, 104, u64::MAX] {
            let batch = ring.read(Some(after));
            assert!(batch.restarted, "{after}");
            assert_eq!((serials(&batch), batch.lost), (vec![101, 102, 103], None));
        }
    }

    #[test]
    fn the_ring_is_bounded_by_count_and_what_has_left_it_is_told() {
        let ring = ring(limits::EVENT_RING_EVENTS + 10, 1);
        assert_eq!(ring.events.len(), limits::EVENT_RING_EVENTS);
        let batch = ring.read(Some(103));
        assert_eq!(batch.lost, Some((104, 110)));
        assert_eq!(batch.events[0].serial, 111);
        assert_eq!((batch.events.len(), batch.position), (limits::EVENT_BATCH_EVENTS, 110 + batch.events.len() as u64));
        assert_eq!(ring.read(Some(0)).lost, Some((101, 110)));
        let batch = ring.read(Some(5));
        assert_eq!((batch.restarted, batch.lost), (true, Some((101, 110))));
        assert_eq!(ring.read(Some(110)).lost, None);
    }

    #[test]
    fn the_ring_is_bounded_by_bytes_and_so_is_a_batch() {
        let ring = ring(1_000, 30_000);
        assert!(ring.bytes <= limits::EVENT_RING_BYTES && ring.bytes > limits::EVENT_RING_BYTES - 31_000);
        assert_eq!(ring.bytes, ring.events.iter().map(Entry::size).sum::<usize>());
        let batch = ring.read(Some(0));
        let bytes: usize = batch.events.iter().map(|event| event.payload.len()).sum();
        assert!(bytes <= limits::EVENT_BATCH_BYTES && !batch.events.is_empty());
        assert!(batch.position < batch.newest);
        assert_eq!(ring.read(Some(batch.position)).events[0].serial, batch.position + 1);
    }

    #[test]
    fn of_a_very_long_payload_the_beginning_is_kept_whole_characters_only() {
        let mut ring = ring(0, 0);
        let payload: Arc<str> = format!("x{}", "é".repeat(limits::EVENT_RING_PAYLOAD_BYTES)).into();
        ring.push(Duration::ZERO, EventType::RemoteCommunication, &payload, 0, None);
        let event = ring.read(Some(0)).events.remove(0);
        assert_eq!(event.payload.len() + event.omitted_bytes, payload.len());
        assert_eq!(event.payload.len(), limits::EVENT_RING_PAYLOAD_BYTES - 1);
    }
}
