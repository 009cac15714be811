//! The `stdout_…` and `stderr_…` options of a program that may differ from process to process: where its output goes
//! (contract/config.md §5.3).

use supervisor_core::{ChannelConfig, LogConfig, LogFile};

use crate::context::SectionReader;
use crate::datatypes::{Checked, existing_dirpath};
use crate::diagnostics::ConfigError;
use crate::options_table::{OptionRow, Row, program as rows};
use crate::python_path::Home;

/// The options of one channel that are read for each process.
struct ChannelRows {
    logfile: &'static Row<Box<str>>,
    maxbytes: &'static Row<i64>,
    backups: &'static Row<i64>,
    syslog: &'static Row<bool>,
}

static STDOUT: ChannelRows = ChannelRows {
    logfile: &rows::STDOUT_LOGFILE,
    maxbytes: &rows::STDOUT_LOGFILE_MAXBYTES,
    backups: &rows::STDOUT_LOGFILE_BACKUPS,
    syslog: &rows::STDOUT_SYSLOG,
};

static STDERR: ChannelRows = ChannelRows {
    logfile: &rows::STDERR_LOGFILE,
    maxbytes: &rows::STDERR_LOGFILE_MAXBYTES,
    backups: &rows::STDERR_LOGFILE_BACKUPS,
    syslog: &rows::STDERR_SYSLOG,
};

/// Where the output of one process goes. With `redirect_stderr` the log file of stderr is none, whatever the file says,
/// and needs no warning (quirks.md F48).
pub(crate) fn read_log(reader: &SectionReader<'_>, log: &mut LogConfig) -> Result<(), ConfigError> {
    read_channel(reader, &STDOUT, &mut log.stdout, false)?;
    read_channel(reader, &STDERR, &mut log.stderr, log.redirect_stderr)?;
    if log.redirect_stderr {
        drop_unused_stderr_logfile(reader, &mut log.stderr);
    }
    Ok(())
}

fn read_channel(
    reader: &SectionReader<'_>,
    rows: &ChannelRows,
    channel: &mut ChannelConfig,
    unused: bool,
) -> Result<(), ConfigError> {
    let logfile = read_logfile(reader, rows.logfile)?;
    channel.backups = reader.value(rows.backups)?;
    channel.maxbytes = reader.value(rows.maxbytes)?;
    channel.syslog = reader.value(rows.syslog)?;
    channel.logfile = match logfile {
        Logfile::Syslog => {
            channel.syslog = true;
            warn_of_syslog(reader, rows);
            LogFile::None
        }
        Logfile::File(logfile) => logfile,
    };
    if channel.logfile == LogFile::Auto && channel.maxbytes == 0 && !unused {
        warn_of_endless_log(reader, rows.logfile);
    }
    Ok(())
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
        rows.logfile,
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
fn drop_unused_stderr_logfile(reader: &SectionReader<'_>, stderr: &mut ChannelConfig) {
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
