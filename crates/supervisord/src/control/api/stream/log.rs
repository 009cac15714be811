//! One log on the stream: read from its file at the client's place, so that the file is the buffer.
//!
//! A client that falls behind by more than `limits::STREAM_LAG_BYTES` is told of the gap and goes on near the end; so
//! is one whose file was rotated, cleared or cut while it was away. Bytes become text; a character whose rest is not
//! written yet waits for it. A log that cannot be read now is tried again.

use std::path::PathBuf;

use supervisor_protocol::json::Object;

use super::cursor::LogPlace;
use crate::control::followed_file::{FollowedFile, Step};
use crate::control::limits;

/// What is known of one log.
pub(super) struct StreamedLog {
    /// As the client calls it.
    name: String,
    path: PathBuf,
    from: i64,
    /// Where the client is; `None`: it has got nothing yet.
    place: Option<LogPlace>,
    file: Option<FollowedFile>,
    /// The beginning of a character; it stands before the place of the file, and behind that of the client.
    begun: Vec<u8>,
}

/// What is told of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// More of it.
    Text { place: LogPlace, length: u64, text: String },
    /// What the client does not get, and where it goes on.
    Gap { from: u64, place: LogPlace, reason: &'static str },
}

impl Told {
    /// Where the client is behind it.
    pub(super) fn end(&self) -> LogPlace {
        match self {
            Self::Text { place, length, .. } => LogPlace { offset: place.offset + length, ..*place },
            Self::Gap { place, .. } => *place,
        }
    }

    /// The name of its frame.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Text { .. } => "log",
            Self::Gap { .. } => "gap",
        }
    }

    /// Appends the members of its frame, for a log that the client calls so.
    pub(super) fn push(&self, object: &mut Object<'_>, name: &str) {
        object.string("log", name);
        match self {
            Self::Text { place, length, text } => {
                object.string("generation", &format!("{:x}", place.generation));
                object.number("offset", place.offset);
                object.number("length", length);
                object.string("text", text);
            }
            Self::Gap { from, place, reason } => {
                object.string("generation", &format!("{:x}", place.generation));
                object.number("from", from);
                object.number("to", place.offset);
                object.string("reason", reason);
            }
        }
    }

    /// How much of a piece it is at least.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Text { text, .. } => text.len(),
            Self::Gap { .. } => 0,
        }
    }
}

impl StreamedLog {
    /// From a place where the client has been, else from a byte, or below zero from the end.
    pub(super) fn new(name: String, path: PathBuf, from: i64, place: Option<LogPlace>) -> Self {
        Self { name, path, from, place, file: None, begun: Vec::new() }
    }

    /// As the client calls it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Where the client is.
    pub(super) fn place(&self) -> Option<LogPlace> {
        self.place
    }

    /// Reads on; nothing: there is nothing new. May block.
    pub(super) fn read(&mut self) -> Vec<Told> {
        let mut told = Vec::new();
        if self.file.is_none() {
            self.open(&mut told);
        }
        self.skip(&mut told);
        let Some(file) = &mut self.file else { return told };
        let before = file.generation();
        match file.step() {
            Ok(Step::Bytes(bytes)) => {
                if file.generation() != before {
                    self.follow_to_successor(&mut told);
                }
                told.extend(self.take(bytes));
            }
            Ok(Step::Truncated) => {
                self.begun.clear();
                told.push(self.gap(LogPlace { generation: before, offset: 0 }, "truncated"));
            }
            Ok(Step::Quiet) if file.generation() != before => self.follow_to_successor(&mut told),
            Ok(Step::Quiet) => {}
            // It is looked for anew.
            Err(_) => self.file = None,
        }
        told
    }

    fn open(&mut self, told: &mut Vec<Told>) {
        let piece = limits::LOG_PIECE_BYTES as u64;
        let Ok(mut file) = FollowedFile::open_at(self.path.clone(), self.from, piece) else { return };
        let generation = file.generation();
        match self.place {
            Some(known) if known.generation == generation => file.go_to(known.offset),
            Some(_) => {
                file.go_to(0);
                told.push(self.gap(LogPlace { generation, offset: 0 }, "rotated"));
            }
            None => self.place = Some(LogPlace { generation, offset: file.position() }),
        }
        self.begun.clear();
        self.file = Some(file);
    }

    /// Leaves out what the client is behind by too much.
    fn skip(&mut self, told: &mut Vec<Told>) {
        let Some(file) = &mut self.file else { return };
        let Ok(size) = file.size() else { return };
        if size.saturating_sub(file.position()) > limits::STREAM_LAG_BYTES {
            let place = LogPlace { generation: file.generation(), offset: size - limits::STREAM_PIECE_BYTES };
            file.go_to(place.offset);
            told.push(self.gap(place, "slow"));
        }
    }

    /// Another file bears the name now.
    fn follow_to_successor(&mut self, told: &mut Vec<Told>) {
        let Some(file) = &self.file else { return };
        let reason = if file.was_removed() { "cleared" } else { "rotated" };
        let place = LogPlace { generation: file.generation(), offset: 0 };
        told.push(self.gap(place, reason));
    }

    /// The client goes on at another place.
    fn gap(&mut self, place: LogPlace, reason: &'static str) -> Told {
        self.begun.clear();
        let before = self.place.replace(place);
        Told::Gap { from: before.map_or(0, |before| before.offset), place, reason }
    }

