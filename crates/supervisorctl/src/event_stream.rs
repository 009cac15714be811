//! What comes over an event stream, taken apart into frames (WHATWG HTML, «Server-sent events»).
//!
//! Only the rules for a whole stream of UTF-8 that this client needs: it reconnects for nobody, so that `retry` is left
//! out. What a frame says is looked at elsewhere.

use crate::limits::MAX_FRAME_BYTES;

/// A frame with data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Frame {
    /// `event`
    pub(crate) name: String,
    /// `data`, its lines joined.
    pub(crate) data: String,
}

/// Bytes of a stream, as they come in.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    /// What has no line end yet.
    rest: Vec<u8>,
    frame: Frame,
    has_data: bool,
    last_id: Option<String>,
}

/// A frame that does not end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

impl Frames {
    /// Takes in what has come; gives every frame that is complete now.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<Vec<Frame>, TooLong> {
        self.rest.extend_from_slice(bytes);
        let mut complete = Vec::new();
        let lines = std::mem::take(&mut self.rest);
        let mut lines = lines.split_inclusive(|byte| *byte == b'\n').peekable();
        while let Some(line) = lines.next_if(|line| line.ends_with(b"\n")) {
            complete.extend(self.line(String::from_utf8_lossy(line).trim_end_matches(['\r', '\n'])));
        }
        self.rest = lines.next().unwrap_or_default().to_vec();
        if self.rest.len() + self.frame.data.len() > MAX_FRAME_BYTES { Err(TooLong) } else { Ok(complete) }
    }

    /// The newest `id`: where to go on from.
    pub(crate) fn last_id(&self) -> Option<&str> {
        self.last_id.as_deref()
    }

    fn line(&mut self, line: &str) -> Option<Frame> {
        if line.is_empty() {
            let frame = std::mem::take(&mut self.frame);
            return std::mem::take(&mut self.has_data).then_some(frame);
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => self.last_id = Some(value.to_owned()),
            "event" => value.clone_into(&mut self.frame.name),
            "data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.frame.data.push('\n');
                }
                self.frame.data.push_str(value);
            }
            // A comment, or a field that nobody knows.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str =
        ": events\nid: 7\n\nid: 8\nevent: TICK_5\ndata: {\"é\": 1}\n\nretry: 1\r\ndata:a\r\ndata: b\r\n\r\nid: 9\n\n";

    fn frame(name: &str, data: &str) -> Frame {
        Frame { name: name.to_owned(), data: data.to_owned() }
    }

    #[test]
    fn frames_come_however_the_bytes_are_cut() {
        for size in 1..STREAM.len() {
            let mut frames = Frames::default();
            let pieces = STREAM.as_bytes().chunks(size);
            let seen: Vec<Frame> = pieces.flat_map(|piece| frames.push(piece).unwrap()).collect();
            assert_eq!(seen, [frame("TICK_5", "{\"é\": 1}"), frame("", "a\nb")], "{size}");
            assert_eq!(frames.last_id(), Some("9"));
        }
    }

    #[test]
    fn what_is_not_complete_is_no_frame() {
        let mut frames = Frames::default();
        assert_eq!(frames.push(b"id: 8\ndata: x\n"), Ok(vec![]));
        assert_eq!(frames.push(b"\n"), Ok(vec![frame("", "x")]));
    }

    #[test]
    fn a_frame_has_an_end() {
        let mut frames = Frames::default();
        assert_eq!(frames.push(&vec![b'x'; MAX_FRAME_BYTES]), Ok(vec![]));
        assert_eq!(frames.push(b"x"), Err(TooLong));
    }
}
