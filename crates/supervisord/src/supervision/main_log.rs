//! The main log: what supervisord says of itself (contract/processes.md §10).
//!
//! Lines are collected during a turn of the event loop and written once at its end, before any answer of that
//! turn leaves, so that a client which reads the log after an answer finds what led to it.
//!
//! A line that begins with a time is ours. What a message takes in of others (names, requests, output of programs) can
//! begin none and gives a terminal no orders: each further line of it begins with `CONTINUATION`, and what is obeyed
//! instead of shown is escaped. This is done here, in the one way in, and nowhere else.
//!
//! Never waits: while a pipe or a terminal takes no more, lines wait within a bound; what is beyond it is dropped, and
//! counted in the first line that is taken again. A file, be it that of standard output, is written by a thread if its
//! file system is remote, or has kept us waiting once.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::tz::TimeZone;
use supervisor_core::LogLevel;
use supervisor_protocol::terminal::visible;

use super::disk_watch::DiskWatch;
use super::limits;
use super::log_file::{LogFile, LogFileNotice, LogFileSettings, Rotation, own_descriptor};
use super::log_stream::LogStream;
use super::log_writers::{LogWriters, Outcome, Ticket};
use super::open_log::OpenLog;
use super::syslog::Syslog;
use crate::boundary::followers::{Follower, Followers};
use crate::clock;

/// Where the main log goes, and how much of it.
#[derive(Clone, Debug)]
pub struct MainLogSettings {
    /// The least severe level that is shown.
    pub level: LogLevel,
    /// File or syslog.
    pub target: MainLogTarget,
    /// Lines go to standard output too (foreground, not silent).
    pub to_stdout: bool,
}

/// Where the main log is kept.
#[derive(Clone, Debug)]
pub enum MainLogTarget {
    /// A file that rotates.
    File(LogFileSettings),
    /// The system's log.
    Syslog,
}

/// The open main log.
#[derive(Debug)]
pub struct MainLog {
    level: LogLevel,
    file: Option<OpenLog>,
    rotation: Rotation,
    syslog: Option<Syslog>,
    /// Standard output, in the foreground.
    copy: Option<OpenLog>,
    followers: Followers,
    /// Lines of this turn.
    pending: String,
    stamp: Stamp,
    /// The last write that took too long.
    slow: Option<SlowWrite>,
}

/// A write that took too long.
#[derive(Debug)]
pub(super) struct SlowWrite {
    /// The file system, as stat(2) numbers it.
    pub(super) device: u64,
    /// What was written to.
    pub(super) path: PathBuf,
    /// How long it took.
    pub(super) took: Duration,
}

const STANDARD_OUTPUT: &str = "/dev/stdout";

/// What every line of a message begins with, but the first.
const CONTINUATION: &str = "    ";

/// What is not ours to rename or to empty.
const NEVER: Rotation = Rotation { maxbytes: 0, backups: 0 };

impl MainLog {
    /// Opens it.
    ///
    /// # Errors
    /// As `open(2)` of the log file.
    pub fn open(settings: MainLogSettings) -> io::Result<Self> {
        let (file, rotation, syslog) = match settings.target {
            MainLogTarget::File(file) => (Some(OpenLog::Direct(LogFile::open(file.path)?)), file.rotation, None),
            MainLogTarget::Syslog => (None, NEVER, Some(Syslog::new())),
        };
        let is_standard_output = file.as_ref().is_some_and(|file| is_standard_output(file.path()));
        let copy = (settings.to_stdout && !is_standard_output).then(|| LogFile::open(PathBuf::from(STANDARD_OUTPUT)));
        Ok(Self {
            level: settings.level,
            file,
            rotation,
            syslog,
            // A closed standard output is no reason not to start.
            copy: copy.and_then(Result::ok).map(OpenLog::Direct),
            followers: Followers::default(),
            pending: String::new(),
            stamp: Stamp::new(),
            slow: None,
        })
    }

    /// Whether lines of this level are shown.
    pub fn shows(&self, level: LogLevel) -> bool {
        level <= self.level
    }

    /// The least severe level that is shown.
    pub fn level(&self) -> LogLevel {
        self.level
    }

    /// The file it is kept in, even if that is a device or a pipe.
    pub fn path(&self) -> Option<PathBuf> {
        self.file.as_ref().map(|file| file.path().to_owned())
    }

    /// The file it is kept in, if it is one that can be cleared.
    pub fn clearable_path(&self) -> Option<PathBuf> {
        self.file.as_ref().filter(|file| file.is_regular()).map(|file| file.path().to_owned())
    }

    /// In how many places it is kept.
    pub fn places(&self) -> usize {
        let Self { file, copy, syslog, .. } = self;
        [file.is_some(), copy.is_some(), syslog.is_some()].into_iter().filter(|kept| *kept).count()
    }