    /// Bytes that follow, as text; `None`: not a whole character.
    fn take(&mut self, bytes: Vec<u8>) -> Option<Told> {
        let place = self.place?;
        let mut all = std::mem::take(&mut self.begun);
        all.extend(bytes);
        let whole = all.len() - unfinished(&all);
        self.begun = all.split_off(whole);
        let text = String::from_utf8_lossy(&all).into_owned();
        let length = whole as u64;
        self.place = Some(LogPlace { offset: place.offset + length, ..place });
        (whole > 0).then_some(Told::Text { place, length, text })
    }
}

/// How many bytes at the end are the beginning of a character.
fn unfinished(bytes: &[u8]) -> usize {
    match bytes.utf8_chunks().last() {
        Some(last) if std::str::from_utf8(last.invalid()).is_err_and(|error| error.error_len().is_none()) => {
            last.invalid().len()
        }
        Some(_) | None => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, OpenOptions};
    use std::io::Write as _;
    use std::path::Path;

    use super::*;
    use crate::test_folder::TestFolder;

    fn append(path: &Path, bytes: &[u8]) {
        OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(bytes).unwrap();
    }

    fn log(path: &Path, from: i64) -> StreamedLog {
        StreamedLog::new("cat/stdout".to_owned(), path.to_owned(), from, None)
    }

    /// Offsets and texts, and gaps by their reasons.
    fn read(log: &mut StreamedLog) -> Vec<(u64, String)> {
        log.read()
            .into_iter()
            .map(|told| match told {
                Told::Text { place, text, .. } => (place.offset, text),
                Told::Gap { from, reason, .. } => (from, reason.to_owned()),
            })
            .collect()
    }

    fn told(offset: u64, text: &str) -> (u64, String) {
        (offset, text.to_owned())
    }

    #[test]
    fn it_begins_where_it_is_asked_to_and_goes_on() {
        let folder = TestFolder::new();
        let path = folder.file("log", b"0123456789");
        for (from, expected) in [(0, told(0, "0123456789")), (7, told(7, "789")), (-2, told(8, "89"))] {
            assert_eq!(read(&mut log(&path, from)), [expected]);
        }
        let mut log = log(&path, 99);
        assert_eq!(read(&mut log), []);
        append(&path, b"abc");
        assert_eq!(read(&mut log), [told(10, "abc")]);
    }

    #[test]
    fn a_character_that_is_not_whole_waits_for_its_rest() {
        let folder = TestFolder::new();
        let path = folder.file("log", b"a\xe2\x82");
        let mut log = log(&path, 0);
        assert_eq!(read(&mut log), [told(0, "a")]);
        assert_eq!(log.place().unwrap().offset, 1, "whoever comes again gets it whole");
        assert_eq!(read(&mut log), []);
        append(&path, b"\xac\xff");
        assert_eq!(read(&mut log), [told(1, "\u{20ac}\u{fffd}")]);
        assert_eq!(log.place().unwrap().offset, 5);
    }

    #[test]
    fn whoever_comes_again_goes_on_unless_the_file_is_another() {
        let folder = TestFolder::new();
        let path = folder.file("log", b"one");
        let mut first = log(&path, 0);
        assert_eq!(read(&mut first), [told(0, "one")]);
        append(&path, b"two");
        let again = |place| StreamedLog::new("cat/stdout".to_owned(), path.clone(), 0, place);
        assert_eq!(read(&mut again(first.place())), [told(3, "two")]);
        fs::rename(&path, folder.path("log.1")).unwrap();
        append(&path, b"three");
        assert_eq!(read(&mut again(first.place())), [told(3, "rotated"), told(0, "three")]);
    }

    #[test]
    fn rotation_clearing_and_cutting_are_told() {
        let folder = TestFolder::new();
        let path = folder.file("log", b"one");
        let mut log = log(&path, 0);
        assert_eq!(read(&mut log), [told(0, "one")]);
        fs::rename(&path, folder.path("log.1")).unwrap();
        append(&path, b"two");
        assert_eq!(read(&mut log), [told(3, "rotated"), told(0, "two")]);
        fs::remove_file(&path).unwrap();
        append(&path, b"new");
        assert_eq!(read(&mut log), [told(3, "cleared"), told(0, "new")]);
        fs::write(&path, b"").unwrap();
        assert_eq!(read(&mut log), [told(3, "truncated")]);
    }

    #[test]
    fn whoever_is_far_behind_goes_on_near_the_end() {
        let folder = TestFolder::new();
        let path = folder.file("log", b"begin\n");
        let mut log = log(&path, 0);
        assert_eq!(read(&mut log), [told(0, "begin\n")]);
        append(&path, &vec![b'x'; usize::try_from(limits::STREAM_LAG_BYTES).unwrap() + 1]);
        let more = read(&mut log);
        assert_eq!(more[0], told(6, "slow"));
        assert_eq!(more[1].0, 7 + limits::STREAM_LAG_BYTES - limits::STREAM_PIECE_BYTES);
    }

    #[test]
    fn a_log_that_is_not_there_yet_is_waited_for() {
        let folder = TestFolder::new();
        let path = folder.path("log");
        let mut log = log(&path, -10);
        assert_eq!(read(&mut log), []);
        append(&path, b"here");
        assert_eq!(read(&mut log), [told(0, "here")]);
    }
}
