//! The answers of the server, as far as the commands look at them (contract/rpc.md §4.3, §4.4).
//!
//! What is not needed is not looked at, so that other releases of the server may say more.

use supervisor_protocol::xmlrpc::Value;

use crate::result_code::ResultCode;
use crate::world::ProcessName;

/// Why an answer is not of the expected shape: what was expected.
type Mismatch = &'static str;

/// A process of `getProcessInfo`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ProcessInfo {
    pub(crate) group: String,
    pub(crate) name: String,
    /// Number of the state.
    pub(crate) state: i32,
    pub(crate) statename: String,
    pub(crate) description: String,
    /// 0: none.
    pub(crate) pid: i64,
    /// What else the server tells, in any order.
    pub(crate) others: Vec<(String, Value)>,
}

impl ProcessInfo {
    /// One of the other members, if it is a number; 0 if not.
    pub(crate) fn number(&self, name: &str) -> i64 {
        match self.member(name) {
            Some(Value::Int(number)) => *number,
            Some(_) | None => 0,
        }
    }

    /// One of the other members, if it is a text; empty if not.
    pub(crate) fn text(&self, name: &str) -> &str {
        match self.member(name) {
            Some(Value::Str(text)) => text,
            Some(_) | None => "",
        }
    }

    /// One of the other members.
    pub(crate) fn member(&self, name: &str) -> Option<&Value> {
        self.others.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

/// What became of one process in an operation on several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProcessResult {
    pub(crate) group: String,
    pub(crate) name: String,
    /// A fault code, or 80 for success.
    pub(crate) status: ResultCode,
    pub(crate) description: String,
}

/// A process of `getAllConfigInfo`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConfigInfo {
    pub(crate) group: String,
    pub(crate) name: String,
    pub(crate) in_use: bool,
    pub(crate) autostart: bool,
    pub(crate) group_priority: i64,
    pub(crate) process_priority: i64,
}

/// Names of groups, as `reloadConfig` sorts them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reloaded {
    pub(crate) added: Vec<String>,
    pub(crate) changed: Vec<String>,
    pub(crate) removed: Vec<String>,
}

/// What an answer is turned into.
pub(crate) trait FromValue: Sized {
    /// The value as this type, or what was expected instead.
    fn from_value(value: Value) -> Result<Self, Mismatch>;
}

impl FromValue for String {
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        let Value::Str(text) = value else { return Err("a string") };
        Ok(text)
    }
}

impl FromValue for i64 {
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        let Value::Int(number) = value else { return Err("an integer") };
        Ok(number)
    }
}

impl FromValue for i32 {
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        Self::try_from(i64::from_value(value)?).map_err(|_| "an integer of 32 bits")
    }
}

impl FromValue for bool {
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        let Value::Bool(truth) = value else { return Err("a boolean") };
        Ok(truth)
    }
}

/// Any answer, to be looked at by whoever asked.
impl FromValue for Value {
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        Ok(value)
    }
}

/// Any answer: that there is one is all that counts.
impl FromValue for () {
    fn from_value(_: Value) -> Result<Self, Mismatch> {
        Ok(())
    }
}

impl<T: FromValue> FromValue for Vec<T> {
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        let Value::Array(items) = value else { return Err("an array") };
        items.into_iter().map(T::from_value).collect()
    }
}

impl FromValue for ProcessInfo {
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        let mut members = Members::of(value)?;
        Ok(Self {
            group: members.take("group")?,
            name: members.take("name")?,
            state: members.take("state")?,
            statename: members.take("statename")?,
            description: members.take("description")?,
            pid: members.take("pid")?,
            others: members.0,
        })
    }
}

impl FromValue for ProcessName {
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        let mut members = Members::of(value)?;
        Ok(Self { group: members.take("group")?, name: members.take("name")? })
    }
}

impl FromValue for ProcessResult {
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        let mut members = Members::of(value)?;
        Ok(Self {
            group: members.take("group")?,
            name: members.take("name")?,
            status: ResultCode::from_number(members.take("status")?),
            description: members.take("description")?,
        })
    }
}

impl FromValue for ConfigInfo {
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        let mut members = Members::of(value)?;
        Ok(Self {
            group: members.take("group")?,
            name: members.take("name")?,
            in_use: members.take("inuse")?,
            autostart: members.take("autostart")?,
            group_priority: members.take("group_prio")?,
            process_priority: members.take("process_prio")?,
        })
    }
}

/// `reloadConfig` nests its three lists once more than needed (quirks.md K06).
impl FromValue for Reloaded {
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        const EXPECTED: Mismatch = "three arrays in an array";
        let outer: Vec<Vec<Vec<String>>> = FromValue::from_value(value).map_err(|_| EXPECTED)?;
        let [added, changed, removed] =
            outer.into_iter().next().and_then(|lists| lists.try_into().ok()).ok_or(EXPECTED)?;
        Ok(Self { added, changed, removed })
    }
}

/// The members of a struct, each taken once.
struct Members(Vec<(String, Value)>);

impl Members {
    fn of(value: Value) -> Result<Self, Mismatch> {
        let Value::Struct(members) = value else { return Err("a struct") };
        Ok(Self(members))
    }

    fn take<T: FromValue>(&mut self, name: &'static str) -> Result<T, Mismatch> {
        let index = self.0.iter().position(|(known, _)| known == name).ok_or(name)?;
        T::from_value(self.0.swap_remove(index).1).map_err(|_| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn structure(members: &[(&str, Value)]) -> Value {
        Value::Struct(members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
    }

    #[test]
    fn a_struct_may_say_more_than_is_read() {
        let value = structure(&[("new", Value::Nil), ("group", Value::from("g")), ("name", Value::from("n"))]);
        assert_eq!(ProcessName::from_value(value), Ok(ProcessName { group: "g".to_owned(), name: "n".to_owned() }));
    }

    #[test]
    fn what_is_missing_or_of_another_type_is_named() {
        let name = ("name", Value::from("n"));
        assert_eq!(ProcessName::from_value(structure(std::slice::from_ref(&name))), Err("group"));
        assert_eq!(ProcessName::from_value(structure(&[("group", Value::Int(1)), name])), Err("group"));
        assert_eq!(ProcessName::from_value(Value::Nil), Err("a struct"));
        assert_eq!(i32::from_value(Value::Int(1 << 40)), Err("an integer of 32 bits"));
    }

    #[test]
    fn reloaded_lists_are_nested_once_more() {
        let names = |names: &[&str]| Value::Array(names.iter().map(|name| Value::from(*name)).collect());
        let lists = Value::Array(vec![names(&["a"]), names(&[]), names(&["b", "c"])]);
        let reloaded = Reloaded::from_value(Value::Array(vec![lists.clone()])).unwrap();
        assert_eq!((reloaded.added, reloaded.removed), (vec!["a".to_owned()], vec!["b".to_owned(), "c".to_owned()]));
        assert!(Reloaded::from_value(lists).is_err());
    }
}
