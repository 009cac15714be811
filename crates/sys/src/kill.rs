//! Sending signals.
#![expect(unsafe_code, reason = "kill(2) with numbers that wrappers do not know, such as SIGRTMAX")]

use nix::errno::Errno;
use supervisor_core::{KillError, KillTarget, Signal};

use crate::errno::errno_name;

/// Sends a signal to a process or to the group that it leads. Safe from reaching a stranger as long as the process
/// has not been reaped.
pub fn kill(target: KillTarget, signal: Signal) -> Result<(), KillError> {
    let target = match target {
        KillTarget::Process(pid) => pid.get(),
        // No group of ours, and as -1 it would be everybody.
        KillTarget::Group(pid) if pid.get() == 1 => return Err(KillError::Failed("EINVAL: Invalid argument".into())),
        KillTarget::Group(pid) => -pid.get(),
    };
    // SAFETY: kill(2) takes numbers; a `Pid` is above zero, so these name one process or one group.
    let result = unsafe { libc::kill(target, signal.number()) };
    match Errno::result(result) {
        Ok(_) => Ok(()),
        Err(Errno::ESRCH) => Err(KillError::Gone),
        Err(error) => Err(KillError::Failed(format!("{}: {}", errno_name(error as i32), error.desc()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use supervisor_core::Pid;

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
