//! Numbers: integer, byte_size, octal.

use super::Checked;
use crate::limits::QUOTED_CHARACTERS;
use crate::python_number::{parse_decimal, parse_octal};
use crate::python_repr::Repr;

/// A decimal number; beyond 64 bits it counts as the bound.
pub(crate) fn integer(text: &str) -> Checked<i64> {
    parse_decimal(text).ok_or_else(|| {
        let quoted: String = Repr(text).to_string().chars().take(QUOTED_CHARACTERS).collect();
        format!("invalid literal for int() with base 10: {quoted}")
    })
}

/// A decimal number of bytes, with or without `KB`, `MB` or `GB`.
pub(crate) fn byte_size(text: &str) -> Checked<i64> {
    const SUFFIXES: [(&str, i64); 3] = [("kb", 1 << 10), ("mb", 1 << 20), ("gb", 1 << 30)];
    let lower = text.to_lowercase();
    for (suffix, factor) in SUFFIXES {
        if let Some(number) = lower.strip_suffix(suffix) {
            return integer(number).map(|number| number.saturating_mul(factor));
        }
    }
    integer(&lower)
}

/// An octal number.
pub(crate) fn octal(text: &str) -> Checked<i64> {
    parse_octal(text).ok_or_else(|| format!("{text} can not be converted to an octal type"))
}

/// What the kernel sees of an octal number given as a mode or mask: its low 32 bits.
pub(crate) fn file_mode(number: i64) -> u32 {
    u32::try_from(number & 0xffff_ffff).expect("masked to 32 bits")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_sizes() {
        for (text, expected) in [
            ("1024", 1024),
            ("1KB", 1024),
            ("1 kb", 1024),
            ("50MB", 50 << 20),
            ("2gB", 2 << 30),
            ("-1", -1),
            ("-1KB", -1024),
            ("99999999999999999999GB", i64::MAX),
        ] {
            assert_eq!(byte_size(text), Ok(expected), "{text:?}");
        }
        for (text, quoted) in [("1k", "1k"), ("1b", "1b"), ("1.5MB", "1.5"), ("KB", ""), ("5XB", "5xb"), ("", "")] {
            assert_eq!(byte_size(text), Err(format!("invalid literal for int() with base 10: '{quoted}'")));
        }
    }

    #[test]
    fn octals() {
        assert_eq!(octal("0o22"), Ok(18));
        assert_eq!(octal("999"), Err("999 can not be converted to an octal type".to_owned()));
        assert_eq!(file_mode(-1), u32::MAX);
        assert_eq!(file_mode(0o700), 0o700);
    }

    #[test]
    fn a_long_value_is_quoted_in_part() {
        let text = integer(&"x".repeat(300)).unwrap_err();
        assert_eq!(text, format!("invalid literal for int() with base 10: '{}", "x".repeat(199)));
    }
}
