//! `getProcessInfo`: the struct that tells how a process is (contract/rpc.md §4.3).
//!
//! Monitors depend on the members, their types and the words; new things are told elsewhere. Written straight into
//! the answer, since there may be thousands.

use std::fmt::Write as _;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use supervisor_core::{Pid, ProcessInfo, ProcessState};
use supervisor_protocol::xmlrpc::Writer;

use crate::clock;

/// Writes these structs with the time of day as it is now.
pub(super) struct ProcessInfoWriter {
    now: i64,
    /// By the monotonic clock.
    monotonic: Duration,
    zone: TimeZone,
    /// Kept between processes, so that its memory is.
    description: String,
}

impl ProcessInfoWriter {
    pub(super) fn new() -> Self {
        let now = clock::now();
        Self { monotonic: now.monotonic, ..Self::at(now.epoch_seconds(), clock::local_zone().zone.clone()) }
    }

    fn at(now: i64, zone: TimeZone) -> Self {
        Self { now, monotonic: Duration::ZERO, zone, description: String::new() }
    }

    /// Writes one struct.
    pub(super) fn write(&mut self, writer: &mut Writer, info: &ProcessInfo) {
        let stdout_logfile = info.logs.stdout.as_deref().unwrap_or_default();
        let stderr_logfile = info.logs.stderr.as_deref().unwrap_or_default();
        self.describe(info);
        writer.begin_struct();
        writer.string_member("name", &info.config.name);
        writer.string_member("group", &info.group);
        writer.int_member("start", capped(info.start));
        writer.int_member("stop", capped(info.stop));
        writer.int_member("now", capped(self.now));
        writer.int_member("state", i64::from(info.state.code()));
        writer.string_member("statename", info.state.name());
        writer.string_member("spawnerr", info.spawnerr.as_deref().unwrap_or_default());
        writer.int_member("exitstatus", i64::from(info.exit_code.unwrap_or(0)));
        writer.string_member("logfile", stdout_logfile);
        writer.string_member("stdout_logfile", stdout_logfile);
        writer.string_member("stderr_logfile", stderr_logfile);
        writer.int_member("pid", info.pid.map_or(0, |pid| i64::from(pid.get())));
        writer.string_member("description", &self.description);
        writer.end_struct();
    }

    /// How it is, in words; empty where there is nothing to say.
    pub(super) fn description(&mut self, info: &ProcessInfo) -> &str {
        self.describe(info);
        &self.description
    }

    /// Makes the description.
    fn describe(&mut self, info: &ProcessInfo) {
        self.description.clear();
        let text = &mut self.description;
        match info.state {
            ProcessState::Running => {
                let pid = info.pid.map_or(0, Pid::get);
                write!(text, "pid {pid}, uptime ").expect("a String takes everything");
                push_uptime(text, u64::try_from(self.now - info.start).unwrap_or(0));
            }
            ProcessState::Backoff | ProcessState::Fatal => match &info.spawnerr {
                Some(error) if !error.is_empty() => text.push_str(error),
                Some(_) | None => {
                    let name = &info.config.name;
                    write!(text, "unknown error (try \"tail {name}\")").expect("a String takes everything");
                }
            },
            ProcessState::Stopped | ProcessState::Exited => {
                // A process whose starts all failed has a start but was never reaped (contract/quirks.md F30).
                if info.start == 0 || info.stop == 0 {
                    text.push_str("Not started");
                } else {
                    push_stop_time(text, info.stop, &self.zone);
                }
            }
            ProcessState::Starting | ProcessState::Stopping | ProcessState::Unknown => {}
        }
        if let Some(pause) = info.starts_at.and_then(|at| at.checked_sub(self.monotonic)) {
            push_pause(text, pause);
        }
    }
}

/// `, starts in 3 seconds`: as many as are not over; what is due is told no more.
fn push_pause(text: &mut String, pause: Duration) {
    let seconds = pause.as_secs() + u64::from(pause.subsec_nanos() > 0);
    let written = match seconds {
        0 => Ok(()),
        1 => text.write_str(", starts in 1 second"),
        _ => write!(text, ", starts in {seconds} seconds"),
    };
    written.expect("a String takes everything");
}

/// A time as XML-RPC's 32 bits can say it (contract/quirks.md K09).
pub(super) fn capped(number: i64) -> i64 {
    number.clamp(i64::from(i32::MIN), i64::from(i32::MAX))
}

