//! Refusals, in both directions.

use std::fmt;
use std::io;

use supervisor_protocol::extension::ErrorAnswer;

/// A refusal: of a method, for whoever has called it, or of supervisord, for a call back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// `faultCode`. Codes of your own: 1000 and above.
    pub code: i32,
    /// The whole `faultString`, by custom `NAME: what it is about`.
    pub text: String,
}

impl Fault {
    /// 1: there is no such method.
    pub const UNKNOWN_METHOD: i32 = 1;
    /// 2: the arguments are too many, too few or of other types.
    pub const INCORRECT_PARAMETERS: i32 = 2;
    /// 30: it did not work out.
    pub const FAILED: i32 = 30;

    /// Any refusal.
    pub fn new(code: i32, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }

    /// `FAILED: ` and why.
    pub fn failed(why: impl fmt::Display) -> Self {
        Self::new(Self::FAILED, format!("FAILED: {why}"))
    }

    /// `INCORRECT_PARAMETERS: ` and how it should have been called.
    pub fn incorrect_parameters(usage: impl fmt::Display) -> Self {
        Self::new(Self::INCORRECT_PARAMETERS, format!("INCORRECT_PARAMETERS: {usage}"))
    }

    pub(crate) fn unknown_method() -> Self {
        Self::new(Self::UNKNOWN_METHOD, "UNKNOWN_METHOD")
    }

    pub(crate) fn gone() -> Self {
        Self::failed("supervisord has ended the channel")
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "fault {}: {}", self.code, self.text)
    }
}

impl std::error::Error for Fault {}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::failed(error)
    }
}

impl From<ErrorAnswer> for Fault {
    fn from(error: ErrorAnswer) -> Self {
        Self { code: error.code, text: error.message }
    }
}

impl From<Fault> for ErrorAnswer {
    fn from(fault: Fault) -> Self {
        Self { code: fault.code, message: fault.text }
    }
}
