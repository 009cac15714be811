//! Pipes, and reading and writing descriptors that do not wait.
#![expect(unsafe_code, reason = "ioctl(2)")]

use std::ffi::c_int;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl, open};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::stat::Mode;

/// A pipe: the end to read from, the end to write to. Both are blocking, as a program wants its end, and closed on
/// exec.
pub fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(nix::unistd::pipe2(OFlag::O_CLOEXEC)?)
}

/// Makes reads and writes return at once. The flag belongs to the open file: a program that holds the same end sees it
/// too, so it is for the daemon's end of a pipe.
pub fn set_nonblocking(fd: BorrowedFd<'_>) -> io::Result<()> {
    let on: c_int = 1;
    // One system call where F_GETFL and F_SETFL are two; a spawn does it for each of its pipes.
    // SAFETY: ioctl(2) with FIONBIO reads one int (ioctl_tty(2)).
    let result = unsafe { libc::ioctl(fd.as_raw_fd(), libc::FIONBIO, &raw const on) };
    Errno::result(result)?;
    Ok(())
}

/// Gives a pipe to a user, both ends of it: who is not its owner cannot open it by name (`/dev/stdout`). Nothing is
/// done where we may not, so that a program has its pipe all the same.
pub fn give_to(fd: BorrowedFd<'_>, uid: u32) {
    nix::unistd::fchown(fd, Some(nix::unistd::Uid::from_raw(uid)), None).ok();
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

/// Writes what a descriptor that may block takes without blocking: at most PIPE_BUF bytes, and only when poll(2) says
/// that there is room (pipe(7)). `WouldBlock`: nothing now. For an open file that others share, so that its flags are
/// not ours to set.
pub fn write_when_ready(fd: impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    let mut polled = [PollFd::new(fd.as_fd(), PollFlags::POLLOUT)];
    let ready = uninterrupted(|| poll(&mut polled, PollTimeout::ZERO))?;
    if ready == 0 {
        return Err(io::Error::from(io::ErrorKind::WouldBlock));
    }
    write(fd, &bytes[..bytes.len().min(libc::PIPE_BUF)])
}

/// Opens what a descriptor leads to once more, for writing that does not wait; the flags of the open file that the
/// descriptor itself names stay as they are. For pipes and terminals: a file would begin at its start, a socket cannot
/// be opened. EACCES when it belongs to another user, ENOENT without /proc.
pub fn reopen_for_writing(fd: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    let path = format!("/proc/self/fd/{}", fd.as_raw_fd());
    let flags = OFlag::O_WRONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    Ok(open(path.as_str(), flags, Mode::empty())?)
}

/// How many bytes wait to be read.
pub fn readable_bytes(fd: BorrowedFd<'_>) -> io::Result<usize> {
    let mut count: c_int = 0;
    // SAFETY: ioctl(2) with FIONREAD writes one int (ioctl_tty(2), pipe(7)).
    let result = unsafe { libc::ioctl(fd.as_raw_fd(), libc::FIONREAD, &raw mut count) };
    Errno::result(result)?;
    usize::try_from(count).map_err(|_| io::Error::from(Errno::EINVAL))
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
    fn a_full_pipe_is_not_waited_for_and_keeps_its_flags() {
        let (reader, writer) = pipe().unwrap();
        let mut taken = 0;
        let error = loop {
            match write_when_ready(&writer, &[b'x'; 10_000]) {
                Ok(count) => taken += count,
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
        assert_eq!(readable_bytes(reader.as_fd()).unwrap(), taken);
        let again = reopen_for_writing(writer.as_fd()).unwrap();
        assert_eq!(write(&again, b"x").unwrap_err().kind(), io::ErrorKind::WouldBlock);
        assert_eq!(fcntl(&writer, FcntlArg::F_GETFL).unwrap() & libc::O_NONBLOCK, 0);
        assert_eq!(read(&reader, &mut vec![0; taken]).unwrap(), taken);
        assert_eq!(write(&again, b"x").unwrap(), 1);
        drop(reader);
        assert_eq!(write_when_ready(&writer, b"x").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn a_size_is_given_at_least() {
        let (reader, _writer) = pipe().unwrap();
        assert!(set_pipe_size(reader.as_fd(), 5000).unwrap() >= 5000);
    }
}
