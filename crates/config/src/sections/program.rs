//! `[program:x]` and the options that `[fcgi-program:x]` and `[eventlistener:x]` share with it
//! (contract/config.md §5.3): what is the same for all processes of a section. One process at a time:
//! `process_config.rs`.

use supervisor_core::{Channel, RestartConfig, StartConfig, StopConfig};

use super::log_channels::{ChannelCapture, read_capture};
use crate::context::SectionReader;
use crate::datatypes::{autorestart, boolean, exitcodes, file_mode, integer, octal, process_or_group_name, signal};
use crate::diagnostics::ConfigError;
use crate::options_table::program as rows;
use crate::python_text::strip;

/// What all processes of a section have in common.
#[derive(Debug)]
pub(crate) struct ProgramSection {
    pub(crate) priority: i64,
    pub(crate) start: StartConfig,
    pub(crate) restart: RestartConfig,
    pub(crate) stop: StopConfig,
    pub(crate) redirect_stderr: bool,
    pub(crate) numprocs: i64,
    pub(crate) numprocs_start: i64,
    pub(crate) stdout: ChannelCapture,
    pub(crate) stderr: ChannelCapture,
    pub(crate) serverurl: Option<Box<str>>,
    pub(crate) uid: Option<u32>,
    pub(crate) umask: Option<u32>,
    /// As written: the names in it are replaced for each process.
    pub(crate) process_name: String,
}

/// Reads the options in upstream's order.
pub(crate) fn read_program(reader: &SectionReader<'_>) -> Result<ProgramSection, ConfigError> {
    let priority = reader.value(&rows::PRIORITY, integer)?;
    let autostart = reader.value(&rows::AUTOSTART, boolean)?;
    let autorestart = reader.value(&rows::AUTORESTART, autorestart)?;
    let startsecs = reader.value(&rows::STARTSECS, integer)?;
    let startretries = reader.value(&rows::STARTRETRIES, integer)?;
    let stopsignal = reader.value(&rows::STOPSIGNAL, signal)?;
    let stopwaitsecs = reader.value(&rows::STOPWAITSECS, integer)?;
    let stopasgroup = reader.value(&rows::STOPASGROUP, boolean)?;
    let killasgroup = reader.optional(&rows::KILLASGROUP, boolean)?.unwrap_or(stopasgroup);
    let exitcodes = reader.value(&rows::EXITCODES, exitcodes)?.into();
    let redirect_stderr = reader.value(&rows::REDIRECT_STDERR, boolean)?;
    let numprocs = reader.value(&rows::NUMPROCS, integer)?;
    let numprocs_start = reader.value(&rows::NUMPROCS_START, integer)?;
    let stdout = read_capture(reader, Channel::Stdout)?;
    let stderr = read_capture(reader, Channel::Stderr)?;
    let serverurl = read_serverurl(reader)?;
    let uid = reader.optional(&rows::USER, |user| reader.context.users.uid(user))?;
    let umask = reader.optional(&rows::UMASK, octal)?.map(file_mode);
    let process_name = read_process_name(reader, numprocs)?;
    if stopasgroup && !killasgroup {
        reader.refuse(&rows::KILLASGROUP, "Cannot set stopasgroup=true and killasgroup=false")?;
    }
    Ok(ProgramSection {
        priority,
        start: StartConfig { autostart, startsecs },
        restart: RestartConfig { autorestart, startretries, exitcodes },
        stop: StopConfig { stopsignal, stopwaitsecs, stopasgroup, killasgroup },
        redirect_stderr,
        numprocs,
        numprocs_start,
        stdout,
        stderr,
        serverurl,
        uid,
        umask,
        process_name,
    })
}

/// `AUTO` is as unset; an empty one is kept: it means that the program is told nothing.
fn read_serverurl(reader: &SectionReader<'_>) -> Result<Option<Box<str>>, ConfigError> {
    let url = reader.text(&rows::SERVERURL)?;
    Ok(url.filter(|url| !strip(url).eq_ignore_ascii_case("AUTO")).map(|url| url.into_owned().into()))
}

fn read_process_name(reader: &SectionReader<'_>, numprocs: i64) -> Result<String, ConfigError> {
    let written = reader.entry(&rows::PROCESS_NAME).map_or("%(program_name)s", |entry| &entry.value);
    let name = match process_or_group_name(written) {
        Ok(name) => name,
        Err(text) => {
            reader.refuse(&rows::PROCESS_NAME, text)?;
            written
        }
    };
    if numprocs > 1 && !name.contains("%(process_num)") {
        let text = "%(process_num) must be present within process_name when numprocs > 1";
        reader.refuse(&rows::PROCESS_NAME, text)?;
    }
    Ok(name.to_owned())
}
