//! Starting programs: the parent half (contract/processes.md §3.1 steps 7 and 8, §3.3).
//!
//! The child begins on the daemon's own table of descriptors and copies only its lowest slots, so that a spawn costs
//! the same with ten programs as with ten thousand; fork(2), as vfork and posix_spawn, copies the whole table for
//! each child, which exec then closes again. The parent's thread waits until the exec is done or has failed, so
//! that its outcome is known at once.
//!
//! Where the kernel or a filter refuses that, and for programs on a network file system, where an exec may take
//! forever, it is a plain fork.
//!
//! Not here: finding the program, making pipes, choosing the environment.
#![expect(unsafe_code, reason = "clone(2), fork(2)")]

use std::ffi::{CStr, CString, c_int, c_void};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use supervisor_core::Pid;

use crate::c_str_array::{CStrArray, null_terminated};
use crate::child::{self, ChildPlan, DescriptorTable, ExecStage, Report, Reported};
use crate::child_stack::ChildStack;
use crate::credentials::{Credentials, Privilege};
use crate::signal_dispositions::SignalDispositions;
use crate::signal_mask::SignalsBlocked;

/// What to start, and how.
#[derive(Debug)]
pub struct SpawnPlan<'a> {
    /// The file to execute; relative to `directory` if it is relative.
    pub executable: &'a CStr,
    /// The words of the command; the first as it was written.
    pub argv: &'a [CString],
    /// The whole environment, `NAME=value`.
    pub envp: &'a CStrArray,
    /// Where the program starts; `None`: where the daemon is.
    pub directory: Option<&'a CStr>,
    /// Its file mode creation mask; `None`: the daemon's.
    pub umask: Option<u32>,
    /// The user it runs as; `None`: the daemon's.
    pub credentials: Option<&'a Credentials>,
    /// Why it cannot be started, as found out before (`couldn't setuid to 7: Can't find uid 7`): the child writes
    /// `supervisor: ` and this to its fd 2 and ends with status 127, as it does for a failure of its own.
    pub refusal: Option<&'a str>,
    /// Its fd 0.
    pub stdin: BorrowedFd<'a>,
    /// Its fd 1.
    pub stdout: BorrowedFd<'a>,
    /// Its fd 2.
    pub stderr: BorrowedFd<'a>,
    /// How to make the child.
    pub method: SpawnMethod,
}

/// How a child is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SpawnMethod {
    /// Cheap; the calling thread waits for the exec. Falls back to [`SpawnMethod::Fork`] where it is refused.
    #[default]
    SharedTable,
    /// Costs time in proportion to memory and open descriptors, but never waits for the exec: for a program whose
    /// directory or file [lies on a remote file system](crate::MountTable::is_remote).
    Fork,
}

/// A child that exists; it has to be reaped, also if it did not become its program.
#[derive(Debug)]
pub struct Child {
    /// Its pid; it leads a process group of the same number.
    pub pid: Pid,
    /// Readable once it has ended, for [`crate::wait_pidfd`]; `None` where the kernel has none (before Linux 5.3).
    pub pidfd: Option<OwnedFd>,
    /// Why it is not its program; it ends with 127 and has written so to its fd 2. Always `None` for a forked child,
    /// of which nothing is known yet.
    pub exec_error: Option<ExecFailure>,
}

/// How a child failed to become its program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExecFailure {
    /// At which step.
    pub stage: ExecStage,
    /// The error number, 0 where none was to blame.
    pub errno: i32,
}

/// Starts children, one at a time. Made once, early at boot, when descriptors 0 to 2 are open and 3 to 5 still free.
///
/// It holds three descriptors as low as it can get them, where each child looks for what will be its 0, 1 and 2.
#[derive(Debug)]
pub struct Spawner {
    slots: [OwnedFd; 3],
    dev_null: File,
    stack: ChildStack,
    dispositions: SignalDispositions,
    shared_table: SharedTable,
}

/// Whether the kernel lets a child share our table of descriptors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SharedTable {
    /// As far as known.
    Allowed,
    /// Tried once, and never again.
    Refused,
}

