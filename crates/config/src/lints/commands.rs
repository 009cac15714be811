//! Commands and directories that are not there. They may be there when the program starts, so these are warnings.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use supervisor_core::ProcessConfig;

use super::about_option;
use crate::context::Context;
use crate::problem::Problem;
use crate::shlex::split;

/// Searched when nobody has a PATH.
const DEFAULT_PATH: &str = "/bin:/usr/bin:/usr/local/bin";

/// What a start of each program would fail with. `environment` is that of supervisord.
pub(super) fn what_is_not_there(context: &Context, environment: &[(String, String)]) -> Vec<Problem> {
    let Some(recorder) = &context.recorder else { return Vec::new() };
    let mut found: Vec<Problem> = Vec::new();
    for made in recorder.made.borrow().iter() {
        let Some(section) = context.document.section(&made.section) else { continue };
        for process in &made.processes {
            let problems = [
                command_problem(process, environment).map(|text| ("command", text)),
                directory_problem(process).map(|text| ("directory", text)),
            ];
            for (option, text) in problems.into_iter().flatten() {
                let problem = about_option(context, section, option, text);
                // All processes of a section usually lack the same.
                if found.iter().rev().take(2).all(|known| *known != problem) {
                    found.push(problem);
                }
            }
        }
    }
    found
}

fn command_problem(process: &ProcessConfig, environment: &[(String, String)]) -> Option<String> {
    let words = match split(&process.command) {
        Ok(words) => words,
        Err(error) => return Some(format!("this command cannot be split into words: {error}")),
    };
    let Some(program) = words.first() else { return Some("this command is empty".to_owned()) };
    if program.contains('/') {
        let path = Path::new(program);
        return match fs::metadata(path) {
            Err(_) => Some(format!("there is no {program}")),
            Ok(metadata) if metadata.is_dir() => Some(format!("{program} is a directory")),
            Ok(metadata) if metadata.permissions().mode() & 0o111 == 0 => Some(format!("{program} is not executable")),
            Ok(_) => None,
        };
    }
    let own = process.environment.iter().find(|(name, _)| **name == *"PATH").map(|(_, value)| &**value);
    let inherited = environment.iter().rev().find(|(name, _)| name == "PATH").map(|(_, value)| value.as_str());
    let path = own.or(inherited).unwrap_or(DEFAULT_PATH);
    let is_program = |folder: &str| {
        let metadata = fs::metadata(Path::new(folder).join(program));
        metadata.is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
    };
    (!path.split(':').any(is_program)).then(|| format!("there is no program {program} in {path}"))
}

fn directory_problem(process: &ProcessConfig) -> Option<String> {
    let directory = process.directory.as_deref().filter(|directory| !directory.is_empty())?;
    (!Path::new(directory).is_dir()).then(|| format!("there is no directory {directory}"))
}
