//! Sending signals.
#![expect(unsafe_code, reason = "kill(2) with numbers that wrappers do not know, such as SIGRTMAX")]

use nix::errno::Errno;
use supervisor_core::{KillError, KillTarget, Pid, Signal};

use crate::errno::errno_name;

/// Sends a signal to a process, or to the group that it was made the leader of. One that has left that group since
/// (setpgid(2)) gets the signal too, like whoever is still there: a program cannot get out of the way of its end. Safe
/// from reaching a stranger as long as the process has not been reaped.
///
/// # Errors
/// [`KillError::Gone`] when neither is there, else why the process itself could not be signalled.
pub fn kill(target: KillTarget, signal: Signal) -> Result<(), KillError> {
    match target {
        KillTarget::Process(pid) => send(pid.get(), signal),
        // No group of ours, and as -1 it would be everybody.
        KillTarget::Group(pid) if pid.get() == 1 => Err(KillError::Failed("EINVAL: Invalid argument".into())),
        KillTarget::Group(pid) => {
            // Asked before, for a signal may end it; and not sent to it twice, which some programs count.
            let is_there = is_in_own_group(pid);
            let to_group = send(-pid.get(), signal);
            if is_there && to_group.is_ok() { Ok(()) } else { send(pid.get(), signal).or(to_group) }
        }
    }
}

/// To a process, or to a group by its negative number.
fn send(target: i32, signal: Signal) -> Result<(), KillError> {
    // SAFETY: kill(2) takes numbers; a `Pid` is above zero, so these name one process or one group.
    let result = unsafe { libc::kill(target, signal.number()) };
    match Errno::result(result) {
        Ok(_) => Ok(()),
        Err(Errno::ESRCH) => Err(KillError::Gone),
        Err(error) => Err(KillError::Failed(format!("{}: {}", errno_name(error as i32), error.desc()))),
    }
}

fn is_in_own_group(pid: Pid) -> bool {
    // SAFETY: getpgid(2) only reads.
    unsafe { libc::getpgid(pid.get()) == pid.get() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_is_not_there_is_gone() {
        // Above the largest pid of Linux (proc(5), pid_max).
        let nobody = Pid::new(1 << 23).unwrap();
        assert_eq!(kill(KillTarget::Process(nobody), Signal::TERM), Err(KillError::Gone));
        assert_eq!(kill(KillTarget::Group(nobody), Signal::TERM), Err(KillError::Gone));
    }

    #[test]
    fn a_group_is_never_everybody() {
        let init = Pid::new(1).unwrap();
        let refused = KillError::Failed("EINVAL: Invalid argument".to_owned());
        assert_eq!(kill(KillTarget::Group(init), Signal::TERM), Err(refused));
    }
}