/// What became of an attempt to share the table.
enum Attempt {
    Started(Child),
    Refused,
}

impl Spawner {
    /// Takes the slots and maps the stack.
    pub fn new() -> io::Result<Self> {
        let dev_null = File::options().read(true).write(true).open("/dev/null")?;
        let slots = [low_copy(&dev_null)?, low_copy(&dev_null)?, low_copy(&dev_null)?];
        // Opened first it took the lowest number; a slot deserves that more.
        let dev_null_above = low_copy(&dev_null)?;
        drop(dev_null);
        let [first, second, third] = slots;
        let slots = [low_copy(&dev_null_above)?, first, second];
        drop(third);
        Ok(Self {
            slots,
            dev_null: File::from(dev_null_above),
            stack: ChildStack::new()?,
            dispositions: SignalDispositions::read(),
            shared_table: SharedTable::Allowed,
        })
    }

    /// Starts a child. An error means that there is none: EMFILE or ENFILE (descriptors), EAGAIN (processes), ENOMEM.
    /// What fails later, the child tells.
    ///
    /// `plan.stdin`, `stdout` and `stderr` stay open here. Their open files are the program's too, so they have to be
    /// blocking.
    pub fn spawn(&mut self, plan: &SpawnPlan<'_>) -> io::Result<Child> {
        self.dispositions.refresh();
        let child = self.fill_slots(plan).and_then(|()| self.start(plan));
        self.clear_slots();
        child
    }

    fn fill_slots(&mut self, plan: &SpawnPlan<'_>) -> io::Result<()> {
        for (end, slot) in [plan.stdin, plan.stdout, plan.stderr].into_iter().zip(&mut self.slots) {
            nix::unistd::dup3(end, slot, OFlag::O_CLOEXEC)?;
        }
        Ok(())
    }

    /// A pipe end left in a slot would keep its reader from ever seeing the end.
    fn clear_slots(&mut self) {
        for slot in &mut self.slots {
            let cleared = nix::unistd::dup3(&self.dev_null, slot, OFlag::O_CLOEXEC);
            debug_assert_eq!(cleared, Ok(()), "both are open, and no number is needed (dup(2))");
        }
    }

    fn start(&mut self, plan: &SpawnPlan<'_>) -> io::Result<Child> {
        let refusal;
        let (credentials, refusal) = match plan.credentials.map(Credentials::privilege_to_assume) {
            None | Some(Privilege::Already) => (None, plan.refusal),
            Some(Privilege::Root) => (plan.credentials, plan.refusal),
            Some(Privilege::Lacking(reason)) => {
                refusal = format!("couldn't setuid to {}: {reason}", plan.credentials.map_or(0, |it| it.uid));
                (None, plan.refusal.or(Some(&refusal)))
            }
        };
        let argv = null_terminated(plan.argv);
        let slots = self.slots.each_ref().map(AsRawFd::as_raw_fd);
        let report = Report::default();
        let mut child_plan = ChildPlan {
            executable: plan.executable,
            argv: &argv,
            argv0: plan.argv.first().map_or(b"", |word| word.to_bytes()),
            envp: plan.envp.pointers(),
            directory: plan.directory,
            umask: plan.umask,
            credentials,
            refusal,
            slots,
            table: DescriptorTable::Shared { copy_below: one_above(slots) },
            dispositions: &self.dispositions,
            report: &report,
        };
        // Until the child has set its own dispositions; and so that a stop signal sent to it early waits for them.
        let _blocked = SignalsBlocked::all()?;
        if plan.method == SpawnMethod::SharedTable && self.shared_table == SharedTable::Allowed {
            match clone_child(&child_plan, &self.stack)? {
                Attempt::Started(child) => return Ok(child),
                Attempt::Refused => self.shared_table = SharedTable::Refused,
            }
        }
        child_plan.table = DescriptorTable::Copied;
        fork_child(&child_plan, &self.dev_null)
    }
}

