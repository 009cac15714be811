//! What a log destination that takes no more means for the program behind it: its output is not read until there is
//! room again, so it waits in the program's own pipe. Nothing is dropped, nobody else waits, and nothing polls: the
//! poller tells when the destination takes bytes again.
//!
//! Once a program has ended its last words are read all the same, into a buffer with a bound.

use std::path::Path;
use std::time::Duration;

use supervisor_core::{Channel, Life, LogLevel, ProcessId};

use super::child::PollKey;
use super::disk_watch::DiskWatch;
use super::log_file::LogFileNotice;
use super::log_table::LogId;
use super::main_log::SlowWrite;
use super::os_host::{OsHost, child_of};

impl OsHost {
    /// Writes output to the log of a channel; stops to read the channel if that is blocked now.
    pub(super) fn append_output(&mut self, process: ProcessId, channel: Channel, bytes: &[u8]) {
        let Self { entries, logs, now, .. } = self;
        let Some(entry) = entries.get_mut(process.index()).and_then(Option::as_mut) else { return };
        if entry.id != process {
            return;
        }
        let watch = DiskWatch::start();
        let notice = entry.logs.append(channel, logs, bytes, *now);
        let too_long = watch.too_long();
        let Some(log) = entry.logs.log(channel) else { return };
        let life = entry.child.as_ref().map(|child| child.life);
        if let Some(notice) = notice {
            self.report(log, notice);
        }
        if let Some(took) = too_long {
            self.leave_to_writer(log, took);
        }
        self.settle(log);
        if let Some(life) = life {
            self.hold_if_blocked(life, channel);
        }
    }

    /// Whether the log of a channel takes no more, so that the channel is not to be read.
    pub(super) fn hold_if_blocked(&mut self, life: Life, channel: Channel) -> bool {
        let Self { kernel, entries, logs, .. } = self;
        let Some(entry) = entries.get_mut(life.process.index()).and_then(Option::as_mut) else { return false };
        let Some(log) = entry.logs.log(channel).filter(|log| logs.is_blocked(*log)) else { return false };
        let stream = child_of(entries, life).and_then(|child| child.stream(channel).as_mut());
        if let Some(stream) = stream
            && kernel.hold(life, channel, stream)
        {
            logs.hold(log, life, channel);
        }
        true
    }

    /// The poller says that a log takes bytes again.
    pub(super) fn log_writable(&mut self, index: usize) {
        let log = LogId::from_index(index);
        if let Some(notice) = self.logs.flush(log) {
            self.report(log, notice);
        }
        self.settle(log);
        self.logs.close_if_unused(log);
    }

    /// Writes the lines of this turn, and watches what does not take them.
    pub(super) fn flush_main_log(&mut self) {
        for (path, notice) in self.logs.take_unsaid() {
            self.report_at(&path, notice);
        }
        self.main_log.flush();
        self.watch_main_log();
        if let Some(SlowWrite { device, path, took }) = self.main_log.take_slow() {
            self.leave_file_system(device, &path, took);
            self.main_log.flush();
        }
    }

    /// The poller says that a destination of the main log takes bytes again.
    pub(super) fn main_log_writable(&mut self) {
        self.main_log.flush_blocked();
        self.watch_main_log();
    }

    /// Whether something still waits to be written somewhere.
    pub(super) fn has_waiting_logs(&mut self) -> bool {
        self.main_log.waiting() > 0 || !self.logs.waiting().is_empty()
    }

    /// Says what the logs of programs did not take to the end; the last line of all.
    pub(super) fn report_lost_logs(&mut self, patience: Duration) {
        let seconds = patience.as_secs();
        for (log, bytes) in self.logs.waiting() {
            let path = self.logs.path(log).display();
            if self.logs.is_queued(log) {
                self.main_log.log(
                    LogLevel::Error,
                    format_args!("the last {bytes} bytes for {path} were not written within {seconds} s and are lost: its file system does not answer"),
                );
            } else {
                self.main_log.log(
                    LogLevel::Error,
                    format_args!("nobody took the last {bytes} bytes for {path} within {seconds} s"),
                );
            }
        }
        self.flush_main_log();
        self.main_log.settle(&mut self.kernel.log_writers);
    }

    /// Says what logs have dropped that have not taken bytes again.
    pub(super) fn report_dropped(&mut self) {
        self.logs.give_up_dropped();
        self.flush_main_log();
        self.main_log.settle(&mut self.kernel.log_writers);
    }

    /// Lets go of every log, before they are closed and the poller goes on.
    pub(super) fn unwatch_logs(&mut self) {
        let Self { kernel, main_log, logs, .. } = self;
        main_log.streams().into_iter().flatten().for_each(|stream| kernel.unwatch_log(stream));
        for (log, _) in logs.waiting() {
            if let Some(stream) = logs.stream(log) {
                kernel.unwatch_log(stream);
            }
        }
    }

    /// After each write: a log that is blocked is watched, and one that is not keeps nobody waiting, whoever's write it
    /// was that found room.
    pub(super) fn settle(&mut self, log: LogId) {
        let Self { kernel, entries, logs, .. } = self;
        if let Some(stream) = logs.stream(log) {
            kernel.watch_log(stream, PollKey::Log(log.index()));
        }
        if logs.is_blocked(log) {
            return;
        }
        for (life, channel) in logs.take_held(log) {
            let child = child_of(entries, life);
            if let Some(stream) = child.and_then(|child| child.stream(channel).as_mut()) {
                kernel.resume(life, channel, stream);
            }
        }
    }

    fn watch_main_log(&mut self) {
        let Self { kernel, main_log, .. } = self;
        main_log.streams().into_iter().flatten().for_each(|stream| kernel.watch_log(stream, PollKey::MainLog));
    }

    pub(super) fn report(&mut self, log: LogId, notice: LogFileNotice) {
        let path = self.logs.path(log).to_owned();
        self.report_at(&path, notice);
    }

    fn report_at(&mut self, path: &Path, notice: LogFileNotice) {
        let path = path.display();
        match notice {
            LogFileNotice::Drops { error } => self.main_log.log(
                LogLevel::Error,
                format_args!("the log {path} cannot be written, output is dropped from now on: {error}"),
            ),
            LogFileNotice::TakesAgain { dropped } => self.main_log.log(
                LogLevel::Error,
                format_args!("the log {path} can be written again, {dropped} bytes were dropped"),
            ),
            LogFileNotice::NeverTookAgain { dropped } => self.main_log.log(
                LogLevel::Error,
                format_args!("the log {path} could not be written to its end, {dropped} bytes were dropped"),
            ),
            LogFileNotice::CannotRotate { error } => self
                .main_log
                .log(LogLevel::Error, format_args!("the log {path} is full and cannot be renamed, it grows: {error}")),
        }
    }
}
