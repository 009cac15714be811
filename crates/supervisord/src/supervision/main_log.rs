//! The main log: what supervisord says of itself (contract/processes.md §10).
//!
//! Lines are collected during a turn of the event loop and written once at its end, before any answer of that
//! turn leaves, so that a client which reads the log after an answer finds what led to it.

use std::fmt::{self, Write as _};
use std::io::{self, Write as _};
use std::path::PathBuf;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use supervisor_core::LogLevel;

use super::log_file::{LogFile, LogFileNotice, LogFileSettings};
use super::syslog::Syslog;
use crate::clock;
use crate::inbox::Follower;

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
    file: Option<LogFile>,
    syslog: Option<Syslog>,
    to_stdout: bool,
    /// Lines of this turn.
    pending: String,
    stamp: Stamp,
}

impl MainLog {
    /// Opens it.
    ///
    /// # Errors
    /// As `open(2)` of the log file.
    pub fn open(settings: MainLogSettings) -> io::Result<Self> {
        let (file, syslog) = match settings.target {
            MainLogTarget::File(file) => (Some(LogFile::open(file)?), None),
            MainLogTarget::Syslog => (None, Some(Syslog::new())),
        };
        Ok(Self {
            level: settings.level,
            file,
            syslog,
            to_stdout: settings.to_stdout,
            pending: String::new(),
            stamp: Stamp::new(),
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

    /// The file it is kept in, if it is one that can be read.
    pub fn readable_path(&self) -> Option<PathBuf> {
        self.file.as_ref().filter(|file| file.is_regular()).map(|file| file.path().to_owned())
    }

    /// Adds a line.
    pub fn log(&mut self, level: LogLevel, message: fmt::Arguments<'_>) {
        if self.shows(level) {
            self.begin_line(level);
            // Writing to a String cannot fail.
            self.pending.write_fmt(message).ok();
            self.pending.push('\n');
        }
    }

    /// Writes the lines of this turn.
    pub fn flush(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let notice = self.file.as_mut().and_then(|file| file.append(self.pending.as_bytes()));
        if let Some(syslog) = &self.syslog {
            self.pending.lines().for_each(|line| syslog.send(&format!("{line}\n")));
        }
        if self.to_stdout {
            // A closed standard output is no reason to stop.
            let mut stdout = io::stdout().lock();
            stdout.write_all(self.pending.as_bytes()).ok();
            stdout.flush().ok();
        }
        self.pending.clear();
        if let Some(LogFileNotice::TakesAgain { dropped }) = notice {
            self.log(LogLevel::Error, format_args!("{dropped} bytes of this log were lost before this line"));
            self.flush();
        }
    }

    /// Opens the file anew (SIGUSR2).
    pub fn reopen(&mut self) {
        self.flush();
        if let Some(file) = &mut self.file {
            file.reopen();
        }
    }

    /// Empties the file.
    ///
    /// # Errors
    /// As `unlink(2)` and `open(2)`.
    pub fn clear(&mut self) -> io::Result<()> {
        self.flush();
        match &mut self.file {
            Some(file) => file.clear(),
            None => Ok(()),
        }
    }

    /// Tells a client of each change from now on.
    pub fn follow(&mut self, follower: Follower) {
        if let Some(file) = &mut self.file {
            file.follow(follower);
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

/// The time at the beginning of a line, `2026-11-22 08:41:49,629`, local; made anew when its second is over.
#[derive(Debug)]
struct Stamp {
    zone: TimeZone,
    second: u64,
    text: String,
}

impl Stamp {
    fn new() -> Self {
        Self { zone: TimeZone::system(), second: u64::MAX, text: String::new() }
    }

    fn push(&mut self, line: &mut String) {
        let wall = clock::wall_clock();
        if self.second != wall.as_secs() {
            self.second = wall.as_secs();
            let seconds = i64::try_from(self.second).unwrap_or(i64::MAX);
            let local = Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX).to_zoned(self.zone.clone());
            self.text = local.strftime("%Y-%m-%d %H:%M:%S").to_string();
        }
        // Writing to a String cannot fail.
        write!(line, "{},{:03}", self.text, wall.subsec_millis()).ok();
    }
}
