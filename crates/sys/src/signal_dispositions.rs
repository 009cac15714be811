//! What a child does about signals: the default for all, but SIGPIPE and SIGXFSZ ignored (contract/quirks.md K14).
//!
//! exec alone turns handlers into defaults, but between clone and exec a handler would run in the child, on the
//! daemon's memory. What was ignored when the daemon was started would stay ignored.
//!
//! System calls of our own, since the C library keeps some signals (32, 33) from its callers, which may be ignored too.
#![expect(unsafe_code, reason = "reads and sets signal dispositions")]

use std::ffi::{c_int, c_long};
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};

/// Ignored by every child, as Python's are.
pub(crate) const IGNORED: [c_int; 2] = [libc::SIGPIPE, libc::SIGXFSZ];

/// The highest signal of Linux (signal(7)).
const LAST_SIGNAL: c_int = 64;

/// Counts the changes of this process's dispositions by this crate.
static CHANGES: AtomicU32 = AtomicU32::new(0);

/// To be called after handlers were set.
pub(crate) fn note_change() {
    CHANGES.fetch_add(1, Ordering::Release);
}

/// What differs in the daemon from what a child shall have. Read once, not at every spawn: handlers are set at boot.
#[derive(Debug)]
pub(crate) struct SignalDispositions {
    changes: u32,
    to_default: Vec<c_int>,
    to_ignore: Vec<c_int>,
}

impl SignalDispositions {
    /// Asks the kernel about each signal.
    pub(crate) fn read() -> Self {
        let changes = CHANGES.load(Ordering::Acquire);
        let others = (1..=LAST_SIGNAL).filter(|signal| !IGNORED.contains(signal));
        let to_default = others.filter(|signal| handler(*signal).is_some_and(|it| it != libc::SIG_DFL)).collect();
        let to_ignore = IGNORED.into_iter().filter(|signal| handler(*signal) != Some(libc::SIG_IGN)).collect();
        Self { changes, to_default, to_ignore }
    }

    /// Reads again if this crate has set handlers since.
    pub(crate) fn refresh(&mut self) {
        if self.changes != CHANGES.load(Ordering::Acquire) {
            *self = Self::read();
        }
    }

    /// For the child: makes them what a program shall find. Allocates nothing.
    pub(crate) fn apply(&self) {
        for signal in &self.to_default {
            set(*signal, libc::SIG_DFL);
        }
        for signal in &self.to_ignore {
            set(*signal, libc::SIG_IGN);
        }
    }
}

/// Sets every disposition that whoever started us has left ignored to its default, but for [`IGNORED`], which are
/// ignored from now on. For boot, before handlers are set.
pub(crate) fn reset_inherited() {
    for signal in 1..=LAST_SIGNAL {
        if IGNORED.contains(&signal) {
            set(signal, libc::SIG_IGN);
        } else if handler(signal) == Some(libc::SIG_IGN) {
            set(signal, libc::SIG_DFL);
        }
    }
    note_change();
}

/// A `struct sigaction` as the kernel has it (rt_sigaction(2)): the handler comes first on all machines that Rust
/// supports well, and the rest is not longer than this. All zeros mean the default.
type KernelAction = [libc::sighandler_t; 16];

/// Bytes of a kernel's set of 64 signals.
const SET_BYTES: usize = 8;

/// The handler; `None` for a number that no signal has.
fn handler(signal: c_int) -> Option<libc::sighandler_t> {
    let mut action: KernelAction = [0; 16];
    // SAFETY: rt_sigaction(2) without a new action only writes the old one, for which there is room.
    let result = unsafe {
        libc::syscall(
            libc::SYS_rt_sigaction,
            c_long::from(signal),
            ptr::null::<KernelAction>(),
            &raw mut action,
            SET_BYTES,
        )
    };
    (result == 0).then_some(action[0])
}

/// Sets `SIG_DFL` or `SIG_IGN`.
fn set(signal: c_int, disposition: libc::sighandler_t) {
    let mut action: KernelAction = [0; 16];
    action[0] = disposition;
    // SAFETY: rt_sigaction(2) reads the action, which names no code of ours; a signal whose action cannot be set
    // (SIGKILL, SIGSTOP) is left as it is.
    unsafe {
        libc::syscall(
            libc::SYS_rt_sigaction,
            c_long::from(signal),
            &raw const action,
            ptr::null_mut::<KernelAction>(),
            SET_BYTES,
        )
    };
}
