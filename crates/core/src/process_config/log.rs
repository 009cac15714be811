//! What becomes of a program's output.

use crate::channel::Channel;

/// See above.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogConfig {
    /// stderr goes where stdout goes.
    pub redirect_stderr: bool,
    /// What becomes of its stdout.
    pub stdout: ChannelConfig,
    /// What becomes of its stderr.
    pub stderr: ChannelConfig,
}

impl LogConfig {
    /// One output channel.
    pub fn channel(&self, channel: Channel) -> &ChannelConfig {
        match channel {
            Channel::Stdout => &self.stdout,
            Channel::Stderr => &self.stderr,
        }
    }
}

/// What becomes of one output channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelConfig {
    /// The log file.
    pub logfile: LogFile,
    /// Size in bytes at which the log file rotates; 0 or less: never.
    pub maxbytes: i64,
    /// Rotated files that are kept.
    pub backups: i64,
    /// Bound of capture mode in bytes; 0 or less: no capture mode.
    pub capture_maxbytes: i64,
    /// PROCESS_LOG events are sent.
    pub events_enabled: bool,
    /// Output also goes to syslog.
    pub syslog: bool,
}

impl Default for ChannelConfig {
    fn default() -> Self {
        Self {
            logfile: LogFile::Auto,
            maxbytes: 50 << 20,
            backups: 10,
            capture_maxbytes: 0,
            events_enabled: false,
            syslog: false,
        }
    }
}

/// Where a channel is logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogFile {
    /// Nowhere.
    None,
    /// A file in `childlogdir` whose name supervisord chooses.
    Auto,
    /// This file.
    Path(Box<str>),
}
