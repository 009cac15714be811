//! Durations (programs.md §0.3): seconds as a decimal number, or a number with a unit.

use std::time::Duration;

use super::Checked;

const HAS_TO_BE: &str = "a number of seconds, or a number with ms, s, m, h or d";

/// Ten years. What is longer is a slip, and beyond all clocks there is overflow.
const LONGEST: Duration = Duration::from_hours(10 * 365 * 24);

/// The units with their milliseconds; `ms` before what it ends with.
const UNITS: [(&str, u64); 5] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// A duration of whole milliseconds; parts of one count as one. At most ten years.
pub(crate) fn duration(text: &str) -> Checked<Duration> {
    let unit = UNITS.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor)));
    let (number, factor) = unit.unwrap_or((text, 1_000));
    let milliseconds = milliseconds(number, factor).ok_or_else(|| HAS_TO_BE.to_owned())?;
    let duration = Duration::from_millis(milliseconds);
    if duration > LONGEST { Err("10 years (3650d) at most".to_owned()) } else { Ok(duration) }
}

/// A decimal number of units of so many milliseconds, rounded up; what is beyond all bounds is the greatest number.
fn milliseconds(number: &str, factor: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').map_or((number, None), |(whole, part)| (whole, Some(part)));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !fraction.is_none_or(is_digits) {
        return None;
    }
    let whole = whole.parse::<u64>().unwrap_or(u64::MAX).saturating_mul(factor);
    // Below a milliard of a unit nothing changes but whether it is a bit more.
    let digits = fraction.unwrap_or_default().bytes().map(|byte| u64::from(byte - b'0'));
    let (mut part, mut scale) = (0, 1);
    for digit in digits {
        if scale == 1_000_000_000 {
            part |= u64::from(digit > 0);
        } else {
            (part, scale) = (part * 10 + digit, scale * 10);
        }
    }
    Some(whole.saturating_add((part * factor).div_ceil(scale)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, milliseconds) in [
            ("0", 0),
            ("5", 5_000),
            ("0.25", 250),
            ("250ms", 250),
            ("1.5s", 1_500),
            ("2m", 120_000),
            ("0.5h", 1_800_000),
            ("1d", 86_400_000),
            ("0.0001", 1),
            ("0.10000000001ms", 1),
            ("1.0000000000000001", 1_001),
            ("3650d", 315_360_000_000),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(milliseconds)), "{text:?}");
        }
        for text in ["", "5x", "-1", "+1", "1 s", " 1", "1.", ".5", "s", "1.2.3", "5S", "1e3", "inf", "٣"] {
            assert_eq!(duration(text), Err(HAS_TO_BE.to_owned()), "{text:?}");
        }
        for text in ["3650.1d", "99999999999999999999", "99999999999999999999d", "315360000.001"] {
            assert_eq!(duration(text), Err("10 years (3650d) at most".to_owned()), "{text:?}");
        }
    }
}
