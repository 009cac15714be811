//! The signals of the daemon itself: a handler sets a bit and makes a descriptor readable, the loop does the rest
//! (contract/processes.md §9.7, quirks.md F26).
//!
//! A signal that is pending already is not counted twice.
#![expect(unsafe_code, reason = "a signal handler may call only what signal-safety(7) allows")]

use std::ffi::c_int;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use nix::sys::eventfd::{EfdFlags, EventFd};
use signal_hook::SigId;
use signal_hook::low_level;

use crate::signal_dispositions::{note_change, reset_inherited};
use crate::signal_mask::{SignalsBlocked, block_only_real_time};

/// Signals that are seen: those with a meaning, then those that would end us by default and have none. Not the ones
/// that tell of a defect (SIGSEGV, SIGABRT …) nor those that stop a process. Each costs every spawn a system call.
const SEEN: [c_int; 14] = [
    libc::SIGTERM,
    libc::SIGINT,
    libc::SIGQUIT,
    libc::SIGHUP,
    libc::SIGUSR2,
    libc::SIGCHLD,
    libc::SIGUSR1,
    libc::SIGALRM,
    libc::SIGVTALRM,
    libc::SIGPROF,
    libc::SIGPOLL,
    libc::SIGPWR,
    libc::SIGSTKFLT,
    libc::SIGXCPU,
];

/// The handlers, and what they have seen. One for each daemon, installed before the first spawn.
#[derive(Debug)]
pub struct Signals {
    seen: Arc<Seen>,
    registered: Vec<SigId>,
}

#[derive(Debug)]
struct Seen {
    /// Bit `n - 1`: signal `n`.
    pending: AtomicU64,
    wake: EventFd,
}

impl Signals {
    /// Installs the handlers; ignores SIGPIPE and SIGXFSZ; undoes what whoever started us has left ignored or blocked.
    /// A signal that was blocked and pending is seen. Real-time signals are blocked, here and in threads started later;
    /// so it is for boot, before there is a second thread.
    pub fn install() -> io::Result<Self> {
        let seen = Arc::new(Seen {
            pending: AtomicU64::new(0),
            wake: EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?,
        });
        let mut signals = Self { seen, registered: Vec::new() };
        {
            let _blocked = SignalsBlocked::all()?;
            reset_inherited();
            for signal in SEEN {
                signals.register(signal)?;
            }
            note_change();
        }
        block_only_real_time()?;
        Ok(signals)
    }

    /// Readable when there is something to drain.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.seen.wake.as_fd()
    }

    /// The signals that have come since the last time, each once, by number.
    pub fn drain(&mut self) -> impl Iterator<Item = i32> + use<> {
        // First the descriptor, then the bits: a signal between the two makes it readable again.
        let _nothing_there = self.seen.wake.read();
        let pending = self.seen.pending.swap(0, Ordering::AcqRel);
        (0..64).filter(move |bit| pending & (1 << bit) != 0).map(|bit| bit + 1)
    }

    fn register(&mut self, signal: c_int) -> io::Result<()> {
        let seen = Arc::clone(&self.seen);
        let bit = 1_u64 << (signal - 1);
        // SAFETY: the handler does an atomic operation and a write(2), both safe in a handler (signal-safety(7)).
        let id = unsafe { low_level::register(signal, move || seen.note(bit)) }?;
        self.registered.push(id);
        Ok(())
    }
}

impl Drop for Signals {
    /// Leaves the signals ignored.
    fn drop(&mut self) {
        for id in self.registered.drain(..) {
            low_level::unregister(id);
        }
    }
}

impl Seen {
    /// In the handler. The registry keeps errno as it was.
    fn note(&self, bit: u64) {
        if self.pending.fetch_or(bit, Ordering::AcqRel) & bit == 0 {
            let one = 1_u64.to_ne_bytes();
            // SAFETY: write(2) of eight bytes to an eventfd that lives as long as `self` (eventfd(2)).
            unsafe { libc::write(self.wake.as_raw_fd(), one.as_ptr().cast(), one.len()) };
        }
    }
}
