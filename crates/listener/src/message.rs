//! Messages of an ordinary program: text between two tokens, which supervisord takes out of the log and makes a
//! PROCESS_COMMUNICATION event of (contract/processes.md §6.3).
//!
//! The program needs `stdout_capture_maxbytes` or `stderr_capture_maxbytes`; of a longer message the end is kept.

use std::io::{self, Write};

/// Begins a message.
pub const BEGIN_TOKEN: &[u8] = b"<!--XSUPERVISOR:BEGIN-->";

/// Ends a message.
pub const END_TOKEN: &[u8] = b"<!--XSUPERVISOR:END-->";

/// Sends a message on this program's stdout or stderr, and flushes it.
///
/// # Errors
/// What writing gives.
pub fn send_message(stream: &mut impl Write, message: &[u8]) -> io::Result<()> {
    stream.write_all(&[BEGIN_TOKEN, message, END_TOKEN].concat())?;
    stream.flush()
}
