//! Beginning to listen.
//!
//! A plain system call: a wrapper that holds the backlog against the C library's SOMAXCONN refuses with musl, where
//! that is 128, what glibc allows. The kernel itself cuts a longer one down to `net.core.somaxconn` (listen(2)).
#![expect(unsafe_code, reason = "listen(2)")]

use std::os::fd::{AsRawFd, BorrowedFd};

use nix::errno::Errno;

/// Lets up to `backlog` connections wait at a bound socket until they are accepted, or as many as the kernel allows.
///
/// # Errors
/// As listen(2).
pub(crate) fn listen(socket: BorrowedFd<'_>, backlog: i32) -> Result<(), Errno> {
    // SAFETY: listen(2) takes numbers, and the descriptor is open as long as it is borrowed.
    let result = unsafe { libc::listen(socket.as_raw_fd(), backlog) };
    Errno::result(result).map(drop)
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use super::*;

    #[test]
    fn any_backlog_will_do_and_what_cannot_listen_is_told() {
        for backlog in [1, 1024, 65_535, i32::MAX] {
            let socket = crate::tcp_listener::bind_tcp(([127, 0, 0, 1], 0).into()).unwrap();
            assert_eq!(listen(socket.as_fd(), backlog), Ok(()), "{backlog}");
        }
        assert_eq!(listen(std::io::stdin().as_fd(), 1), Err(Errno::ENOTSOCK));
    }
}
