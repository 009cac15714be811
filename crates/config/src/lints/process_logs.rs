//! Logs of programs that cannot be files.

use std::path::Path;

use supervisor_core::{Channel, LogFile, ProcessConfig};

use super::processes::Found;

pub(super) fn look_at(process: &ProcessConfig) -> Vec<Found> {
    let folder = |channel| match &process.log.channel(channel).logfile {
        LogFile::Path(path) if Path::new(&**path).is_dir() => {
            let option = match channel {
                Channel::Stdout => "stdout_logfile",
                Channel::Stderr => "stderr_logfile",
            };
            let hint = format!("name a file in it: {}/{}.log", path.trim_end_matches('/'), process.name);
            Some(Found::new(option, format!("{path} is a directory")).hint(hint))
        }
        LogFile::Path(_) | LogFile::None | LogFile::Auto => None,
    };
    Channel::BOTH.into_iter().filter_map(folder).collect()
}
