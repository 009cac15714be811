//! From a command to the file that is executed (contract/processes.md §3.2; quirks.md F22).

use std::ffi::{CString, OsStr};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access};
use supervisor_config::{Repr, shlex};
use supervisor_core::{BadCommand, raw_text};

/// Searched when neither the program nor supervisord has a PATH.
const DEFAULT_PATH: &str = "/bin:/usr/bin:/usr/local/bin";

/// A command ready to be executed.
#[derive(Debug)]
pub(super) struct Program {
    /// The file.
    pub(super) executable: CString,
    /// The words of the command; the first as it was written.
    pub(super) arguments: Vec<CString>,
}

/// Splits a command and finds its program. `path` is the PATH that the child will have, if any.
///
/// # Errors
/// With the contract's words.
pub(super) fn find_program(command: &str, path: Option<&OsStr>) -> Result<Program, BadCommand> {
    let words = shlex::split(command)
        .map_err(|error| BadCommand::NotExecutable(format!("can't parse command {}: {error}", Repr(command))))?;
    let Some(program) = words.first() else { return Err(BadCommand::NotExecutable("command is empty".to_owned())) };
    let executable = if program.contains('/') {
        check(Path::new(OsStr::from_bytes(&raw_text::to_bytes(program))))?
    } else {
        search(program, path)?
    };
    let c_string = |bytes: &[u8]| {
        CString::new(bytes).map_err(|_| {
            BadCommand::NotExecutable(format!("can't parse command {}: embedded null byte", Repr(command)))
        })
    };
    let arguments = words.iter().map(|word| c_string(&raw_text::to_bytes(word))).collect::<Result<_, _>>()?;
    Ok(Program { executable: c_string(executable.as_os_str().as_bytes())?, arguments })
}

/// As execvp(3): the first directory that has a program by this name. When none has, what is wrong with the first
/// thing of that name.
fn search(program: &str, path: Option<&OsStr>) -> Result<PathBuf, BadCommand> {
    let path = path.unwrap_or(OsStr::new(DEFAULT_PATH)).as_bytes();
    let mut first_problem = None;
    for directory in path.split(|byte| *byte == b':') {
        let found = Path::new(OsStr::from_bytes(directory)).join(OsStr::from_bytes(&raw_text::to_bytes(program)));
        match check(&found) {
            Ok(found) => return Ok(found),
            Err(BadCommand::NoFile(_)) => {}
            Err(problem @ BadCommand::NotExecutable(_)) => {
                first_problem.get_or_insert(problem);
            }
        }
    }
    Err(first_problem.unwrap_or_else(|| no_file(program)))
}

fn check(path: &Path) -> Result<PathBuf, BadCommand> {
    let text = path.to_string_lossy();
    let Ok(metadata) = fs::metadata(path) else { return Err(no_file(&text)) };
    let problem = if metadata.is_dir() {
        format!("command at {} is a directory", Repr(&text))
    } else if metadata.mode() & 0o111 == 0 {
        format!("command at {} is not executable", Repr(&text))
    } else if access(path, AccessFlags::X_OK).is_err() {
        format!("no permission to run command {}", Repr(&text))
    } else {
        return Ok(path.to_owned());
    };
    Err(BadCommand::NotExecutable(problem))
}

fn no_file(program: &str) -> BadCommand {
    BadCommand::NoFile(format!("can't find command {}", Repr(program)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_folder::TestFolder;

    fn problem(command: &str) -> String {
        find_program(command, None).unwrap_err().text().to_owned()
    }

    #[test]
    fn a_command_is_split_and_its_program_found() {
        let program = find_program("sh -c 'exit 3' #4", Some(OsStr::new("/nonexistent:/bin"))).unwrap();
        assert_eq!(program.executable.as_c_str(), c"/bin/sh");
        assert_eq!(program.arguments, [c"sh", c"-c", c"exit 3", c"#4"].map(CString::from));
    }

    #[test]
    fn what_is_wrong_is_said_in_the_contracts_words() {
        assert_eq!(problem("/bin/echo \"x"), "can't parse command '/bin/echo \"x': No closing quotation");
        assert_eq!(problem("echo \\"), "can't parse command 'echo \\\\': No escaped character");
        assert_eq!(problem(""), "command is empty");
        assert_eq!(problem("no-such-program x"), "can't find command 'no-such-program'");
        assert_eq!(problem("/no/such"), "can't find command '/no/such'");
        assert_eq!(problem("/tmp"), "command at '/tmp' is a directory");
        assert_eq!(problem("/etc/passwd"), "command at '/etc/passwd' is not executable");
    }

    #[test]
    fn the_search_passes_over_what_cannot_be_executed() {
        let folder = TestFolder::new();
        fs::create_dir(folder.path("sh")).unwrap();
        let path = format!("{}:/bin", folder.root().display());
        let program = find_program("sh", Some(OsStr::new(&path))).unwrap();
        assert_eq!(program.executable.as_c_str(), c"/bin/sh");
        let only = find_program("sh", Some(folder.root().as_os_str())).unwrap_err();
        assert_eq!(only.text(), format!("command at '{}/sh' is a directory", folder.root().display()));
    }
}
