//! Going into the background (contract/processes.md §9.2).
#![expect(unsafe_code, reason = "fork(2)")]

use std::io;

use nix::unistd::setsid;

use crate::standard_fds::redirect_to_dev_null;

/// Returns in a child that leads a session of its own and whose descriptors 0 to 2 are /dev/null; the caller's
/// process has ended with status 0. Forks once, as upstream does. The directory and the file mode creation mask are
/// the caller's to change.
///
/// Refused while there is a second thread: it would not be there in the child, though its locks would.
pub fn daemonize() -> io::Result<()> {
    if thread_count()? != 1 {
        return Err(io::Error::other("cannot go into the background with more than one thread"));
    }
    // SAFETY: fork(2) with one thread leaves the child everything in a consistent state.
    match unsafe { libc::fork() } {
        -1 => return Err(io::Error::last_os_error()),
        0 => {}
        // SAFETY: _exit(2) does not return; what is buffered is the child's to write, and files are its to remove.
        _ => unsafe { libc::_exit(0) },
    }
    redirect_to_dev_null()?;
    setsid()?;
    Ok(())
}

/// Threads of this process; 1 where /proc is not there to ask.
fn thread_count() -> io::Result<usize> {
    match std::fs::read_dir("/proc/self/task") {
        Ok(tasks) => Ok(tasks.count()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(1),
        Err(error) => Err(error),
    }
}
