//! Descriptors 0, 1 and 2.
#![expect(unsafe_code, reason = "asks about descriptors by their numbers")]

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, IntoRawFd};

/// Opens /dev/null for each of 0, 1 and 2 that whoever started us has left closed. Else the next file opened would
/// become our stdout. For the very beginning, before anything is opened.
pub fn ensure_standard_fds_open() -> io::Result<()> {
    // The lowest free number is the one that open(2) takes, so going upwards fills each gap.
    while (0..=2).any(|fd| !is_open(fd)) {
        let filler = File::options().read(true).write(true).open("/dev/null")?;
        if filler.as_raw_fd() > 2 {
            return Err(io::Error::other("a standard descriptor is closed and could not be opened"));
        }
        // It stays open for good.
        let _standard = filler.into_raw_fd();
    }
    Ok(())
}

/// Points 0, 1 and 2 to /dev/null.
pub(crate) fn redirect_to_dev_null() -> io::Result<()> {
    let dev_null = File::options().read(true).write(true).open("/dev/null")?;
    nix::unistd::dup2_stdin(&dev_null)?;
    nix::unistd::dup2_stdout(&dev_null)?;
    nix::unistd::dup2_stderr(&dev_null)?;
    Ok(())
}

fn is_open(fd: i32) -> bool {
    // SAFETY: fcntl(2) with F_GETFD only reads.
    unsafe { libc::fcntl(fd, libc::F_GETFD) != -1 }
}
