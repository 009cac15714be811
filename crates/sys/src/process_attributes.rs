//! Small facts about this process, and small changes of them.
#![expect(unsafe_code, reason = "prctl(2)")]

use std::ffi::c_int;
use std::io;

use nix::sys::stat::Mode;

/// Sets the file mode creation mask and returns the one before.
pub fn umask(mask: u32) -> u32 {
    nix::sys::stat::umask(Mode::from_bits_truncate(mask)).bits()
}

/// Whether we are the first process of a container or of the system: orphans become our children, and signals that
/// we do not handle do nothing.
pub fn is_pid1() -> bool {
    std::process::id() == 1
}

/// Makes orphans among our descendants our children, or lets them go to whoever is above.
pub fn set_subreaper(enabled: bool) -> io::Result<()> {
    // SAFETY: prctl(2) with PR_SET_CHILD_SUBREAPER takes a number.
    let result = unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, libc::c_ulong::from(enabled)) };
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

pub(crate) fn is_subreaper() -> bool {
    let mut enabled: c_int = 0;
    // SAFETY: prctl(2) with PR_GET_CHILD_SUBREAPER writes one int.
    let result = unsafe { libc::prctl(libc::PR_GET_CHILD_SUBREAPER, &raw mut enabled) };
    result == 0 && enabled != 0
}
