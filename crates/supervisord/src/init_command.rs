//! `supervisord --init`: writes a small configuration to begin with, and says what to do with it. It asks nothing,
//! starts nothing, and never writes over what is there, a link that leads nowhere included.

use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::ExitCode;

use supervisor_core::raw_text;

/// What is written.
const FIRST_CONFIG: &str = include_str!("first.conf");

/// Writes `file`, as typed; `program` is how supervisord was called, and how it is named in what is said.
///
/// # Errors
/// In words for the user when there is something already, or when it cannot be written; no part of a file is left.
pub(crate) fn run(program: &str, file: &str) -> Result<ExitCode, String> {
    let path = raw_text::to_bytes(file);
    write_new(Path::new(OsStr::from_bytes(&path)), FIRST_CONFIG).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => format!("{file} is there already, and --init writes over nothing"),
        _ => format!("--init cannot write {file}: {error}"),
    })?;
    match io::stdout().write_all(next_steps(program, file).as_bytes()) {
        // The file is there, whoever reads of it.
        Ok(()) | Err(_) => Ok(ExitCode::SUCCESS),
    }
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut target = OpenOptions::new().write(true).create_new(true).open(path)?;
    target.write_all(text.as_bytes()).inspect_err(|_| {
        // It is ours and worth nothing; what went wrong is told in any case.
        fs::remove_file(path).ok();
    })
}

fn next_steps(program: &str, file: &str) -> String {
    let client =
        program.strip_suffix("supervisord").map_or("supervisorctl".to_owned(), |at| format!("{at}supervisorctl"));
    format!(
        "{file} is written, with a program to be replaced by yours. Next:\n\n    \
         {program} -n -c {file}\n        start it; Ctrl-C stops everything\n    \
         {client} -c {file} status\n        in another terminal: what runs\n    \
         {program} -c {file} --check\n        after a change: what is wrong with it, if anything\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_folder::TestFolder;

    #[test]
    fn nothing_is_written_over_and_no_link_is_followed() {
        let folder = TestFolder::new();
        let path = folder.file("x.conf", b"mine");
        let name = path.display().to_string();
        let refused = format!("{name} is there already, and --init writes over nothing");
        assert_eq!(run("supervisord", &name), Err(refused));
        assert_eq!(fs::read(&path).unwrap(), b"mine");
        let link = folder.path("link.conf");
        std::os::unix::fs::symlink(folder.path("elsewhere"), &link).unwrap();
        assert!(run("supervisord", &link.display().to_string()).unwrap_err().contains("there already"));
        assert!(!folder.path("elsewhere").exists());
    }

    #[test]
    fn a_folder_that_is_not_there_is_told() {
        let said = run("supervisord", "/no/such/x.conf").unwrap_err();
        assert_eq!(said, "--init cannot write /no/such/x.conf: No such file or directory (os error 2)");
    }

    #[test]
    fn commands_are_named_as_this_one_was() {
        let said = next_steps("target/release/supervisord", "a.conf");
        assert!(said.contains("\n    target/release/supervisorctl -c a.conf status\n"), "{said}");
        assert!(next_steps("/opt/sd", "a.conf").contains("\n    supervisorctl -c a.conf status\n"));
    }
}
