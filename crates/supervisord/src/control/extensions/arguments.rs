//! The parameters of a request of an extension: an object with named members.

use supervisor_core::FaultCode;
use supervisor_protocol::xmlrpc::Value;

use crate::control::rpc_fault::RpcFault;

/// What has not been taken yet. Members that nobody takes are ignored: a later version may know them.
#[derive(Debug)]
pub(super) struct Arguments(Vec<(String, Value)>);

impl Arguments {
    /// # Errors
    /// INCORRECT_PARAMETERS: it is no object.
    pub(super) fn of(params: Value) -> Result<Self, RpcFault> {
        match params {
            Value::Struct(members) => Ok(Self(members)),
            Value::Nil => Ok(Self(Vec::new())),
            Value::Array(items) if items.is_empty() => Ok(Self(Vec::new())),
            Value::Array(_)
            | Value::Int(_)
            | Value::Bool(_)
            | Value::Str(_)
            | Value::Double(_)
            | Value::DateTime(_)
            | Value::Base64(_) => Err(incorrect("params must be an object with named members")),
        }
    }

    /// One that may be left out.
    pub(super) fn take_any(&mut self, name: &str) -> Option<Value> {
        let place = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.swap_remove(place).1).filter(|value| *value != Value::Nil)
    }

    /// # Errors
    /// INCORRECT_PARAMETERS: it is not there.
    pub(super) fn take(&mut self, name: &str) -> Result<Value, RpcFault> {
        self.take_any(name).ok_or_else(|| incorrect(&format!("{name} is missing")))
    }

    /// # Errors
    /// INCORRECT_PARAMETERS: it is not there, or no text.
    pub(super) fn text(&mut self, name: &str) -> Result<String, RpcFault> {
        self.take(name)?.into_text().ok_or_else(|| incorrect(&format!("{name} must be a string")))
    }

    /// # Errors
    /// INCORRECT_PARAMETERS: it is not there, or no whole number.
    pub(super) fn int(&mut self, name: &str) -> Result<i64, RpcFault> {
        match self.take(name)? {
            Value::Int(number) => Ok(number),
            _ => Err(incorrect(&format!("{name} must be a whole number"))),
        }
    }

    /// `group:process` from `group` and `name`.
    ///
    /// # Errors
    /// INCORRECT_PARAMETERS: one of them is not there, or no text.
    pub(super) fn process(&mut self) -> Result<String, RpcFault> {
        Ok(format!("{}:{}", self.text("group")?, self.text("name")?))
    }
}

/// A fault about parameters.
pub(super) fn incorrect(why: &str) -> RpcFault {
    RpcFault::new(FaultCode::IncorrectParameters, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_taken_by_name_and_type() {
        let member = |name: &str, value| (name.to_owned(), value);
        let mut arguments = Arguments::of(Value::Struct(vec![
            member("group", Value::from("g")),
            member("name", Value::from("x")),
            member("pid", Value::Int(7)),
            member("none", Value::Nil),
            member("pids", Value::from("7")),
        ]))
        .unwrap();
        assert_eq!(arguments.process().unwrap(), "g:x");
        assert_eq!(arguments.int("pid").unwrap(), 7);
        assert_eq!(arguments.take_any("none"), None);
        for fault in [arguments.int("pid"), arguments.int("pids")] {
            assert_eq!(fault.unwrap_err().code, 2);
        }
        assert!(Arguments::of(Value::Nil).is_ok() && Arguments::of(Value::Array(vec![])).is_ok());
        assert!(Arguments::of(Value::Array(vec![Value::Nil])).is_err());
    }
}
