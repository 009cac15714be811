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
        KillTarget::Group(pid) => -pid.get(),
    };
    // SAFETY: kill(2) takes numbers; these name no more than one process or group (a `Pid` is above zero, and 1 as a
    // group would be everybody, which `Pid` cannot exclude but no child has).
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
}
