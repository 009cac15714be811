//! Bytes from and to children: their outputs read, their stdin written as fast as they take it.
//!
//! When a stream is read is the loop's to say, and what is read is the core's to judge. Invariant: bytes wait for a
//! stdin within `limits::STDIN_BYTES`, but for one larger piece, and its pipe is watched exactly while they do.

use std::os::fd::AsFd;
use std::time::Duration;

use supervisor_core::{Channel, ProcessId, StdinError, limits};

use super::child::{Child, PollKey, Stdin};
use super::kernel::Kernel;
use super::os_host::OsHost;

impl OsHost {
    /// Reads once from an output of a child. `None`: nothing there now. Zero: it was the last, the stream is closed.
    pub(super) fn read_output(
        &mut self,
        index: usize,
        channel: Channel,
        now: Duration,
        buffer: &mut [u8],
    ) -> Option<usize> {
        let Self { kernel, entries, .. } = self;
        let stream = entries.get_mut(index)?.as_mut()?.child.as_mut()?.stream(channel);
        let count = kernel.read(index, channel, stream, now, buffer)?;
        if count == 0 {
            *stream = None;
        }
        Some(count)
    }

    /// How many bytes of a channel wait to be read.
    pub(super) fn readable_bytes(&mut self, index: usize, channel: Channel) -> usize {
        let child = self.entry_at(index).and_then(|entry| entry.child.as_mut());
        let stream = child.and_then(|child| child.stream(channel).as_ref());
        stream.and_then(|stream| supervisor_sys::pipe::readable_bytes(stream.fd.as_fd()).ok()).unwrap_or(0)
    }

    /// Writes on to a child whose pipe takes bytes again. The process, when nothing waits for it any more.
    pub(super) fn stdin_writable(&mut self, index: usize) -> Option<ProcessId> {
        let Self { kernel, entries, .. } = self;
        let entry = entries.get_mut(index)?.as_mut()?;
        let slot = &mut entry.child.as_mut()?.stdin;
        let stdin = slot.as_mut()?;
        let closed = stdin.write_pending().is_err();
        if !closed && !stdin.pending.is_empty() {
            return None;
        }
        kernel.unwatch(&stdin.fd);
        if closed {
            *slot = None;
        }
        Some(entry.id)
    }

    /// Bytes for a child: written as far as its pipe takes them, the rest when it does.
    pub(super) fn queue_for_stdin(&mut self, process: ProcessId, bytes: &[u8]) -> Result<(), StdinError> {
        let Self { kernel, entries, .. } = self;
        let child = entries.get_mut(process.index()).and_then(Option::as_mut).and_then(|entry| entry.child.as_mut());
        let Some(Child { stdin: slot, stdout, .. }) = child else { return Err(StdinError::Closed) };
        let Some(stdin) = slot else { return Err(StdinError::Closed) };
        if let Some(stdout) = stdout {
            stdout.answers = true;
        }
        // What is larger than the bound by itself is taken when nothing waits: it would never find room.
        if !stdin.pending.is_empty() && stdin.pending.len() + bytes.len() > limits::STDIN_BYTES {
            return Err(StdinError::Full);
        }
        let waited = !stdin.pending.is_empty();
        stdin.pending.extend_from_slice(bytes);
        if stdin.write_pending().is_err() {
            if waited {
                kernel.unwatch(&stdin.fd);
            }
            *slot = None;
            return Err(StdinError::Closed);
        }
        watch_stdin(kernel, process, stdin, waited);
        Ok(())
    }
}

/// Watches a stdin that has not taken everything, and stops to when it has.
fn watch_stdin(kernel: &mut Kernel, process: ProcessId, stdin: &Stdin, waited: bool) {
    match (waited, stdin.pending.is_empty()) {
        (false, false) => kernel.watch_writable(&stdin.fd, PollKey::Stdin(process.index())),
        (true, true) => kernel.unwatch(&stdin.fd),
        (false, true) | (true, false) => {}
    }
}
