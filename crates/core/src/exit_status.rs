//! How a child ended, and the words for it (contract/processes.md §10.1, «Wait-status wording»).

use std::fmt;

use crate::signal::signal_name;

/// The end of a child, as `wait(2)` tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// `exit(status)`, 0..=255.
    Exited(u8),
    /// Killed by a signal, by its number.
    Signaled {
        /// The signal's number.
        signal: i32,
        /// A core file was written.
        core_dumped: bool,
    },
}

impl ExitStatus {
    /// What RPC reports and `exitcodes` is compared with: the exit status, -1 for death by signal.
    pub fn code(self) -> i32 {
        match self {
            Self::Exited(status) => i32::from(status),
            Self::Signaled { .. } => -1,
        }
    }
}

impl fmt::Display for ExitStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(status) => write!(f, "exit status {status}"),
            Self::Signaled { signal, core_dumped } => {
                match signal_name(*signal) {
                    Some(name) => write!(f, "terminated by {name}")?,
                    None => write!(f, "terminated by signal {signal}")?,
                }
                if *core_dumped { f.write_str(" (core dumped)") } else { Ok(()) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ExitStatus;

    #[test]
    fn wording_is_the_contracts() {
        assert_eq!(ExitStatus::Exited(7).to_string(), "exit status 7");
        let killed = |signal, core_dumped| ExitStatus::Signaled { signal, core_dumped }.to_string();
        assert_eq!(killed(15, false), "terminated by SIGTERM");
        assert_eq!(killed(6, true), "terminated by SIGABRT (core dumped)");
        assert_eq!(killed(29, false), "terminated by SIGPOLL");
        assert_eq!(killed(35, false), "terminated by signal 35");
    }
}
