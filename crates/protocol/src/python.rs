//! How Python reads and prints numbers and values, where a client can tell the difference.

use std::borrow::Cow;

use crate::xmlrpc::Value;

/// `int(text)`: blanks around it, a sign, single underscores between digits. `None` also beyond 64 bits.
pub(crate) fn parse_int(text: &str) -> Option<i64> {
    without_underscores(text.trim())?.parse().ok()
}

/// `float(text)`.
pub(crate) fn parse_float(text: &str) -> Option<f64> {
    without_underscores(text.trim())?.parse().ok()
}

/// The text without its underscores; `None` if one of them does not stand between two digits.
fn without_underscores(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('_') {
        return Some(Cow::Borrowed(text));
    }
    let bytes = text.as_bytes();
    let digit = |index: Option<usize>| index.and_then(|i| bytes.get(i)).is_some_and(u8::is_ascii_digit);
    let misplaced =
        |(index, byte): (usize, &u8)| *byte == b'_' && !(digit(index.checked_sub(1)) && digit(Some(index + 1)));
    if bytes.iter().enumerate().any(misplaced) {
        return None;
    }
    Some(Cow::Owned(text.replace('_', "")))
}

/// `repr(number)`: the shortest digits that read back the same, with an exponent below 1e-4 and from 1e16 on.
pub(crate) fn float_repr(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').expect("this format always has an exponent");
    let exponent: i32 = exponent.parse().expect("this format's exponent is a number");
    if (-4..16).contains(&exponent) {
        let plain = format!("{number}");
        return if plain.contains('.') { plain } else { plain + ".0" };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// `str(value)` of a value that is not made of others; `None` for arrays and structs.
pub(crate) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Int(number) => Some(number.to_string()),
        Value::Bool(true) => Some("True".to_owned()),
        Value::Bool(false) => Some("False".to_owned()),
        Value::Str(text) => Some(text.clone()),
        Value::Double(number) => Some(float_repr(*number)),
        Value::DateTime(text) => Some(date_text(text)),
        Value::Base64(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        Value::Nil => Some("None".to_owned()),
        Value::Array(_) | Value::Struct(_) => None,
    }
}

/// `20261122T08:11:09` as `str(datetime)` prints it.
fn date_text(text: &str) -> String {
    match (text.get(..4), text.get(4..6), text.get(6..8), text.get(9..)) {
        (Some(year), Some(month), Some(day), Some(time)) => format!("{year}-{month}-{day} {time}"),
        (_, _, _, _) => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each row as `int()` of Python 3.11 reads it.
    #[test]
    fn integers_are_read_as_python_reads_them() {
        for (text, number) in [
            ("3", Some(3)),
            (" 3\n", Some(3)),
            ("+3", Some(3)),
            ("-3", Some(-3)),
            ("1_000", Some(1000)),
            ("007", Some(7)),
            ("", None),
            ("3.0", None),
            ("0x10", None),
            ("1__0", None),
            ("_1", None),
            ("1_", None),
            ("- 3", None),
            ("9223372036854775807", Some(i64::MAX)),
            ("9223372036854775808", None),
        ] {
            assert_eq!(parse_int(text), number, "{text:?}");
        }
    }

    /// Each row as `float()` of Python 3.11 reads it.
    #[test]
    fn floats_are_read_as_python_reads_them() {
        for (text, number) in [
            ("1.5", Some(1.5)),
            (" -.5e1 ", Some(-5.0)),
            ("5.", Some(5.0)),
            ("1_0.0", Some(10.0)),
            ("", None),
            ("x", None),
        ] {
            assert_eq!(parse_float(text), number, "{text:?}");
        }
        assert_eq!(parse_float("Infinity"), Some(f64::INFINITY));
        assert!(parse_float("nan").is_some_and(f64::is_nan));
    }

    /// Each row as `str()` of Python 3.11 prints it.
    #[test]
    fn values_are_printed_as_python_prints_them() {
        for (value, text) in [
            (Value::Int(-7), "-7"),
            (Value::Bool(true), "True"),
            (Value::Bool(false), "False"),
            (Value::Str("a b".into()), "a b"),
            (Value::Double(1.0), "1.0"),
            (Value::DateTime("20261122T08:11:09".into()), "2026-11-22 08:11:09"),
            (Value::Nil, "None"),
        ] {
            assert_eq!(text_of(&value).as_deref(), Some(text));
        }
        assert_eq!(text_of(&Value::Array(vec![])), None);
    }
}
