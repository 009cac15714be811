//! Waiting until something can be read or written, or a deadline has come.
//!
//! Level-triggered: what was not read makes the next wait return at once. One system call a turn: epoll_pwait2(2) takes
//! a precise time, so that no timer has to be set, and the descriptor that wakes is edge-triggered, so that nobody has
//! to read it.
//!
//! Not here: what the keys mean, and what time it is.
#![expect(unsafe_code, reason = "epoll_pwait2(2), which nix does not have")]

use std::fmt;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use nix::sys::eventfd::{EfdFlags, EventFd};

use crate::limits::{EVENTS_PER_WAIT, LONG_WAIT};
use crate::refusal::call_refused;
use crate::signals::Signals;

/// The highest key that may be registered; the one above is the poller's own.
pub const LAST_KEY: usize = WAKER_KEY - 1;

/// Of the descriptor that [`Waker::wake`] writes to.
const WAKER_KEY: usize = usize::MAX;

/// What to wait for. There is no «nothing»: the kernel would still tell of a closed peer, again and again. To pause,
/// delete the descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interest {
    /// Something to read, or the end.
    Readable,
    /// Room to write, or nobody left to read.
    Writable,
    /// Either.
    Both,
}

impl Interest {
    /// The end, a broken pipe and an error are told besides, always (epoll_ctl(2)).
    fn flags(self) -> EpollFlags {
        match self {
            Self::Readable => EpollFlags::EPOLLIN,
            Self::Writable => EpollFlags::EPOLLOUT,
            Self::Both => EpollFlags::EPOLLIN | EpollFlags::EPOLLOUT,
        }
    }
}

/// A set of descriptors, each with a key.
#[derive(Debug)]
pub struct Poller {
    registered: Epoll,
    waker: Waker,
    /// The kernel knows epoll_pwait2(2) (Linux 5.11), as far as we know.
    precise: AtomicBool,
}

impl Poller {
    /// An empty set.
    pub fn new() -> io::Result<Self> {
        let wake = EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK);
        Self::with(Arc::new(wake.map_err(|error| call_refused("eventfd2", error))?))
    }

    /// An empty set whose waits end for signals too, without an event: whoever is woken drains them.
    pub fn woken_by(signals: &Signals) -> io::Result<Self> {
        Self::with(signals.wake())
    }

    fn with(wake: Arc<EventFd>) -> io::Result<Self> {
        let registered =
            Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).map_err(|error| call_refused("epoll_create1", error))?;
        // Edge-triggered, so that nobody has to read it: each write is an event of its own (epoll(7)).
        registered.add(&*wake, EpollEvent::new(EpollFlags::EPOLLIN | EpollFlags::EPOLLET, WAKER_KEY as u64))?;
        Ok(Self { registered, waker: Waker { wake }, precise: AtomicBool::new(true) })
    }

    /// Registers a descriptor. It has to be deleted before it is closed: a copy of it elsewhere (a child, a
    /// `try_clone`) would keep it in the set. `AlreadyExists` if it is registered; EPERM for a regular file, which
    /// cannot be waited for.
    pub fn add(&self, fd: BorrowedFd<'_>, key: usize, interest: Interest) -> io::Result<()> {
        Ok(self.registered.add(fd, event(key, interest.flags())?)?)
    }

    /// Registers a descriptor that tells once and is silent from then on, as what is over stays over (a pidfd).
    ///
    /// # Errors
    /// As [`Poller::add`].
    pub fn add_once(&self, fd: BorrowedFd<'_>, key: usize) -> io::Result<()> {
        Ok(self.registered.add(fd, event(key, EpollFlags::EPOLLIN | EpollFlags::EPOLLONESHOT)?)?)
    }

    /// Waits for something else at a registered descriptor, or under another key.
    pub fn modify(&self, fd: BorrowedFd<'_>, key: usize, interest: Interest) -> io::Result<()> {
        Ok(self.registered.modify(fd, &mut event(key, interest.flags())?)?)
    }

    /// Takes a descriptor out of the set.
    pub fn delete(&self, fd: BorrowedFd<'_>) -> io::Result<()> {
        Ok(self.registered.delete(fd)?)
    }

    /// Waits until there are events, a [`Waker`] was used or the time is over; `None`: as long as it takes. The events
    /// of the time before are dropped. One system call, and none while nothing happens.
    ///
    /// A wait with a timeout may end early and without events, when a signal arrives or the time is long, so the caller
    /// looks at its clock and waits for the rest rather than counting on the time.
    pub fn wait(&self, events: &mut Events, timeout: Option<Duration>) -> io::Result<()> {
        let mut timeout = timeout.map(short_of_slack);
        loop {
            match self.wait_once(events, timeout) {
                // What the handler has made readable, the next attempt finds. How much of the time is left is not
                // known here.
                Err(Errno::EINTR) => timeout = timeout.map(|_| Duration::ZERO),
                result => return Ok(result?),
            }
        }
    }

    /// Ends the current or the next wait from another thread.
    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }

    fn wait_once(&self, events: &mut Events, timeout: Option<Duration>) -> nix::Result<()> {
        let epoll = self.registered.0.as_raw_fd();
        events.list.clear();
        if self.precise.load(Ordering::Relaxed) {
            match wait_precise(epoll, &mut events.list, timeout) {
                // A filter that does not know the call may say EPERM.
                Err(Errno::ENOSYS | Errno::EPERM) => self.precise.store(false, Ordering::Relaxed),
                result => return result,
            }
        }
        wait_milliseconds(epoll, &mut events.list, timeout)
    }
}

