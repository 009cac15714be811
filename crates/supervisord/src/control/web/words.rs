//! What pages say: names of states, durations, ages, sizes, and the sentences about a process (reference/web.md §4).
//!
//! Pure functions of values and of the time; the zone is the server's, as in its logs.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use supervisor_core::{ExitStatus, LastExit, ProcessInfo, ProcessState, signal_name};

/// The time as one page sees it.
#[derive(Clone, Debug)]
pub(super) struct Now {
    /// Since the Unix epoch.
    pub(super) wall: Duration,
    /// The server's zone.
    pub(super) zone: TimeZone,
}

/// A state as it is shown: EXITED is two of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shown {
    Fatal,
    Backoff,
    Unexpected,
    Unknown,
    Stopping,
    Starting,
    Running,
    Exited,
    Stopped,
}

impl Shown {
    /// In the order of the bar at the top of the list.
    pub(super) const ALL: [Self; 9] = [
        Self::Running,
        Self::Starting,
        Self::Stopping,
        Self::Backoff,
        Self::Fatal,
        Self::Unexpected,
        Self::Unknown,
        Self::Exited,
        Self::Stopped,
    ];

    pub(super) fn of(info: &ProcessInfo) -> Self {
        match info.state {
            ProcessState::Running => Self::Running,
            ProcessState::Starting => Self::Starting,
            ProcessState::Stopping => Self::Stopping,
            ProcessState::Backoff => Self::Backoff,
            ProcessState::Fatal => Self::Fatal,
            ProcessState::Exited if info.last_exit.is_some_and(|last| !last.expected) => Self::Unexpected,
            ProcessState::Exited => Self::Exited,
            ProcessState::Stopped => Self::Stopped,
            ProcessState::Unknown => Self::Unknown,
        }
    }

    /// The name of its symbol and of its colour.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Starting => "starting",
            Self::Stopping => "stopping",
            Self::Backoff => "backoff",
            Self::Fatal => "fatal",
            Self::Unexpected => "unexpected",
            Self::Unknown => "unknown",
            Self::Exited => "exited",
            Self::Stopped => "stopped",
        }
    }

    /// As people read it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Running => "Running",
            Self::Starting => "Starting",
            Self::Stopping => "Stopping",
            Self::Backoff => "Backoff",
            Self::Fatal => "Fatal",
            Self::Unexpected | Self::Exited => "Exited",
            Self::Unknown => "Unknown",
            Self::Stopped => "Stopped",
        }
    }

    /// The class of its share of the bar.
    pub(super) fn fill(self) -> &'static str {
        match self {
            Self::Running => "f-running",
            Self::Starting | Self::Stopping => "f-moving",
            Self::Backoff | Self::Unknown => "f-backoff",
            Self::Fatal => "f-fatal",
            Self::Unexpected => "f-exited",
            Self::Exited => "f-quiet",
            Self::Stopped => "f-line",
        }
    }

    /// Whether a start is what can be done with it.
    pub(super) fn can_start(self) -> bool {
        match self {
            Self::Fatal | Self::Unexpected | Self::Exited | Self::Stopped => true,
            Self::Backoff | Self::Unknown | Self::Stopping | Self::Starting | Self::Running => false,
        }
    }

    /// Whether there is something to end.
    pub(super) fn can_stop(self) -> bool {
        match self {
            Self::Backoff | Self::Starting | Self::Running => true,
            Self::Fatal | Self::Unexpected | Self::Exited | Self::Stopped | Self::Unknown | Self::Stopping => false,
        }
    }
}

impl Now {
    /// How long it is since a time; nothing where a clock was set back.
    pub(super) fn since(&self, time: Duration) -> Duration {
        self.wall.saturating_sub(time)
    }

    /// `just now`, `42 s ago`, `12 min ago`, `6 h ago`, `yesterday 17:52`, `2026-11-19 17:52`.
    pub(super) fn age(&self, time: Duration) -> String {
        let seconds = self.since(time).as_secs();
        match seconds {
            0..2 => "just now".to_owned(),
            2..60 => format!("{seconds} s ago"),
            60..3_600 => format!("{} min ago", seconds / 60),
            3_600..36_000 => format!("{} h ago", seconds / 3_600),
            _ => self.moment(time),
        }
    }

    /// `17:52` today, `yesterday 17:52`, `2026-11-19 17:52`.
    pub(super) fn moment(&self, time: Duration) -> String {
        let (then, now) = (self.local(time), self.local(self.wall));
        let clock = then.strftime("%H:%M");
        if then.date() == now.date() {
            clock.to_string()
        } else if now.date().yesterday().is_ok_and(|yesterday| yesterday == then.date()) {
            format!("yesterday {clock}")
        } else {
            then.strftime("%Y-%m-%d %H:%M").to_string()
        }
    }

    /// A time in the zone of the server.
    pub(super) fn local(&self, time: Duration) -> Zoned {
        let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        let nanoseconds = time.subsec_nanos().cast_signed();
        Timestamp::new(seconds, nanoseconds).unwrap_or(Timestamp::MAX).to_zoned(self.zone.clone())
    }
}

