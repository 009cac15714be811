//! XML-RPC's values as JSON.

use std::cell::Cell;
use std::fmt::{self, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_core::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::json::push_string;
use crate::limits::{EXTENSION_VALUES, NESTING};
use crate::xmlrpc::Value;

/// The only member of what stands for bytes.
const BYTES: &str = "$b64";
/// The only member of what stands for a date and a time of day.
const WHEN: &str = "$when";
/// `YYYYMMDDTHH:MM:SS`
const WHEN_FORM: &[u8] = b"00000000T00:00:00";

/// Reads the JSON of one value. Numbers beyond 64 bits and those with a fraction are doubles.
///
/// # Errors
/// It is no JSON, too deep or has too many values, or it stands for bytes or a time and is none. The text is for
/// people.
pub fn read_value(json: &[u8]) -> Result<Value, String> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let left = Cell::new(EXTENSION_VALUES);
    let seed = Bounded { values_left: &left, depth: 0 };
    let value = seed.deserialize(&mut deserializer).map_err(|error| error.to_string())?;
    deserializer.end().map_err(|error| error.to_string())?;
    Ok(value)
}

/// Appends the JSON of a value, on one line. What JSON cannot say (infinities, no number) is `null`.
pub fn push_value(out: &mut String, value: &Value) {
    match value {
        Value::Int(number) => write!(out, "{number}").expect("a String takes all"),
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Str(text) => push_string(out, text),
        Value::Double(number) if number.is_finite() => write!(out, "{number:?}").expect("a String takes all"),
        Value::Double(_) | Value::Nil => out.push_str("null"),
        Value::DateTime(text) => {
            push_member_name(out, '{', WHEN);
            push_string(out, text);
            out.push('}');
        }
        Value::Base64(bytes) => {
            push_member_name(out, '{', BYTES);
            out.push('"');
            STANDARD.encode_string(bytes, out);
            out.push_str("\"}");
        }
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                push_value(out, item);
            }
            out.push(']');
        }
        Value::Struct(members) => {
            out.push('{');
            for (index, (name, member)) in members.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                push_string(out, name);
                out.push_str(": ");
                push_value(out, member);
            }
            out.push('}');
        }
    }
}

fn push_member_name(out: &mut String, before: char, name: &str) {
    out.push(before);
    push_string(out, name);
    out.push_str(": ");
}

/// Reads a value that may hold so many others, so deep.
#[derive(Clone, Copy)]
struct Bounded<'a> {
    values_left: &'a Cell<usize>,
    depth: usize,
}

impl Bounded<'_> {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        if self.depth == NESTING {
            return Err(E::custom(format_args!("more than {NESTING} values inside each other")));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Bounded<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let left = self.values_left.get();
        if left == 0 {
            return Err(D::Error::custom(format_args!("more than {EXTENSION_VALUES} values")));
        }
        self.values_left.set(left - 1);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Bounded<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Nil)
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Int(number))
    }

    #[expect(clippy::cast_precision_loss, reason = "a number beyond 64 bits is a double, as in JavaScript")]
    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(i64::try_from(number).map_or(Value::Double(number as f64), Value::Int))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Double(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Value, E> {
        Ok(Value::Str(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(inner)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut members: Vec<(String, Value)> = Vec::new();
        while let Some(name) = access.next_key::<String>()? {
            let value = access.next_value_seed(inner)?;
            members.push((name, value));
        }
        let special = match &*members {
            [(name, Value::Str(text))] if name == BYTES => Some(bytes(text)),
            [(name, Value::Str(text))] if name == WHEN => Some(when(text)),
            _ => None,
        };
        special.unwrap_or(Ok(Value::Struct(members))).map_err(A::Error::custom)
    }
}

fn bytes(text: &str) -> Result<Value, String> {
    STANDARD.decode(text).map(Value::Base64).map_err(|error| format!("{BYTES}: {error}"))
}

fn when(text: &str) -> Result<Value, String> {
    let fits = text.len() == WHEN_FORM.len()
        && text.bytes().zip(WHEN_FORM).all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            other => byte == *other,
        });
    if fits { Ok(Value::DateTime(text.to_owned())) } else { Err(format!("{WHEN} has to be YYYYMMDDTHH:MM:SS")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Value, String> {
        read_value(json.as_bytes())
    }

    #[test]
    fn values_come_back_as_they_went() {
        let member = |name: &str, value| (name.to_owned(), value);
        let values = Value::Array(vec![
            Value::Int(-5),
            Value::Int(i64::MAX),
            Value::Bool(true),
            Value::Double(1.0),
            Value::Double(1e300),
            Value::Double(0.1 + 0.2),
            Value::Double(5e-324),
            Value::from("é \"x\"\n\u{202e}☃😀"),
            Value::DateTime("20260102T03:04:05".to_owned()),
            Value::Base64(vec![0, 255]),
            Value::Nil,
            Value::Struct(vec![member("b", Value::Array(vec![])), member("a", Value::Struct(vec![]))]),
        ]);
        let mut text = String::new();
        push_value(&mut text, &values);
        assert!(!text.contains('\n'), "{text}");
        assert_eq!(read(&text), Ok(values));
    }

    #[test]
    fn numbers_beyond_64_bits_are_doubles_and_what_is_no_number_is_null() {
        assert_eq!(read("18446744073709551615"), Ok(Value::Double(18_446_744_073_709_551_615.0)));
        let mut text = String::new();
        push_value(&mut text, &Value::Array(vec![Value::Double(f64::NAN), Value::Double(f64::INFINITY)]));
        assert_eq!(text, "[null, null]");
    }

    #[test]
    fn what_stands_for_something_and_is_none_of_it_is_refused() {
        for (json, words) in [
            (r#"{"$b64": "!"}"#, "$b64"),
            (r#"{"$when": "yesterday"}"#, "YYYYMMDDTHH:MM:SS"),
            (r#"{"$when": "20260102 03:04:05"}"#, "YYYYMMDDTHH:MM:SS"),
            ("[1", "EOF"),
            ("1 2", "trailing"),
            ("\"\u{7}\"", "control character"),
            ("", "EOF"),
        ] {
            let error = read(json).unwrap_err();
            assert!(error.contains(words), "{json}: {error}");
        }
        assert!(read_value(b"\"\xff\"").is_err(), "no UTF-8");
        // With a second member it is a struct like any other.
        assert!(matches!(read(r#"{"$b64": "!", "x": 1}"#), Ok(Value::Struct(_))));
    }

    #[test]
    fn depth_and_number_are_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(read(&nested(NESTING)).is_ok());
        assert!(read(&nested(NESTING + 1)).unwrap_err().contains("inside each other"));
        assert!(read(&nested(100_000)).is_err());
        let many = |count: usize| format!("[{}0]", "0,".repeat(count - 2));
        assert!(read(&many(EXTENSION_VALUES)).is_ok());
        assert!(read(&many(EXTENSION_VALUES + 1)).unwrap_err().contains("values"));
    }
}
