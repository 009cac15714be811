//! The child half of a spawn: everything between clone or fork and exec (contract/processes.md §3.3).
//!
//! Allowed here are the calls that signal-safety(7) lists, and raw system calls. Nothing allocates, takes a lock,
//! panics or calls a destructor: another thread of the daemon may hold any lock, and with
//! [`DescriptorTable::Shared`] memory and thread-local storage are the daemon's own, whose thread waits until we
//! exec or exit (clone(2), CLONE_VFORK). `tests/child_does_not_allocate.rs` stands guard.
//!
//! Not here: which program, which user, which text. The parent half has looked all that up before.
#![expect(unsafe_code, reason = "system calls in a process that must not allocate")]

use std::convert::Infallible;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::os::fd::RawFd;
use std::ptr;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};

use nix::errno::Errno;

use crate::child_message::ChildMessage;
use crate::close_descriptors::{close_from, unshare_table};
use crate::credentials::Credentials;
use crate::raw_credentials;
use crate::signal_dispositions::SignalDispositions;

/// Exit status of a child that could not be turned into its program.
const NOT_SPAWNED: c_int = 127;

/// Everything that a child needs, laid out before it exists.
pub(crate) struct ChildPlan<'a> {
    /// The file to execute.
    pub(crate) executable: &'a CStr,
    /// Its words, then null.
    pub(crate) argv: &'a [*const c_char],
    /// The first word, for the text of a failure.
    pub(crate) argv0: &'a [u8],
    /// Its environment, then null.
    pub(crate) envp: &'a [*const c_char],
    /// Where it starts.
    pub(crate) directory: Option<&'a CStr>,
    /// Its file mode creation mask.
    pub(crate) umask: Option<u32>,
    /// Who it is to be; `None`: who we are.
    pub(crate) credentials: Option<&'a Credentials>,
    /// Why it cannot be started at all.
    pub(crate) refusal: Option<&'a str>,
    /// What becomes fd 0, 1 and 2; each 3 or above, closed on exec.
    pub(crate) slots: [RawFd; 3],
    /// Whose descriptors it sees at first.
    pub(crate) table: DescriptorTable,
    /// Signals that must not meet the daemon's handlers.
    pub(crate) dispositions: &'a SignalDispositions,
    /// Where a failure is told.
    pub(crate) report: &'a Report,
}

/// Whose table of descriptors a child starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DescriptorTable {
    /// The daemon's own; the child copies what lies below this number and leaves the rest alone.
    Shared {
        /// One above the highest slot.
        copy_below: u32,
    },
    /// A copy of the daemon's.
    Copied,
}

/// At which step a start failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExecStage {
    /// The three standard descriptors could not be put in place; nothing could be written.
    Descriptors,
    /// It had been refused before ([`crate::SpawnPlan::refusal`]).
    Refusal,
    /// The user could not be assumed.
    Credentials,
    /// The directory could not be entered.
    Directory,
    /// The program could not be executed.
    Exec,
}

/// Word from a child that shares our memory; a forked one has no way to tell.
#[derive(Debug, Default)]
pub(crate) struct Report {
    failure: AtomicU32,
    errno: AtomicI32,
}

/// What a [`Report`] holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reported {
    /// The program runs.
    Nothing,
    /// The kernel does not let the table be unshared; nothing was done.
    TableRefused(i32),
    /// A step failed.
    Failed(ExecStage, i32),
}

impl Report {
    /// What the child has left here; to be called once it has executed or ended.
    pub(crate) fn read(&self) -> Reported {
        let errno = self.errno.load(Ordering::Acquire);
        match self.failure.load(Ordering::Acquire) {
            0 => Reported::Nothing,
            1 => Reported::TableRefused(errno),
            2 => Reported::Failed(ExecStage::Descriptors, errno),
            3 => Reported::Failed(ExecStage::Refusal, errno),
            4 => Reported::Failed(ExecStage::Credentials, errno),
            5 => Reported::Failed(ExecStage::Directory, errno),
            6.. => Reported::Failed(ExecStage::Exec, errno),
        }
    }

    fn write(&self, failure: &Failure) {
        let (number, errno) = match *failure {
            Failure::Table(errno) => (1, errno),
            Failure::Descriptors(errno) => (2, errno),
            Failure::Refused => (3, 0),
            Failure::Credentials(_, errno) => (4, errno),
            Failure::Directory(errno) => (5, errno),
            Failure::Exec(errno) => (6, errno),
        };
        self.errno.store(errno, Ordering::Release);
        self.failure.store(number, Ordering::Release);
    }
}

