//! Collecting the statuses of children that have ended, without ever waiting.
//!
//! Plain system calls rather than a wrapper with an enum of signals: one that does not know signal 35 would fail
//! after the kernel has handed the status out, and lose it.
#![expect(unsafe_code, reason = "waitid(2), waitpid(2)")]

use std::ffi::c_int;
use std::io;
use std::mem::MaybeUninit;

use nix::errno::Errno;
use supervisor_core::{ExitStatus, Pid};

use crate::process_attributes::{is_pid1, is_subreaper};

/// Reaps the child with this pid; `None`: it still runs. ECHILD if it was reaped already.
///
/// By its pid where it has a pidfd too: the pid is nobody else's until this has returned its status, and Linux 5.3 as
/// well as some filters know pidfds, but not how to wait for one (waitid(2), P_PIDFD: Linux 5.4).
pub fn wait_pid(pid: Pid) -> io::Result<Option<ExitStatus>> {
    Ok(wait(libc::P_PID, pid.get().unsigned_abs(), libc::WEXITED)?.map(|(_, status)| status))
}

/// Reaps any child that has ended; `None`: none has. The kernel walks all children for it, so it is for strangers and
/// for kernels without pidfds.
pub fn reap_any() -> io::Result<Option<(i32, ExitStatus)>> {
    none_without_children(wait(libc::P_ALL, 0, libc::WEXITED))
}

/// The pid of a child that has ended, which stays to be reaped; `None`: none has.
pub fn peek_any() -> io::Result<Option<i32>> {
    let ended = none_without_children(wait(libc::P_ALL, 0, libc::WEXITED | libc::WNOWAIT))?;
    Ok(ended.map(|(pid, _)| pid))
}

/// Whether children may turn up that we have not started: as pid 1, as subreaper, or since whoever became us by exec
/// had children. For boot, before the first spawn.
pub fn may_adopt_children() -> bool {
    is_pid1() || is_subreaper() || has_children()
}

fn has_children() -> bool {
    match wait(libc::P_ALL, 0, libc::WEXITED | libc::WNOWAIT) {
        Ok(_) => true,
        Err(error) => error.raw_os_error() != Some(libc::ECHILD),
    }
}

fn none_without_children<T>(ended: io::Result<Option<T>>) -> io::Result<Option<T>> {
    match ended {
        Err(error) if error.raw_os_error() == Some(libc::ECHILD) => Ok(None),
        other => other,
    }
}

fn wait(kind: libc::idtype_t, id: libc::id_t, options: c_int) -> io::Result<Option<(i32, ExitStatus)>> {
    // Zeroed, so that its pid is 0 if no child has ended (waitid(2)).
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    loop {
        // SAFETY: waitid(2) writes the struct that it is given.
        let result = unsafe { libc::waitid(kind, id, info.as_mut_ptr(), options | libc::WNOHANG) };
        match Errno::result(result) {
            Ok(_) => break,
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    // SAFETY: all zeros are a valid siginfo_t, and the kernel writes valid ones.
    let info = unsafe { info.assume_init() };
    // SAFETY: after waitid(2) it is that of a child, or all zeros.
    let pid = unsafe { info.si_pid() };
    if pid == 0 {
        return Ok(None);
    }
    // SAFETY: as above.
    let status = unsafe { info.si_status() };
    Ok(Some((pid, exit_status(info.si_code, status))))
}

/// What `CLD_EXITED`, `CLD_KILLED` and `CLD_DUMPED` mean; other codes are not asked for.
fn exit_status(code: c_int, status: c_int) -> ExitStatus {
    if code == libc::CLD_EXITED {
        // exit_group(2) keeps the low byte only.
        ExitStatus::Exited(u8::try_from(status & 0xFF).expect("masked to eight bits"))
    } else {
        ExitStatus::Signaled { signal: status, core_dumped: code == libc::CLD_DUMPED }
    }
}
