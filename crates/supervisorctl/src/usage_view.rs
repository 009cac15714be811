//! CPU and memory in few characters, as `top` and `status --format wide` show them.

/// A share of one processor: `21.4%`; from ten processors on without a fraction.
pub(crate) fn cpu(share: f64) -> String {
    let percent = share * 100.0;
    if percent < 1_000.0 { format!("{percent:.1}%") } else { format!("{percent:.0}%") }
}

/// Bytes with one digit behind the point, in units of 1024: `190.2M`.
pub(crate) fn memory(bytes: u64) -> String {
    const UNITS: [(&str, u32); 4] = [("T", 40), ("G", 30), ("M", 20), ("K", 10)];
    match UNITS.into_iter().find(|(_, shift)| bytes >> shift > 0) {
        Some((unit, shift)) => {
            // Rounded to the nearest.
            let tenths = (u128::from(bytes) * 10 + (1 << (shift - 1))) >> shift;
            format!("{}.{}{unit}", tenths / 10, tenths % 10)
        }
        None => format!("{bytes}B"),
    }
}

/// How long something runs: `9:05:41`, from a day on `6d 02:41`.
pub(crate) fn uptime(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    if days > 0 {
        format!("{days}d {hours:02}:{minutes:02}")
    } else {
        format!("{hours}:{minutes:02}:{:02}", seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_characters() {
        for (share, text) in [(0.0, "0.0%"), (0.2141, "21.4%"), (9.9, "990.0%"), (64.0, "6400%")] {
            assert_eq!(cpu(share), text);
        }
        for (bytes, text) in [
            (0, "0B"),
            (1_023, "1023B"),
            (1_024, "1.0K"),
            (199_439_155, "190.2M"),
            (3 << 30, "3.0G"),
            (5 << 40, "5.0T"),
        ] {
            assert_eq!(memory(bytes), text);
        }
        for (seconds, text) in [(0, "0:00:00"), (32_741, "9:05:41"), (86_400 * 6 + 9_700, "6d 02:41")] {
            assert_eq!(uptime(seconds), text);
        }
    }
}