/// Below a day `H:MM:SS`, then `N d HH:MM`.
pub(super) fn uptime(time: Duration) -> String {
    let seconds = time.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match days {
        0 => format!("{hours}:{minutes:02}:{:02}", seconds % 60),
        _ => format!("{days} d {hours:02}:{minutes:02}"),
    }
}

/// How long something took: `0.4 s`, `12 s`, `38 min`, `9 h`, `3 d`.
pub(super) fn length(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", time.as_secs_f64()),
        10..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// Bytes in units of 1024, with one digit behind the point from kilobytes on.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if bytes < 1_024 {
        return format!("{bytes} B");
    }
    #[expect(clippy::cast_precision_loss, reason = "one digit behind the point is shown")]
    let mut amount = bytes as f64 / 1_024.0;
    let mut unit = UNITS[0];
    for larger in &UNITS[1..] {
        // What would be shown as 1024.0 is one of the next unit.
        if amount < 1_023.95 {
            break;
        }
        amount /= 1_024.0;
        unit = larger;
    }
    format!("{amount:.1} {unit}")
}

/// A share of one core in percent; sums from a whole core on in `cores`.
pub(super) fn cpu(share: f64, is_sum: bool) -> String {
    if is_sum && share >= 1.0 { format!("{share:.2} cores") } else { format!("{:.1} %", share * 100.0) }
}

/// A number with commas from 10,000 on.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    if number < 10_000 {
        return digits;
    }
    let first = digits.len() % 3;
    let (head, tail) = digits.split_at(first);
    let groups = tail.as_bytes().chunks(3).map(|group| std::str::from_utf8(group).expect("digits are ASCII"));
    (!head.is_empty()).then_some(head).into_iter().chain(groups).collect::<Vec<_>>().join(",")
}

/// `1 process`, `4 processes`.
pub(super) fn processes(number: usize) -> String {
    let count = count(number as u64);
    if number == 1 { format!("{count} process") } else { format!("{count} processes") }
}

/// The column «Since» of the list.
pub(super) fn since(info: &ProcessInfo, now: &Now) -> String {
    let started = Duration::from_secs(u64::try_from(info.start).unwrap_or(0));
    match Shown::of(info) {
        Shown::Running => uptime(now.since(started)),
        Shown::Starting => {
            format!("for {} s of {}", now.since(started).as_secs(), info.config.start.startsecs)
        }
        Shown::Stopping => "asked to end".to_owned(),
        Shown::Backoff => "failed to start, tries again".to_owned(),
        Shown::Fatal => match info.last_exit {
            Some(last) => format!("gave up {}", now.age(last.at)),
            None => "gave up".to_owned(),
        },
        Shown::Unexpected | Shown::Exited => match info.last_exit {
            Some(last) => ended(&last, now),
            None => "ended".to_owned(),
        },
        Shown::Stopped if info.start == 0 => "never started".to_owned(),
        Shown::Stopped if info.stop > 0 => {
            format!("since {}", now.moment(Duration::from_secs(info.stop.cast_unsigned())))
        }
        Shown::Stopped => "stopped".to_owned(),
        Shown::Unknown => "could not be signalled".to_owned(),
    }
}

/// `done 22 min ago, status 0`, `status 1, 6 h ago`, `killed by SIGKILL 6 h ago`.
fn ended(last: &LastExit, now: &Now) -> String {
    let age = now.age(last.at);
    match last.status {
        ExitStatus::Exited(code) if last.expected => format!("done {age}, status {code}"),
        ExitStatus::Exited(code) => format!("status {code}, {age}"),
        ExitStatus::Signaled { signal, .. } => format!("killed by {} {age}", signal_text(signal)),
    }
}

/// How a life ended, for a fact: `status 1`, `SIGKILL`.
pub(super) fn end(status: ExitStatus) -> String {
    match status {
        ExitStatus::Exited(code) => format!("status {code}"),
        ExitStatus::Signaled { signal, core_dumped: false } => signal_text(signal),
        ExitStatus::Signaled { signal, core_dumped: true } => format!("{}, core dumped", signal_text(signal)),
    }
}

/// Its name, or its number where it has none.
pub(super) fn signal_text(number: i32) -> String {
    signal_name(number).map_or_else(|| format!("signal {number}"), str::to_owned)
}

/// Why somebody should have a look, in sentences.
pub(super) fn why(info: &ProcessInfo, now: &Now) -> String {
    let failed = info.tally.failed_starts;
    let exit = info.last_exit.map(|last| match last.status {
        ExitStatus::Exited(code) => format!("Exited with status {code} after {}", length(last.ran_for)),
        ExitStatus::Signaled { signal, .. } => {
            format!("Killed by {} after {}", signal_text(signal), length(last.ran_for))
        }
    });
    let spawn_error = info.spawnerr.as_deref().filter(|error| !error.is_empty());
    // A program that was never spawned has no end to tell of.
    let cause = match (exit, spawn_error) {
        (Some(exit), _) => exit,
        (None, Some(error)) => sentence(error),
        (None, None) => "It does not start".to_owned(),
    };
    match Shown::of(info) {
        Shown::Fatal => {
            let when = info.last_exit.map(|last| format!(" at {}", now.moment(last.at))).unwrap_or_default();
            format!("{cause}. Gave up{when}; {} failed so far.", starts(failed))
        }
        Shown::Backoff => {
            format!("{cause}. It is started again, {} more at most.", info.config.restart.startretries)
        }
        Shown::Unexpected => {
            let when = info.last_exit.map(|last| now.age(last.at)).unwrap_or_default();
            format!("{cause}, {when}. It is not restarted.")
        }
        Shown::Unknown => "A signal could not be sent to it, so nobody knows whether it runs.".to_owned(),
        Shown::Running | Shown::Starting | Shown::Stopping | Shown::Exited | Shown::Stopped => format!("{cause}."),
    }
}

