//! The journals of a simulation: in memory, and there again after a crash.

use supervisor_core::{JournalBacklog, JournalError, JournalKey, JournalRead, PoolEvent};

/// The journal of a pool.
#[derive(Clone, Debug, Default)]
pub(crate) struct SimJournal {
    /// Every event that was ever written, and whether it is done.
    events: Vec<(PoolEvent, bool)>,
    /// The place of the first event that memory has not been given.
    unread: usize,
    is_open: bool,
    /// It takes no more events that are not done.
    pub(crate) max_events: Option<usize>,
    /// It cannot be written, for this reason.
    pub(crate) trouble: Option<String>,
    /// Places of events that cannot be read.
    pub(crate) bad_places: Vec<usize>,
}

impl SimJournal {
    /// `None`: another supervisord has it.
    pub(crate) fn open(&mut self) -> Option<JournalBacklog> {
        if std::mem::replace(&mut self.is_open, true) {
            return None;
        }
        self.unread = 0;
        let left = || self.events.iter().filter(|(_, done)| !done).map(|(event, _)| event);
        let beyond = |number: Option<u64>| number.map_or(0, |number| number + 1);
        Some(JournalBacklog {
            events: left().count() as u64,
            bytes: left().map(|event| event.payload.len() as u64).sum(),
            next_serial: beyond(self.events.iter().map(|(event, _)| event.serial).max()),
            next_poolserial: beyond(self.events.iter().map(|(event, _)| event.poolserial).max()),
        })
    }

    /// Its supervisord has ended, in whatever way.
    pub(crate) fn close(&mut self) {
        self.is_open = false;
    }

    pub(crate) fn append(&mut self, event: &PoolEvent, stays_in_memory: bool) -> Result<JournalKey, JournalError> {
        assert!(self.is_open, "a journal is opened before it is written");
        assert!(!stays_in_memory || self.next_unread().is_none(), "earlier events have not been given back");
        if let Some(reason) = &self.trouble {
            return Err(JournalError::Unwritable(reason.clone()));
        }
        if self.max_events.is_some_and(|max| self.left().count() >= max) {
            return Err(JournalError::Full);
        }
        self.events.push((event.clone(), false));
        if stays_in_memory {
            self.unread = self.events.len();
        }
        Ok(JournalKey(self.events.len() as u64 - 1))
    }

    pub(crate) fn read(&mut self) -> JournalRead {
        assert!(self.is_open, "a journal is opened before it is read");
        let Some(place) = self.next_unread() else { return JournalRead::End };
        self.unread = place + 1;
        let (event, _) = &self.events[place];
        if self.bad_places.contains(&place) {
            return JournalRead::Lost { events: 1, bytes: event.payload.len() as u64 };
        }
        JournalRead::Event(PoolEvent { journal: Some(JournalKey(place as u64)), ..event.clone() })
    }

    pub(crate) fn mark_done(&mut self, key: JournalKey) {
        let place = usize::try_from(key.0).expect("it was a place");
        let was_done = std::mem::replace(&mut self.events[place].1, true);
        assert!(!was_done, "an event is done once");
        assert!(place < self.unread, "an event is given back before it is done");
    }

    /// Serials of the events that are not done.
    pub(crate) fn left(&self) -> impl Iterator<Item = u64> {
        self.events.iter().filter(|(_, done)| !done).map(|(event, _)| event.serial)
    }

    fn next_unread(&self) -> Option<usize> {
        (self.unread..self.events.len()).find(|place| !self.events[*place].1)
    }
}
