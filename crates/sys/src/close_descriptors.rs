//! Parting with the daemon's descriptors, in the child half of a spawn: no allocation, only system calls.
#![expect(unsafe_code, reason = "closes descriptors by number in a process that has no other use for them")]

use std::ffi::{c_int, c_uint};
use std::os::fd::RawFd;

use nix::errno::Errno;

/// Stops sharing the table of descriptors: those below `copy_below` are copied, the others are not. The error is
/// the error number: ENOSYS or EPERM where the kernel or a filter does not know close_range(2).
pub(crate) fn unshare_table(copy_below: u32) -> Result<(), i32> {
    close_range(copy_below, c_uint::MAX, libc::CLOSE_RANGE_UNSHARE)
}

/// Closes every descriptor that is not kept. `next_kept` says which is, the first from a number on. From `end` on there
/// is none. The table is the child's own.
pub(crate) fn close_all_but(next_kept: impl Fn(RawFd) -> Option<RawFd>, end: Option<RawFd>) {
    let mut first = 0;
    while let Some(kept) = next_kept(first) {
        close_between(first, kept);
        let Some(next) = kept.checked_add(1) else { return };
        first = next;
    }
    match end {
        Some(end) => close_between(first, end),
        None => close_from(first),
    }
}

/// Closes those from `first` on that are below `end`.
fn close_between(first: RawFd, end: RawFd) {
    if first < end && close_range(first.unsigned_abs(), end.unsigned_abs() - 1, 0).is_err() {
        (first..end).for_each(close);
    }
}

fn close_from(first: RawFd) {
    if close_range(first.unsigned_abs(), c_uint::MAX, 0).is_err() && close_listed(first).is_err() {
        close_up_to_limit(first);
    }
}

fn close_range(first: c_uint, last: c_uint, flags: c_uint) -> Result<(), i32> {
    // SAFETY: close_range(2) closes descriptors of the child's own table, or unshares it first.
    let result = unsafe { libc::syscall(libc::SYS_close_range, first, last, flags) };
    if result == -1 { Err(Errno::last_raw()) } else { Ok(()) }
}

/// Closes those that /proc/self/fd lists (proc(5)). Its order is that of the numbers, so that closing one does not
/// hide another.
fn close_listed(first: RawFd) -> Result<(), i32> {
    let flags = libc::O_RDONLY | libc::O_DIRECTORY | libc::O_CLOEXEC;
    // SAFETY: open(2) reads a string that ends with a zero byte.
    let directory = unsafe { libc::open(c"/proc/self/fd".as_ptr(), flags) };
    if directory == -1 {
        return Err(Errno::last_raw());
    }
    let mut entries = DirectoryEntries([0; ENTRIES_BYTES]);
    loop {
        // SAFETY: getdents64(2) writes at most that many bytes to the buffer.
        let read = unsafe { libc::syscall(libc::SYS_getdents64, directory, entries.0.as_mut_ptr(), ENTRIES_BYTES) };
        let Ok(read @ 1..) = usize::try_from(read) else { break };
        entries.for_each_number(read, |fd| {
            if fd >= first && fd != directory {
                close(fd);
            }
        });
    }
    close(directory);
    Ok(())
}

const ENTRIES_BYTES: usize = 1024;

/// A buffer for getdents64(2), which wants its records aligned to 8 bytes.
#[repr(align(8))]
struct DirectoryEntries([u8; ENTRIES_BYTES]);

impl DirectoryEntries {
    /// Offset of the record's length, two bytes in native order (getdents(2)).
    const LENGTH: usize = 16;
    /// Offset of the name, which ends with a zero byte.
    const NAME: usize = 19;

    fn for_each_number(&self, read: usize, mut visit: impl FnMut(RawFd)) {
        let mut rest = self.0.get(..read).unwrap_or_default();
        while let Some(&[low, high]) = rest.get(Self::LENGTH..Self::LENGTH + 2) {
            let length = usize::from(u16::from_ne_bytes([low, high]));
            let name = rest.get(Self::NAME..length).unwrap_or_default();
            if let Some(number) = number(name) {
                visit(number);
            }
            rest = rest.get(length..).unwrap_or_default();
            if length == 0 {
                break;
            }
        }
    }
}

/// The number that a name spells; `None` for `.` and `..`.
fn number(name: &[u8]) -> Option<RawFd> {
    let digits = name.iter().take_while(|byte| **byte != 0);
    digits.clone().next()?;
    digits.into_iter().try_fold(0, |number: RawFd, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
        number.checked_mul(10)?.checked_add(RawFd::from(digit))
    })
}

/// Closes whatever number there could be. Slow where the limit is high, hence the last resort.
fn close_up_to_limit(first: RawFd) {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: getrlimit(2) fills the struct that it is given.
    let result = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) };
    let end = if result == 0 { RawFd::try_from(limit.rlim_cur).unwrap_or(RawFd::MAX) } else { FEW_DESCRIPTORS };
    for fd in first..end {
        close(fd);
    }
}

/// What POSIX programs once took for the limit; for a kernel that does not tell it.
const FEW_DESCRIPTORS: RawFd = 1024;

/// Closes one.
pub(crate) fn close(fd: RawFd) {
    // SAFETY: close(2) on a number of the child's own table; one that is not open is only refused.
    let _closed: c_int = unsafe { libc::close(fd) };
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs `close` in a forked child, which then tells by its status whether these are open: 0, 1, 2 and `fd`.
    fn open_after(close: fn(RawFd), fd: RawFd) -> i32 {
        // SAFETY: the child makes system calls only, none of which allocates.
        let pid = unsafe { libc::fork() };
        if pid == 0 {
            close(3);
            let open = [0, 1, 2, fd].into_iter().enumerate().filter(|(_, fd)| is_open(*fd));
            let status = open.fold(0, |status, (place, _)| status | 1 << place);
            // SAFETY: _exit(2) does not return.
            unsafe { libc::_exit(status) };
        }
        assert!(pid > 0, "fork failed");
        let mut status = 0;
        // SAFETY: waitpid(2) writes the status of our own child.
        assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
        assert!(libc::WIFEXITED(status));
        libc::WEXITSTATUS(status)
    }

    fn is_open(fd: RawFd) -> bool {
        // SAFETY: F_GETFD only reads (fcntl(2)).
        unsafe { libc::fcntl(fd, libc::F_GETFD) != -1 }
    }

    #[test]
    fn every_way_closes_all_but_the_standard_three() {
        // SAFETY: fcntl(2) makes a copy of fd 2 with a high number, which this test closes again.
        let high = unsafe { libc::fcntl(2, libc::F_DUPFD, 900) };
        assert!(high >= 900, "the limit of descriptors is too low for this test");
        let ways: [fn(RawFd); 3] = [
            close_from,
            |first| {
                if close_listed(first).is_err() {
                    close(0);
                }
            },
            close_up_to_limit,
        ];
        for (place, way) in ways.into_iter().enumerate() {
            assert_eq!(open_after(way, high), 0b0111, "way {place}");
        }
        close(high);
    }

    #[test]
    fn names_are_read_as_numbers() {
        assert_eq!(number(b"0\0"), Some(0));
        assert_eq!(number(b"1024\0\0\0"), Some(1024));
        for other in [&b".\0"[..], b"..\0", b"\0", b"", b"9999999999\0", b"1x\0"] {
            assert_eq!(number(other), None, "{other:?}");
        }
    }
}