/// One of the lowest free numbers above the standard three, closed on exec.
fn low_copy(fd: &impl AsFd) -> io::Result<OwnedFd> {
    let copy = fcntl(fd.as_fd(), FcntlArg::F_DUPFD_CLOEXEC(3))?;
    // SAFETY: fcntl(2) has just made it, so nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(copy) })
}

fn one_above(slots: [RawFd; 3]) -> u32 {
    slots.into_iter().fold(0, |most, slot| most.max(slot.unsigned_abs() + 1))
}

/// A child on our memory and our table of descriptors; returns once it has executed or ended.
fn clone_child(plan: &ChildPlan<'_>, stack: &ChildStack) -> io::Result<Attempt> {
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_FILES | libc::CLONE_PIDFD | libc::SIGCHLD;
    let argument = ptr::from_ref(plan).cast_mut().cast::<c_void>();
    let mut pidfd: c_int = -1;
    // SAFETY: clone(2): the function runs on a stack of its own that nobody else uses; with CLONE_VFORK this thread,
    // and with it `plan` and `pidfd`, waits until the child has done with our memory. The child writes only to its
    // stack and to the report.
    let pid = unsafe { libc::clone(child::run_cloned, stack.top(), flags, argument, &raw mut pidfd) };
    if pid == -1 {
        return match Errno::last() {
            Errno::ENOSYS | Errno::EINVAL | Errno::EPERM => Ok(Attempt::Refused),
            error => Err(error.into()),
        };
    }
    let pidfd = owned_unless_missing(pidfd);
    let exec_error = match plan.report.read() {
        Reported::Nothing => None,
        Reported::Failed(stage, errno) => Some(ExecFailure { stage, errno }),
        Reported::TableRefused(_) => {
            reap_refused(pid);
            return Ok(Attempt::Refused);
        }
    };
    // CLONE_PIDFD meant nothing before Linux 5.2.
    let pidfd = pidfd.or_else(|| open_pidfd(pid));
    Ok(Attempt::Started(Child { pid: positive(pid), pidfd, exec_error }))
}

/// A child on a copy of everything; returns at once.
fn fork_child(plan: &ChildPlan<'_>, dev_null: &File) -> io::Result<Child> {
    // Takes the place of the pidfd, so that a lack of descriptors shows before there is a child.
    let reserved = low_copy(dev_null)?;
    // SAFETY: fork(2); the child makes only system calls that are safe while other threads hold locks, and never
    // returns from `run`.
    let pid = unsafe { libc::fork() };
    match pid {
        -1 => return Err(io::Error::last_os_error()),
        0 => child::run(plan),
        _ => {}
    }
    drop(reserved);
    // The child does the same; whoever comes first, a signal to the group finds it (setpgid(2); EACCES after exec).
    // SAFETY: setpgid(2) on a child of ours that is not yet reaped.
    unsafe { libc::setpgid(pid, pid) };
    Ok(Child { pid: positive(pid), pidfd: open_pidfd(pid), exec_error: None })
}

fn positive(pid: c_int) -> Pid {
    Pid::new(pid).expect("clone(2) and fork(2) return a pid to the parent")
}

fn owned_unless_missing(fd: c_int) -> Option<OwnedFd> {
    // SAFETY: clone(2) has stored a descriptor that is new, and closed on exec.
    (fd >= 0).then(|| unsafe { OwnedFd::from_raw_fd(fd) })
}

/// The pidfd of a child that is not reaped; `None` where there are none.
fn open_pidfd(pid: c_int) -> Option<OwnedFd> {
    // SAFETY: pidfd_open(2) makes a descriptor, closed on exec; the pid cannot be another's before we reap it.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    owned_unless_missing(c_int::try_from(fd).unwrap_or(-1))
}

/// Nobody is to hear of the child that could not unshare its table.
fn reap_refused(pid: c_int) {
    loop {
        // SAFETY: waitpid(2) for a child of ours; its status is of no interest.
        let result = unsafe { libc::waitpid(pid, ptr::null_mut(), 0) };
        if result != -1 || Errno::last() != Errno::EINTR {
            return;
        }
    }
}