    /// Adds a message: a line, or several if its text has line ends of its own.
    pub fn log(&mut self, level: LogLevel, message: fmt::Arguments<'_>) {
        if self.shows(level) {
            self.begin_line(level);
            let begin = self.pending.len();
            // Writing to a String cannot fail.
            self.pending.write_fmt(message).ok();
            if let Some(harmless) = self.pending.get(begin..).and_then(harmless) {
                self.pending.truncate(begin);
                self.pending.push_str(&harmless);
            }
            self.pending.push('\n');
        }
    }

    /// Writes the lines of this turn.
    pub fn flush(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let lines = std::mem::take(&mut self.pending);
        if let Some(syslog) = &mut self.syslog {
            send_lines(syslog, &lines);
        }
        if self.copy.is_some() {
            let watch = DiskWatch::start();
            self.write_copy(lines.as_bytes());
            self.slow = slow_write(self.copy.as_ref(), watch).or(self.slow.take());
        }
        let (bound, now, watch) = (limits::MAIN_LOG_PENDING_BYTES, clock::monotonic_clock(), DiskWatch::start());
        let file = self.file.as_mut();
        let notice = file.and_then(|file| file.append(lines.as_bytes(), self.rotation, bound, now));
        self.slow = slow_write(self.file.as_ref(), watch).or(self.slow.take());
        self.followers.notify();
        // The room is used again.
        self.pending = lines;
        self.pending.clear();
        self.tell(notice);
    }

    /// Writes on to destinations that take bytes again.
    pub(super) fn flush_blocked(&mut self) {
        let notice = self.copy.as_mut().and_then(OpenLog::flush);
        self.tell_copy(notice.as_ref());
        let notice = self.file.as_mut().and_then(OpenLog::flush);
        self.tell(notice);
    }

    /// The streams behind it, to be watched with the poller.
    pub(super) fn streams(&mut self) -> [Option<&mut LogStream>; 2] {
        [&mut self.file, &mut self.copy].map(|log| log.as_mut().and_then(OpenLog::stream))
    }

    /// Takes in what a thread has done, if it was for this log.
    pub(super) fn answered(&mut self, ticket: Ticket, outcome: Outcome) -> Option<Outcome> {
        if let Some(copy) = self.copy.as_mut().filter(|copy| copy.ticket() == Some(ticket)) {
            let notice = copy.answered(outcome, clock::monotonic_clock());
            self.tell_copy(notice.as_ref());
            return None;
        }
        let ours = self.file.as_mut().filter(|file| file.ticket() == Some(ticket));
        let Some(file) = ours else { return Some(outcome) };
        let notice = file.answered(outcome, clock::monotonic_clock());
        self.followers.notify();
        self.tell(notice);
        None
    }

    /// Leaves those of its files to a thread that lie on this file system.
    pub(super) fn leave_to_writer(&mut self, device: u64, writers: &mut LogWriters) {
        for log in [&mut self.file, &mut self.copy].into_iter().flatten() {
            log.leave_to_writer(device, writers);
        }
    }

    /// Leaves its files to a thread if they lie where calls may take long. To be called when there may be threads.
    pub(super) fn leave_if_remote(&mut self, writers: &mut LogWriters) {
        for log in [&mut self.file, &mut self.copy].into_iter().flatten() {
            let path = place_of(log.path());
            if let Some(device) = log.device()
                && let Some(_writer) = writers.writer_of(&path)
            {
                writers.mark_slow(device, &path);
                log.leave_to_writer(device, writers);
            }
        }
    }

    /// Gives a thread a moment to write what waits.
    pub(super) fn settle(&mut self, writers: &mut LogWriters) {
        if let Some(file) = &mut self.file {
            let notice = file.settle(writers);
            self.tell(notice);
        }
    }

    /// The last write that took too long; said once.
    pub(super) fn take_slow(&mut self) -> Option<SlowWrite> {
        self.slow.take()
    }

    /// How much waits to be written, in bytes.
    pub(super) fn waiting(&mut self) -> usize {
        [&mut self.file, &mut self.copy].into_iter().flatten().map(OpenLog::waiting).sum()
    }

    /// Whether a thread writes the file.
    pub(super) fn is_queued(&self) -> bool {
        self.file.as_ref().is_some_and(OpenLog::is_queued)
    }

    /// Opens the file anew (SIGUSR2).
    pub fn reopen(&mut self) {
        self.flush();
        if let Some(file) = &mut self.file {
            file.reopen();
        }
        self.followers.notify();
    }

    /// Empties the file.
    ///
    /// # Errors
    /// As `unlink(2)` and `open(2)`.
    pub(super) fn clear(&mut self, writers: &mut LogWriters) -> io::Result<()> {
        self.flush();
        let cleared = self.file.as_mut().map_or(Ok(()), |file| file.clear(writers));
        self.followers.notify();
        cleared
    }

    /// Tells a client of each change from now on.
    pub fn follow(&mut self, follower: Follower) {
        self.followers.add(follower);
    }

    fn write_copy(&mut self, lines: &[u8]) {
        let Some(copy) = &mut self.copy else { return };
        let notice = copy.append(lines, NEVER, limits::MAIN_LOG_PENDING_BYTES, clock::monotonic_clock());
        self.tell_copy(notice.as_ref());
    }

