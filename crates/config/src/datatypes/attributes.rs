//! What a child sets of itself: limits, priorities, processors, capabilities (programs.md §11.1).

use supervisor_core::{Capabilities, CpuRange, IoPriority, Limit, Scheduler, Signal};

use super::{Checked, byte_size, signal};
use crate::python_text::strip;

/// The highest number of a processor that can be named; Linux counts to 8,191.
const LAST_CPU: u16 = 8_191;

/// A limit in bytes.
pub(crate) fn limit_of_bytes(text: &str) -> Checked<Limit> {
    let has_to_be = "bytes (KB, MB or GB may follow) or unlimited, perhaps twice as soft:hard, soft not above hard";
    limit(text, |word| byte_size(word).ok().and_then(|size| u64::try_from(size).ok()), has_to_be)
}

/// A limit that is a number.
pub(crate) fn limit_of_number(text: &str) -> Checked<Limit> {
    let is_number = |word: &&str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    let has_to_be = "a number or unlimited, perhaps twice as soft:hard, soft not above hard";
    limit(text, |word| Some(word).filter(is_number).and_then(|word| word.parse().ok()), has_to_be)
}

fn limit(text: &str, number: impl Fn(&str) -> Option<u64>, has_to_be: &str) -> Checked<Limit> {
    let one = |word: &str| {
        let word = strip(word);
        if word.eq_ignore_ascii_case("unlimited") {
            return Ok(None);
        }
        // The greatest number is what the kernel calls unlimited.
        number(word).filter(|number| *number < u64::MAX).map(Some).ok_or_else(|| has_to_be.to_owned())
    };
    let limit = match text.split_once(':') {
        None => Limit { soft: one(text)?, hard: None },
        Some((soft, hard)) => Limit { soft: one(soft)?, hard: Some(one(hard)?) },
    };
    let height = |limit: Option<u64>| limit.unwrap_or(u64::MAX);
    match limit.hard {
        Some(hard) if height(hard) < height(limit.soft) => Err(has_to_be.to_owned()),
        Some(_) | None => Ok(limit),
    }
}

pub(crate) fn nice(text: &str) -> Checked<i32> {
    number_within(text, -20, 19, "a number from -20 to 19")
}

pub(crate) fn oom_score_adj(text: &str) -> Checked<i32> {
    number_within(text, -1_000, 1_000, "a number from -1000 to 1000")
}

fn number_within(text: &str, least: i32, most: i32, has_to_be: &str) -> Checked<i32> {
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| has_to_be.to_owned())
}

pub(crate) fn io_priority(text: &str) -> Checked<IoPriority> {
    let has_to_be =
        || "one of none, idle, best-effort, realtime; the last two perhaps with a level, :0 to :7".to_owned();
    let (class, level) = with_number(text);
    let level = || match level {
        None => Some(4),
        Some(level) => level.parse().ok().filter(|level| *level <= 7),
    };
    match (&*class.to_lowercase(), text.contains(':')) {
        ("none", false) => Ok(IoPriority::None),
        ("idle", false) => Ok(IoPriority::Idle),
        ("best-effort", _) => level().map(IoPriority::BestEffort).ok_or_else(has_to_be),
        ("realtime", _) => level().map(IoPriority::Realtime).ok_or_else(has_to_be),
        _ => Err(has_to_be()),
    }
}

pub(crate) fn scheduler(text: &str) -> Checked<Scheduler> {
    let has_to_be = || "one of other, batch, idle, fifo:N, rr:N, N from 1 to 99".to_owned();
    let (policy, priority) = with_number(text);
    let priority = || priority.and_then(|text| text.parse().ok()).filter(|priority| (1..=99).contains(priority));
    match (&*policy.to_lowercase(), text.contains(':')) {
        ("other", false) => Ok(Scheduler::Other),
        ("batch", false) => Ok(Scheduler::Batch),
        ("idle", false) => Ok(Scheduler::Idle),
        ("fifo", _) => priority().map(Scheduler::Fifo).ok_or_else(has_to_be),
        ("rr", _) => priority().map(Scheduler::RoundRobin).ok_or_else(has_to_be),
        _ => Err(has_to_be()),
    }
}

/// A word, and what stands behind its colon.
fn with_number(text: &str) -> (&str, Option<&str>) {
    text.split_once(':').map_or((text, None), |(word, number)| (word, Some(number)))
}

/// A number, or two with a `-` between them.
pub(crate) fn cpu_range(text: &str) -> Checked<CpuRange> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let number = |text: &str| strip(text).parse().ok().filter(|number| *number <= LAST_CPU);
    let range = number(first).zip(number(last)).map(|(first, last)| CpuRange { first, last });
    range
        .filter(|range| range.first <= range.last)
        .ok_or_else(|| "numbers and ranges of processors like 0-3,8".to_owned())
}

