//! The system calls that make a child, in three ways (`spawn` says which one when).
//!
//! A pidfd is wanted for each, and missed by none: without one the end of a child shows in SIGCHLD.
#![expect(unsafe_code, reason = "clone(2), fork(2)")]

use std::ffi::{c_int, c_long, c_void};
use std::io;
use std::os::fd::{AsFd, FromRawFd, OwnedFd};
use std::ptr;

use nix::errno::Errno;
use supervisor_core::Pid;

use crate::child::{self, Became, ChildPlan, Outcome};
use crate::child_stack::ChildStack;
use crate::exec_report::{ExecReports, TableNews};
use crate::spawn::Child;

/// Whether children get a pidfd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pidfds {
    /// If the kernel has them, and a descriptor is left.
    WherePossible,
    /// Descriptors are wanted for something else.
    None,
}

/// What became of an attempt to share the table.
pub(crate) enum Attempt {
    /// There is a child.
    Started(Child),
    /// There can be none in that way.
    Refused,
    /// It was not to be tried.
    NotMade,
}

/// Why clone(2) has made nothing.
enum NoClone {
    /// The kernel does not know it so, or a filter refuses it.
    Refused,
    Failed(io::Error),
}

/// A child on our memory and our table of descriptors; returns once it has executed or ended.
pub(crate) fn child_on_our_memory(
    plan: &ChildPlan<'_>,
    outcome: &Outcome,
    stack: &ChildStack,
    pidfds: Pidfds,
) -> io::Result<Attempt> {
    let argument = ptr::from_ref(plan).cast_mut().cast::<c_void>();
    let made = clone_with(libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_FILES, pidfds, |flags, pidfd| {
        // SAFETY: clone(2): the function runs on a stack of its own that nobody else uses; with CLONE_VFORK this
        // thread, and with it `plan` and `pidfd`, waits until the child has done with our memory. The child writes
        // only to its stack and to the outcome.
        unsafe { libc::clone(child::run_cloned, stack.top(), flags, argument, pidfd) }
    });
    let child = match made {
        Ok(child) => child,
        Err(NoClone::Refused) => return Ok(Attempt::Refused),
        Err(NoClone::Failed(error)) => return Err(error),
    };
    match outcome.read() {
        Became::Program | Became::Failure => Ok(Attempt::Started(child)),
        Became::Refused => {
            reap_refused(child.pid);
            Ok(Attempt::Refused)
        }
    }
}

/// A child on a copy of our memory that has left our table of descriptors; returns before it becomes anybody else.
pub(crate) fn child_on_a_copy(plan: &ChildPlan<'_>, reports: &mut ExecReports, pidfds: Pidfds) -> io::Result<Attempt> {
    let made = clone_with(libc::CLONE_FILES, pidfds, |flags, pidfd| match raw_clone(flags, pidfd) {
        0 => child::run(plan),
        pid => pid,
    });
    let child = match made {
        Ok(child) => child,
        Err(NoClone::Refused) => return Ok(Attempt::Refused),
        Err(NoClone::Failed(error)) => return Err(error),
    };
    match reports.wait_for_table(child.pid, child.pidfd.as_ref().map(AsFd::as_fd)) {
        TableNews::Unshared | TableNews::Ended => {}
        TableNews::Refused => {
            reap_refused(child.pid);
            return Ok(Attempt::Refused);
        }
        TableNews::Overdue => {
            // With that signal pending it does nothing more in our table. Its end is reaped as any other.
            // SAFETY: kill(2) on a child of ours that is not yet reaped.
            unsafe { libc::kill(child.pid.get(), libc::SIGKILL) };
            reports.add_failure(child.pid, "it was killed since it did not get on: the machine is overloaded");
        }
    }
    Ok(Attempt::Started(child))
}

