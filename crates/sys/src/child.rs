//! The child half of a spawn: everything between clone or fork and exec (contract/processes.md §3.3).
//!
//! Allowed here are the calls that signal-safety(7) lists, and raw system calls. Nothing allocates, takes a lock,
//! panics or calls a destructor: another thread of the daemon may hold any lock, and with [`Memory::Shared`] memory
//! and thread-local storage are the daemon's own, whose thread waits until we exec or exit (clone(2), CLONE_VFORK).
//! `tests/child_does_not_allocate.rs` stands guard.
//!
//! Not here: which program, which user, which text. The parent half has looked all that up before.
#![expect(unsafe_code, reason = "system calls in a process that must not allocate")]

use std::convert::Infallible;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::os::fd::RawFd;
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};

use nix::errno::Errno;
use supervisor_core::Signal;

use crate::child_attributes::{ChildAttributes, NotSet};
use crate::child_message::Words;
use crate::close_descriptors::unshare_table;
use crate::credentials::Credentials;
use crate::exec_report::{Word, tell};
use crate::place_descriptors::{Placement, place_descriptors};
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
    /// What it sets of itself.
    pub(crate) attributes: &'a ChildAttributes,
    /// The daemon, whose end may be the child's.
    pub(crate) daemon: libc::pid_t,
    /// Who it is to be; `None`: who we are.
    pub(crate) credentials: Option<&'a Credentials>,
    /// Why it cannot be started at all.
    pub(crate) refusal: Option<&'a str>,
    /// What it gets, and nothing else.
    pub(crate) descriptors: &'a [Placement],
    /// Whose descriptors it sees at first.
    pub(crate) table: DescriptorTable,
    /// Whose memory it runs on.
    pub(crate) memory: Memory<'a>,
    /// Signals that must not meet the daemon's handlers.
    pub(crate) dispositions: &'a SignalDispositions,
    /// Its RLIMIT_NOFILE, where the daemon has another one.
    pub(crate) descriptor_limit: Option<&'a libc::rlimit>,
    /// The pipe where its fate is told; closed on exec, and below what is copied of a shared table.
    pub(crate) report: RawFd,
}

/// Whose table of descriptors a child starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DescriptorTable {
    /// The daemon's own; the child copies what lies below this number and leaves the rest alone.
    Shared {
        /// One above the highest number that the child needs.
        copy_below: u32,
    },
    /// A copy of the daemon's.
    Copied,
}

impl DescriptorTable {
    /// Above this nothing is open once the child has a table of its own.
    pub(crate) fn end(self) -> Option<RawFd> {
        match self {
            Self::Shared { copy_below } => Some(RawFd::try_from(copy_below).unwrap_or(RawFd::MAX)),
            Self::Copied => None,
        }
    }
}

/// Whose memory a child runs on. The daemon's own only for one that stays who the daemon is: whoever else may stop,
/// trace or slow down a child does so to everybody who shares its memory.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Memory<'a> {
    /// The daemon's, whose thread waits.
    Shared(&'a Outcome),
    /// A copy of the daemon's, which goes on as soon as the child has told of its table.
    Copied,
}

/// What becomes of a child that shares our memory, left there for the thread that waits for it.
#[derive(Debug, Default)]
pub(crate) struct Outcome(AtomicU32);

/// What an [`Outcome`] holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Became {
    /// Its program.
    Program,
    /// Nothing: the kernel does not let the table be unshared.
    Refused,
    /// Nothing: why stands in the pipe of reports.
    Failure,
}

impl Outcome {
    /// To be read once the child has executed or ended.
    pub(crate) fn read(&self) -> Became {
        match self.0.load(Ordering::Acquire) {
            0 => Became::Program,
            1 => Became::Refused,
            2.. => Became::Failure,
        }
    }

    fn write(&self, failure: &Failure<'_>) {
        let number = match failure {
            Failure::Table => 1,
            Failure::Descriptors(_)
            | Failure::Refused
            | Failure::Setting(_)
            | Failure::Credentials(_)
            | Failure::Directory(_)
            | Failure::Exec(_) => 2,
        };
        self.0.store(number, Ordering::Release);
    }
}

