//! Pauses, percentages and counts (programs.md §0.3, §4.1).

use std::time::Duration;

use supervisor_core::Percent;

use super::{Checked, duration};

/// A duration that is a pause which can be waited for again and again: 50 milliseconds or more.
pub(crate) fn pause(text: &str) -> Checked<Duration> {
    const LEAST: Duration = Duration::from_millis(50);
    duration(text).ok().filter(|pause| *pause >= LEAST).ok_or_else(|| "0.05 seconds or more".to_owned())
}

/// `0%` to `100%`, decimals allowed; kept in millionths.
pub(crate) fn percent(text: &str) -> Checked<Percent> {
    let millionths = text.strip_suffix('%').and_then(millionths).map(|percent| percent.div_ceil(100));
    millionths
        .and_then(|millionths| u32::try_from(millionths).ok())
        .and_then(Percent::from_millionths)
        .ok_or_else(|| "a percentage like 20%".to_owned())
}

/// How many starts, 0 to 1,000.
pub(crate) fn count(text: &str) -> Checked<u32> {
    let count = super::integer(text).ok().and_then(|number| u32::try_from(number).ok());
    count
        .filter(|count| *count <= supervisor_core::limits::RESTARTS_COUNTED)
        .ok_or_else(|| format!("a whole number from 0 to {}", supervisor_core::limits::RESTARTS_COUNTED))
}

/// A decimal number without a sign, in millionths; further digits are rounded up. `None`: it is none, or too large.
fn millionths(text: &str) -> Option<u128> {
    const PLACES: usize = 6;
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || fraction.is_some_and(|digits| !is_number(digits)) {
        return None;
    }
    let fraction = fraction.unwrap_or_default();
    let (kept, rest) = fraction.split_at(fraction.len().min(PLACES));
    // More than any quantity that is used, and little enough to be multiplied.
    let whole: u64 = whole.parse().ok()?;
    let kept: u128 = format!("{kept:0<PLACES$}").parse().ok()?;
    Some(u128::from(whole) * 1_000_000 + kept + u128::from(rest.bytes().any(|digit| digit != b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses() {
        assert_eq!(pause("0.05"), Ok(Duration::from_millis(50)));
        for text in ["49ms", "0", "x"] {
            assert_eq!(pause(text), Err("0.05 seconds or more".to_owned()), "{text:?}");
        }
    }

    #[test]
    fn percentages() {
        for (text, millionths) in [("0%", 0), ("20%", 200_000), ("0.5%", 5_000), ("100%", 1_000_000)] {
            assert_eq!(percent(text).map(Percent::millionths), Ok(millionths), "{text:?}");
        }
        for text in ["", "%", "20", "-1%", "100.1%", "20 %", "x%"] {
            assert_eq!(percent(text), Err("a percentage like 20%".to_owned()), "{text:?}");
        }
    }

    #[test]
    fn counts() {
        assert_eq!((count("0"), count("1000")), (Ok(0), Ok(1_000)));
        for text in ["-1", "1001", "x", ""] {
            assert_eq!(count(text), Err("a whole number from 0 to 1000".to_owned()), "{text:?}");
        }
    }
}
