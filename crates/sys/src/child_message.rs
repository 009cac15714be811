//! The words of a child that could not be turned into its program (contract/processes.md §3.3, steps 4 to 8), the same
//! in its own log and in ours.
//!
//! Built in a buffer of fixed size, without allocation: this runs in the child.

use crate::errno::errno_name;
use crate::limits::{CHILD_MESSAGE_BYTES, CHILD_MESSAGE_NAME_BYTES, CHILD_WORDS_BYTES};

/// A text that is cut rather than grown.
pub(crate) struct FixedText<const CAPACITY: usize> {
    buffer: [u8; CAPACITY],
    length: usize,
}

/// Why a child is not its program, without a prefix and an end of line: what it writes to its log, and what it tells
/// the daemon.
pub(crate) struct Words(FixedText<CHILD_WORDS_BYTES>);

impl<const CAPACITY: usize> FixedText<CAPACITY> {
    pub(crate) fn new() -> Self {
        Self { buffer: [0; CAPACITY], length: 0 }
    }

    /// What was written so far.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.buffer.get(..self.length).unwrap_or_default()
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        for (place, byte) in self.buffer.iter_mut().skip(self.length).zip(bytes) {
            *place = *byte;
            self.length += 1;
        }
    }
}

impl Words {
    pub(crate) fn new() -> Self {
        Self(FixedText::new())
    }

    /// The words themselves.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.bytes()
    }

    /// The lines that the child writes to its fd 2.
    pub(crate) fn lines(&self) -> FixedText<CHILD_MESSAGE_BYTES> {
        let mut lines = FixedText::new();
        lines.push(b"supervisor: ");
        lines.push(self.bytes());
        lines.push(b"\nsupervisor: child process was not spawned\n");
        lines
    }

    /// It had been refused before it began.
    pub(crate) fn refused(&mut self, reason: &[u8]) {
        self.push_name(reason);
    }

    /// Its standard descriptors could not be put in place.
    pub(crate) fn descriptors(&mut self, errno: i32) {
        self.failed(b"couldn't put its descriptors in place", b"", errno);
    }

    /// An attribute cannot be set; its name and value.
    pub(crate) fn setting(&mut self, what: &[u8], errno: i32) {
        self.failed(b"couldn't set ", what, errno);
    }

    /// The user cannot be assumed.
    pub(crate) fn credentials(&mut self, uid: u32, reason: &str) {
        self.0.push(b"couldn't setuid to ");
        self.push_number(uid);
        self.0.push(b": ");
        self.0.push(reason.as_bytes());
    }

    /// The directory cannot be entered.
    pub(crate) fn directory(&mut self, directory: &[u8], errno: i32) {
        self.failed(b"couldn't chdir to ", directory, errno);
    }

    /// The program cannot be executed.
    pub(crate) fn exec(&mut self, argv0: &[u8], errno: i32) {
        self.failed(b"couldn't exec ", argv0, errno);
    }

    fn failed(&mut self, what: &[u8], name: &[u8], errno: i32) {
        self.0.push(what);
        self.push_name(name);
        self.0.push(b": ");
        self.0.push(errno_name(errno).as_bytes());
    }

    fn push_name(&mut self, name: &[u8]) {
        self.0.push(name.get(..CHILD_MESSAGE_NAME_BYTES).unwrap_or(name));
    }

    fn push_number(&mut self, number: u32) {
        let mut digits = [b'0'; 10];
        let mut rest = number;
        let mut first = digits.len();
        for (place, digit) in digits.iter_mut().enumerate().rev() {
            *digit = b'0' + u8::try_from(rest % 10).unwrap_or_default();
            rest /= 10;
            first = place;
            if rest == 0 {
                break;
            }
        }
        self.0.push(digits.get(first..).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAST_LINE: &str = "supervisor: child process was not spawned\n";

    fn text(fill: impl FnOnce(&mut Words)) -> String {
        let mut words = Words::new();
        fill(&mut words);
        let lines = String::from_utf8(words.lines().bytes().to_vec()).unwrap();
        assert!(lines.len() <= CHILD_MESSAGE_BYTES);
        lines.strip_suffix(LAST_LINE).expect("the last line of them all").to_owned()
    }

    #[test]
    fn texts_are_the_contracts() {
        assert_eq!(text(|w| w.exec(b"./x", libc::ENOENT)), "supervisor: couldn't exec ./x: ENOENT\n");
        assert_eq!(
            text(|w| w.directory(b"/nowhere", libc::EACCES)),
            "supervisor: couldn't chdir to /nowhere: EACCES\n"
        );
        assert_eq!(
            text(|w| w.credentials(33, "Could not set groups of effective user")),
            "supervisor: couldn't setuid to 33: Could not set groups of effective user\n"
        );
        assert_eq!(text(|w| w.setting(b"nice to -5", libc::EACCES)), "supervisor: couldn't set nice to -5: EACCES\n");
        assert_eq!(text(|w| w.refused(b"no reason")), "supervisor: no reason\n");
        assert_eq!(
            text(|w| w.descriptors(libc::EMFILE)),
            "supervisor: couldn't put its descriptors in place: EMFILE\n"
        );
    }

    #[test]
    fn numbers_are_written_whole() {
        for number in [0, 7, 10, 65_534, u32::MAX] {
            let expected = format!("supervisor: couldn't setuid to {number}: x\n");
            assert_eq!(text(|w| w.credentials(number, "x")), expected);
        }
    }

    #[test]
    fn a_long_name_leaves_room_for_what_follows() {
        let name = vec![b'x'; 100_000];
        let text = text(|w| w.exec(&name, libc::ENAMETOOLONG));
        assert!(text.ends_with("xxx: ENAMETOOLONG\n"), "{text}");
    }
}
