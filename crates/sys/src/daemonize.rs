//! Going into the background (contract/processes.md §9.2).
//!
//! The command returns once the daemon is ready, so that whoever reads the pidfile after it finds the daemon's pid
//! (upstream returns at once, and leaves its caller to poll).
#![expect(unsafe_code, reason = "fork(2)")]

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;

use nix::unistd::setsid;

use crate::limits::START_ERROR_BYTES;
use crate::standard_fds::redirect_to_dev_null;

/// What the daemon says when it is ready; anything else is why it is not.
const READY: &[u8] = b"\0";

/// Status of a command whose daemon could not start.
const FAILED: i32 = 2;

/// The daemon's end of what its caller waits on. Dropped unsaid, it lets the caller go with the status of a failed
/// start.
#[derive(Debug)]
pub struct WaitingCaller(File);

impl WaitingCaller {
    /// Lets the caller go with status 0.
    pub fn ready(mut self) {
        // A caller that has gone waits for nothing.
        self.0.write_all(READY).ok();
    }

    /// Lets the caller go with status 2, after it has shown this text.
    pub fn failed(mut self, text: &str) {
        self.0.write_all(text.as_bytes()).ok();
    }
}

/// Returns in a child that leads a session of its own and whose descriptors 0 to 2 are /dev/null; the caller's
/// process ends when the child is ready, or gone. Forks once, as upstream does. The directory and the file mode
/// creation mask are the caller's to change.
///
/// Refused while there is a second thread: it would not be there in the child, though its locks would.
///
/// # Errors
/// As `pipe2(2)`, `fork(2)` and `setsid(2)`.
pub fn daemonize() -> io::Result<WaitingCaller> {
    if thread_count()? != 1 {
        return Err(io::Error::other("cannot go into the background with more than one thread"));
    }
    let (reader, writer) = crate::pipe::pipe()?;
    // SAFETY: fork(2) with one thread leaves the child everything in a consistent state.
    match unsafe { libc::fork() } {
        -1 => return Err(io::Error::last_os_error()),
        0 => {}
        _ => {
            drop(writer);
            let status = wait_for_daemon(reader);
            // SAFETY: _exit(2) does not return; what is buffered is the child's to write, and files are its to remove.
            unsafe { libc::_exit(status) }
        }
    }
    drop(reader);
    let caller = WaitingCaller(File::from(writer));
    redirect_to_dev_null()?;
    setsid()?;
    Ok(caller)
}

/// Waits for the word of the daemon, or its end, without a bound: a start takes as long as it takes. Gives the status
/// for the caller.
fn wait_for_daemon(reader: OwnedFd) -> i32 {
    let mut reader = File::from(reader);
    let mut first = [0; READY.len()];
    match reader.read_exact(&mut first) {
        Ok(()) if first == READY => return 0,
        Ok(()) => {
            let mut text = first.to_vec();
            // What has come so far is better than nothing.
            reader.take(START_ERROR_BYTES).read_to_end(&mut text).ok();
            // Without a standard error there is nobody to tell.
            io::stderr().write_all(&text).ok();
        }
        Err(_) => {
            io::stderr().write_all(b"Error: supervisord has ended before it was ready; its log may tell why\n").ok();
        }
    }
    FAILED
}

/// Threads of this process; 1 where /proc is not there to ask.
fn thread_count() -> io::Result<usize> {
    match std::fs::read_dir("/proc/self/task") {
        Ok(tasks) => Ok(tasks.count()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(1),
        Err(error) => Err(error),
    }
}
