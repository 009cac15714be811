//! Commands and directories that are not there. They may be there when the program starts, so these are warnings.

use crate::python_path::real_path;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use supervisor_core::ProcessConfig;

use super::processes::Found;
use crate::shlex::split;

/// Searched when nobody has a PATH.
const DEFAULT_PATH: &str = "/bin:/usr/bin:/usr/local/bin";

/// The file that a start would execute, or why there is none.
pub(super) fn program_file(process: &ProcessConfig, environment: &[(String, String)]) -> Result<PathBuf, String> {
    let words = split(&process.command).map_err(|error| format!("this command cannot be split into words: {error}"))?;
    let program = words.first().ok_or("this command is empty")?;
    if program.contains('/') {
        let path = &real_path(program);
        return match fs::metadata(path) {
            Err(_) => Err(format!("there is no {program}")),
            Ok(metadata) if metadata.is_dir() => Err(format!("{program} is a directory")),
            Ok(metadata) if metadata.permissions().mode() & 0o111 == 0 => Err(format!("{program} is not executable")),
            Ok(_) => Ok(path.to_owned()),
        };
    }
    let path = search_path(process, environment);
    find(program, path).ok_or_else(|| format!("there is no program {program} in {path}"))
}

/// The PATH that a start would search.
pub(super) fn search_path<'p>(process: &'p ProcessConfig, environment: &'p [(String, String)]) -> &'p str {
    let own = process.environment.variables.iter().find(|(name, _)| **name == *"PATH").map(|(_, value)| &**value);
    let inherited = environment.iter().rev().find(|(name, _)| name == "PATH").map(|(_, value)| value.as_str());
    own.or(inherited).unwrap_or(DEFAULT_PATH)
}

/// The first program of a name.
pub(super) fn find(program: &str, path: &str) -> Option<PathBuf> {
    path.split(':').map(|folder| real_path(folder).join(real_path(program))).find(|file| {
        let metadata = fs::metadata(file);
        metadata.is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
    })
}

pub(super) fn look_at_directory(process: &ProcessConfig) -> Option<Found> {
    let directory = process.identity.directory.as_deref().filter(|directory| !directory.is_empty())?;
    (!real_path(directory).is_dir()).then(|| Found::new("directory", format!("there is no directory {directory}")))
}
