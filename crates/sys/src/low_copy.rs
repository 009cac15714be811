//! Copies of descriptors with numbers that are as low as possible: a child copies the lowest part of our table alone.
#![expect(unsafe_code, reason = "owns a descriptor that fcntl(2) has made")]

use std::io;
use std::os::fd::{AsFd, FromRawFd, OwnedFd};

use nix::fcntl::{FcntlArg, fcntl};

/// One of the lowest free numbers above the standard three, closed on exec.
pub(crate) fn low_copy(fd: &impl AsFd) -> io::Result<OwnedFd> {
    let copy = fcntl(fd.as_fd(), FcntlArg::F_DUPFD_CLOEXEC(3))?;
    // SAFETY: fcntl(2) has just made it, so nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(copy) })
}
