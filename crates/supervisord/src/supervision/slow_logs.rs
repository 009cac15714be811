//! Logs on file systems that keep a caller waiting: what the loop does with the answers of the threads that write them
//! ([`super::log_writers`]), and when it leaves a log to one.

use std::path::Path;
use std::time::Duration;

use supervisor_core::{Channel, LogLevel, ProcessId};

use super::limits;
use super::log_table::LogId;
use super::log_writers::{Marked, WriterNotice};
use super::os_host::OsHost;
use crate::clock;

impl OsHost {
    /// What the threads have done since the last turn; and whether one of them hangs.
    pub(super) fn take_in_writers_answers(&mut self) {
        while let Some((answer, notice)) = self.kernel.log_writers.next_answer() {
            if let Some(notice) = notice {
                self.report_writer(&notice);
            }
            let Some(outcome) = self.main_log.answered(answer.ticket, answer.outcome) else { continue };
            let Some((log, notice)) = self.logs.answered(answer.ticket, outcome, clock::monotonic_clock()) else {
                continue;
            };
            if let Some(notice) = notice {
                self.report(log, notice);
            }
            self.settle(log);
            self.logs.close_if_unused(log);
        }
        while let Some(notice) = self.kernel.log_writers.look_after(clock::monotonic_clock()) {
            self.report_writer(&notice);
        }
    }

    /// The logs of a process took too long to open.
    pub(super) fn opening_was_slow(&mut self, process: ProcessId, took: Duration) {
        for channel in Channel::BOTH {
            let log = self.entry_mut(process).and_then(|entry| entry.logs.log(channel));
            if let Some(log) = log {
                self.leave_to_writer(log, took);
            }
        }
    }

    /// A log took too long.
    pub(super) fn leave_to_writer(&mut self, log: LogId, took: Duration) {
        if let Some(device) = self.logs.device(log) {
            let path = self.logs.path(log).to_owned();
            self.leave_file_system(device, &path, took);
        }
    }

    /// A file system took too long: what is logged there is written by a thread from now on.
    pub(super) fn leave_file_system(&mut self, device: u64, path: &Path, took: Duration) {
        let Self { kernel, logs, main_log, .. } = self;
        let writers = &mut kernel.log_writers;
        let consequence = match writers.mark_slow(device, path) {
            Marked::HasThread => "a thread of its own writes its logs from now on",
            Marked::Refused => "and may again, since no thread could be started to write its logs",
            Marked::RefusedAgain => return,
        };
        logs.leave_to_writer(device, writers);
        main_log.leave_to_writer(device, writers);
        self.main_log.log(
            LogLevel::Warn,
            format_args!(
                "the file system of {} kept supervision waiting for {} ms, {consequence}",
                path.display(),
                took.as_millis()
            ),
        );
    }

    fn report_writer(&mut self, notice: &WriterNotice) {
        match notice {
            WriterNotice::Hangs(path) => self.main_log.log(
                LogLevel::Error,
                format_args!(
                    "the file system of {} has not answered for {} s: programs that log there wait when their logs are full",
                    path.display(),
                    limits::LOG_WRITER_HANGS.as_secs()
                ),
            ),
            WriterNotice::Answers(path) => self
                .main_log
                .log(LogLevel::Error, format_args!("the file system of {} answers again", path.display())),
        }
    }
}
