//! Lines for the system's log, as upstream sends them: RFC 3164 without a host, facility USER, severity INFO,
//! to `/dev/log` (contract/processes.md §6.2).
//!
//! Whoever listens there now is reached: a socket for datagrams or for a stream, one that was made anew, one that comes
//! later. Nothing here ever waits, so what nobody takes, or what would have to wait, is lost; it is counted, and told
//! when a message is taken again.

use std::io::{self, Write};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use supervisor_protocol::terminal::visible_on_one_line;

use super::limits;
use super::log_file::LogFileNotice;
use crate::clock;

/// Facility USER, severity INFO.
const PRIORITY: &str = "<14>";

/// Where the system's log listens.
pub(super) const SYSLOG_SOCKET: &str = "/dev/log";

/// What ends a message on a stream (as syslog(3) of the C library does it).
const END_OF_MESSAGE: u8 = 0;

/// A sender of messages.
#[derive(Debug)]
pub(super) struct Syslog {
    socket: PathBuf,
    link: Link,
    /// Bytes of messages that were lost and have not been told yet.
    lost: u64,
}

/// How the log is reached.
#[derive(Debug)]
enum Link {
    /// As far as known nobody has been reached.
    None,
    /// Each message is sent to whoever has the path then.
    Datagrams(UnixDatagram),
    /// One connection, and the end of a message that it has not taken yet.
    Stream(UnixStream, Vec<u8>),
}

impl Default for Syslog {
    fn default() -> Self {
        Self::new()
    }
}

impl Syslog {
    /// For the system's log, which need not be there yet.
    pub(super) fn new() -> Self {
        Self::at(Path::new(SYSLOG_SOCKET))
    }

    fn at(socket: &Path) -> Self {
        Self { socket: socket.to_owned(), link: Link::None, lost: 0 }
    }

    /// Sends one message. What there is to be said of it, if anything: once at the beginning and once at the end of
    /// each trouble.
    pub(super) fn send(&mut self, message: &str) -> Option<LogFileNotice> {
        let stamp = clock::local_time(clock::wall_clock(), clock::local_zone().zone.clone())
            .strftime("%b %e %H:%M:%S")
            .to_string();
        let record = format!("{PRIORITY}{stamp} supervisord: {message}");
        let lost_before = self.lost;
        match self.transmit(record.as_bytes()) {
            Ok(()) if lost_before > 0 => {
                self.lost = 0;
                Some(LogFileNotice::TakesAgain { dropped: lost_before })
            }
            Ok(()) => None,
            Err(error) => {
                self.lost += message.len() as u64;
                (lost_before == 0).then_some(LogFileNotice::Drops { error })
            }
        }
    }

    /// Bytes of messages that were lost and have not been told yet; told now.
    pub(super) fn take_lost(&mut self) -> u64 {
        std::mem::take(&mut self.lost)
    }

    fn transmit(&mut self, record: &[u8]) -> io::Result<()> {
        // A connection may turn out to be over; then it is tried once more as if there had been none.
        let was_connected = matches!(self.link, Link::Stream(..));
        match self.try_once(record) {
            Err(error) if was_connected && error.kind() != io::ErrorKind::WouldBlock => {
                self.link = Link::None;
                self.try_once(record)
            }
            other => other,
        }
    }

    fn try_once(&mut self, record: &[u8]) -> io::Result<()> {
        if matches!(self.link, Link::None) {
            let socket = UnixDatagram::unbound()?;
            socket.set_nonblocking(true)?;
            self.link = Link::Datagrams(socket);
        }
        if let Link::Datagrams(socket) = &self.link {
            match socket.send_to(record, &self.socket) {
                // It is a socket of another kind.
                Err(error) if error.raw_os_error() == Some(Errno::EPROTOTYPE as i32) => {}
                other => return other.map(drop),
            }
            self.link = Link::Stream(supervisor_sys::connect_unix_at_once(&self.socket)?, Vec::new());
        }
        match &mut self.link {
            Link::Stream(stream, rest) => write_message(stream, rest, record),
            Link::None | Link::Datagrams(_) => Ok(()),
        }
    }
}

/// Writes a message after what is left of the one before: its whole, or its beginning with the end left for later.
fn write_message(stream: &mut UnixStream, rest: &mut Vec<u8>, record: &[u8]) -> io::Result<()> {
    if !rest.is_empty() {
        let count = stream.write(rest)?;
        rest.drain(..count);
        if !rest.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
    }
    let mut message = record.to_vec();
    message.push(END_OF_MESSAGE);
    let count = stream.write(&message)?;
    *rest = message.split_off(count);
    Ok(())
}