/// A child on a copy of everything; returns at once.
pub(crate) fn forked_child(plan: &ChildPlan<'_>, pidfds: Pidfds) -> io::Result<Child> {
    // SAFETY: fork(2); the child makes only system calls that are safe while other threads hold locks, and never
    // returns from `run`.
    let pid = unsafe { libc::fork() };
    match pid {
        -1 => return Err(io::Error::last_os_error()),
        0 => child::run(plan),
        _ => {}
    }
    if !plan.attributes.new_session {
        // The child does the same; whoever comes first, a signal to the group finds it (setpgid(2); EACCES after exec).
        // Who leads a group can make no session.
        // SAFETY: setpgid(2) on a child of ours that is not yet reaped.
        unsafe { libc::setpgid(pid, pid) };
    }
    let pid = positive(pid);
    Ok(Child { pid, pidfd: open_pidfd(pid, pidfds) })
}

/// Clones with a pidfd, or else without one.
fn clone_with(
    flags: c_int,
    pidfds: Pidfds,
    mut clone: impl FnMut(c_int, *mut c_int) -> c_int,
) -> Result<Child, NoClone> {
    let mut pidfds = pidfds;
    loop {
        let mut pidfd: c_int = -1;
        let wanted = match pidfds {
            Pidfds::WherePossible => libc::CLONE_PIDFD,
            Pidfds::None => 0,
        };
        let pid = clone(flags | wanted | libc::SIGCHLD, &raw mut pidfd);
        if pid != -1 {
            let pid = positive(pid);
            // CLONE_PIDFD meant nothing before Linux 5.2.
            let pidfd = owned_unless_missing(pidfd).or_else(|| open_pidfd(pid, pidfds));
            return Ok(Child { pid, pidfd });
        }
        match (Errno::last(), pidfds) {
            (Errno::EMFILE | Errno::ENFILE, Pidfds::WherePossible) => pidfds = Pidfds::None,
            (Errno::ENOSYS | Errno::EINVAL | Errno::EPERM, _) => return Err(NoClone::Refused),
            (error, Pidfds::WherePossible | Pidfds::None) => return Err(NoClone::Failed(error.into())),
        }
    }
}

/// As fork(2), with flags, and without what the C library does before and after. Returns twice: 0 in the child.
fn raw_clone(flags: c_int, pidfd: *mut c_int) -> c_int {
    let (flags, same_stack, unused) = (c_long::from(flags), 0 as c_long, 0 as c_long);
    // SAFETY: clone(2) without CLONE_VM: the child has a copy of this stack and of all memory; the kernel writes one
    // int to `pidfd`, in the parent.
    #[cfg(not(target_arch = "s390x"))]
    let pid = unsafe { libc::syscall(libc::SYS_clone, flags, same_stack, pidfd, unused, unused) };
    // SAFETY: as above; that machine has the first two in the other order (clone(2), «C library/kernel differences»).
    #[cfg(target_arch = "s390x")]
    let pid = unsafe { libc::syscall(libc::SYS_clone, same_stack, flags, pidfd, unused, unused) };
    c_int::try_from(pid).unwrap_or(-1)
}

fn positive(pid: c_int) -> Pid {
    Pid::new(pid).expect("clone(2) and fork(2) return a pid to the parent")
}

fn owned_unless_missing(fd: c_int) -> Option<OwnedFd> {
    // SAFETY: clone(2) has stored a descriptor that is new, and closed on exec.
    (fd >= 0).then(|| unsafe { OwnedFd::from_raw_fd(fd) })
}

/// The pidfd of a child that is not reaped; `None` where there are none.
fn open_pidfd(pid: Pid, pidfds: Pidfds) -> Option<OwnedFd> {
    match pidfds {
        Pidfds::WherePossible => {}
        Pidfds::None => return None,
    }
    // SAFETY: pidfd_open(2) makes a descriptor, closed on exec; the pid cannot be another's before we reap it.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid.get(), 0) };
    owned_unless_missing(c_int::try_from(fd).unwrap_or(-1))
}

/// Nobody is to hear of the child that could not unshare its table: it is root, and ends at once.
fn reap_refused(pid: Pid) {
    loop {
        // SAFETY: waitpid(2) for a child of ours; its status is of no interest.
        let result = unsafe { libc::waitpid(pid.get(), ptr::null_mut(), 0) };
        if result != -1 || Errno::last() != Errno::EINTR {
            return;
        }
    }
}