/// `H:MM:SS`, behind the days if there are any.
fn push_uptime(text: &mut String, seconds: u64) {
    let (days, hours) = (seconds / 86_400, seconds / 3_600 % 24);
    let (minutes, seconds) = (seconds / 60 % 60, seconds % 60);
    let written = match days {
        0 => Ok(()),
        1 => text.write_str("1 day, "),
        _ => write!(text, "{days} days, "),
    };
    written.and_then(|()| write!(text, "{hours}:{minutes:02}:{seconds:02}")).expect("a String takes everything");
}

/// `Nov 22 08:17 AM`, in local time.
fn push_stop_time(text: &mut String, epoch_seconds: i64, zone: &TimeZone) {
    let time = Timestamp::from_duration(SignedDuration::from_secs(epoch_seconds)).unwrap_or(Timestamp::MAX);
    let local = time.to_zoned(zone.clone());
    write!(text, "{}", local.strftime("%b %d %I:%M %p")).expect("this format cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_data::process_info;

    const NOW: i64 = 1_795_335_467;

    fn info(state: ProcessState) -> ProcessInfo {
        ProcessInfo { group: "web".into(), state, ..process_info("cat") }
    }

    fn description(info: &ProcessInfo) -> String {
        let mut writer = ProcessInfoWriter::at(NOW, TimeZone::fixed(jiff::tz::offset(1)));
        writer.describe(info);
        writer.description
    }

    #[test]
    fn a_running_process_tells_its_pid_and_uptime() {
        for (uptime, text) in [
            (0, "0:00:00"),
            (6, "0:00:06"),
            (59 * 60 + 59, "0:59:59"),
            (36_000, "10:00:00"),
            (86_399, "23:59:59"),
            (86_400, "1 day, 0:00:00"),
            (86_400 + 3_661, "1 day, 1:01:01"),
            (3 * 86_400, "3 days, 0:00:00"),
            (-5, "0:00:00"),
        ] {
            let running = ProcessInfo { pid: Pid::new(4711), start: NOW - uptime, ..info(ProcessState::Running) };
            assert_eq!(description(&running), format!("pid 4711, uptime {text}"));
        }
    }

    #[test]
    fn a_process_that_failed_tells_why() {
        for state in [ProcessState::Backoff, ProcessState::Fatal] {
            assert_eq!(description(&info(state)), "unknown error (try \"tail cat\")");
            let known = ProcessInfo { spawnerr: Some("can't find command 'x'".into()), ..info(state) };
            assert_eq!(description(&known), "can't find command 'x'");
        }
    }

    #[test]
    fn a_process_that_ended_tells_when_and_one_that_never_ran_says_so() {
        for state in [ProcessState::Stopped, ProcessState::Exited] {
            assert_eq!(description(&info(state)), "Not started");
            let only_tried = ProcessInfo { start: NOW, ..info(state) };
            assert_eq!(description(&only_tried), "Not started");
            let ended = ProcessInfo { start: NOW - 100, stop: NOW, ..info(state) };
            assert_eq!(description(&ended), "Nov 22 09:17 AM");
            let evening = ProcessInfo { start: 1, stop: NOW + 10 * 3_600, ..info(state) };
            assert_eq!(description(&evening), "Nov 22 07:17 PM");
        }
    }

    #[test]
    fn a_start_that_an_option_puts_off_is_told_behind_the_rest() {
        for (starts_at, text) in [
            (Some(Duration::from_millis(2_001)), "Not started, starts in 3 seconds"),
            (Some(Duration::from_millis(1)), "Not started, starts in 1 second"),
            (Some(Duration::ZERO), "Not started"),
            (None, "Not started"),
        ] {
            assert_eq!(description(&ProcessInfo { starts_at, ..info(ProcessState::Stopped) }), text);
        }
        let fatal = ProcessInfo { starts_at: Some(Duration::from_mins(10)), ..info(ProcessState::Fatal) };
        let fatal = ProcessInfo { spawnerr: Some("Exited too quickly".into()), ..fatal };
        assert_eq!(description(&fatal), "Exited too quickly, starts in 600 seconds");
    }

    #[test]
    fn states_in_between_say_nothing() {
        for state in [ProcessState::Starting, ProcessState::Stopping, ProcessState::Unknown] {
            assert_eq!(description(&ProcessInfo { start: 1, stop: 1, ..info(state) }), "");
        }
    }

    #[test]
    fn times_beyond_32_bits_are_capped() {
        assert_eq!(capped(1 << 40), i64::from(i32::MAX));
        assert_eq!(capped(-(1 << 40)), i64::from(i32::MIN));
        assert_eq!(capped(NOW), NOW);
    }
}
