//! What `supervisorctl` tells its caller by number (contract/ctl.md §2).
//!
//! The numbers are those of the LSB for init scripts. The status of a session starts at 0, is set by what goes
//! wrong and is never set back: the last error wins.

use supervisor_core::FaultCode;

/// Exit status of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExitStatus {
    /// All went well, or the wanted state was already there.
    Success,
    /// Any error without a number of its own.
    Generic,
    /// `start` without a name or of a group that is not there.
    InvalidArguments,
    /// The server does not have the `supervisor` namespace.
    NamespaceMissing,
    /// `status`: something that was listed is stopped.
    SomethingStopped,
    /// The server's address refuses connections.
    ConnectionRefused,
    /// `status`: an unknown name, or no server to ask.
    StatusUnknown,
    /// The server speaks another version of the API.
    ApiMismatch,
    /// A process is dead that should live, or the server's socket file is missing.
    NotRunning,
    /// What a plug-in, or an executable in `PATH`, says.
    Foreign(u8),
}

impl ExitStatus {
    /// The number for the caller.
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Generic => 1,
            Self::InvalidArguments => 2,
            Self::NamespaceMissing | Self::SomethingStopped => 3,
            Self::ConnectionRefused | Self::StatusUnknown => 4,
            Self::ApiMismatch => 5,
            Self::NotRunning => 7,
            Self::Foreign(number) => number,
        }
    }

    /// The status that a result code asks for; `None` leaves the status as it is. `ignored` is the code that
    /// says that the wanted state was already there.
    pub(crate) fn of_result(code: FaultCode, ignored: Option<FaultCode>) -> Option<Self> {
        if Some(code) == ignored {
            return None;
        }
        match code {
            FaultCode::Success => None,
            FaultCode::SpawnError | FaultCode::AbnormalTermination | FaultCode::NotRunning => Some(Self::NotRunning),
            FaultCode::UnknownMethod
            | FaultCode::IncorrectParameters
            | FaultCode::BadArguments
            | FaultCode::SignatureUnsupported
            | FaultCode::ShutdownState
            | FaultCode::BadName
            | FaultCode::BadSignal
            | FaultCode::NoFile
            | FaultCode::NotExecutable
            | FaultCode::Failed
            | FaultCode::AlreadyStarted
            | FaultCode::AlreadyAdded
            | FaultCode::StillRunning
            | FaultCode::CantReread => Some(Self::Generic),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dead_programs_are_seven_and_other_faults_one() {
        assert_eq!(ExitStatus::of_result(FaultCode::SpawnError, None), Some(ExitStatus::NotRunning));
        assert_eq!(ExitStatus::of_result(FaultCode::BadName, None), Some(ExitStatus::Generic));
        assert_eq!(ExitStatus::of_result(FaultCode::Success, None), None);
        assert_eq!(ExitStatus::NotRunning.number(), 7);
    }

    #[test]
    fn the_ignored_code_changes_nothing() {
        assert_eq!(ExitStatus::of_result(FaultCode::NotRunning, Some(FaultCode::NotRunning)), None);
        assert_eq!(
            ExitStatus::of_result(FaultCode::NotRunning, Some(FaultCode::AlreadyStarted)),
            Some(ExitStatus::NotRunning)
        );
    }
}