fn starts(number: u64) -> String {
    if number == 1 { "1 start".to_owned() } else { format!("{} starts", count(number)) }
}

/// With a capital and without a full stop.
fn sentence(text: &str) -> String {
    let mut characters = text.trim_end_matches('.').chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_data::process_info;

    const NOW: u64 = 1_795_335_467;

    fn now() -> Now {
        Now { wall: Duration::from_secs(NOW), zone: TimeZone::UTC }
    }

    #[test]
    fn durations_and_sizes_are_short() {
        for (seconds, text) in [(0, "0:00:00"), (32_741, "9:05:41"), (86_399, "23:59:59"), (528_060, "6 d 02:41")] {
            assert_eq!(uptime(Duration::from_secs(seconds)), text);
        }
        for (milliseconds, text) in [(400, "0.4 s"), (12_000, "12 s"), (2_280_000, "38 min"), (259_200_000, "3 d")] {
            assert_eq!(length(Duration::from_millis(milliseconds)), text);
        }
        for (bytes, text) in [
            (0, "0 B"),
            (1_023, "1023 B"),
            (1_024, "1.0 kB"),
            (1_048_575, "1.0 MB"),
            (199_439_155, "190.2 MB"),
            (79_672_000_000, "74.2 GB"),
        ] {
            assert_eq!(size(bytes), text);
        }
        for (number, text) in [(0, "0"), (9_999, "9999"), (10_000, "10,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count(number), text);
        }
        assert_eq!((cpu(0.214, false), cpu(1.45, true), cpu(1.45, false)).0, "21.4 %");
        assert_eq!((cpu(1.45, true), cpu(1.45, false)), ("1.45 cores".to_owned(), "145.0 %".to_owned()));
    }

    #[test]
    fn ages_become_dates() {
        for (ago, text) in [
            (0, "just now"),
            (42, "42 s ago"),
            (720, "12 min ago"),
            (21_600, "6 h ago"),
            (60_000, "yesterday 15:37"),
            (300_000, "2026-11-18 20:57"),
        ] {
            assert_eq!(now().age(Duration::from_secs(NOW - ago)), text);
        }
        // A clock that was set back.
        assert_eq!(now().age(Duration::from_secs(NOW + 9)), "just now");
    }

    #[test]
    fn each_state_has_its_sentence() {
        let last = |status, expected| {
            Some(LastExit {
                at: Duration::from_secs(NOW - 1_320),
                status,
                expected,
                ran_for: Duration::from_millis(400),
            })
        };
        let (exited, killed) = (ExitStatus::Exited(1), ExitStatus::Signaled { signal: 9, core_dumped: false });
        let start = NOW.cast_signed() - 5;
        for (state, start, last_exit, key, text) in [
            (ProcessState::Running, start, None, "running", "0:00:05"),
            (ProcessState::Starting, start, None, "starting", "for 5 s of 1"),
            (ProcessState::Fatal, start, last(exited, false), "fatal", "gave up 22 min ago"),
            (ProcessState::Exited, start, last(ExitStatus::Exited(0), true), "exited", "done 22 min ago, status 0"),
            (ProcessState::Exited, start, last(exited, false), "unexpected", "status 1, 22 min ago"),
            (ProcessState::Exited, start, last(killed, false), "unexpected", "killed by SIGKILL 22 min ago"),
            (ProcessState::Stopped, 0, None, "stopped", "never started"),
        ] {
            let info = ProcessInfo { state, start, last_exit, ..process_info("cat") };
            assert_eq!((Shown::of(&info).key(), since(&info, &now()).as_str()), (key, text));
        }
    }

    #[test]
    fn what_needs_attention_says_why() {
        let last_exit = Some(LastExit {
            at: Duration::from_secs(NOW - 60),
            status: ExitStatus::Exited(78),
            expected: false,
            ran_for: Duration::from_millis(400),
        });
        let fatal = ProcessInfo { state: ProcessState::Fatal, last_exit, ..process_info("cat") };
        let text = why(&fatal, &now());
        assert!(text.starts_with("Exited with status 78 after 0.4 s. Gave up at "), "{text}");
        let spawnerr = Some("can't find command '/nosuch'".into());
        let missing = ProcessInfo { spawnerr, last_exit: None, ..fatal };
        let text = why(&missing, &now());
        assert!(text.starts_with("Can't find command '/nosuch'. Gave up;"), "{text}");
    }
}
