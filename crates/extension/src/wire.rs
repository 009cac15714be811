//! The channel: lines out, from any thread, and lines in.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, PoisonError};

use supervisor_protocol::extension::{
    ErrorAnswer, Id, Lines, Message, push_error, push_request, push_result, read_message,
};
use supervisor_protocol::limits::EXTENSION_LINE_BYTES;
use supervisor_protocol::xmlrpc::Value;

use crate::fault::Fault;
use crate::limits::READ_BYTES;

/// The way out. A line is written whole before another begins.
#[derive(Debug)]
pub(crate) struct Writer(Mutex<UnixStream>);

impl Writer {
    pub(crate) fn new(channel: UnixStream) -> Self {
        Self(Mutex::new(channel))
    }

    pub(crate) fn request(&self, id: i64, method: &str, params: &Value) -> Result<(), Fault> {
        let mut line = Vec::new();
        push_request(&mut line, id, method, params);
        if line.len() > EXTENSION_LINE_BYTES {
            return Err(Fault::failed(format!("a request of more than {EXTENSION_LINE_BYTES} bytes")));
        }
        self.write(&line).map_err(|_| Fault::gone())
    }

    /// Answers a request of supervisord. That it has gone is noticed by whoever reads.
    pub(crate) fn answer(&self, id: &Id, outcome: Result<Value, Fault>) {
        let mut line = Vec::new();
        match outcome {
            Ok(result) => push_result(&mut line, id, &result),
            Err(fault) => push_error(&mut line, id, &fault.into()),
        }
        if line.len() > EXTENSION_LINE_BYTES {
            line.clear();
            let message = format!("FAILED: the answer has more than {EXTENSION_LINE_BYTES} bytes");
            push_error(&mut line, id, &ErrorAnswer { code: Fault::FAILED, message });
        }
        drop(self.write(&line));
    }

    /// Ends the channel for both directions.
    pub(crate) fn close(&self) {
        drop(self.0.lock().unwrap_or_else(PoisonError::into_inner).shutdown(Shutdown::Both));
    }

    fn write(&self, line: &[u8]) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write_all(line)
    }
}

/// The way in.
#[derive(Debug)]
pub(crate) struct Reader {
    channel: UnixStream,
    lines: Lines,
    buffer: Vec<u8>,
}

impl Reader {
    pub(crate) fn new(channel: UnixStream) -> Self {
        Self { channel, lines: Lines::default(), buffer: vec![0; READ_BYTES] }
    }

    /// The next message; `None` at the end.
    ///
    /// # Errors
    /// `InvalidData`: what came is no message.
    pub(crate) fn next(&mut self) -> io::Result<Option<Message>> {
        let invalid = |error: String| io::Error::new(ErrorKind::InvalidData, error);
        loop {
            while let Some(line) = self.lines.next_line().map_err(|error| invalid(error.to_string()))? {
                if !line.is_empty() {
                    return read_message(line).map(Some).map_err(invalid);
                }
            }
            match self.channel.read(&mut self.buffer) {
                Ok(0) => return Ok(None),
                Ok(count) => self.lines.push(&self.buffer[..count]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }
}
