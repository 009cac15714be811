//! The journal of a pool with `overflow=spill`: a folder of files that keeps events until they are done
//! (docs/events.md).
//!
//! The folder lies below `childlogdir`, is named after the pool and the identifier, belongs to us alone, and is locked
//! as long as it is open. Its files are numbered; the last one grows, each of the others is removed when all its events
//! are done. What the kernel was given survives any end of supervisord; nothing is forced onto the disk, so that a
//! crash of the machine may take the newest events.
//!
//! Invariants: a record that is not whole is cut off, with what follows it in its file; events that are not done take
//! at most `JOURNAL_BYTES`.

mod folder;
mod record;
mod segment;

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::Path;

use nix::fcntl::OFlag;
use supervisor_core::{JournalBacklog, JournalError, JournalKey, JournalRead, PoolEvent};
use supervisor_sys::errno_name;

use self::folder::JournalFolder;
pub(super) use self::folder::{ending, folder_of, is_forsaken};
use self::segment::{Look, Segment};
use super::limits;

/// A journal that is open.
#[derive(Debug)]
pub(super) struct EventJournal {
    folder: JournalFolder,
    /// By ascending numbers.
    segments: VecDeque<Segment>,
    /// Where the next event stands that the core has not been given.
    next: Position,
    /// Events that the core has.
    places: BTreeMap<JournalKey, Place>,
    next_key: u64,
    next_number: u64,
    /// `limits::JOURNAL_BYTES`
    max_bytes: u64,
    /// `limits::JOURNAL_FILE_BYTES`
    file_bytes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Position {
    number: u64,
    offset: u64,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    at: Position,
    size: u64,
}

/// What opening a journal has brought.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) journal: EventJournal,
    pub(super) backlog: JournalBacklog,
    /// What had to be left out.
    pub(super) warnings: Vec<String>,
}

impl EventJournal {
    /// Opens the journal in this folder, or makes one. The error is for the log.
    pub(super) fn open(path: &Path) -> Result<Opened, String> {
        let folder = JournalFolder::open(path)?;
        let numbers = folder.numbers().map_err(|error| text_of(&error))?;
        let mut journal = Self {
            folder,
            segments: VecDeque::new(),
            next: Position { number: 0, offset: 0 },
            places: BTreeMap::new(),
            next_key: 0,
            next_number: numbers.last().map_or(1, |last| last + 1),
            max_bytes: limits::JOURNAL_BYTES,
            file_bytes: limits::JOURNAL_FILE_BYTES,
        };
        let (mut backlog, mut warnings) = (JournalBacklog::default(), Vec::new());
        for number in numbers {
            if let Err(error) = journal.take_in(number, &mut backlog, &mut warnings) {
                warnings.push(format!(
                    "{} cannot be read: {}",
                    journal.folder.file_path(number).display(),
                    text_of(&error)
                ));
            }
        }
        Ok(Opened { journal, backlog, warnings })
    }

    /// Writes an event behind all others.
    pub(super) fn append(&mut self, event: &PoolEvent, stays_in_memory: bool) -> Result<JournalKey, JournalError> {
        let unwritable = |error: &io::Error| JournalError::Unwritable(text_of(error));
        let Some(record) = record::encode(event) else {
            return Err(JournalError::Unwritable("the event is too large".to_owned()));
        };
        let waiting: u64 = self.segments.iter().map(|segment| segment.live_bytes).sum();
        if waiting > 0 && waiting + record.len() as u64 > self.max_bytes {
            return Err(JournalError::Full);
        }
        let segment = self.segment_to_write().map_err(|error| unwritable(&error))?;
        let offset = segment.append(&record, event, !stays_in_memory).map_err(|error| unwritable(&error))?;
        let (at, end) =
            (Position { number: segment.number, offset }, Position { number: segment.number, offset: segment.length });
        let key = self.new_key();
        if stays_in_memory {
            self.places.insert(key, Place { at, size: record.len() as u64 });
            self.next = end;
        }
        Ok(key)
    }

    /// The next event that the core has not been given, with what is to be said of those that cannot be read.
    pub(super) fn read(&mut self) -> (JournalRead, Option<String>) {
        loop {
            let last = self.segments.back().map(|segment| segment.number);
            let Some(segment) = self.segments.iter_mut().find(|segment| segment.number >= self.next.number) else {
                return (JournalRead::End, None);
            };
            if segment.number > self.next.number {
                self.next = Position { number: segment.number, offset: 0 };
            }
            let found = match segment.look(self.next.offset) {
                Ok(Look::Record(found)) => found,
                // More may be written behind it.
                Ok(Look::End) if last == Some(segment.number) => return (JournalRead::End, None),
                Ok(Look::End) => {
                    self.next = Position { number: segment.number + 1, offset: 0 };
                    continue;
                }
                Ok(Look::Garbage) => return self.give_up_segment("it is damaged"),
                Err(error) => return self.give_up_segment(&text_of(&error)),
            };
            self.next.offset += found.size;
            if found.is_done {
                continue;
            }
            segment.count_read(&found);
            let (number, payload) = (segment.number, record::payload_bytes(&found.body));
            let Some(event) = record::decode(&found.body) else {
                segment.mark_done(found.offset, found.size);
                self.drop_consumed(number);
                let text = format!("an event in {} is of no known type", self.folder.file_path(number).display());
                return (JournalRead::Lost { events: 1, bytes: payload }, Some(text));
            };
            let key = self.new_key();
            let at = Position { number, offset: found.offset };
            self.places.insert(key, Place { at, size: found.size });
            return (JournalRead::Event(PoolEvent { journal: Some(key), ..event }), None);
        }
    }

