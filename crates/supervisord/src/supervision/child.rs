//! Our ends of a running child: its pidfd, its stdin, its output streams.
//!
//! Owns descriptors and nothing else; dropping a [`Child`] closes them.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use supervisor_core::{Channel, Life, Pid};
use supervisor_sys::Shelved;

use super::credentials_folder::CredentialsFolder;
use super::extensions::StopSignal;

/// A child that was spawned and not reaped.
#[derive(Debug)]
pub(super) struct Child {
    pub(super) life: Life,
    pub(super) pid: Pid,
    /// Of an extension.
    pub(super) stop_signal: Option<StopSignal>,
    /// Readable once it has ended; `None` where the kernel has none.
    pub(super) pidfd: Option<OwnedFd>,
    /// `None`: closed by the child, or a socket.
    pub(super) stdin: Option<Stdin>,
    /// `None`: at its end.
    pub(super) stdout: Option<Stream>,
    /// `None`: at its end, or redirected to stdout.
    pub(super) stderr: Option<Stream>,
    /// Where its credentials are, as long as it lives.
    pub(super) credentials: Option<CredentialsFolder>,
}

/// What is written to a child.
#[derive(Debug)]
pub(super) struct Stdin {
    pub(super) end: StdinEnd,
    /// What the pipe has not taken yet; at most `core::limits::STDIN_BYTES`, or one larger piece.
    pub(super) pending: Vec<u8>,
}

/// Where our end of a stdin is.
#[derive(Debug)]
pub(super) enum StdinEnd {
    /// Here.
    Open(OwnedFd),
    /// On the shelf, until the child is written to: descriptors run short. Nothing is pending.
    Shelved(Shelved),
}

/// What a child writes.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) fd: OwnedFd,
    /// Monotonic time of the last read that brought something.
    pub(super) last_read: Duration,
    /// The child has been written to: what it prints may be an answer that others wait for, so it never gets hot.
    pub(super) answers: bool,
    /// When it is read.
    pub(super) visit: Visit,
}

/// When a stream is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Visit {
    /// When the poller says that there is something.
    WhenReadable,
    /// Every now and then: it is hot.
    ByTime,
    /// Not until its log takes bytes again, or its events find room.
    Held,
}

impl Child {
    pub(super) fn stream(&mut self, channel: Channel) -> &mut Option<Stream> {
        match channel {
            Channel::Stdout => &mut self.stdout,
            Channel::Stderr => &mut self.stderr,
        }
    }

    /// Every descriptor that the poller may watch.
    pub(super) fn watched(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let stdin = self.stdin.as_ref().filter(|stdin| !stdin.pending.is_empty()).and_then(Stdin::fd);
        let streams = [&self.stdout, &self.stderr].into_iter().flatten().map(|stream| stream.fd.as_fd());
        self.pidfd.as_ref().map(AsFd::as_fd).into_iter().chain(stdin).chain(streams)
    }
}

impl Stdin {
    /// Our end, as long as it is here.
    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        match &self.end {
            StdinEnd::Open(fd) => Some(fd.as_fd()),
            StdinEnd::Shelved(_) => None,
        }
    }

    /// Writes what the pipe takes.
    ///
    /// # Errors
    /// `EPIPE` when the child has closed its end.
    pub(super) fn write_pending(&mut self) -> io::Result<()> {
        let mut written = 0;
        let StdinEnd::Open(fd) = &self.end else { return Ok(()) };
        let result = loop {
            if written == self.pending.len() {
                break Ok(());
            }
            match supervisor_sys::pipe::write(fd.as_fd(), &self.pending[written..]) {
                Ok(count) => written += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        self.pending.drain(..written);
        result
    }
}

/// What the poller watches, as the number that it gives back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PollKey {
    /// A destination of the main log takes bytes again.
    MainLog,
    /// A child has told that it will not be its program.
    ExecFailures,
    /// The process at this index of the table has ended.
    Pidfd(usize),
    /// It reads its stdin.
    Stdin(usize),
    /// It has written something.
    Output(usize, Channel),
    /// The log at this index of the log table takes bytes again.
    Log(usize),
}

impl PollKey {
    pub(super) fn number(self) -> usize {
        match self {
            Self::MainLog => 0,
            Self::ExecFailures => 1,
            Self::Pidfd(index) => 2 + index * 5,
            Self::Stdin(index) => 3 + index * 5,
            Self::Output(index, Channel::Stdout) => 4 + index * 5,
            Self::Output(index, Channel::Stderr) => 5 + index * 5,
            Self::Log(index) => 6 + index * 5,
        }
    }

    /// The place in the table of the process that it is about.
    pub(super) fn process(self) -> Option<usize> {
        match self {
            Self::Pidfd(index) | Self::Stdin(index) | Self::Output(index, _) => Some(index),
            Self::MainLog | Self::ExecFailures | Self::Log(_) => None,
        }
    }

    pub(super) fn from_number(number: usize) -> Self {
        let Some(of_index) = number.checked_sub(2) else {
            return match number {
                0 => Self::MainLog,
                1.. => Self::ExecFailures,
            };
        };
        let index = of_index / 5;
        match of_index % 5 {
            0 => Self::Pidfd(index),
            1 => Self::Stdin(index),
            2 => Self::Output(index, Channel::Stdout),
            3 => Self::Output(index, Channel::Stderr),
            _ => Self::Log(index),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_what_they_name() {
        let of_index = |index| {
            [
                PollKey::Pidfd(index),
                PollKey::Stdin(index),
                PollKey::Output(index, Channel::Stdout),
                PollKey::Output(index, Channel::Stderr),
                PollKey::Log(index),
            ]
        };
        let single = [PollKey::MainLog, PollKey::ExecFailures];
        for key in [0, 1, 7, 5_000].into_iter().flat_map(of_index).chain(single) {
            assert_eq!(PollKey::from_number(key.number()), key);
        }
    }
}
