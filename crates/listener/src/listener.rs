//! The loop of an event listener: READY, an event, a result (contract/events.md §4).
//!
//! Invariants: an answer belongs to one event; nothing is written but the protocol, and each write is flushed; the
//! payload is read by characters, as its length is given (quirks.md K01).

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Stdin, Stdout, Write};

use crate::event::Event;
use crate::header::Header;
use crate::limits;

/// What a listener makes of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is done.
    Ok,
    /// It is to come again, to this member of the pool or to another; at once.
    Fail,
    /// The result that a `result_handler` of supervisord expects.
    Result(Vec<u8>),
}

/// An event that has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// The header line.
    pub header: Header,
    /// The payload as it came.
    pub payload: String,
    /// The same as a type.
    pub event: Event,
}

/// The listener's side of the protocol.
#[derive(Debug)]
pub struct Listener<R, W> {
    events: R,
    answers: W,
    unanswered: bool,
}

impl Listener<BufReader<Stdin>, Stdout> {
    /// The listener that this process is: stdin and stdout are the protocol, so nothing else may be printed there.
    pub fn of_this_process() -> Self {
        Self::new(BufReader::new(io::stdin()), io::stdout())
    }
}

impl<R: BufRead, W: Write> Listener<R, W> {
    /// A listener over any two streams.
    pub fn new(events: R, answers: W) -> Self {
        Self { events, answers, unanswered: false }
    }

    /// Works on events until supervisord closes the stream.
    ///
    /// # Errors
    /// As [`Listener::wait`] and [`Listener::answer`].
    pub fn run(mut self, mut work: impl FnMut(&Notification) -> Verdict) -> io::Result<()> {
        while let Some(notification) = self.wait()? {
            self.answer(&work(&notification))?;
        }
        Ok(())
    }

    /// Says that it is ready and waits for an event; `None` when supervisord has closed the stream.
    ///
    /// # Errors
    /// What reading or writing gives; `InvalidData` for what is no event; `InvalidInput` when the last event was not
    /// answered.
    pub fn wait(&mut self) -> io::Result<Option<Notification>> {
        if self.unanswered {
            return Err(io::Error::new(ErrorKind::InvalidInput, "the last event was not answered"));
        }
        self.answers.write_all(b"READY\n")?;
        self.answers.flush()?;
        let mut line = Vec::new();
        self.events.by_ref().take(limits::HEADER_BYTES).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(None);
        }
        let line = String::from_utf8(line).map_err(invalid)?;
        let header = Header::parse(&line).map_err(invalid)?;
        let payload = read_characters(&mut self.events, header.characters)?;
        let event = Event::parse(&header.event_name, &payload).map_err(invalid)?;
        self.unanswered = true;
        Ok(Some(Notification { header, payload, event }))
    }

    /// Answers the event that came last.
    ///
    /// # Errors
    /// What writing gives; `InvalidInput` when no event waits for an answer.
    pub fn answer(&mut self, verdict: &Verdict) -> io::Result<()> {
        if !std::mem::take(&mut self.unanswered) {
            return Err(io::Error::new(ErrorKind::InvalidInput, "no event waits for an answer"));
        }
        let result = match verdict {
            Verdict::Ok => b"OK".as_slice(),
            Verdict::Fail => b"FAIL",
            Verdict::Result(bytes) => bytes,
        };
        let line = format!("RESULT {}\n", result.len());
        self.answers.write_all(&[line.as_bytes(), result].concat())?;
        self.answers.flush()
    }
}

/// Reads so many characters of UTF-8. What is read in one step has at most so many bytes as characters are missing,
/// so that no byte of what follows is taken.
fn read_characters(stream: &mut impl Read, count: usize) -> io::Result<String> {
    let (mut bytes, mut missing) = (Vec::new(), count);
    while missing > 0 {
        let from = bytes.len();
        stream.by_ref().take(missing as u64).read_to_end(&mut bytes)?;
        if bytes.len() == from {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let begins = |byte: &&u8| !(0x80..0xC0).contains(*byte);
        missing -= bytes[from..].iter().filter(begins).count();
    }
    // The last character may go on.
    while let Err(error) = std::str::from_utf8(&bytes)
        && error.error_len().is_none()
    {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        bytes.push(byte[0]);
    }
    String::from_utf8(bytes).map_err(invalid)
}

fn invalid(error: impl std::error::Error + Send + Sync + 'static) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(name: &str, payload: &str) -> String {
        let length = payload.chars().count();
        format!("ver:3.0 server:s serial:1 pool:p poolserial:0 eventname:{name} len:{length}\n{payload}")
    }

    #[test]
    fn events_are_read_by_characters_and_answered_one_by_one() {
        let texts = ["", "é", "日本語 and more", "🦀🦀", "e\u{301}\n"];
        let stream: String = texts.map(|text| envelope("REMOTE_COMMUNICATION", &format!("type:t\n{text}"))).concat();
        let mut said = Vec::new();
        let mut seen = Vec::new();
        Listener::new(stream.as_bytes(), &mut said)
            .run(|notification| {
                let Event::RemoteCommunication { data, .. } = &notification.event else { return Verdict::Fail };
                seen.push(data.clone());
                if data.is_empty() { Verdict::Result(b"x\ny".to_vec()) } else { Verdict::Ok }
            })
            .unwrap();
        assert_eq!(seen, texts);
        let said = String::from_utf8(said).unwrap();
        assert_eq!(said, format!("READY\nRESULT 3\nx\ny{}READY\n", "READY\nRESULT 2\nOK".repeat(4)));
    }

    #[test]
    fn an_event_has_one_answer() {
        let stream = envelope("TICK_5", "when:5");
        let mut listener = Listener::new(stream.as_bytes(), Vec::new());
        assert_eq!(listener.answer(&Verdict::Ok).unwrap_err().kind(), ErrorKind::InvalidInput);
        assert!(listener.wait().unwrap().is_some());
        assert_eq!(listener.wait().unwrap_err().kind(), ErrorKind::InvalidInput);
        listener.answer(&Verdict::Fail).unwrap();
        assert_eq!(listener.wait().unwrap(), None);
    }

    #[test]
    fn what_is_no_event_is_an_error_and_no_end() {
        for stream in [
            b"hello\n".as_slice(),
            b"ver:3.0\n",
            &envelope("TICK_5", "no").into_bytes(),
            b"ver:3.0 server:s serial:1 pool:p poolserial:0 eventname:X len:5\nab",
            b"ver:3.0 server:s serial:1 pool:p poolserial:0 eventname:X len:1\n\xff",
            b"ver:3.0 server:s serial:1 pool:p poolserial:0 eventname:X len:2\n\xc3x.",
        ] {
            assert!(Listener::new(stream, Vec::new()).wait().is_err(), "{:?}", String::from_utf8_lossy(stream));
        }
    }
}