/// The lines of one channel that go to syslog: whole ones, whatever the reads were (contract/quirks.md F40).
#[derive(Debug)]
pub(super) struct SyslogLines {
    process: Box<str>,
    /// The beginning of a line whose end has not been read.
    partial: Vec<u8>,
}

impl SyslogLines {
    /// For the output of a process.
    pub(super) fn new(process: &str) -> Self {
        Self { process: process.into(), partial: Vec::new() }
    }

    /// Sends the lines that are complete now.
    pub(super) fn append(&mut self, bytes: &[u8], send: &mut impl FnMut(&str)) {
        self.partial.extend_from_slice(bytes);
        let mut start = 0;
        while let Some(length) = self.partial[start..].iter().position(|byte| *byte == b'\n') {
            self.send(&self.partial[start..start + length], send);
            start += length + 1;
        }
        self.partial.drain(..start);
        if self.partial.len() > limits::SYSLOG_LINE_BYTES {
            self.flush(send);
        }
    }

    /// Sends the line that has no end: there is no more to come.
    pub(super) fn flush(&mut self, send: &mut impl FnMut(&str)) {
        let line = std::mem::take(&mut self.partial);
        if !line.is_empty() {
            self.send(&line, send);
        }
    }

    fn send(&self, line: &[u8], send: &mut impl FnMut(&str)) {
        let message = format!("{} {}", self.process, String::from_utf8_lossy(line));
        // A name with a line end, or output with an escape sequence, is one message and nothing else, whoever shows it.
        send(&visible_on_one_line(&message));
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Read;
    use std::os::unix::net::UnixListener;

    use super::*;
    use crate::test_folder::TestFolder;

    fn received(log: &UnixDatagram) -> String {
        let mut bytes = [0; 1000];
        let count = log.recv(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes[..count]).rsplit(" supervisord: ").next().unwrap_or_default().to_owned()
    }

    #[test]
    fn one_that_comes_later_or_is_made_anew_is_reached_and_what_was_lost_is_told() {
        let folder = TestFolder::new();
        let path = folder.path("log");
        let mut syslog = Syslog::at(&path);
        assert!(matches!(syslog.send("one"), Some(LogFileNotice::Drops { .. })));
        assert!(syslog.send("two").is_none(), "told once");
        for _ in 0..2 {
            let log = UnixDatagram::bind(&path).unwrap();
            let told = syslog.send("three");
            assert!(matches!(told, Some(LogFileNotice::TakesAgain { dropped: 6 })), "{told:?}");
            assert!(syslog.send("four").is_none());
            assert_eq!([received(&log), received(&log)], ["three", "four"]);
            drop(log);
            assert!(matches!(syslog.send("one"), Some(LogFileNotice::Drops { .. })));
            assert!(syslog.send("two").is_none());
            fs::remove_file(&path).unwrap();
        }
        // And as another kind.
        let log = UnixListener::bind(&path).unwrap();
        assert!(matches!(syslog.send("five"), Some(LogFileNotice::TakesAgain { dropped: 6 })));
        let mut bytes = [0; 1000];
        let count = log.accept().unwrap().0.read(&mut bytes).unwrap();
        assert!(bytes[..count].ends_with(b" supervisord: five\0"));
        assert_eq!(syslog.take_lost(), 0);
    }

    #[test]
    fn a_stream_is_connected_to_anew_and_a_full_one_delays_nobody_and_keeps_its_messages_whole() {
        let folder = TestFolder::new();
        let path = folder.path("log");
        let mut syslog = Syslog::at(&path);
        for _ in 0..2 {
            let log = UnixListener::bind(&path).unwrap();
            assert!(syslog.send("first").is_none(), "reached at once, whatever became of the one before");
            let mut reader = log.accept().unwrap().0;
            let message = "x".repeat(5_000);
            let full = (0..10_000).find(|_| syslog.send(&message).is_some());
            let full = full.expect("a stream that nobody reads is full at some time");
            let mut bytes = vec![0; 64 * 1024 * 1024];
            let mut length = reader.read(&mut bytes).unwrap();
            while syslog.send("last").is_none() {
                length += reader.read(&mut bytes[length..]).unwrap();
            }
            drop(syslog.send("the end"));
            while !bytes[..length].ends_with(b" supervisord: the end\0") {
                length += reader.read(&mut bytes[length..]).unwrap();
            }
            let messages: Vec<&[u8]> = bytes[..length].split(|byte| *byte == END_OF_MESSAGE).collect();
            let whole = messages.iter().filter(|text| text.ends_with(message.as_bytes())).count();
            assert_eq!(whole, full, "as many as were taken");
            assert!(messages.iter().all(|text| text.is_empty() || text.starts_with(PRIORITY.as_bytes())));
            drop((reader, log));
            fs::remove_file(&path).unwrap();
        }
    }
}
