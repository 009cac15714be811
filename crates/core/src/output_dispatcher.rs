//! What becomes of a child's output: ANSI stripping and capture mode (contract/processes.md §6, §6.3).
//!
//! Splits a channel's bytes into pieces for the log and messages for PROCESS_COMMUNICATION. Writes nothing
//! itself. Invariants: without capture mode nothing is held back; with it, only what may be the beginning of
//! a token (quirks.md F08), and a message never holds more than its bound (F10).

use crate::process_config::ChannelConfig;

const BEGIN: &[u8] = b"<!--XSUPERVISOR:BEGIN-->";
const END: &[u8] = b"<!--XSUPERVISOR:END-->";

/// The state of one output channel between reads.
#[derive(Clone, Debug, Default)]
pub(crate) struct OutputDispatcher {
    /// `None`: no capture mode. Boxed, since most channels have none.
    capture: Option<Box<Capture>>,
}

#[derive(Clone, Debug)]
struct Capture {
    maxbytes: usize,
    /// The last bytes read, which may be the beginning of the token sought.
    held: Vec<u8>,
    /// The message so far; `None` outside of one.
    message: Option<Vec<u8>>,
}

/// A part of a channel's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// For the log, the main log and PROCESS_LOG.
    Log(&'a [u8]),
    /// Part of a message: for the main log only.
    Captured(&'a [u8]),
    /// A message has ended; its bytes, at most `capture_maxbytes`.
    Message(&'a [u8]),
}

impl OutputDispatcher {
    pub(crate) fn new(config: &ChannelConfig) -> Self {
        let maxbytes = usize::try_from(config.capture_maxbytes).unwrap_or(0);
        let capture = (maxbytes > 0).then(|| Box::new(Capture { maxbytes, held: Vec::new(), message: None }));
        Self { capture }
    }

    /// Takes what was read and gives its pieces, in order.
    pub(crate) fn feed(&mut self, bytes: &[u8], mut sink: impl FnMut(Piece<'_>)) {
        match &mut self.capture {
            None => sink(Piece::Log(bytes)),
            Some(capture) => capture.feed(bytes, &mut sink),
        }
    }

    /// The process has ended: gives what was held back. A message without its end is dropped.
    pub(crate) fn finish(&mut self, mut sink: impl FnMut(Piece<'_>)) {
        let Some(capture) = &mut self.capture else { return };
        let held = std::mem::take(&mut capture.held);
        if capture.message.take().is_none() && !held.is_empty() {
            sink(Piece::Log(&held));
        }
    }
}

impl Capture {
    fn feed(&mut self, bytes: &[u8], sink: &mut impl FnMut(Piece<'_>)) {
        let mut data = std::mem::take(&mut self.held);
        data.extend_from_slice(bytes);
        let mut rest = data.as_slice();
        loop {
            let token = if self.message.is_some() { END } else { BEGIN };
            let Some(at) = find(rest, token) else {
                let (now, held) = rest.split_at(rest.len() - prefix_at_end(rest, token));
                self.emit(now, sink);
                self.held = held.to_vec();
                return;
            };
            self.emit(&rest[..at], sink);
            match self.message.take() {
                None => self.message = Some(Vec::new()),
                Some(message) => sink(Piece::Message(&message)),
            }
            rest = &rest[at + token.len()..];
        }
    }

    fn emit(&mut self, bytes: &[u8], sink: &mut impl FnMut(Piece<'_>)) {
        if bytes.is_empty() {
            return;
        }
        match &mut self.message {
            None => sink(Piece::Log(bytes)),
            Some(message) => {
                message.extend_from_slice(bytes);
                let excess = message.len().saturating_sub(self.maxbytes);
                message.drain(..excess);
                sink(Piece::Captured(bytes));
            }
        }
    }
}

/// Removes ANSI escape sequences: from `ESC [` through the first of their final letters. One that is not
/// ended takes the rest of the chunk with it; no state is kept across chunks, as upstream.
pub(crate) fn strip_ansi(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = find(rest, b"\x1b[") {
        out.extend_from_slice(&rest[..at]);
        let Some(end) = rest[at..].iter().position(|byte| b"HfABCDRsuJKhlpm".contains(byte)) else { return out };
        rest = &rest[at + end + 1..];
    }
    out.extend_from_slice(rest);
    out
}

/// Where `token` begins in `bytes`.
fn find(bytes: &[u8], token: &[u8]) -> Option<usize> {
    let first = token.first()?;
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|byte| byte == first) {
        let start = from + at;
        if bytes[start..].starts_with(token) {
            return Some(start);
        }
        from = start + 1;
    }
    None
}

/// Length of the longest end of `bytes` that is a proper beginning of `token`.
fn prefix_at_end(bytes: &[u8], token: &[u8]) -> usize {
    let longest = bytes.len().min(token.len() - 1);
    (1..=longest).rev().find(|length| bytes.ends_with(&token[..*length])).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process_config::LogFile;

    fn dispatcher(capture_maxbytes: i64) -> OutputDispatcher {
        OutputDispatcher::new(&ChannelConfig {
            logfile: LogFile::None,
            maxbytes: 0,
            backups: 0,
            capture_maxbytes,
            events_enabled: false,
            syslog: false,
        })
    }

    /// Feeds the chunks and ends; gives the log's bytes and the messages.
    fn run(capture_maxbytes: i64, chunks: &[&[u8]]) -> (String, Vec<String>) {
        let (mut log, mut messages) = (Vec::new(), Vec::new());
        let mut dispatcher = dispatcher(capture_maxbytes);
        let mut sink = |piece: Piece<'_>| match piece {
            Piece::Log(bytes) => log.extend_from_slice(bytes),
            Piece::Captured(_) => {}
            Piece::Message(bytes) => messages.push(String::from_utf8_lossy(bytes).into_owned()),
        };
        for chunk in chunks {
            dispatcher.feed(chunk, &mut sink);
        }
        dispatcher.finish(&mut sink);
        (String::from_utf8(log).unwrap(), messages)
    }

    #[test]
    fn tokens_are_found_across_any_split() {
        let text = b"before<!--XSUPERVISOR:BEGIN-->a <b> message<!--XSUPERVISOR:END-->after<!--XSUPERVISOR:BEGI no";
        for size in 1..text.len() {
            let chunks: Vec<&[u8]> = text.chunks(size).collect();
            let (log, messages) = run(1000, &chunks);
            assert_eq!(log, "beforeafter<!--XSUPERVISOR:BEGI no", "chunks of {size}");
            assert_eq!(messages, ["a <b> message"], "chunks of {size}");
        }
    }

    #[test]
    fn short_output_is_not_held_back() {
        let mut pieces = Vec::new();
        dispatcher(10).feed(b"hi\n", |piece| pieces.push(format!("{piece:?}")));
        assert_eq!(pieces, [format!("{:?}", Piece::Log(b"hi\n"))]);
    }

    #[test]
    fn a_message_keeps_its_last_bytes_within_the_bound() {
        let (_, messages) = run(4, &[b"<!--XSUPERVISOR:BEGIN-->0123456789", b"ab<!--XSUPERVISOR:END-->"]);
        assert_eq!(messages, ["89ab"]);
    }

    #[test]
    fn an_empty_message_counts_and_an_unended_one_does_not() {
        let (log, messages) = run(9, &[b"<!--XSUPERVISOR:BEGIN--><!--XSUPERVISOR:END--><!--XSUPERVISOR:BEGIN-->x"]);
        assert_eq!((log.as_str(), messages), ("", vec![String::new()]));
    }

    #[test]
    fn without_capture_mode_tokens_are_text() {
        let (log, messages) = run(0, &[BEGIN, b"x", END]);
        assert_eq!(log, "<!--XSUPERVISOR:BEGIN-->x<!--XSUPERVISOR:END-->");
        assert!(messages.is_empty());
    }

    #[test]
    fn ansi_sequences_are_stripped_as_upstream_strips_them() {
        let strip = |text: &str| String::from_utf8(strip_ansi(text.as_bytes())).unwrap();
        assert_eq!(strip("\x1b[31mred\x1b[0m plain\n"), "red plain\n");
        assert_eq!(strip("a\x1b[1;2Hb\x1b[2Kc"), "abc");
        assert_eq!(strip("x\x1b[31"), "x");
        assert_eq!(strip("lone \x1b and \x1b]0;title\x07"), "lone \x1b and \x1b]0;title\x07");
    }
}
