//! A socket that whoever started this process has handed over, by its number.

#![expect(unsafe_code, reason = "a number from the environment becomes a descriptor")]

use std::io::{self, ErrorKind};
use std::os::fd::{BorrowedFd, RawFd};
use std::os::unix::net::UnixStream;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::socket::{SockType, getsockopt, sockopt};

/// A copy of the stream socket with this number. Neither it nor the original is handed on to programs that this process
/// starts; the original stays open until the process ends.
///
/// # Errors
/// `EBADF`: nothing is open there; `ENOTSOCK`, `InvalidInput`: something else is.
pub fn inherited_socket(number: RawFd) -> io::Result<UnixStream> {
    if number < 0 {
        return Err(ErrorKind::InvalidInput.into());
    }
    // SAFETY: borrow_raw wants an open descriptor for as long as it is borrowed. Of one that is not open each call
    // below answers EBADF, and nothing of ours closes a number that it has not opened.
    let original = unsafe { BorrowedFd::borrow_raw(number) };
    if getsockopt(&original, sockopt::SockType)? != SockType::Stream {
        return Err(io::Error::new(ErrorKind::InvalidInput, "it is no stream socket"));
    }
    fcntl(original, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    Ok(UnixStream::from(original.try_clone_to_owned()?))
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::os::fd::AsRawFd as _;

    use super::*;

    #[test]
    fn a_socket_is_taken_and_is_not_handed_on() {
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        fcntl(&theirs, FcntlArg::F_SETFD(FdFlag::empty())).unwrap();
        let mut taken = inherited_socket(theirs.as_raw_fd()).unwrap();
        for descriptor in [&taken, &theirs] {
            assert_eq!(fcntl(descriptor, FcntlArg::F_GETFD).unwrap(), FdFlag::FD_CLOEXEC.bits());
        }
        taken.write_all(b"x").unwrap();
        let mut read = [0];
        ours.read_exact(&mut read).unwrap();
        assert_eq!(read, *b"x");
    }

    #[test]
    fn what_is_no_stream_socket_is_refused() {
        let file = std::fs::File::open("/dev/null").unwrap();
        assert_eq!(inherited_socket(file.as_raw_fd()).unwrap_err().raw_os_error(), Some(libc::ENOTSOCK));
        assert_eq!(inherited_socket(RawFd::MAX).unwrap_err().raw_os_error(), Some(libc::EBADF));
        assert_eq!(inherited_socket(-1).unwrap_err().kind(), ErrorKind::InvalidInput);
        let datagrams = std::os::unix::net::UnixDatagram::unbound().unwrap();
        assert_eq!(inherited_socket(datagrams.as_raw_fd()).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}
