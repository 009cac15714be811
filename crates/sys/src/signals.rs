//! The signals of the daemon itself: a handler sets a bit and wakes the loop, which does the rest
//! (contract/processes.md §9.7, quirks.md F26).
//!
//! A signal that is pending already is not counted twice.
#![expect(unsafe_code, reason = "a signal handler may call only what signal-safety(7) allows")]

use std::ffi::c_int;
use std::io;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use nix::errno::Errno;
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

use crate::refusal::call_refused;
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

/// What the handlers have seen. Installed once in a process, before its first spawn.
#[derive(Debug)]
pub struct Signals {
    seen: &'static Seen,
}

/// Never closed nor freed: a handler may run at any time, in any thread, until the process ends.
static SEEN_SIGNALS: OnceLock<Seen> = OnceLock::new();

#[derive(Debug)]
struct Seen {
    /// Bit `n - 1`: signal `n`.
    pending: AtomicU64,
    wake: Arc<EventFd>,
}

impl Signals {
    /// Installs the handlers; ignores SIGPIPE and SIGXFSZ; undoes what whoever started us has left ignored or blocked.
    /// A signal that was blocked and pending is seen. Real-time signals are blocked, here and in threads started later;
    /// so it is for boot, before there is a second thread.
    pub fn install() -> io::Result<Self> {
        let wake = EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK);
        let wake = wake.map_err(|error| call_refused("eventfd2", error))?;
        let seen = SEEN_SIGNALS.get_or_init(|| Seen { pending: AtomicU64::new(0), wake: Arc::new(wake) });
        {
            let _blocked = SignalsBlocked::all()?;
            reset_inherited();
            for signal in SEEN {
                install(signal)?;
            }
            note_change();
        }
        block_only_real_time()?;
        Ok(Self { seen })
    }

    /// What the handlers write to; see [`crate::Poller::woken_by`]. Nobody reads it: others write to it too, and their
    /// news would be lost.
    pub(crate) fn wake(&self) -> Arc<EventFd> {
        Arc::clone(&self.seen.wake)
    }

    /// The signals that have come since the last time, each once, by number.
    pub fn drain(&mut self) -> impl Iterator<Item = i32> + use<> {
        let pending = self.seen.pending.swap(0, Ordering::AcqRel);
        (0..64).filter(move |bit| pending & (1 << bit) != 0).map(|bit| bit + 1)
    }
}

/// Interrupted calls go on where they can (signal(7), SA_RESTART).
fn install(signal: c_int) -> io::Result<()> {
    let action = SigAction::new(SigHandler::Handler(note), SaFlags::SA_RESTART, SigSet::empty());
    let signal = Signal::try_from(signal)?;
    // SAFETY: the handler does what signal-safety(7) allows, and keeps errno (sigaction(2)).
    unsafe { sigaction(signal, &action) }?;
    Ok(())
}

/// The handler: an atomic operation and a write(2).
extern "C" fn note(signal: c_int) {
    let Some(seen) = SEEN_SIGNALS.get() else { return };
    let bit = 1_u64 << (signal - 1);
    if seen.pending.fetch_or(bit, Ordering::AcqRel) & bit == 0 {
        let errno = Errno::last_raw();
        let one = 1_u64.to_ne_bytes();
        // SAFETY: write(2) of eight bytes to an eventfd that is never closed (eventfd(2)).
        unsafe { libc::write(seen.wake.as_raw_fd(), one.as_ptr().cast(), one.len()) };
        Errno::set_raw(errno);
    }
}
