//! Lines from standard input or the terminal, read so that something else can be waited for at the same time.
//!
//! Only bytes that are there are asked for: a wait that is given up takes nothing away from whoever reads next, and
//! the open file, which belongs to other programs too, keeps its mode. The runtime can wait only for files of its
//! own, so a thread does the waiting, without reading.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read as _};
use std::os::fd::AsFd as _;
use std::thread;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use supervisor_sys::start_thread;
use tokio::sync::oneshot;

use crate::limits::MAX_LINE_BYTES;
use crate::world::Line;

/// What Ctrl-C sends while a terminal is in raw mode.
const INTERRUPT: u8 = 0x03;

/// What Ctrl-D sends then.
pub(crate) const END_OF_INPUT: u8 = 0x04;

/// A source of lines.
pub(crate) struct LineReader {
    file: File,
    is_terminal: bool,
    /// What was read and not yet handed out; of a terminal it may have been typed in raw mode ([`crate::keyboard`]).
    buffered: Vec<u8>,
}

impl LineReader {
    /// Standard input.
    pub(crate) fn stdin() -> io::Result<Self> {
        Ok(Self::new(io::stdin().as_fd().try_clone_to_owned()?.into()))
    }

    /// Any open file.
    pub(crate) fn new(file: File) -> Self {
        let is_terminal = file.is_terminal();
        Self { file, is_terminal, buffered: Vec::new() }
    }

    /// The next line without its end. The rest before the end of the input is a line too; what is no UTF-8 is
    /// replaced. Input that cannot be read has ended. A line that is too long is handed out in pieces.
    pub(crate) async fn next_line(&mut self) -> Line {
        loop {
            if let Some(line) = self.take_line() {
                return line;
            }
            match self.read_more().await {
                Ok(0) | Err(_) if self.buffered.is_empty() => return Line::EndOfInput,
                Ok(0) | Err(_) => return Line::Text(text(std::mem::take(&mut self.buffered))),
                // Input without an end must not keep others from their turn: Ctrl-C, for one.
                Ok(_) => tokio::task::yield_now().await,
            }
        }
    }

    /// Whether the next line is here, typed where it was not shown.
    pub(crate) fn has_unseen_line(&self) -> bool {
        self.is_terminal && self.buffered.iter().any(|byte| is_line_end(*byte))
    }

    /// Whether this is a terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// What is read.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// What was typed and is still to be handed out.
    pub(crate) fn typed(&mut self) -> &mut Vec<u8> {
        &mut self.buffered
    }

    /// These bytes come before all others.
    pub(crate) fn put_back(&mut self, bytes: &[u8]) {
        self.buffered.splice(0..0, bytes.iter().copied());
    }

    /// Takes the lines that a terminal has for us already, with the end of the input that may be among them: in raw
    /// mode it would not be seen.
    pub(crate) fn take_what_is_there(&mut self) {
        while is_readable_now(&self.file) {
            if self.take_keys() == 0 {
                self.buffered.push(END_OF_INPUT);
                return;
            }
        }
    }

    /// Takes what the terminal had when it went into raw mode. An end of the input among it has become a zero
    /// (Linux, `n_tty.c`).
    pub(crate) fn take_what_was_switched(&mut self) {
        let before = self.buffered.len();
        if is_readable_now(&self.file) {
            self.take_keys();
        }
        for byte in self.buffered.iter_mut().skip(before).filter(|byte| **byte == 0) {
            *byte = END_OF_INPUT;
        }
    }

    /// Reads once: how many bytes came, 0 for none ever again.
    pub(crate) fn take_keys(&mut self) -> usize {
        let mut piece = [0; 4096];
        let count = self.file.read(&mut piece).unwrap_or(0);
        self.buffered.extend_from_slice(piece.get(..count).unwrap_or_default());
        count
    }