/// What is registered; EINVAL for a key above [`LAST_KEY`].
fn event(key: usize, flags: EpollFlags) -> nix::Result<EpollEvent> {
    if key > LAST_KEY { Err(Errno::EINVAL) } else { Ok(EpollEvent::new(flags, key as u64)) }
}

/// The kernel lets a wait end late by a thousandth of its length, five milliseconds for a TICK_5 (timer slack,
/// prctl(2) and `fs/select.c`). A long one ends early instead, and the short rest is precise.
fn short_of_slack(timeout: Duration) -> Duration {
    if timeout < LONG_WAIT { timeout } else { timeout / 500 * 499 }
}

/// The `struct __kernel_timespec` of epoll_pwait2(2): 64 bits on every machine.
#[repr(C)]
struct KernelTimespec {
    seconds: i64,
    nanoseconds: i64,
}

fn wait_precise(epoll: RawFd, list: &mut Vec<libc::epoll_event>, timeout: Option<Duration>) -> nix::Result<()> {
    let timeout = timeout.map(|timeout| KernelTimespec {
        seconds: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
        nanoseconds: i64::from(timeout.subsec_nanos()),
    });
    let timeout = timeout.as_ref().map_or(ptr::null(), ptr::from_ref);
    let no_mask = ptr::null::<libc::sigset_t>();
    let (place, room) = (list.as_mut_ptr(), list.capacity());
    // SAFETY: epoll_pwait2(2) writes at most `room` events, reads the timeout if there is one, and takes no mask.
    let count = unsafe { libc::syscall(libc::SYS_epoll_pwait2, epoll, place, room, timeout, no_mask, 0) };
    set_length(list, Errno::result(count)?);
    Ok(())
}

fn wait_milliseconds(epoll: RawFd, list: &mut Vec<libc::epoll_event>, timeout: Option<Duration>) -> nix::Result<()> {
    // Rounded up: to wake before a deadline would be to wake twice.
    let milliseconds = timeout.map(|timeout| timeout.as_nanos().div_ceil(1_000_000));
    let milliseconds = milliseconds.map_or(-1, |it| i32::try_from(it).unwrap_or(i32::MAX));
    let (place, room) = (list.as_mut_ptr(), i32::try_from(list.capacity()).unwrap_or(i32::MAX));
    // SAFETY: epoll_wait(2) writes at most `room` events.
    let count = unsafe { libc::epoll_wait(epoll, place, room, milliseconds) };
    set_length(list, Errno::result(count)?.into());
    Ok(())
}

fn set_length(list: &mut Vec<libc::epoll_event>, count: i64) {
    let count = usize::try_from(count).expect("an error was handled before");
    // SAFETY: the kernel has written that many events, not more than there was room for.
    unsafe { list.set_len(count) };
}

/// Ends a wait; goes to any thread.
#[derive(Clone, Debug)]
pub struct Waker {
    wake: Arc<EventFd>,
}

impl Waker {
    /// Makes the current wait return, or else the next one. Several calls may end one wait together, so whoever is
    /// woken looks for everything that there may be.
    pub fn wake(&self) {
        // It can only fail when 2^64 wake-ups were counted, and then the descriptor has been readable all along.
        let _counted = self.wake.write(1);
    }
}

/// Room for what a wait brings; used again by the next one.
pub struct Events {
    list: Vec<libc::epoll_event>,
}

impl Events {
    /// Room for [`EVENTS_PER_WAIT`].
    pub fn new() -> Self {
        Self { list: Vec::with_capacity(EVENTS_PER_WAIT) }
    }

    /// Key, readable, writable. The end of input, a broken pipe or an error count as both: whoever tries gets to know.
    pub fn iter(&self) -> impl Iterator<Item = (usize, bool, bool)> {
        let ours = self.list.iter().filter_map(|event| {
            let key = usize::try_from(event.u64).ok().filter(|key| *key <= LAST_KEY)?;
            Some((key, *event))
        });
        ours.map(|(key, event)| (key, has(event, libc::EPOLLIN), has(event, libc::EPOLLOUT)))
    }
}

/// Whether an event has one of these flags, or says that the peer is gone.
fn has(event: libc::epoll_event, flags: i32) -> bool {
    event.events & (flags | libc::EPOLLHUP | libc::EPOLLERR).cast_unsigned() != 0
}

impl Default for Events {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_wait_ends_before_the_slack_of_the_kernel_and_a_short_one_is_exact() {
        for seconds in [1, 5, 60, 3600] {
            let timeout = Duration::from_secs(seconds);
            let slack = timeout / 1000;
            assert!(short_of_slack(timeout) + slack < timeout);
            assert!(short_of_slack(timeout) > timeout * 99 / 100);
        }
        assert_eq!(short_of_slack(Duration::from_millis(99)), Duration::from_millis(99));
        assert_eq!(short_of_slack(Duration::ZERO), Duration::ZERO);
    }
}