/// Why there is no program, with the error number.
enum Failure {
    Table(i32),
    Descriptors(i32),
    Refused,
    Credentials(&'static str, i32),
    Directory(i32),
    Exec(i32),
}

/// Becomes the program, or ends with status 127 after telling why.
pub(crate) fn run(plan: &ChildPlan<'_>) -> ! {
    let Err(failure) = become_program(plan);
    plan.report.write(&failure);
    explain(plan, &failure);
    // SAFETY: _exit(2) does not return and runs nothing of ours.
    unsafe { libc::_exit(NOT_SPAWNED) }
}

/// For clone(2): `plan` is a [`ChildPlan`] that outlives the child's use of it.
pub(crate) extern "C" fn run_cloned(plan: *mut c_void) -> c_int {
    let plan = plan.cast::<ChildPlan<'_>>();
    // SAFETY: the parent passes a plan of its own stack frame and does not run before we exec or exit.
    let plan = unsafe { &*plan };
    run(plan)
}

fn become_program(plan: &ChildPlan<'_>) -> Result<Infallible, Failure> {
    if let DescriptorTable::Shared { copy_below } = plan.table {
        // The first step: until it is done, each close and dup would be the daemon's.
        unshare_table(copy_below).map_err(Failure::Table)?;
    }
    plan.dispositions.apply();
    lead_own_process_group();
    place_descriptors(plan)?;
    if plan.refusal.is_some() {
        return Err(Failure::Refused);
    }
    if let Some(credentials) = plan.credentials {
        raw_credentials::assume(credentials).map_err(|(reason, errno)| Failure::Credentials(reason, errno))?;
    }
    if let Some(directory) = plan.directory {
        // SAFETY: chdir(2) reads a string that ends with a zero byte.
        check(unsafe { libc::chdir(directory.as_ptr()) }).map_err(Failure::Directory)?;
    }
    if let Some(umask) = plan.umask {
        // SAFETY: umask(2) takes any value and cannot fail.
        unsafe { libc::umask(umask) };
    }
    unblock_signals();
    // SAFETY: execve(2) reads strings and arrays that end with null; the plan holds such.
    unsafe { libc::execve(plan.executable.as_ptr(), plan.argv.as_ptr(), plan.envp.as_ptr()) };
    Err(Failure::Exec(Errno::last_raw()))
}

/// Signals from a terminal or to the daemon's group do not reach the program.
fn lead_own_process_group() {
    // SAFETY: setpgid(2) with zeros concerns the caller alone; it cannot fail for a child that leads no session.
    unsafe { libc::setpgid(0, 0) };
}

fn place_descriptors(plan: &ChildPlan<'_>) -> Result<(), Failure> {
    for (standard, slot) in (0..).zip(plan.slots) {
        // A slot is never itself standard, so the copy is one that stays open across exec (dup(2)).
        // SAFETY: dup2(2) replaces a descriptor in a table that is the child's own by now.
        check(unsafe { libc::dup2(slot, standard) }).map_err(Failure::Descriptors)?;
    }
    match plan.table {
        // Of 0 to 5, the slots close themselves on exec.
        DescriptorTable::Shared { copy_below: 0..=6 } => {}
        DescriptorTable::Shared { copy_below: 7.. } | DescriptorTable::Copied => close_from(3),
    }
    Ok(())
}

/// From here on signals act, by default: a stop signal that came before is not lost (contract/quirks.md F18).
fn unblock_signals() {
    let mut none = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: sigemptyset(3) fills the set it is given.
    unsafe { libc::sigemptyset(none.as_mut_ptr()) };
    // SAFETY: sigprocmask(2) reads the set filled above; the child has one thread.
    unsafe { libc::sigprocmask(libc::SIG_SETMASK, none.as_ptr(), ptr::null_mut()) };
}

/// Writes the contract's text to fd 2, where it lands in the log of the program.
fn explain(plan: &ChildPlan<'_>, failure: &Failure) {
    let mut message = ChildMessage::new();
    match *failure {
        // fd 2 is not ours yet.
        Failure::Table(_) | Failure::Descriptors(_) => return,
        Failure::Refused => message.refused(plan.refusal.unwrap_or_default().as_bytes()),
        Failure::Credentials(reason, _) => {
            message.credentials(plan.credentials.map_or(0, |credentials| credentials.uid), reason);
        }
        Failure::Directory(errno) => message.directory(plan.directory.map_or(b"", CStr::to_bytes), errno),
        Failure::Exec(errno) => message.exec(plan.argv0, errno),
    }
    message.not_spawned();
    let text = message.bytes();
    // SAFETY: write(2) reads that many bytes of the message. A short or failed write has nobody to be told.
    unsafe { libc::write(2, text.as_ptr().cast(), text.len()) };
}

/// The error number of a call that returned -1.
fn check(result: c_int) -> Result<(), i32> {
    if result == -1 { Err(Errno::last_raw()) } else { Ok(()) }
}
