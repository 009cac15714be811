//! Pipes, and reading and writing descriptors that do not wait.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};

/// A pipe: the end to read from, the end to write to. Both are blocking, as a program wants its end, and closed on
/// exec.
pub fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(nix::unistd::pipe2(OFlag::O_CLOEXEC)?)
}

/// Makes reads and writes return at once. The flag belongs to the open file: a program that holds the same end sees it
/// too, so it is for the daemon's end of a pipe.
pub fn set_nonblocking(fd: BorrowedFd<'_>) -> io::Result<()> {
    let flags = OFlag::from_bits_retain(fcntl(fd, FcntlArg::F_GETFL)?);
    fcntl(fd, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    Ok(())
}

/// Asks for room for that many bytes and returns what was given. EPERM when a user has more pages in pipes than
/// fs.pipe-user-pages-soft allows.
pub fn set_pipe_size(fd: BorrowedFd<'_>, bytes: usize) -> io::Result<usize> {
    let bytes = i32::try_from(bytes).map_err(|_| io::Error::from(Errno::EINVAL))?;
    let given = fcntl(fd, FcntlArg::F_SETPIPE_SZ(bytes))?;
    usize::try_from(given).map_err(|_| io::Error::from(Errno::EINVAL))
}

/// Reads what is there; 0: the other end is closed. `WouldBlock`: nothing now.
pub fn read(fd: impl AsFd, buffer: &mut [u8]) -> io::Result<usize> {
    uninterrupted(|| nix::unistd::read(&fd, buffer))
}

/// Writes as much as there is room for. `WouldBlock`: nothing now. `BrokenPipe`: nobody reads.
pub fn write(fd: impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    uninterrupted(|| nix::unistd::write(&fd, bytes))
}

fn uninterrupted<T>(mut call: impl FnMut() -> nix::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(Errno::EINTR) => {}
            other => return Ok(other?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_closed_on_exec_and_blocking_until_told_otherwise() {
        let (reader, writer) = pipe().unwrap();
        for end in [&reader, &writer] {
            assert_eq!(fcntl(end, FcntlArg::F_GETFD).unwrap(), libc::FD_CLOEXEC);
            assert_eq!(fcntl(end, FcntlArg::F_GETFL).unwrap() & libc::O_NONBLOCK, 0);
        }
        set_nonblocking(reader.as_fd()).unwrap();
        let error = read(&reader, &mut [0; 1]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
        assert_eq!(fcntl(&writer, FcntlArg::F_GETFL).unwrap() & libc::O_NONBLOCK, 0);
    }

    #[test]
    fn what_is_written_is_read_and_then_the_end() {
        let (reader, writer) = pipe().unwrap();
        assert_eq!(write(&writer, b"abc").unwrap(), 3);
        drop(writer);
        let mut buffer = [0; 8];
        assert_eq!(read(&reader, &mut buffer).unwrap(), 3);
        assert_eq!(&buffer[..3], b"abc");
        assert_eq!(read(&reader, &mut buffer).unwrap(), 0);
    }

    #[test]
    fn a_pipe_nobody_reads_is_broken() {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        assert_eq!(write(&writer, b"x").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn a_size_is_given_at_least() {
        let (reader, _writer) = pipe().unwrap();
        assert!(set_pipe_size(reader.as_fd(), 5000).unwrap() >= 5000);
    }
}
