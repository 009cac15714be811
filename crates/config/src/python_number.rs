//! Python's `int(text)` and `int(text, 8)`.
//!
//! Python's integers have no bounds; ours end at those of `i64`, and what lies beyond counts as the bound.

use crate::python_text::strip;

/// Where the ten digits of each script begin that has its own (Unicode category Nd), sorted.
const ZEROS: [u32; 66] = [
    0x0030, 0x0660, 0x06f0, 0x07c0, 0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0b66, 0x0be6, 0x0c66, 0x0ce6, 0x0d66, 0x0de6,
    0x0e50, 0x0ed0, 0x0f20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40,
    0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30, 0x11066, 0x110f0,
    0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50,
    0x11da0, 0x16a60, 0x16ac0, 0x16b50, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e950,
    0x1fbf0,
];

/// Python's `int(text)`: blanks around it, a sign, decimal digits of any script, `_` between two digits.
pub(crate) fn parse_decimal(text: &str) -> Option<i64> {
    let (negative, digits) = split_sign(strip(text));
    parse_digits(digits, 10, negative)
}

/// Python's `int(text, 8)`: as above with the digits 0 to 7, and with `0o` before them or without.
pub(crate) fn parse_octal(text: &str) -> Option<i64> {
    let (negative, digits) = split_sign(strip(text));
    match digits.strip_prefix("0o").or_else(|| digits.strip_prefix("0O")) {
        Some(rest) => parse_digits(rest.strip_prefix('_').unwrap_or(rest), 8, negative),
        None => parse_digits(digits, 8, negative),
    }
}

/// The value of a decimal digit of any script.
pub(crate) fn digit_value(character: char) -> Option<u8> {
    let code = u32::from(character);
    let zero = ZEROS[..ZEROS.partition_point(|zero| *zero <= code)].last()?;
    u8::try_from(code - zero).ok().filter(|value| *value < 10)
}

fn split_sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

fn parse_digits(text: &str, base: u8, negative: bool) -> Option<i64> {
    let mut value: i64 = 0;
    let mut digit_before = false;
    for character in text.chars() {
        if character == '_' {
            if !digit_before {
                return None;
            }
            digit_before = false;
            continue;
        }
        let digit = i64::from(digit_value(character).filter(|digit| *digit < base)?);
        value = value.saturating_mul(i64::from(base)).saturating_add(if negative { -digit } else { digit });
        digit_before = true;
    }
    digit_before.then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_numbers_are_pythons() {
        for (text, expected) in [
            ("0", Some(0)),
            (" +1_000 ", Some(1000)),
            ("-007", Some(-7)),
            ("٣", Some(3)),
            ("１２", Some(12)),
            ("9223372036854775808", Some(i64::MAX)),
            ("-99999999999999999999", Some(i64::MIN)),
            ("", None),
            ("+", None),
            ("+-1", None),
            ("- 1", None),
            ("_1", None),
            ("1_", None),
            ("1__0", None),
            ("0x10", None),
            ("1.0", None),
            ("1 0", None),
            ("²", None),
        ] {
            assert_eq!(parse_decimal(text), expected, "{text:?}");
        }
    }

    #[test]
    fn octal_numbers_are_pythons() {
        for (text, expected) in [
            ("022", Some(0o22)),
            ("22", Some(0o22)),
            (" 0o22", Some(0o22)),
            ("0O_2_2", Some(0o22)),
            ("-1", Some(-1)),
            ("8", None),
            ("0o", None),
            ("0o__1", None),
            ("", None),
        ] {
            assert_eq!(parse_octal(text), expected, "{text:?}");
        }
    }
}