    /// Says in the copy what it has missed.
    fn tell_copy(&mut self, notice: Option<&LogFileNotice>) {
        if let Some(LogFileNotice::TakesAgain { dropped }) = notice {
            let mut line = String::new();
            self.stamp.push(&mut line);
            // Writing to a String cannot fail.
            writeln!(line, " {} {}", LogLevel::Error.abbreviation(), lost_text(*dropped)).ok();
            self.write_copy(line.as_bytes());
        }
    }

    /// What there is to say about the log itself; that it cannot be written, nobody would read there.
    fn tell(&mut self, notice: Option<LogFileNotice>) {
        match notice {
            Some(LogFileNotice::TakesAgain { dropped }) => {
                self.log(LogLevel::Error, format_args!("{}", lost_text(dropped)));
                self.flush();
            }
            Some(LogFileNotice::CannotRotate { error }) => {
                self.log(LogLevel::Error, format_args!("this log is full and cannot be renamed, it grows: {error}"));
                self.flush();
            }
            Some(LogFileNotice::Drops { .. } | LogFileNotice::NeverTookAgain { .. }) | None => {}
        }
    }

    fn begin_line(&mut self, level: LogLevel) {
        self.stamp.push(&mut self.pending);
        self.pending.push(' ');
        self.pending.push_str(level.abbreviation());
        self.pending.push(' ');
    }
}

impl Drop for MainLog {
    fn drop(&mut self) {
        self.flush();
    }
}

/// A message that can neither be taken for several nor orders a terminal about; `None`: it is so as it is.
fn harmless(message: &str) -> Option<String> {
    let shown = visible(message);
    if !shown.contains('\n') {
        return match shown {
            Cow::Borrowed(_) => None,
            Cow::Owned(escaped) => Some(escaped),
        };
    }
    let mut lines = shown.split('\n');
    let mut text = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        text.push('\n');
        if !line.is_empty() {
            text.push_str(CONTINUATION);
            text.push_str(line);
        }
    }
    Some(text)
}

/// Sends lines to the system's log; after a loss it is told there.
fn send_lines(syslog: &mut Syslog, lines: &str) {
    for line in lines.lines() {
        if let Some(LogFileNotice::TakesAgain { dropped }) = syslog.send(&format!("{line}\n")) {
            syslog.send(&format!("{}\n", lost_text(dropped)));
        }
    }
}

fn lost_text(dropped: u64) -> String {
    format!("{dropped} bytes of this log were lost before this line")
}

fn slow_write(log: Option<&OpenLog>, watch: DiskWatch) -> Option<SlowWrite> {
    let took = watch.too_long()?;
    let log = log?;
    log.device().map(|device| SlowWrite { device, path: place_of(log.path()), took })
}

/// Where a file of ours lies, told without asking its file system (proc(5)).
fn place_of(path: &Path) -> PathBuf {
    let link = own_descriptor(path).and_then(|number| fs::read_link(format!("/proc/self/fd/{number}")).ok());
    link.unwrap_or_else(|| path.to_owned())
}

/// Whether a log is what standard output is: a copy there would say each line twice.
fn is_standard_output(log: &Path) -> bool {
    let file_of = |path: &Path| fs::metadata(path).map(|metadata| (metadata.dev(), metadata.ino())).ok();
    file_of(log).is_some_and(|file| Some(file) == file_of(Path::new(STANDARD_OUTPUT)))
}

/// The time at the beginning of a line, `2026-11-22 08:41:49,629`, local; made anew when its second is over.
#[derive(Debug)]
struct Stamp {
    zone: TimeZone,
    second: u64,
    text: String,
}

impl Stamp {
    fn new() -> Self {
        Self { zone: clock::local_zone().zone.clone(), second: u64::MAX, text: String::new() }
    }

    fn push(&mut self, line: &mut String) {
        let wall = clock::wall_clock();
        if self.second != wall.as_secs() {
            self.second = wall.as_secs();
            self.text = clock::local_time(wall, self.zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string();
        }
        // Writing to a String cannot fail.
        write!(line, "{},{:03}", self.text, wall.subsec_millis()).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_can_neither_begin_a_line_nor_order_a_terminal_about() {
        assert_eq!(harmless("it's all\tplain: é"), None);
        let forged = "web\n2026-01-01 00:00:00,000 INFO spawned: 'x' with pid 1\n\nend\n";
        let kept = "web\n    2026-01-01 00:00:00,000 INFO spawned: 'x' with pid 1\n\n    end\n";
        assert_eq!(harmless(forged).as_deref(), Some(kept));
        // Whatever some reader takes for the end of a line, or some terminal for an order.
        let orders = "a\rb\u{b}c\u{c}d\u{1c}e\u{85}f\u{2028}g\u{2029}h\x1b]0;i\x07j\u{9b}2Jk\u{202e}l\0";
        let shown = "a\\x0db\\x0bc\\x0cd\\x1ce\\x85f\\u{2028}g\\u{2029}h\\x1b]0;i\\x07j\\x9b2Jk\\u{202e}l\\x00";
        assert_eq!(harmless(orders).as_deref(), Some(shown));
    }
}
