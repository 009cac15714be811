//! The numbers of faults and of results (contract/rpc.md §2.4, §4.4).

use std::fmt;

use supervisor_core::FaultCode;

/// A number that a server gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResultCode {
    /// One of the `supervisor` namespace.
    Known(FaultCode),
    /// One that only a plug-in of the server, or a later server, knows.
    Other(i64),
}

impl ResultCode {
    /// The code behind a number.
    pub(crate) fn from_number(number: i64) -> Self {
        i32::try_from(number).ok().and_then(FaultCode::from_number).map_or(Self::Other(number), Self::Known)
    }

    /// The number.
    pub(crate) fn value(self) -> i64 {
        match self {
            Self::Known(code) => code.number().into(),
            Self::Other(number) => number,
        }
    }
}

/// The number.
impl fmt::Display for ResultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_survive() {
        assert_eq!(ResultCode::from_number(10), ResultCode::Known(FaultCode::BadName));
        for number in [10, 5, 1 << 40] {
            assert_eq!(ResultCode::from_number(number).to_string(), number.to_string());
        }
    }
}