    /// A line that is here already.
    fn take_line(&mut self) -> Option<Line> {
        let is_end = |byte: &u8| if self.is_terminal { ends_what_was_typed(*byte) } else { *byte == b'\n' };
        let Some(end) = self.buffered.iter().position(is_end) else {
            if self.buffered.len() < MAX_LINE_BYTES {
                return None;
            }
            return Some(Line::Text(text(std::mem::take(&mut self.buffered))));
        };
        let rest = self.buffered.split_off(end + 1);
        let mut line = std::mem::replace(&mut self.buffered, rest);
        match line.pop() {
            Some(INTERRUPT) if self.is_terminal => Some(Line::Interrupted),
            Some(END_OF_INPUT) if self.is_terminal && line.is_empty() => Some(Line::EndOfInput),
            Some(_) | None => Some(Line::Text(text(line))),
        }
    }

    async fn read_more(&mut self) -> io::Result<usize> {
        let mut piece = [0; 4096];
        wait_for_input(&self.file).await?;
        let count = self.file.read(&mut piece)?;
        self.buffered.extend_from_slice(piece.get(..count).unwrap_or_default());
        Ok(count)
    }
}

/// Enter, in whatever mode it was pressed.
pub(crate) fn is_line_end(byte: u8) -> bool {
    byte == b'\n' || byte == b'\r'
}

fn ends_what_was_typed(byte: u8) -> bool {
    is_line_end(byte) || byte == INTERRUPT || byte == END_OF_INPUT
}

fn is_readable_now(file: &File) -> bool {
    let mut only = [PollFd::new(file.as_fd(), PollFlags::POLLIN)];
    poll(&mut only, PollTimeout::ZERO).is_ok_and(|count| count > 0)
}

/// Returns when a read would not block. Giving up the wait ends the thread that does it.
async fn wait_for_input(file: &File) -> io::Result<()> {
    let mut only = [PollFd::new(file.as_fd(), PollFlags::POLLIN)];
    if poll(&mut only, PollTimeout::ZERO)? > 0 {
        return Ok(());
    }
    let file = file.try_clone()?;
    let (given_up, _waiting) = io::pipe()?;
    let (tell, told) = oneshot::channel();
    let wait = move || {
        let mut either =
            [PollFd::new(file.as_fd(), PollFlags::POLLIN), PollFd::new(given_up.as_fd(), PollFlags::POLLIN)];
        while poll(&mut either, PollTimeout::NONE) == Err(Errno::EINTR) {}
        // Nobody listens any more when the wait was given up.
        let _ = tell.send(());
    };
    start_thread(|| thread::Builder::new().spawn(wait))?;
    told.await.map_err(io::Error::other)
}

fn text(bytes: Vec<u8>) -> String {
    match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Seek as _, Write as _};
    use std::os::fd::OwnedFd;
    use std::task::Poll;

    use super::*;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    fn lines(file: File) -> Vec<Line> {
        block_on(async {
            let mut reader = LineReader::new(file);
            let mut lines = Vec::new();
            while let line @ Line::Text(_) = reader.next_line().await {
                lines.push(line);
            }
            lines
        })
    }

    fn text_lines(texts: &[&str]) -> Vec<Line> {
        texts.iter().map(|text| Line::Text((*text).to_owned())).collect()
    }

    #[test]
    fn a_pipe() {
        let (reader, mut writer) = io::pipe().unwrap();
        writer.write_all(b"one\n\ntwo \xff\nrest").unwrap();
        drop(writer);
        assert_eq!(lines(File::from(OwnedFd::from(reader))), text_lines(&["one", "", "two \u{fffd}", "rest"]));
    }

    #[test]
    fn an_ordinary_file() {
        let path = std::env::temp_dir().join(format!("supervisorctl-lines-{}", std::process::id()));
        let mut file = File::options().create_new(true).read(true).write(true).open(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        file.write_all(b"one\ntwo\n").unwrap();
        file.rewind().unwrap();
        assert_eq!(lines(file), text_lines(&["one", "two"]));
    }

    #[test]
    fn a_wait_that_is_given_up_takes_nothing() {
        let (reader, mut writer) = io::pipe().unwrap();
        let mut reader = LineReader::new(File::from(OwnedFd::from(reader)));
        block_on(async {
            let mut wait = Box::pin(reader.next_line());
            std::future::poll_fn(|context| {
                assert!(wait.as_mut().poll(context).is_pending());
                Poll::Ready(())
            })
            .await;
            drop(wait);
            writer.write_all(b"late\n").unwrap();
            assert_eq!(reader.next_line().await, Line::Text("late".to_owned()));
        });
    }
}
