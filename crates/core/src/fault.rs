//! Faults: how a request is refused (contract/rpc.md §2.4).

use std::fmt;

/// Codes of the `supervisor` namespace; the numbers are wire format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the contract's, one table names them all")]
pub enum FaultCode {
    UnknownMethod,
    IncorrectParameters,
    BadArguments,
    SignatureUnsupported,
    ShutdownState,
    BadName,
    BadSignal,
    NoFile,
    NotExecutable,
    Failed,
    AbnormalTermination,
    SpawnError,
    AlreadyStarted,
    NotRunning,
    Success,
    AlreadyAdded,
    StillRunning,
    CantReread,
}

impl FaultCode {
    /// Every code, in the order of the numbers.
    pub const ALL: [Self; 18] = [
        Self::UnknownMethod,
        Self::IncorrectParameters,
        Self::BadArguments,
        Self::SignatureUnsupported,
        Self::ShutdownState,
        Self::BadName,
        Self::BadSignal,
        Self::NoFile,
        Self::NotExecutable,
        Self::Failed,
        Self::AbnormalTermination,
        Self::SpawnError,
        Self::AlreadyStarted,
        Self::NotRunning,
        Self::Success,
        Self::AlreadyAdded,
        Self::StillRunning,
        Self::CantReread,
    ];

    /// The code with this number; `None` for one that only a plug-in knows.
    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.number() == number)
    }

    /// Number and name.
    fn entry(self) -> (i32, &'static str) {
        match self {
            Self::UnknownMethod => (1, "UNKNOWN_METHOD"),
            Self::IncorrectParameters => (2, "INCORRECT_PARAMETERS"),
            Self::BadArguments => (3, "BAD_ARGUMENTS"),
            Self::SignatureUnsupported => (4, "SIGNATURE_UNSUPPORTED"),
            Self::ShutdownState => (6, "SHUTDOWN_STATE"),
            Self::BadName => (10, "BAD_NAME"),
            Self::BadSignal => (11, "BAD_SIGNAL"),
            Self::NoFile => (20, "NO_FILE"),
            Self::NotExecutable => (21, "NOT_EXECUTABLE"),
            Self::Failed => (30, "FAILED"),
            Self::AbnormalTermination => (40, "ABNORMAL_TERMINATION"),
            Self::SpawnError => (50, "SPAWN_ERROR"),
            Self::AlreadyStarted => (60, "ALREADY_STARTED"),
            Self::NotRunning => (70, "NOT_RUNNING"),
            Self::Success => (80, "SUCCESS"),
            Self::AlreadyAdded => (90, "ALREADY_ADDED"),
            Self::StillRunning => (91, "STILL_RUNNING"),
            Self::CantReread => (92, "CANT_REREAD"),
        }
    }

    /// `faultCode`.
    pub fn number(self) -> i32 {
        self.entry().0
    }

    /// The name that begins `faultString`.
    pub fn name(self) -> &'static str {
        self.entry().1
    }
}

/// A refusal: a code and what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Why.
    pub code: FaultCode,
    /// About what; printed after the name.
    pub extra: Option<String>,
}

impl Fault {
    /// A fault about something.
    pub fn new(code: FaultCode, extra: impl Into<String>) -> Self {
        Self { code, extra: Some(extra.into()) }
    }

    /// A fault that says nothing but its name.
    pub fn bare(code: FaultCode) -> Self {
        Self { code, extra: None }
    }
}

/// `faultString`: the name, or `NAME: extra`.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.name())?;
        match &self.extra {
            Some(extra) => write!(f, ": {extra}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_leads_back_to_its_code() {
        for code in FaultCode::ALL {
            assert_eq!(FaultCode::from_number(code.number()), Some(code));
        }
        assert_eq!(FaultCode::from_number(5), None);
    }
}
