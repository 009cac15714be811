//! Bytes as they come, cut into lines.

use std::fmt;

use memchr::memchr;

use crate::limits::EXTENSION_LINE_BYTES;

/// What has come and is not taken yet. Invariant: of a line without an end there are [`EXTENSION_LINE_BYTES`] at most.
#[derive(Debug, Default)]
pub struct Lines {
    bytes: Vec<u8>,
    /// Where the next line begins.
    begin: usize,
    /// Up to where no line end was found.
    searched: usize,
}

/// A line does not end within [`EXTENSION_LINE_BYTES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineTooLong;

impl fmt::Display for LineTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a line is longer than {EXTENSION_LINE_BYTES} bytes")
    }
}

impl Lines {
    /// Appends what has come.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.begin > 0 {
            self.bytes.drain(..self.begin);
            self.searched -= self.begin;
            self.begin = 0;
        }
        if self.bytes.is_empty() && self.bytes.capacity() > bytes.len().max(KEPT_BYTES) {
            // One long line does not cost its memory for ever.
            self.bytes = Vec::new();
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// The next line, without its end; `None`: the rest of it has not come yet. To be called until then after each
    /// [`Lines::push`].
    ///
    /// # Errors
    /// It is too long. There is nothing to be read after that.
    pub fn next_line(&mut self) -> Result<Option<&[u8]>, LineTooLong> {
        let Some(found) = memchr(b'\n', &self.bytes[self.searched..]) else {
            self.searched = self.bytes.len();
            let is_too_long = self.bytes.len() - self.begin > EXTENSION_LINE_BYTES;
            return if is_too_long { Err(LineTooLong) } else { Ok(None) };
        };
        let (begin, end) = (self.begin, self.searched + found);
        self.begin = end + 1;
        self.searched = self.begin;
        if end - begin > EXTENSION_LINE_BYTES {
            return Err(LineTooLong);
        }
        let line = &self.bytes[begin..end];
        Ok(Some(line.strip_suffix(b"\r").unwrap_or(line)))
    }
}

/// Room that is kept between lines.
const KEPT_BYTES: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn all(lines: &mut Lines) -> Vec<String> {
        let mut taken = Vec::new();
        while let Some(line) = lines.next_line().unwrap() {
            taken.push(String::from_utf8(line.to_vec()).unwrap());
        }
        taken
    }

    #[test]
    fn lines_are_found_however_they_come() {
        let text = b"one\ntwo\r\n\nthree\n";
        for size in 1..=text.len() {
            let mut lines = Lines::default();
            let mut taken = Vec::new();
            for piece in text.chunks(size) {
                lines.push(piece);
                taken.extend(all(&mut lines));
            }
            assert_eq!(taken, ["one", "two", "", "three"], "pieces of {size}");
        }
    }

    #[test]
    fn a_line_has_a_longest_length() {
        let mut lines = Lines::default();
        lines.push(&vec![b'x'; EXTENSION_LINE_BYTES]);
        assert_eq!(lines.next_line(), Ok(None));
        lines.push(b"\ny");
        assert_eq!(lines.next_line().unwrap().map(<[u8]>::len), Some(EXTENSION_LINE_BYTES));
        lines.push(&vec![b'x'; EXTENSION_LINE_BYTES]);
        assert_eq!(lines.next_line(), Err(LineTooLong));
        let mut at_once = Lines::default();
        at_once.push(&vec![b'x'; EXTENSION_LINE_BYTES + 1]);
        at_once.push(b"\n");
        assert_eq!(at_once.next_line(), Err(LineTooLong));
    }

    #[test]
    fn a_long_line_gives_its_memory_back() {
        let mut lines = Lines::default();
        lines.push(&vec![b'x'; 4 * KEPT_BYTES]);
        lines.push(b"\n");
        assert!(lines.next_line().unwrap().is_some());
        lines.push(b"short\n");
        assert_eq!(all(&mut lines), ["short"]);
        assert!(lines.bytes.capacity() <= KEPT_BYTES);
    }
}
