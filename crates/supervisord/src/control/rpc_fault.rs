//! What refuses a call: a fault of the core's, or one whose number only a plug-in knows (contract/platform.md §2).

use std::fmt;

use supervisor_core::{Fault, FaultCode};

/// A fault as it travels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RpcFault {
    /// `faultCode`
    pub(super) code: i32,
    /// `faultString`, whole.
    pub(super) text: String,
}

impl RpcFault {
    /// A number of a plug-in's own. Supervisor calls all that it does not know UNKNOWN.
    pub(super) fn of_plugin(code: i32, extra: &str) -> Self {
        Self { code, text: format!("UNKNOWN: {extra}") }
    }

    pub(super) fn new(code: FaultCode, extra: impl Into<String>) -> Self {
        Fault::new(code, extra).into()
    }

    pub(super) fn bare(code: FaultCode) -> Self {
        Fault::bare(code).into()
    }
}

impl From<Fault> for RpcFault {
    fn from(fault: Fault) -> Self {
        Self { code: fault.code.number(), text: fault.to_string() }
    }
}

impl fmt::Display for RpcFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
