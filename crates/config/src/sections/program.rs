//! `[program:x]` and the options that `[fcgi-program:x]` and `[eventlistener:x]` share with it
//! (contract/config.md §5.3): what is the same for all processes of a section. One process at a time:
//! `process_config.rs`.
//!
//! Which options there are and where their values go is the table's to say; here are the ones that take more than that.

use std::sync::LazyLock;

use supervisor_core::ProcessConfig;

use crate::context::SectionReader;
use crate::datatypes::{KillMode, process_or_group_name};
use crate::diagnostics::ConfigError;
use crate::options_table::{ReadInto, Reading, program as rows};
use crate::python_text::strip;

/// What all processes of a section have in common.
#[derive(Debug)]
pub(crate) struct ProgramSection {
    /// All of them; what may differ is not filled in.
    pub(crate) process: ProcessConfig,
    pub(crate) numprocs: i64,
    pub(crate) numprocs_start: i64,
    /// As written: the names in it are replaced for each process.
    pub(crate) process_name: String,
}

/// Upstream's options in its order: of several that are wrong, the first is told.
const FIRST: [&str; 20] = [
    "priority",
    "autostart",
    "autorestart",
    "startsecs",
    "startretries",
    "stopsignal",
    "stopwaitsecs",
    "stopasgroup",
    "killasgroup",
    "exitcodes",
    "redirect_stderr",
    "numprocs",
    "numprocs_start",
    "stdout_capture_maxbytes",
    "stdout_events_enabled",
    "stderr_capture_maxbytes",
    "stderr_events_enabled",
    "serverurl",
    "user",
    "umask",
];

/// The readers of what is read once a section: upstream's options, then those that it has not.
static READERS: LazyLock<Vec<ReadInto<ProgramSection>>> = LazyLock::new(|| {
    let place = |name| FIRST.iter().position(|first| *first == name).unwrap_or(FIRST.len());
    let mut readers: Vec<_> = rows::READINGS
        .iter()
        .filter_map(|(name, reading)| match reading {
            Reading::Section(read) => Some((place(*name), *read)),
            Reading::Process(_) | Reading::Together => None,
        })
        .collect();
    readers.sort_by_key(|(place, _)| *place);
    readers.into_iter().map(|(_, read)| read).collect()
});

/// Reads what all processes of a section have in common.
pub(crate) fn read_program(reader: &SectionReader<'_>) -> Result<ProgramSection, ConfigError> {
    let process = ProcessConfig::new("", "");
    let mut section = ProgramSection { process, numprocs: 1, numprocs_start: 0, process_name: String::new() };
    for read in &*READERS {
        read(reader, &mut section)?;
    }
    section.process_name = read_process_name(reader, section.numprocs)?;
    if section.process.stop.stopasgroup && !section.process.stop.killasgroup {
        reader.refuse(&rows::KILLASGROUP, "Cannot set stopasgroup=true and killasgroup=false")?;
    }
    Ok(section)
}

/// Unset, it is as `stopasgroup`, which is read before.
pub(crate) fn killasgroup(reader: &SectionReader<'_>, section: &mut ProgramSection) -> Result<(), ConfigError> {
    let stop = &mut section.process.stop;
    stop.killasgroup = reader.optional(&rows::KILLASGROUP)?.unwrap_or(stop.stopasgroup);
    Ok(())
}

/// It says what `stopasgroup` and `killasgroup` say, which are read before, in one word.
pub(crate) fn kill_mode(reader: &SectionReader<'_>, section: &mut ProgramSection) -> Result<(), ConfigError> {
    let Some(mode) = reader.optional(&rows::KILL_MODE)? else { return Ok(()) };
    let (word, as_group) = match mode {
        KillMode::Process => ("process", false),
        KillMode::Group => ("group", true),
    };
    for row in [&rows::STOPASGROUP, &rows::KILLASGROUP] {
        if reader.entry(row).is_some() && reader.optional(row)? == Some(!as_group) {
            let why = format!("it contradicts {}={}", row.name, !as_group);
            return reader.refuse_meaning(&rows::KILL_MODE, word, &why, "keep one");
        }
    }
    let stop = &mut section.process.stop;
    (stop.stopasgroup, stop.killasgroup) = (as_group, as_group);
    Ok(())
}

/// `AUTO` is as unset; an empty one is kept: it means that the program is told nothing.
pub(crate) fn serverurl(reader: &SectionReader<'_>, section: &mut ProgramSection) -> Result<(), ConfigError> {
    let url = reader.text(&rows::SERVERURL)?.filter(|url| !strip(url).eq_ignore_ascii_case("AUTO"));
    section.process.environment.serverurl = url.map(|url| url.into_owned().into());
    Ok(())
}

/// The name of its processes, as written: several need one each.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_first_is_read_once_a_section() {
        for first in FIRST {
            let reading = rows::READINGS.iter().find(|(name, _)| *name == first).map(|(_, reading)| reading);
            assert!(matches!(reading, Some(Reading::Section(_))), "{first}: {reading:?}");
        }
    }
}
