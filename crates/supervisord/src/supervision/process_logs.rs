//! The logs of one process: which they are, and when they rotate.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use supervisor_core::raw_text;

use supervisor_core::{Channel, ChannelConfig, LogFile as LogFileConfig, LogPaths, ProcessConfig};

use super::auto_logs::AutoLogs;
use super::log_file::{LogFileNotice, Readers, Rotation};
use super::log_table::{LogId, LogTable};
use super::log_writers::LogWriters;
use super::syslog::SyslogLines;

/// Both channels of a process. Paths stay for its whole life, files are open while a child runs.
#[derive(Debug)]
pub(super) struct ProcessLogs {
    stdout: ChannelLog,
    stderr: ChannelLog,
    /// Between `open` and `close`.
    open: bool,
}

#[derive(Debug, Default)]
struct ChannelLog {
    /// `None`: not logged to a file.
    file: Option<ChannelFile>,
    /// `None`: not logged to syslog.
    syslog: Option<SyslogLines>,
}

#[derive(Debug)]
struct ChannelFile {
    /// As clients see it.
    path: Arc<str>,
    log: LogId,
    rotation: Rotation,
}

impl ProcessLogs {
    /// Decides the paths, and creates AUTO logs, save those that are `known`. A log that cannot be created is none; the
    /// warning says so.
    pub(super) fn create(
        config: &ProcessConfig,
        known: &LogPaths,
        table: &mut LogTable,
        auto_logs: &mut AutoLogs,
        mut warn: impl FnMut(String),
    ) -> Self {
        let mut create = |channel: Channel| {
            let settings = config.log.channel(channel);
            let known = match channel {
                Channel::Stdout => &known.stdout,
                Channel::Stderr => &known.stderr,
            };
            let path = match (&settings.logfile, known) {
                (LogFileConfig::None, _) => None,
                (LogFileConfig::Path(path), _) => Some(real_path(path)),
                (LogFileConfig::Auto, Some(path)) => Some(real_path(path)),
                (LogFileConfig::Auto, None) => auto_logs
                    .create(&config.name, channel)
                    .map_err(|error| {
                        let (name, channel) = (&config.name, channel.name());
                        warn(format!(
                            "could not create the {channel} log of {name} in {} (childlogdir): {error}",
                            auto_logs.folder().display()
                        ));
                    })
                    .ok(),
            };
            let file = path.map(|path| ChannelFile {
                path: Arc::from(raw_text::to_text(path.as_os_str().as_bytes())),
                log: table.register(&path, readers(settings)),
                rotation: rotation(settings),
            });
            ChannelLog { file, syslog: settings.syslog.then(|| SyslogLines::new(&config.name)) }
        };
        let stdout = create(Channel::Stdout);
        // What a redirected stderr would be logged to has no pipe to be read from.
        let stderr = if config.log.redirect_stderr { ChannelLog::default() } else { create(Channel::Stderr) };
        Self { stdout, stderr, open: false }
    }

    pub(super) fn paths(&self) -> LogPaths {
        let path = |log: &ChannelLog| log.file.as_ref().map(|file| Arc::clone(&file.path));
        LogPaths { stdout: path(&self.stdout), stderr: path(&self.stderr) }
    }

    /// Opens the files for a child.
    ///
    /// # Errors
    /// As `open(2)`, with the path.
    pub(super) fn open(&mut self, table: &mut LogTable, writers: &mut LogWriters) -> Result<(), (PathBuf, io::Error)> {
        if !self.open {
            let mut opened = Vec::new();
            for id in self.ids() {
                if let Err(error) = table.open(id, writers) {
                    for id in opened {
                        table.close(id, writers);
                    }
                    return Err((table.path(id).to_owned(), error));
                }
                opened.push(id);
            }
            self.open = true;
        }
        Ok(())
    }

    /// Closes the files of a child that has ended.
    pub(super) fn close(&mut self, table: &mut LogTable, writers: &mut LogWriters) {
        if std::mem::take(&mut self.open) {
            self.ids().for_each(|id| table.close(id, writers));
        }
        let lines = [&mut self.stdout, &mut self.stderr].into_iter().filter_map(|log| log.syslog.as_mut());
        lines.for_each(|lines| lines.flush(&mut |message| table.send_to_syslog(message)));
    }

    /// The process is no more.
    pub(super) fn forget(mut self, table: &mut LogTable, writers: &mut LogWriters) {
        self.close(table, writers);
        self.ids().for_each(|id| table.forget(id));
    }

    pub(super) fn append(
        &mut self,
        channel: Channel,
        table: &mut LogTable,
        bytes: &[u8],
        now: Duration,
    ) -> Option<LogFileNotice> {
        let log = match channel {
            Channel::Stdout => &mut self.stdout,
            Channel::Stderr => &mut self.stderr,
        };
        if let Some(syslog) = &mut log.syslog {
            syslog.append(bytes, &mut |message| table.send_to_syslog(message));
        }
        let file = log.file.as_ref()?;
        table.append(file.log, file.rotation, bytes, now)
    }

    pub(super) fn clear(&self, table: &mut LogTable, writers: &mut LogWriters) -> io::Result<()> {
        self.ids().try_for_each(|id| table.clear(id, writers))
    }

    /// The log of a channel.
    pub(super) fn log(&self, channel: Channel) -> Option<LogId> {
        let log = match channel {
            Channel::Stdout => &self.stdout,
            Channel::Stderr => &self.stderr,
        };
        log.file.as_ref().map(|file| file.log)
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = LogId> + use<> {
        Channel::BOTH.map(|channel| self.log(channel)).into_iter().flatten()
    }
}

fn readers(config: &ChannelConfig) -> Readers {
    match config.logfile {
        LogFileConfig::Auto => Readers::Owner,
        LogFileConfig::None | LogFileConfig::Path(_) => Readers::ByUmask,
    }
}

fn rotation(config: &ChannelConfig) -> Rotation {
    Rotation {
        maxbytes: u64::try_from(config.maxbytes).unwrap_or(0),
        backups: u32::try_from(config.backups).unwrap_or(0),
    }
}
/// The path that a configured text stands for.
fn real_path(text: &str) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(&raw_text::to_bytes(text)))
}
