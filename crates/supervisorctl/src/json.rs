//! JSON for programs that read what `supervisorctl` prints: one line per document, ASCII and UTF-8 as they come.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use supervisor_protocol::json::{array, object, push_string};
use supervisor_protocol::xmlrpc::Value;

/// Appends a value. Dates are strings, base64 is its text, a number that is none is `null`.
pub(crate) fn push_value(out: &mut String, value: &Value) {
    match value {
        Value::Int(number) => write!(out, "{number}").expect("a String takes all"),
        Value::Bool(truth) => write!(out, "{truth}").expect("a String takes all"),
        Value::Double(number) if number.is_finite() => write!(out, "{number:?}").expect("a String takes all"),
        Value::Double(_) | Value::Nil => out.push_str("null"),
        Value::Str(text) | Value::DateTime(text) => push_string(out, text),
        Value::Base64(bytes) => push_string(out, &STANDARD.encode(bytes)),
        Value::Array(items) => array(out, items, push_value),
        Value::Struct(members) => push_object(out, members.iter().map(|(name, value)| (name.as_str(), value))),
    }
}

/// Appends an object with these members, in their order.
pub(crate) fn push_object<'a>(out: &mut String, members: impl Iterator<Item = (&'a str, &'a Value)>) {
    object(out, |object| members.for_each(|(name, value)| push_value(object.member(name), value)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(value: &Value) -> String {
        let mut out = String::new();
        push_value(&mut out, value);
        out
    }

    #[test]
    fn values() {
        for (value, text) in [
            (Value::Int(-3), "-3"),
            (Value::Bool(true), "true"),
            (Value::Double(1.0), "1.0"),
            (Value::Double(f64::NAN), "null"),
            (Value::Nil, "null"),
            (Value::from("a\"b\\\n\r\t\u{1}\u{7f}\u{9b}é😀"), r#""a\"b\\\n\r\t\u0001\u007f\u009bé😀""#),
            (Value::DateTime("20261122T08:11:09".to_owned()), "\"20261122T08:11:09\""),
            (Value::Base64(b"x".to_vec()), "\"eA==\""),
            (Value::Array(vec![Value::Int(1), Value::Array(vec![])]), "[1, []]"),
            (
                Value::Struct(vec![("a".to_owned(), Value::Int(1)), ("b".to_owned(), Value::Nil)]),
                r#"{"a": 1, "b": null}"#,
            ),
        ] {
            assert_eq!(json(&value), text);
        }
    }
}
