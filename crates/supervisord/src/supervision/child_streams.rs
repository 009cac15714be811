//! Bytes from and to children: their outputs read, their stdin written as fast as they take it.
//!
//! When a stream is read is the loop's to say, and what is read is the core's to judge. Invariant: bytes wait for a
//! stdin within `limits::STDIN_BYTES`, but for one larger piece, and its pipe is watched exactly while they do.

use std::os::fd::AsFd;
use std::time::Duration;

use supervisor_core::{Channel, Life, ProcessId, StdinError, limits};

use super::child::{Child, PollKey, Stdin};
use super::kernel::Kernel;
use super::os_host::{OsHost, child_of};

impl OsHost {
    /// Reads once from an output of a child. `None`: nothing there now. Zero: it was the last, the stream is closed.
    pub(super) fn read_output(
        &mut self,
        life: Life,
        channel: Channel,
        now: Duration,
        buffer: &mut [u8],
    ) -> Option<usize> {
        let Self { kernel, entries, .. } = self;
        let stream = child_of(entries, life)?.stream(channel);
        let count = kernel.read(life, channel, stream, now, buffer)?;
        if count == 0 {
            *stream = None;
        }
        Some(count)
    }

    /// How many bytes of a channel wait to be read.
    pub(super) fn readable_bytes(&mut self, life: Life, channel: Channel) -> usize {
        let child = child_of(&mut self.entries, life);
        let stream = child.and_then(|child| child.stream(channel).as_ref());
        stream.and_then(|stream| supervisor_sys::pipe::readable_bytes(stream.fd.as_fd()).ok()).unwrap_or(0)
    }

    /// Writes on to a child whose pipe takes bytes again. Whether nothing waits for it any more.
    pub(super) fn stdin_writable(&mut self, life: Life) -> bool {
        let Self { kernel, entries, .. } = self;
        let Some(Child { stdin: slot, .. }) = child_of(entries, life) else { return false };
        let Some(stdin) = slot else { return false };
        let closed = stdin.write_pending().is_err();
        if !closed && !stdin.pending.is_empty() {
            return false;
        }
        kernel.unwatch(stdin);
        if closed {
            *slot = None;
        }
        true
    }

    /// Takes from the shelf what could not be had before, if it is time to try. Gives the lives that may be written to
    /// again.
    pub(super) fn take_wanted_stdins(&mut self, now: Duration) -> Vec<Life> {
        let Self { kernel, entries, wanted_stdins, .. } = self;
        wanted_stdins.try_again(now, |life| match child_of(entries, life).and_then(|child| child.stdin.as_mut()) {
            Some(stdin) => kernel.take_from_shelf(stdin).is_ok(),
            None => true,
        })
    }

    /// Bytes for a child: written as far as its pipe takes them, the rest when it does.
    pub(super) fn queue_for_stdin(&mut self, life: Life, bytes: &[u8]) -> Result<(), StdinError> {
        let Self { kernel, entries, .. } = self;
        let child = child_of(entries, life);
        let Some(Child { stdin: slot, stdout, .. }) = child else { return Err(StdinError::Closed) };
        let Some(stdin) = slot else { return Err(StdinError::Closed) };
        if let Some(stdout) = stdout {
            stdout.answers = true;
        }
        // What is larger than the bound by itself is taken when nothing waits: it would never find room.
        if !stdin.pending.is_empty() && stdin.pending.len() + bytes.len() > limits::STDIN_BYTES {
            return Err(StdinError::Full);
        }
        if kernel.take_from_shelf(stdin).is_err() {
            self.wanted_stdins.want(life, self.now);
            return Err(StdinError::Full);
        }
        let waited = !stdin.pending.is_empty();
        stdin.pending.extend_from_slice(bytes);
        if stdin.write_pending().is_err() {
            if waited {
                kernel.unwatch(stdin);
            }
            *slot = None;
            return Err(StdinError::Closed);
        }
        watch_stdin(kernel, life.process, stdin, waited);
        Ok(())
    }
}

/// Watches a stdin that has not taken everything, and stops to when it has.
fn watch_stdin(kernel: &mut Kernel, process: ProcessId, stdin: &Stdin, waited: bool) {
    match (waited, stdin.pending.is_empty()) {
        (false, false) => kernel.watch_writable(stdin, PollKey::Stdin(process.index())),
        (true, true) => kernel.unwatch(stdin),
        (false, true) | (true, false) => {}
    }
}
