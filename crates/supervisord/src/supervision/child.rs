//! Our ends of a running child: its pidfd, its stdin, its output streams.
//!
//! Owns descriptors and nothing else; dropping a [`Child`] closes them.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use supervisor_core::{Channel, Life, Pid};

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
}

/// What is written to a child.
#[derive(Debug)]
pub(super) struct Stdin {
    pub(super) fd: OwnedFd,
    /// What the pipe has not taken yet; at most `core::limits::STDIN_BYTES`, or one larger piece.
    pub(super) pending: Vec<u8>,
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
        let stdin = self.stdin.as_ref().filter(|stdin| !stdin.pending.is_empty()).map(|stdin| stdin.fd.as_fd());
        let streams = [&self.stdout, &self.stderr].into_iter().flatten().map(|stream| stream.fd.as_fd());
        self.pidfd.as_ref().map(AsFd::as_fd).into_iter().chain(stdin).chain(streams)
    }
}

impl Stdin {
    /// Writes what the pipe takes.
    ///
    /// # Errors
    /// `EPIPE` when the child has closed its end.
    pub(super) fn write_pending(&mut self) -> io::Result<()> {
        let mut written = 0;
        let result = loop {
            if written == self.pending.len() {
                break Ok(());
            }
            match supervisor_sys::pipe::write(self.fd.as_fd(), &self.pending[written..]) {
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
    /// Signals have arrived.
    Signals,
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
            Self::Signals => 0,
            Self::MainLog => 1,
            Self::ExecFailures => 2,
            Self::Pidfd(index) => 3 + index * 5,
            Self::Stdin(index) => 4 + index * 5,
            Self::Output(index, Channel::Stdout) => 5 + index * 5,
            Self::Output(index, Channel::Stderr) => 6 + index * 5,
            Self::Log(index) => 7 + index * 5,
        }
    }

    /// The place in the table of the process that it is about.
    pub(super) fn process(self) -> Option<usize> {
        match self {
            Self::Pidfd(index) | Self::Stdin(index) | Self::Output(index, _) => Some(index),
            Self::Signals | Self::MainLog | Self::ExecFailures | Self::Log(_) => None,
        }
    }

    pub(super) fn from_number(number: usize) -> Self {
        let Some(of_index) = number.checked_sub(3) else {
            return match number {
                0 => Self::Signals,
                1 => Self::MainLog,
                2.. => Self::ExecFailures,
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
        let single = [PollKey::Signals, PollKey::MainLog, PollKey::ExecFailures];
        for key in [0, 1, 7, 5_000].into_iter().flat_map(of_index).chain(single) {
            assert_eq!(PollKey::from_number(key.number()), key);
        }
    }
}
