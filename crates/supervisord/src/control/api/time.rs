//! Times as `/api/v1` writes them.

use std::time::Duration;

use jiff::Timestamp;

/// A time since the Unix epoch by RFC 3339, in UTC, with milliseconds.
pub(super) fn time_text(time: Duration) -> String {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    let time = Timestamp::new(seconds, time.subsec_nanos().cast_signed()).unwrap_or(Timestamp::MAX);
    time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