/// What stays of the bounding set: the capabilities that are named, or all but those named, which begin with a `-`.
pub(crate) fn capability_bounding(text: &str) -> Checked<Capabilities> {
    let has_to_be =
        || "names of capabilities with commas between them, a - before the first to drop them, or none".to_owned();
    if text.eq_ignore_ascii_case("none") {
        return Ok(Capabilities::default());
    }
    match text.strip_prefix('-') {
        None => capabilities(text).filter(|named| !named.is_empty()).ok_or_else(has_to_be),
        Some(dropped) => {
            let dropped = dropped.replace(",-", ",").replace(", -", ",");
            capabilities(&dropped).map(|dropped| Capabilities(!dropped.0)).ok_or_else(has_to_be)
        }
    }
}

pub(crate) fn ambient_capabilities(text: &str) -> Checked<Capabilities> {
    capabilities(text).ok_or_else(|| "names of capabilities with commas between them".to_owned())
}

fn capabilities(text: &str) -> Option<Capabilities> {
    let words = text.split(',').map(strip).filter(|word| !word.is_empty());
    words.map(Capabilities::named).try_fold(Capabilities::default(), |all, one| Some(all.with(one?)))
}

/// A signal, or none.
pub(crate) fn signal_or_none(text: &str) -> Checked<Option<Signal>> {
    if text.eq_ignore_ascii_case("none") {
        return Ok(None);
    }
    signal(text).map(Some).map_err(|_| "name or number of a signal, or none".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits() {
        let limit = |soft, hard| Ok(Limit { soft, hard });
        assert_eq!(limit_of_number("1024"), limit(Some(1024), None));
        assert_eq!(limit_of_number("1024:unlimited"), limit(Some(1024), Some(None)));
        assert_eq!(limit_of_number("Unlimited"), limit(None, None));
        assert_eq!(limit_of_bytes("64MB:1GB"), limit(Some(64 << 20), Some(Some(1 << 30))));
        for text in ["", "-1", "+1", "2:1", "unlimited:1", "1MB", "1:", ":1", "1:2:3", "18446744073709551615"] {
            assert!(limit_of_number(text).unwrap_err().starts_with("a number or unlimited"), "{text:?}");
        }
        assert!(limit_of_bytes("-1KB").unwrap_err().starts_with("bytes"));
    }

    #[test]
    fn priorities() {
        assert_eq!((nice("-20"), oom_score_adj("1000")), (Ok(-20), Ok(1000)));
        assert!(nice("20").is_err() && nice("1.5").is_err() && oom_score_adj("-1001").is_err());
        for (text, expected) in [
            ("none", IoPriority::None),
            ("Idle", IoPriority::Idle),
            ("best-effort", IoPriority::BestEffort(4)),
            ("best-effort:0", IoPriority::BestEffort(0)),
            ("realtime:7", IoPriority::Realtime(7)),
        ] {
            assert_eq!(io_priority(text), Ok(expected), "{text:?}");
        }
        for text in ["", "idle:1", "best-effort:8", "realtime:", "best", "none:"] {
            assert!(io_priority(text).unwrap_err().starts_with("one of none"), "{text:?}");
        }
        for (text, expected) in [
            ("other", Scheduler::Other),
            ("batch", Scheduler::Batch),
            ("idle", Scheduler::Idle),
            ("fifo:1", Scheduler::Fifo(1)),
            ("RR:99", Scheduler::RoundRobin(99)),
        ] {
            assert_eq!(scheduler(text), Ok(expected), "{text:?}");
        }
        for text in ["fifo", "fifo:0", "rr:100", "idle:1", ""] {
            assert!(scheduler(text).unwrap_err().starts_with("one of other"), "{text:?}");
        }
    }

    #[test]
    fn processors_and_capabilities() {
        assert_eq!(cpu_range("8"), Ok(CpuRange { first: 8, last: 8 }));
        assert_eq!(cpu_range("0-3"), Ok(CpuRange { first: 0, last: 3 }));
        for text in ["", "-", "3-0", "1-", "8192", "a"] {
            assert!(cpu_range(text).unwrap_err().starts_with("numbers and ranges"), "{text:?}");
        }
        let one = Capabilities(1 << 10);
        assert_eq!(ambient_capabilities("CAP_NET_BIND_SERVICE,"), Ok(one));
        assert_eq!(capability_bounding("net_bind_service"), Ok(one));
        assert_eq!(capability_bounding("none"), Ok(Capabilities(0)));
        assert_eq!(capability_bounding("-NET_BIND_SERVICE, -CHOWN"), Ok(Capabilities(!(1 << 10 | 1))));
        for text in ["", "NOSUCH", "CHOWN,-KILL", "-NOSUCH"] {
            assert!(capability_bounding(text).unwrap_err().starts_with("names of capabilities"), "{text:?}");
        }
        assert_eq!(signal_or_none("None"), Ok(None));
        assert_eq!(signal_or_none("term"), Ok(Some(Signal::TERM)));
        assert!(signal_or_none("x").is_err());
    }
}
