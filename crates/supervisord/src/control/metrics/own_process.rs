//! The process of supervisord, from `/proc/self`.

use std::fs;

use nix::sys::resource::{Resource, getrlimit};

use crate::control::resources::{clock_ticks, fields_of_stat, page_bytes};

/// What it uses.
#[derive(Clone, Copy, Debug)]
pub(in crate::control) struct OwnProcess {
    pub(in crate::control) cpu_seconds: f64,
    /// Bytes.
    pub(in crate::control) resident: u64,
    /// Bytes.
    pub(in crate::control) virtual_memory: u64,
    pub(in crate::control) open_fds: Option<usize>,
    pub(in crate::control) max_fds: u64,
    /// Seconds since the epoch.
    pub(in crate::control) start_time: Option<f64>,
    pub(in crate::control) threads: u64,
}

impl OwnProcess {
    /// Reads a few small files, for a thread that may block; `None`: they cannot be read.
    pub(in crate::control) fn read() -> Option<Self> {
        let line = fs::read_to_string("/proc/self/stat").ok()?;
        let fields = fields_of_stat(&line)?;
        let number = |place: usize| fields.get(place)?.parse::<u64>().ok();
        let seconds = |ticks: u64| {
            #[expect(clippy::cast_precision_loss, reason = "a double counts hundredths of seconds for long enough")]
            let seconds = ticks as f64 / clock_ticks() as f64;
            seconds
        };
        let booted = fs::read_to_string("/proc/stat").ok().and_then(|text| {
            let line = text.lines().find_map(|line| line.strip_prefix("btime "))?;
            line.trim().parse::<u32>().ok()
        });
        let start_ticks = number(19);
        Some(Self {
            cpu_seconds: seconds(number(11)? + number(12)?),
            resident: number(21)? * page_bytes(),
            virtual_memory: number(20)?,
            // One of them is the folder that is being read.
            open_fds: fs::read_dir("/proc/self/fd").ok().map(|files| files.count().saturating_sub(1)),
            max_fds: getrlimit(Resource::RLIMIT_NOFILE).ok()?.0,
            start_time: booted.zip(start_ticks).map(|(booted, ticks)| f64::from(booted) + seconds(ticks)),
            threads: number(17)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_of_this_process() {
        let own = OwnProcess::read().unwrap();
        assert!(own.resident > 0 && own.virtual_memory >= own.resident && own.threads > 0, "{own:?}");
        assert!(own.open_fds.is_some_and(|open| open > 0) && own.max_fds > 0, "{own:?}");
        assert!(own.start_time.is_some_and(|start| start > 1_000_000_000.0), "{own:?}");
    }
}
