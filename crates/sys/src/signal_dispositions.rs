//! What a child does about signals: the default for all, but SIGPIPE and SIGXFSZ ignored (contract/quirks.md K14).
//!
//! exec alone turns handlers into defaults, but between clone and exec a handler would run in the child, on the
//! daemon's memory. What was ignored when the daemon was started would stay ignored.
#![expect(unsafe_code, reason = "reads and sets signal dispositions")]

use std::ffi::c_int;
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

/// The handler; `None` for a number that no signal has, or that the C library keeps to itself (32 and 33).
fn handler(signal: c_int) -> Option<libc::sighandler_t> {
    let mut action = std::mem::MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: sigaction(2) without a new action only fills in the old one.
    let result = unsafe { libc::sigaction(signal, ptr::null(), action.as_mut_ptr()) };
    if result != 0 {
        return None;
    }
    // SAFETY: sigaction(2) has succeeded, hence filled it.
    let action = unsafe { action.assume_init() };
    Some(action.sa_sigaction)
}

/// Sets SIG_DFL or SIG_IGN; a number that cannot be set is left as it is.
fn set(signal: c_int, disposition: libc::sighandler_t) {
    // SAFETY: signal(2) with SIG_DFL or SIG_IGN installs no code of ours.
    unsafe { libc::signal(signal, disposition) };
}
