//! The `stdout_…` and `stderr_…` options of a program: where its output goes (contract/config.md §5.3).

use supervisor_core::{Channel, ChannelConfig, LogFile};

use crate::context::SectionReader;
use crate::datatypes::{Checked, boolean, byte_size, existing_dirpath, integer};
use crate::diagnostics::ConfigError;
use crate::options_table::{OptionRow, program as rows};
use crate::python_path::Home;

/// The options of one channel.
struct ChannelRows {
    logfile: OptionRow,
    maxbytes: OptionRow,
    backups: OptionRow,
    syslog: OptionRow,
    capture_maxbytes: OptionRow,
    events_enabled: OptionRow,
}

impl ChannelRows {
    fn of(channel: Channel) -> Self {
        match channel {
            Channel::Stdout => Self {
                logfile: rows::STDOUT_LOGFILE,
                maxbytes: rows::STDOUT_LOGFILE_MAXBYTES,
                backups: rows::STDOUT_LOGFILE_BACKUPS,
                syslog: rows::STDOUT_SYSLOG,
                capture_maxbytes: rows::STDOUT_CAPTURE_MAXBYTES,
                events_enabled: rows::STDOUT_EVENTS_ENABLED,
            },
            Channel::Stderr => Self {
                logfile: rows::STDERR_LOGFILE,
                maxbytes: rows::STDERR_LOGFILE_MAXBYTES,
                backups: rows::STDERR_LOGFILE_BACKUPS,
                syslog: rows::STDERR_SYSLOG,
                capture_maxbytes: rows::STDERR_CAPTURE_MAXBYTES,
                events_enabled: rows::STDERR_EVENTS_ENABLED,
            },
        }
    }
}

/// What is the same for all processes of a section.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChannelCapture {
    capture_maxbytes: i64,
    events_enabled: bool,
}

/// Capture and events of a channel.
pub(crate) fn read_capture(reader: &SectionReader<'_>, channel: Channel) -> Result<ChannelCapture, ConfigError> {
    let rows = ChannelRows::of(channel);
    Ok(ChannelCapture {
        capture_maxbytes: reader.value(&rows.capture_maxbytes, byte_size)?,
        events_enabled: reader.value(&rows.events_enabled, boolean)?,
    })
}

/// All of a channel for one process. `unused`: stderr goes where stdout goes, so its log file is none, whatever
/// the file says, and needs no warning (quirks.md F48).
pub(crate) fn read_channel(
    reader: &SectionReader<'_>,
    channel: Channel,
    capture: ChannelCapture,
    unused: bool,
) -> Result<ChannelConfig, ConfigError> {
    let rows = ChannelRows::of(channel);
    let logfile = read_logfile(reader, &rows.logfile)?;
    let backups = reader.value(&rows.backups, integer)?;
    let maxbytes = reader.value(&rows.maxbytes, byte_size)?;
    let mut syslog = reader.value(&rows.syslog, boolean)?;
    let logfile = match logfile {
        Logfile::Syslog => {
            syslog = true;
            warn_of_syslog(reader, &rows);
            LogFile::None
        }
        Logfile::File(logfile) => logfile,
    };
    if logfile == LogFile::Auto && maxbytes == 0 && !unused {
        warn_of_endless_log(reader, &rows.logfile);
    }
    let ChannelCapture { capture_maxbytes, events_enabled } = capture;
    Ok(ChannelConfig { logfile, maxbytes, backups, capture_maxbytes, events_enabled, syslog })
}

enum Logfile {
    File(LogFile),
    /// The deprecated word.
    Syslog,
}

/// The names in this option are replaced twice (quirks.md K20).
fn read_logfile(reader: &SectionReader<'_>, row: &OptionRow) -> Result<Logfile, ConfigError> {
    let auto = Ok(Logfile::File(LogFile::Auto));
    if reader.entry(row).is_none() {
        return auto;
    }
    let Some(once) = reader.text(row)? else { return auto };
    let Some(twice) = reader.expand(row, &once, row.name)? else { return auto };
    match logfile(&twice, &reader.context.home) {
        Ok(logfile) => Ok(logfile),
        Err(text) => reader.refuse(row, text).and(auto),
    }
}

fn logfile(text: &str, home: &Home) -> Checked<Logfile> {
    match text.to_lowercase().as_str() {
        "" | "none" | "off" => Ok(Logfile::File(LogFile::None)),
        "auto" => Ok(Logfile::File(LogFile::Auto)),
        "syslog" => Ok(Logfile::Syslog),
        _ => existing_dirpath(text, home).map(|path| Logfile::File(LogFile::Path(path.into()))),
    }
}

fn warn_of_syslog(reader: &SectionReader<'_>, rows: &ChannelRows) {
    let (section, logfile, syslog) = (&reader.section.name, rows.logfile.name, rows.syslog.name);
    warn(
        reader,
        &rows.logfile,
        format!(
            "For [{section}], {logfile}=syslog but this is deprecated and will be removed.  Use {syslog}=true to \
             enable syslog instead."
        ),
    );
}

fn warn_of_endless_log(reader: &SectionReader<'_>, row: &OptionRow) {
    let (section, logfile) = (&reader.section.name, row.name);
    warn(
        reader,
        row,
        format!(
            "For [{section}], AUTO logging used for {logfile} without rollover, set maxbytes > 0 to avoid filling up \
             filesystem unintentionally"
        ),
    );
}

/// Forgets the log file of a stderr that goes where stdout goes.
pub(crate) fn drop_unused_stderr_logfile(reader: &SectionReader<'_>, stderr: &mut ChannelConfig) {
    match std::mem::replace(&mut stderr.logfile, LogFile::None) {
        LogFile::None | LogFile::Auto => {}
        LogFile::Path(_) => warn(
            reader,
            &rows::STDERR_LOGFILE,
            format!(
                "For [{}], redirect_stderr=true but stderr_logfile has also been set to a filename, the filename has \
                 been ignored",
                reader.section.name
            ),
        ),
    }
}

fn warn(reader: &SectionReader<'_>, row: &OptionRow, text: String) {
    reader.context.warn(text, Some(&reader.place(row)));
}
