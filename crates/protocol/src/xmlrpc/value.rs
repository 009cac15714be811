//! A value as XML-RPC knows it.

/// One value. A struct keeps the order of its members.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `<int>`, `<i4>`, `<i8>`
    Int(i64),
    /// `<boolean>`
    Bool(bool),
    /// `<string>`, or text without a type
    Str(String),
    /// `<double>`
    Double(f64),
    /// `<dateTime.iso8601>`, as `YYYYMMDDTHH:MM:SS`
    DateTime(String),
    /// `<base64>`
    Base64(Vec<u8>),
    /// `<array>`
    Array(Vec<Value>),
    /// `<struct>`
    Struct(Vec<(String, Value)>),
    /// `<nil/>`
    Nil,
}

impl Value {
    /// The member of a struct with this name, the last one if there are several; `None` for other values too.
    pub fn member(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Struct(members) => members.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value),
            Self::Int(_)
            | Self::Bool(_)
            | Self::Str(_)
            | Self::Double(_)
            | Self::DateTime(_)
            | Self::Base64(_)
            | Self::Array(_)
            | Self::Nil => None,
        }
    }

    /// The text of a string; `None` for other values, whatever they could be written as.
    pub fn into_text(self) -> Option<String> {
        match self {
            Self::Str(text) => Some(text),
            Self::Int(_)
            | Self::Bool(_)
            | Self::Double(_)
            | Self::DateTime(_)
            | Self::Base64(_)
            | Self::Array(_)
            | Self::Struct(_)
            | Self::Nil => None,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Str(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Str(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}