    /// An event need not be kept any more.
    pub(super) fn mark_done(&mut self, key: JournalKey) {
        let Some(Place { at, size }) = self.places.remove(&key) else { return };
        let Some(segment) = self.segments.iter_mut().find(|segment| segment.number == at.number) else { return };
        segment.mark_done(at.offset, size);
        self.drop_consumed(at.number);
    }

    /// Closes it; an empty one leaves nothing behind.
    pub(super) fn close(self) {
        if self.segments.iter().all(|segment| segment.live == 0) {
            self.delete();
        }
    }

    /// Deletes it with all that it holds.
    pub(super) fn delete(mut self) {
        for segment in std::mem::take(&mut self.segments) {
            self.folder.remove_file(segment.number);
        }
        self.folder.remove();
    }

    /// Reads a file that an earlier life has left.
    fn take_in(&mut self, number: u64, backlog: &mut JournalBacklog, warnings: &mut Vec<String>) -> io::Result<()> {
        let file = self.folder.open_file(number, OFlag::O_RDWR)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        }
        let mut segment = Segment::new(number, file);
        let whole = segment.scan(|body| raise_serials(backlog, body))?;
        if whole < segment.length {
            warnings.push(format!(
                "{} ends with {} bytes that are no whole event, they are dropped",
                self.folder.file_path(number).display(),
                segment.length - whole
            ));
            segment.cut(whole);
        }
        backlog.events += segment.live;
        backlog.bytes += segment.unread_payload;
        if segment.live == 0 {
            self.folder.remove_file(number);
        } else {
            self.segments.push_back(segment);
        }
        Ok(())
    }

    /// The last file, or a new one when that is large enough.
    fn segment_to_write(&mut self) -> io::Result<&mut Segment> {
        if self.segments.back().is_none_or(|last| last.length >= self.file_bytes) {
            let number = self.next_number;
            let file = self.folder.open_file(number, OFlag::O_RDWR | OFlag::O_CREAT | OFlag::O_EXCL)?;
            self.next_number += 1;
            self.segments.push_back(Segment::new(number, file));
        }
        Ok(self.segments.back_mut().expect("there is one, or one was made"))
    }

    /// Removes a file when all its events are done; the one that grows is emptied.
    fn drop_consumed(&mut self, number: u64) {
        let Some(index) = self.segments.iter().position(|segment| segment.number == number && segment.live == 0) else {
            return;
        };
        let is_last = index + 1 == self.segments.len();
        if let Some(last) = self.segments.get_mut(index).filter(|_| is_last) {
            last.cut(0);
            if self.next.number >= number {
                self.next = Position { number, offset: 0 };
            }
        } else {
            self.segments.remove(index);
            self.folder.remove_file(number);
        }
    }

    /// What is left of a file cannot be read: goes on with the next one.
    fn give_up_segment(&mut self, reason: &str) -> (JournalRead, Option<String>) {
        let number = self.next.number;
        self.next = Position { number: number + 1, offset: 0 };
        let Some(segment) = self.segments.iter_mut().find(|segment| segment.number == number) else {
            return (JournalRead::End, None);
        };
        let (events, bytes) = (segment.unread, segment.unread_payload);
        let taken = self.places.values().filter(|place| place.at.number == number).map(|place| place.size).sum();
        segment.live -= events;
        (segment.live_bytes, segment.unread, segment.unread_payload) = (taken, 0, 0);
        // Nothing is to be written behind what cannot be read.
        segment.length = segment.length.max(self.file_bytes);
        self.drop_consumed(number);
        let text = format!("{events} events of {} are lost: {reason}", self.folder.file_path(number).display());
        (JournalRead::Lost { events, bytes }, Some(text))
    }

    fn new_key(&mut self) -> JournalKey {
        self.next_key += 1;
        JournalKey(self.next_key)
    }
}

fn raise_serials(backlog: &mut JournalBacklog, body: &[u8]) {
    if let Some((serial, poolserial)) = record::serials(body) {
        backlog.next_serial = backlog.next_serial.max(serial.saturating_add(1));
        backlog.next_poolserial = backlog.next_poolserial.max(poolserial.saturating_add(1));
    }
}

fn text_of(error: &io::Error) -> String {
    error.raw_os_error().map_or_else(|| error.to_string(), |errno| errno_name(errno).to_owned())
}

#[cfg(test)]
mod tests;
