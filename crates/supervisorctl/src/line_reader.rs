//! Lines from standard input or the terminal, read so that something else can be waited for at the same time.
//!
//! Only bytes that are there are asked for: a wait that is given up takes nothing away from whoever reads next, and
//! the open file, which belongs to other programs too, keeps its mode. The runtime can wait only for files of its
//! own, so a thread does the waiting, without reading.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::AsFd as _;
use std::thread;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tokio::sync::oneshot;

use crate::world::Line;

/// A source of lines.
pub(crate) struct LineReader {
    file: File,
    /// What was read and not yet handed out.
    buffered: Vec<u8>,
}

impl LineReader {
    /// Standard input.
    pub(crate) fn stdin() -> io::Result<Self> {
        Ok(Self::new(io::stdin().as_fd().try_clone_to_owned()?.into()))
    }

    /// Any open file.
    pub(crate) fn new(file: File) -> Self {
        Self { file, buffered: Vec::new() }
    }

    /// The next line without its end. The rest before the end of the input is a line too; what is no UTF-8 is
    /// replaced. Input that cannot be read has ended.
    pub(crate) async fn next_line(&mut self) -> Line {
        loop {
            if let Some(end) = self.buffered.iter().position(|byte| *byte == b'\n') {
                let rest = self.buffered.split_off(end + 1);
                let mut line = std::mem::replace(&mut self.buffered, rest);
                line.truncate(end);
                return Line::Text(text(line));
            }
            match self.read_more().await {
                Ok(0) | Err(_) if self.buffered.is_empty() => return Line::EndOfInput,
                Ok(0) | Err(_) => return Line::Text(text(std::mem::take(&mut self.buffered))),
                Ok(_) => {}
            }
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

/// Returns when a read would not block. Giving up the wait ends the thread that does it.
async fn wait_for_input(file: &File) -> io::Result<()> {
    let mut only = [PollFd::new(file.as_fd(), PollFlags::POLLIN)];
    if poll(&mut only, PollTimeout::ZERO)? > 0 {
        return Ok(());
    }
    let file = file.try_clone()?;
    let (given_up, _waiting) = io::pipe()?;
    let (tell, told) = oneshot::channel();
    thread::Builder::new().spawn(move || {
        let mut either =
            [PollFd::new(file.as_fd(), PollFlags::POLLIN), PollFd::new(given_up.as_fd(), PollFlags::POLLIN)];
        while poll(&mut either, PollTimeout::NONE) == Err(Errno::EINTR) {}
        // Nobody listens any more when the wait was given up.
        let _ = tell.send(());
    })?;
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
