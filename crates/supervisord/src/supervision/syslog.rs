//! Lines for the system's log, as upstream sends them: RFC 3164 without a host, facility USER, severity INFO,
//! to `/dev/log` (contract/processes.md §6.2).
//!
//! A system without a log loses the lines in silence, as syslog(3) does; nothing here ever waits.

use std::os::unix::net::UnixDatagram;

use supervisor_protocol::terminal::visible_on_one_line;

use super::limits;
use crate::clock;

/// Facility USER, severity INFO.
const PRIORITY: &str = "<14>";
const SOCKET: &str = "/dev/log";

/// A sender of lines.
#[derive(Debug)]
pub(super) struct Syslog {
    socket: Option<UnixDatagram>,
}

impl Syslog {
    /// Opens the sending end; the log need not be there yet.
    pub(super) fn new() -> Self {
        let socket = UnixDatagram::unbound().ok().filter(|socket| socket.set_nonblocking(true).is_ok());
        Self { socket }
    }

    /// Sends one message.
    pub(super) fn send(&self, message: &str) {
        let Some(socket) = &self.socket else { return };
        let stamp = clock::local_time(clock::wall_clock(), clock::local_zone().zone.clone())
            .strftime("%b %e %H:%M:%S")
            .to_string();
        // Neither a missing nor a busy log is a reason to wait or to stop.
        socket.send_to(format!("{PRIORITY}{stamp} supervisord: {message}").as_bytes(), SOCKET).ok();
    }
}

/// The lines of one channel that go to syslog: whole ones, whatever the reads were (contract/quirks.md F40).
#[derive(Debug)]
pub(super) struct SyslogLines {
    syslog: Syslog,
    process: Box<str>,
    /// The beginning of a line whose end has not been read.
    partial: Vec<u8>,
}

impl SyslogLines {
    /// For the output of a process.
    pub(super) fn new(process: &str) -> Self {
        Self { syslog: Syslog::new(), process: process.into(), partial: Vec::new() }
    }

    /// Sends the lines that are complete now.
    pub(super) fn append(&mut self, bytes: &[u8]) {
        self.partial.extend_from_slice(bytes);
        let mut start = 0;
        while let Some(length) = self.partial[start..].iter().position(|byte| *byte == b'\n') {
            self.send(&self.partial[start..start + length]);
            start += length + 1;
        }
        self.partial.drain(..start);
        if self.partial.len() > limits::SYSLOG_LINE_BYTES {
            self.flush();
        }
    }

    /// Sends the line that has no end: there is no more to come.
    pub(super) fn flush(&mut self) {
        let line = std::mem::take(&mut self.partial);
        if !line.is_empty() {
            self.send(&line);
        }
    }

    fn send(&self, line: &[u8]) {
        let message = format!("{} {}", self.process, String::from_utf8_lossy(line));
        // A name with a line end, or output with an escape sequence, is one message and nothing else, whoever shows it.
        self.syslog.send(&visible_on_one_line(&message));
    }
}
