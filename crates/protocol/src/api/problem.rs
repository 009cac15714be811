//! Why a request below `/api/v1` is refused: the words of reference/web.md §11.8, by RFC 9457.
//!
//! A word is for programs and stays; each has one status. What exactly is wrong is a sentence for people, which may
//! change with every release.

use supervisor_core::FaultCode;

/// The word for a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each has its title in one table")]
pub enum ProblemCode {
    BadRequest,
    UnknownParameter,
    UnknownMember,
    Unauthorized,
    Forbidden,
    CrossSite,
    UnknownHost,
    NotFound,
    NoSuchProcess,
    NoSuchGroup,
    NoSuchMethod,
    NoLog,
    MethodNotAllowed,
    RequestTimeout,
    Changed,
    StillRunning,
    AlreadyAdded,
    AlreadyStarted,
    NotRunning,
    StdinClosed,
    TooLarge,
    UnsupportedMediaType,
    BadRange,
    BadSignal,
    BadWait,
    CannotStart,
    CannotReread,
    Failed,
    ShuttingDown,
    TooManyStreams,
    Busy,
}

impl ProblemCode {
    /// All of them, by status.
    pub const ALL: [Self; 31] = [
        Self::BadRequest,
        Self::UnknownParameter,
        Self::UnknownMember,
        Self::Unauthorized,
        Self::Forbidden,
        Self::CrossSite,
        Self::UnknownHost,
        Self::NotFound,
        Self::NoSuchProcess,
        Self::NoSuchGroup,
        Self::NoSuchMethod,
        Self::NoLog,
        Self::MethodNotAllowed,
        Self::RequestTimeout,
        Self::Changed,
        Self::StillRunning,
        Self::AlreadyAdded,
        Self::AlreadyStarted,
        Self::NotRunning,
        Self::StdinClosed,
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::BadRange,
        Self::BadSignal,
        Self::BadWait,
        Self::CannotStart,
        Self::CannotReread,
        Self::Failed,
        Self::ShuttingDown,
        Self::TooManyStreams,
        Self::Busy,
    ];

    /// Status, name, title.
    fn entry(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::BadRequest => (400, "bad-request", "The request cannot be understood"),
            Self::UnknownParameter => (400, "unknown-parameter", "There is no such parameter"),
            Self::UnknownMember => (400, "unknown-member", "There is no such member"),
            Self::Unauthorized => (401, "unauthorized", "Credentials are needed"),
            Self::Forbidden => (403, "forbidden", "Not allowed"),
            Self::CrossSite => (403, "cross-site", "Another web site has made the browser ask"),
            Self::UnknownHost => (403, "unknown-host", "This server is not known by that name"),
            Self::NotFound => (404, "not-found", "There is nothing at this path"),
            Self::NoSuchProcess => (404, "no-such-process", "No such process"),
            Self::NoSuchGroup => (404, "no-such-group", "No such group"),
            Self::NoSuchMethod => (404, "no-such-method", "No such method"),
            Self::NoLog => (404, "no-log", "There is no such log file"),
            Self::MethodNotAllowed => (405, "method-not-allowed", "Not by this method of HTTP"),
            Self::RequestTimeout => (408, "request-timeout", "The body of the request did not come in time"),
            Self::Changed => (409, "changed", "It is no longer what the request takes it for"),
            Self::StillRunning => (409, "still-running", "Processes of the group run still"),
            Self::AlreadyAdded => (409, "already-added", "The group is there already"),
            Self::AlreadyStarted => (409, "already-started", "The process was started already"),
            Self::NotRunning => (409, "not-running", "The process does not run"),
            Self::StdinClosed => (409, "stdin-closed", "The process has closed its standard input"),
            Self::TooLarge => (413, "too-large", "Larger than is taken"),
            Self::UnsupportedMediaType => (415, "unsupported-media-type", "The body has to be JSON"),
            Self::BadRange => (416, "bad-range", "The log has no such bytes"),
            Self::BadSignal => (422, "bad-signal", "There is no such signal"),
            Self::BadWait => (422, "bad-wait", "So long is not waited"),
            Self::CannotStart => (422, "cannot-start", "The process could not be started"),
            Self::CannotReread => (422, "cannot-reread", "The configuration cannot be read"),
            Self::Failed => (500, "failed", "It could not be done"),
            Self::ShuttingDown => (503, "shutting-down", "supervisord is shutting down or restarting"),
            Self::TooManyStreams => (503, "too-many-streams", "As many clients follow something as may"),
            Self::Busy => (503, "busy", "Too much is being done already"),
        }
    }

    /// The status of an answer that says it.
    pub fn status(self) -> u16 {
        self.entry().0
    }

    /// `no-such-process`
    pub fn name(self) -> &'static str {
        self.entry().1
    }

    /// A few words, always the same.
    pub fn title(self) -> &'static str {
        self.entry().2
    }

    /// What a fault of XML-RPC is called here.
    pub fn of_fault(code: FaultCode) -> Self {
        match code {
            FaultCode::UnknownMethod => Self::NoSuchMethod,
            FaultCode::IncorrectParameters | FaultCode::BadArguments | FaultCode::SignatureUnsupported => {
                Self::BadRequest
            }
            FaultCode::ShutdownState => Self::ShuttingDown,
            FaultCode::BadName => Self::NoSuchProcess,
            FaultCode::BadSignal => Self::BadSignal,
            FaultCode::NoFile | FaultCode::NotExecutable | FaultCode::AbnormalTermination | FaultCode::SpawnError => {
                Self::CannotStart
            }
            FaultCode::AlreadyStarted => Self::AlreadyStarted,
            FaultCode::NotRunning => Self::NotRunning,
            FaultCode::AlreadyAdded => Self::AlreadyAdded,
            FaultCode::StillRunning => Self::StillRunning,
            FaultCode::CantReread => Self::CannotReread,
            FaultCode::Failed | FaultCode::Success => Self::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_has_a_name_of_its_own_and_a_status_of_a_refusal() {
        let names: HashSet<&str> = ProblemCode::ALL.into_iter().map(ProblemCode::name).collect();
        assert_eq!(names.len(), ProblemCode::ALL.len());
        assert!(ProblemCode::ALL.into_iter().all(|code| (400..600).contains(&code.status())));
        assert!(ProblemCode::ALL.into_iter().is_sorted_by_key(ProblemCode::status));
        assert!(names.iter().all(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')));
    }

    #[test]
    fn a_fault_of_a_client_is_never_our_failure() {
        for fault in FaultCode::ALL {
            let ours = matches!(fault, FaultCode::Failed | FaultCode::Success | FaultCode::ShutdownState);
            assert_eq!(ProblemCode::of_fault(fault).status() >= 500, ours, "{fault:?}");
        }
    }
}
