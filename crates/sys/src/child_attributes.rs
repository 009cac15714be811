//! What a child sets of itself before it is its program: plain values, the same for who asks for them and for it.
//!
//! Not here: who it is (`credentials.rs`), where it starts and what it finds open (`spawn.rs`).
#![expect(unsafe_code, reason = "system calls in a process that must not allocate")]

/// Attributes of a child; what is not set is the daemon's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChildAttributes {
    /// Its file mode creation mask.
    pub umask: Option<u32>,
}

impl ChildAttributes {
    /// Sets them, in the child: when it is the user that it is to be, and stands in its directory.
    pub(crate) fn apply(self) {
        let Self { umask } = self;
        if let Some(umask) = umask {
            // SAFETY: umask(2) takes any value and cannot fail.
            unsafe { libc::umask(umask) };
        }
    }
}
