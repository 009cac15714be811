//! The log files of one process: which they are, and what is open of them.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use supervisor_core::{Channel, ChannelConfig, LogFile as LogFileConfig, LogPaths, ProcessConfig};

use super::auto_logs;
use super::log_file::{LogFile, LogFileNotice, LogFileSettings, clear_closed};
use super::syslog::SyslogLines;
use crate::inbox::Follower;

/// Both channels of a process. Paths stay for its whole life, files are open while a child runs.
#[derive(Debug)]
pub(super) struct ProcessLogs {
    stdout: ChannelLog,
    stderr: ChannelLog,
}

#[derive(Debug, Default)]
struct ChannelLog {
    /// `None`: not logged to a file.
    file: Option<LogFileSettings>,
    open: Option<LogFile>,
    /// `None`: not logged to syslog.
    syslog: Option<SyslogLines>,
    /// Clients that follow the file while it is not open.
    followers: Vec<Follower>,
}

impl ProcessLogs {
    /// Decides the paths, and creates AUTO logs. A log that cannot be created is none; the warning says so.
    pub(super) fn create(
        config: &ProcessConfig,
        folder: &Path,
        identifier: &str,
        mut warn: impl FnMut(String),
    ) -> Self {
        let mut create = |channel: Channel| {
            let settings = config.channel(channel);
            let path = match &settings.logfile {
                LogFileConfig::None => None,
                LogFileConfig::Path(path) => Some(PathBuf::from(&**path)),
                LogFileConfig::Auto => auto_logs::create(folder, &config.name, channel, identifier)
                    .map_err(|error| {
                        let (name, channel) = (&config.name, channel.name());
                        warn(format!("could not create the {channel} log of {name} in {}: {error}", folder.display()));
                    })
                    .ok(),
            };
            ChannelLog {
                file: path.map(|path| file_settings(path, settings)),
                syslog: settings.syslog.then(|| SyslogLines::new(&config.name)),
                ..ChannelLog::default()
            }
        };
        let stdout = create(Channel::Stdout);
        // What a redirected stderr would be logged to has no pipe to be read from.
        let stderr = if config.redirect_stderr { ChannelLog::default() } else { create(Channel::Stderr) };
        Self { stdout, stderr }
    }

    pub(super) fn paths(&self) -> LogPaths {
        let path = |log: &ChannelLog| log.file.as_ref().map(|file| Arc::from(file.path.to_string_lossy()));
        LogPaths { stdout: path(&self.stdout), stderr: path(&self.stderr) }
    }

    /// Opens the files for a child.
    pub(super) fn open(&mut self) -> io::Result<()> {
        for log in [&mut self.stdout, &mut self.stderr] {
            if log.open.is_none()
                && let Some(settings) = &log.file
            {
                let mut file = LogFile::open(settings.clone())?;
                log.followers.drain(..).for_each(|follower| file.follow(follower));
                log.open = Some(file);
            }
        }
        Ok(())
    }

    /// Closes the files of a child that has ended.
    pub(super) fn close(&mut self) {
        for log in [&mut self.stdout, &mut self.stderr] {
            if let Some(file) = log.open.take() {
                log.followers = file.into_followers();
            }
            if let Some(syslog) = &mut log.syslog {
                syslog.flush();
            }
        }
    }

    pub(super) fn append(&mut self, channel: Channel, bytes: &[u8]) -> Option<LogFileNotice> {
        let log = self.channel(channel);
        if let Some(syslog) = &mut log.syslog {
            syslog.append(bytes);
        }
        log.open.as_mut().and_then(|file| file.append(bytes))
    }

    pub(super) fn clear(&mut self) -> io::Result<()> {
        for log in [&mut self.stdout, &mut self.stderr] {
            match (&mut log.open, &log.file) {
                (Some(file), _) => file.clear()?,
                (None, Some(settings)) => clear_closed(&settings.path)?,
                (None, None) => {}
            }
        }
        Ok(())
    }

    pub(super) fn reopen(&mut self) {
        [&mut self.stdout, &mut self.stderr].into_iter().filter_map(|log| log.open.as_mut()).for_each(LogFile::reopen);
    }

    pub(super) fn follow(&mut self, channel: Channel, follower: Follower) {
        let log = self.channel(channel);
        match &mut log.open {
            Some(file) => file.follow(follower),
            None => log.followers.push(follower),
        }
        log.followers.retain(|follower| !follower.is_gone());
    }

    fn channel(&mut self, channel: Channel) -> &mut ChannelLog {
        match channel {
            Channel::Stdout => &mut self.stdout,
            Channel::Stderr => &mut self.stderr,
        }
    }
}

fn file_settings(path: PathBuf, config: &ChannelConfig) -> LogFileSettings {
    LogFileSettings {
        path,
        maxbytes: u64::try_from(config.maxbytes).unwrap_or(0),
        backups: u32::try_from(config.backups).unwrap_or(0),
    }
}