/// Why there is no program, with the error number or the contract's reason.
enum Failure<'a> {
    Table,
    Descriptors(i32),
    Refused,
    Setting(NotSet<'a>),
    Credentials(&'static str),
    Directory(i32),
    Exec(i32),
}

/// Becomes the program, or ends with status 127 after telling why.
pub(crate) fn run(plan: &ChildPlan<'_>) -> ! {
    let mut report = plan.report;
    let Err(failure) = become_program(plan, &mut report);
    explain(plan, &failure, report);
    if let Memory::Shared(outcome) = plan.memory {
        outcome.write(&failure);
    }
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

/// `report`: where the pipe of reports is, which moves with the other descriptors.
fn become_program<'a>(plan: &ChildPlan<'a>, report: &mut RawFd) -> Result<Infallible, Failure<'a>> {
    if let DescriptorTable::Shared { copy_below } = plan.table {
        // The first step: until it is done, each close and dup would be the daemon's.
        unshare_table(copy_below).map_err(|_| Failure::Table)?;
    }
    leave_the_daemons_group(plan.attributes.new_session);
    if let (DescriptorTable::Shared { .. }, Memory::Copied) = (plan.table, plan.memory) {
        tell(*report, &Word::TableUnshared);
    }
    plan.dispositions.apply();
    place_descriptors(plan.descriptors, report, plan.table).map_err(Failure::Descriptors)?;
    if plan.refusal.is_some() {
        return Err(Failure::Refused);
    }
    if let Some(limit) = plan.descriptor_limit {
        restore_descriptor_limit(limit);
    }
    plan.attributes.apply_privileged().map_err(Failure::Setting)?;
    if let Some(credentials) = plan.credentials {
        assume(credentials)?;
    }
    plan.attributes.apply_as_user(plan.credentials.is_some()).map_err(Failure::Setting)?;
    if let Some(signal) = plan.attributes.pdeathsig {
        die_with_the_daemon(signal, plan.daemon);
    }
    if let Some(directory) = plan.directory {
        // SAFETY: chdir(2) reads a string that ends with a zero byte.
        check(unsafe { libc::chdir(directory.as_ptr()) }).map_err(Failure::Directory)?;
    }
    plan.attributes.apply_last().map_err(Failure::Setting)?;
    unblock_signals();
    // SAFETY: execve(2) reads strings and arrays that end with null; the plan holds such.
    unsafe { libc::execve(plan.executable.as_ptr(), plan.argv.as_ptr(), plan.envp.as_ptr()) };
    Err(Failure::Exec(Errno::last_raw()))
}

/// Becomes the user. From then on everything of that user may stop this process, trace it and read its memory, which is
/// a copy of the daemon's with all passwords: so it is never dumpable (prctl(2), PR_SET_DUMPABLE; exec undoes that).
fn assume(credentials: &Credentials) -> Result<(), Failure<'static>> {
    forbid_dumps();
    raw_credentials::assume(credentials).map_err(Failure::Credentials)?;
    // A change of user sets it to fs.suid_dumpable (proc(5)).
    forbid_dumps();
    Ok(())
}

fn forbid_dumps() {
    // SAFETY: prctl(2) with PR_SET_DUMPABLE takes a number, and zero is always allowed.
    unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0 as libc::c_ulong) };
}

/// A limit of the daemon's own is not its programs'.
fn restore_descriptor_limit(limit: &libc::rlimit) {
    // SAFETY: setrlimit(2) reads the struct. It fails for no limit that was in force before.
    unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, limit) };
}

/// To be called when the child is who it is to be: a change of user takes the wish back (prctl(2), PR_SET_PDEATHSIG).
fn die_with_the_daemon(signal: Signal, daemon: libc::pid_t) {
    let number = libc::c_ulong::from(signal.number().unsigned_abs());
    // SAFETY: prctl(2) with PR_SET_PDEATHSIG takes a number; that of a signal is always allowed.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, number) };
    // SAFETY: getppid(2) cannot fail.
    if unsafe { libc::getppid() } != daemon {
        // It was gone before the kernel knew.
        // SAFETY: _exit(2) does not return and runs nothing of ours.
        unsafe { libc::_exit(NOT_SPAWNED) };
    }
}

/// Signals from a terminal or to the daemon's group do not reach the program, which leads a group of its own, perhaps
/// in a session of its own.
fn leave_the_daemons_group(new_session: bool) {
    if new_session {
        // SAFETY: setsid(2) concerns the caller alone; it cannot fail for a child that leads no group.
        unsafe { libc::setsid() };
        return;
    }
    // SAFETY: setpgid(2) with zeros concerns the caller alone; it cannot fail for a child that leads no session.
    unsafe { libc::setpgid(0, 0) };
}

/// From here on signals act, by default: a stop signal that came before is not lost (contract/quirks.md F18).
fn unblock_signals() {
    let mut none = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: sigemptyset(3) fills the set it is given.
    unsafe { libc::sigemptyset(none.as_mut_ptr()) };
    // SAFETY: sigprocmask(2) reads the set filled above; the child has one thread.
    unsafe { libc::sigprocmask(libc::SIG_SETMASK, none.as_ptr(), ptr::null_mut()) };
}

/// Tells the daemon, and the log of the program by fd 2.
fn explain(plan: &ChildPlan<'_>, failure: &Failure<'_>, report: RawFd) {
    let mut words = Words::new();
    match *failure {
        Failure::Table => return tell(report, &Word::TableRefused),
        Failure::Descriptors(errno) => words.descriptors(errno),
        Failure::Refused => words.refused(plan.refusal.unwrap_or_default().as_bytes()),
        Failure::Setting((what, errno)) => words.setting(what.as_bytes(), errno),
        Failure::Credentials(reason) => {
            words.credentials(plan.credentials.map_or(0, |credentials| credentials.uid), reason);
        }
        Failure::Directory(errno) => words.directory(plan.directory.map_or(b"", CStr::to_bytes), errno),
        Failure::Exec(errno) => words.exec(plan.argv0, errno),
    }
    tell(report, &Word::Failed(&words));
    if let Failure::Descriptors(_) = failure {
        // fd 2 is not ours yet.
        return;
    }
    let text = words.lines();
    // SAFETY: write(2) reads that many bytes of the text. A short or failed write has nobody to be told.
    unsafe { libc::write(2, text.bytes().as_ptr().cast(), text.bytes().len()) };
}

/// The error number of a call that returned -1.
fn check(result: c_int) -> Result<(), i32> {
    if result == -1 { Err(Errno::last_raw()) } else { Ok(()) }
}
