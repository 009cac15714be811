//! The texts of a child that could not be turned into its program (contract/processes.md §3.3, steps 4 to 8).
//!
//! Built in a buffer of fixed size, without allocation: this runs in the child.

use crate::errno::errno_name;
use crate::limits::{CHILD_MESSAGE_BYTES, CHILD_MESSAGE_NAME_BYTES};

/// A text that is cut rather than grown.
pub(crate) struct ChildMessage {
    buffer: [u8; CHILD_MESSAGE_BYTES],
    length: usize,
}

impl ChildMessage {
    pub(crate) fn new() -> Self {
        Self { buffer: [0; CHILD_MESSAGE_BYTES], length: 0 }
    }

    /// What was written so far.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.buffer.get(..self.length).unwrap_or_default()
    }

    /// It had been refused before it began.
    pub(crate) fn refused(&mut self, reason: &[u8]) {
        self.push(b"supervisor: ");
        self.push_name(reason);
        self.push(b"\n");
    }

    /// The user cannot be assumed.
    pub(crate) fn credentials(&mut self, uid: u32, reason: &str) {
        self.push(b"supervisor: couldn't setuid to ");
        self.push_number(uid);
        self.push(b": ");
        self.push(reason.as_bytes());
        self.push(b"\n");
    }

    /// The directory cannot be entered.
    pub(crate) fn directory(&mut self, directory: &[u8], errno: i32) {
        self.failed(b"supervisor: couldn't chdir to ", directory, errno);
    }

    /// The program cannot be executed.
    pub(crate) fn exec(&mut self, argv0: &[u8], errno: i32) {
        self.failed(b"supervisor: couldn't exec ", argv0, errno);
    }

    /// The last line of them all.
    pub(crate) fn not_spawned(&mut self) {
        self.push(b"supervisor: child process was not spawned\n");
    }

    fn failed(&mut self, what: &[u8], name: &[u8], errno: i32) {
        self.push(what);
        self.push_name(name);
        self.push(b": ");
        self.push(errno_name(errno).as_bytes());
        self.push(b"\n");
    }

    fn push_name(&mut self, name: &[u8]) {
        self.push(name.get(..CHILD_MESSAGE_NAME_BYTES).unwrap_or(name));
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
        self.push(digits.get(first..).unwrap_or_default());
    }

    fn push(&mut self, bytes: &[u8]) {
        for (place, byte) in self.buffer.iter_mut().skip(self.length).zip(bytes) {
            *place = *byte;
            self.length += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(fill: impl FnOnce(&mut ChildMessage)) -> String {
        let mut message = ChildMessage::new();
        fill(&mut message);
        String::from_utf8(message.bytes().to_vec()).unwrap()
    }

    #[test]
    fn texts_are_the_contracts() {
        assert_eq!(text(|m| m.exec(b"./x", libc::ENOENT)), "supervisor: couldn't exec ./x: ENOENT\n");
        assert_eq!(
            text(|m| m.directory(b"/nowhere", libc::EACCES)),
            "supervisor: couldn't chdir to /nowhere: EACCES\n"
        );
        assert_eq!(
            text(|m| m.credentials(33, "Could not set groups of effective user")),
            "supervisor: couldn't setuid to 33: Could not set groups of effective user\n"
        );
        assert_eq!(text(|m| m.refused(b"no reason")), "supervisor: no reason\n");
        assert_eq!(text(ChildMessage::not_spawned), "supervisor: child process was not spawned\n");
    }

    #[test]
    fn numbers_are_written_whole() {
        for number in [0, 7, 10, 65_534, u32::MAX] {
            let expected = format!("supervisor: couldn't setuid to {number}: x\n");
            assert_eq!(text(|m| m.credentials(number, "x")), expected);
        }
    }

    #[test]
    fn a_long_name_leaves_room_for_what_follows() {
        let name = vec![b'x'; 100_000];
        let text = text(|m| {
            m.exec(&name, libc::ENAMETOOLONG);
            m.not_spawned();
        });
        assert!(text.ends_with("xxx: ENAMETOOLONG\nsupervisor: child process was not spawned\n"), "{text}");
        assert!(text.len() <= CHILD_MESSAGE_BYTES);
    }
}
