//! The last 24 hours of a process as a picture: a band while it ran, nothing while it did not, a tall mark where a life
//! ended that was not to end (reference/web.md §10).
//!
//! It is drawn from what is known of each process: the life that it has, and the one before. What was before that is
//! dots, since nobody remembers it. Attributes alone, no style, as the policy of our pages wants it.

use std::time::Duration;

use supervisor_core::ProcessInfo;

use super::words::{Now, Shown, end};

/// What is shown.
const DAY: Duration = Duration::from_hours(24);

/// A narrower mark cannot be seen.
const MARK_SHARE: f64 = 0.015;

/// The picture.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Strip {
    pub(super) bars: Vec<Bar>,
    /// The same in words.
    pub(super) label: String,
}

/// A part of it; `from` and `width` are shares of the day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bar {
    pub(super) kind: BarKind,
    pub(super) from: f64,
    pub(super) width: f64,
}

/// What a part stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BarKind {
    Ran,
    Failed,
    /// It ended and that was meant, or nobody knows better.
    Ended,
    /// Nobody remembers.
    Forgotten,
}

impl Strip {
    pub(super) fn of(info: &ProcessInfo, now: &Now) -> Self {
        let mut bars = Vec::new();
        let begin = now.wall.saturating_sub(DAY);
        let place = |time: Duration| time.saturating_sub(begin).as_secs_f64() / DAY.as_secs_f64();
        let span = |kind, from: Duration, to: Duration| {
            let (from, to) = (place(from).min(1.0), place(to).min(1.0));
            (to > 0.0).then_some(Bar { kind, from, width: (to - from).max(0.0) })
        };
        let last = info.last_exit;
        if let Some(last) = last {
            let born = last.at.saturating_sub(last.ran_for);
            if info.tally.starts > known_lives(info) {
                bars.extend(span(BarKind::Forgotten, begin, born).filter(|bar| bar.width > 0.0));
            }
            bars.extend(span(BarKind::Ran, born, last.at));
        }
        let started = Duration::from_secs(u64::try_from(info.start).unwrap_or(0));
        if info.pid.is_some() {
            bars.extend(span(BarKind::Ran, started, now.wall));
        }
        if let Some(last) = last.filter(|last| last.at > begin) {
            let kind = if has_failed(info) { BarKind::Failed } else { BarKind::Ended };
            bars.push(Bar { kind, from: place(last.at).min(1.0 - MARK_SHARE), width: MARK_SHARE });
        }
        Self { bars, label: label(info, now, begin) }
    }
}

fn known_lives(info: &ProcessInfo) -> u64 {
    u64::from(info.last_exit.is_some()) + u64::from(info.pid.is_some())
}

/// Whether its last end was a failure: one that led to what it is now, or to a start that nobody asked for.
fn has_failed(info: &ProcessInfo) -> bool {
    let is_expected = info.last_exit.is_none_or(|last| last.expected);
    match Shown::of(info) {
        Shown::Fatal | Shown::Backoff | Shown::Unexpected => true,
        Shown::Running | Shown::Starting => !is_expected && info.tally.restarts > 0,
        Shown::Unknown | Shown::Stopping | Shown::Exited | Shown::Stopped => false,
    }
}

fn label(info: &ProcessInfo, now: &Now, begin: Duration) -> String {
    let started = Duration::from_secs(u64::try_from(info.start).unwrap_or(0));
    let last = info.last_exit.filter(|last| last.at > begin).map(|last| (end(last.status), now.age(last.at)));
    let text = match (last, info.pid.is_some()) {
        (None, true) if started <= begin => "ran all the time".to_owned(),
        (None, true) => format!("started {}", now.age(started)),
        (None, false) => "did not run".to_owned(),
        (Some((how, when)), true) => format!("ended with {how} {when}, runs again"),
        (Some((how, when)), false) => format!("ended with {how} {when}"),
    };
    format!("Last 24 hours: {text}")
}

impl Bar {
    /// Where it begins in a picture of this width, to a tenth.
    pub(super) fn x(&self, picture: u32) -> String {
        tenths(self.from * f64::from(picture))
    }

    pub(super) fn w(&self, picture: u32) -> String {
        tenths(self.width * f64::from(picture))
    }

    pub(super) fn fill(&self) -> &'static str {
        match self.kind {
            BarKind::Ran => "f-wash",
            BarKind::Failed => "f-fatal",
            BarKind::Ended => "f-moving",
            BarKind::Forgotten => "f-line",
        }
    }

    pub(super) fn ran(&self) -> bool {
        self.kind == BarKind::Ran
    }

    pub(super) fn is_mark(&self) -> bool {
        match self.kind {
            BarKind::Failed | BarKind::Ended => true,
            BarKind::Ran | BarKind::Forgotten => false,
        }
    }
}

/// Without a fraction where there is none.
fn tenths(number: f64) -> String {
    let text = format!("{number:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use supervisor_core::{ExitStatus, LastExit, Pid, ProcessState, Tally};

    use super::*;
    use crate::test_data::process_info;

    const NOW: u64 = 1_795_335_467;

    fn strip(info: &ProcessInfo) -> Vec<(BarKind, String, String)> {
        let now = Now { wall: Duration::from_secs(NOW), zone: TimeZone::UTC };
        Strip::of(info, &now).bars.iter().map(|bar| (bar.kind, bar.x(240), bar.w(240))).collect()
    }

    #[test]
    fn a_day_is_two_lives_and_what_is_forgotten() {
        let hours = |hours: u64| Duration::from_hours(hours);
        let last_exit = Some(LastExit {
            at: Duration::from_secs(NOW - 12 * 3_600),
            status: ExitStatus::Exited(1),
            expected: false,
            ran_for: hours(6),
        });
        let info = ProcessInfo {
            state: ProcessState::Running,
            pid: Pid::new(7),
            start: (NOW - 6 * 3_600).cast_signed(),
            last_exit,
            tally: Tally { starts: 3, restarts: 1, ..Tally::default() },
            ..process_info("cat")
        };
        let bar = |kind, x: &str, w: &str| (kind, x.to_owned(), w.to_owned());
        assert_eq!(
            strip(&info),
            [
                bar(BarKind::Forgotten, "0", "60"),
                bar(BarKind::Ran, "60", "60"),
                bar(BarKind::Ran, "180", "60"),
                bar(BarKind::Failed, "120", "3.6"),
            ]
        );
        let quiet = ProcessInfo { start: 1, last_exit: None, ..info };
        assert_eq!(strip(&quiet), [bar(BarKind::Ran, "0", "240")]);
        assert_eq!(strip(&process_info("cat")), []);
    }
}
