//! Taking on a user by raw system calls, for the child half of a spawn.
//!
//! The functions of the C library make every thread of the process follow (nptl(7)); a child has a copy of their list,
//! and none of the threads. Not for the daemon itself: see [`crate::drop_privileges`].
#![expect(unsafe_code, reason = "raw system calls")]

use std::ffi::c_long;

use crate::credentials::Credentials;

// The older numbers of 32-bit machines take ids of 16 bits (setuid(2), «C library/kernel differences»).
#[cfg(not(any(target_arch = "x86", target_arch = "arm")))]
use libc::{SYS_setgid as SYS_SETGID, SYS_setgroups as SYS_SETGROUPS, SYS_setuid as SYS_SETUID};
#[cfg(any(target_arch = "x86", target_arch = "arm"))]
use libc::{SYS_setgid32 as SYS_SETGID, SYS_setgroups32 as SYS_SETGROUPS, SYS_setuid32 as SYS_SETUID};

/// Becomes the user for good; the error is the contract's reason (contract/processes.md §9.3). The caller is root.
pub(crate) fn assume(credentials: &Credentials) -> Result<(), &'static str> {
    let groups = &credentials.groups;
    // SAFETY: setgroups(2) reads that many ids from the list.
    let result = unsafe { libc::syscall(SYS_SETGROUPS, groups.len(), groups.as_ptr()) };
    check(result, "Could not set groups of effective user")?;
    // SAFETY: setgid(2) takes any number.
    let result = unsafe { libc::syscall(SYS_SETGID, credentials.gid) };
    check(result, "Could not set group id of effective user")?;
    // SAFETY: setuid(2) takes any number.
    let result = unsafe { libc::syscall(SYS_SETUID, credentials.uid) };
    check(result, "Could not set user id of effective user")?;
    if credentials.uid != 0 {
        // SAFETY: setuid(2) takes any number; it has to fail here.
        let result = unsafe { libc::syscall(SYS_SETUID, 0) };
        if result == 0 {
            return Err("Could not give up the user id of root");
        }
    }
    Ok(())
}

fn check(result: c_long, reason: &'static str) -> Result<(), &'static str> {
    if result == -1 { Err(reason) } else { Ok(()) }
}
