//! Paths that must lead somewhere.

use std::path::PathBuf;

use nix::unistd::{AccessFlags, access};

use super::Checked;
use crate::python_path::{Home, absolute, dirname, real_path};

/// A path, `~` expanded, whose directory part, if it has one, is a directory. The file need not exist.
pub(crate) fn existing_dirpath(text: &str, home: &Home) -> Checked<String> {
    let path = home.expand(text);
    let folder = dirname(&path);
    if folder.is_empty() || real_path(folder).is_dir() {
        Ok(path)
    } else {
        Err(format!("The directory named as part of the path {text} does not exist"))
    }
}

/// A directory, `~` expanded.
pub(crate) fn existing_directory(text: &str, home: &Home) -> Checked<String> {
    let path = home.expand(text);
    if real_path(&path).is_dir() { Ok(path) } else { Err(format!("{text} is not an existing directory")) }
}

/// The default of `childlogdir`: the first of `$TMPDIR`, `$TEMP`, `$TMP`, the usual three and the working
/// directory that is a directory in which files can be made. Where there is none, as in a container with a read-only
/// root, the first of them: it may be that nobody wants a log there, and whoever does is told.
pub(crate) fn temporary_directory(environment: &[(String, String)]) -> PathBuf {
    let named = ["TMPDIR", "TEMP", "TMP"].into_iter().filter_map(|name| {
        let found = environment.iter().rev().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    });
    let candidates: Vec<PathBuf> = named.chain(["/tmp", "/var/tmp", "/usr/tmp", "."]).map(absolute).collect();
    let usable = |path: &&PathBuf| path.is_dir() && access(*path, AccessFlags::W_OK | AccessFlags::X_OK).is_ok();
    candidates.iter().find(usable).or(candidates.first()).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> Home {
        Home::from_environment(&[("HOME".to_owned(), "/tmp".to_owned())])
    }

    #[test]
    fn the_directory_of_a_path_must_exist() {
        for (text, path) in [("x.log", "x.log"), ("/x.log", "/x.log"), ("~/x.log", "/tmp/x.log"), ("", "")] {
            assert_eq!(existing_dirpath(text, &home()), Ok(path.to_owned()));
        }
        for text in ["/no/such/x.log", "~/no/such/x.log", "no-such/x.log"] {
            let error = format!("The directory named as part of the path {text} does not exist");
            assert_eq!(existing_dirpath(text, &home()), Err(error));
        }
    }

    #[test]
    fn a_directory_must_exist() {
        assert_eq!(existing_directory("~", &home()), Ok("/tmp".to_owned()));
        for text in ["/no/such", "/etc/passwd", "", "~/no-such"] {
            assert_eq!(existing_directory(text, &home()), Err(format!("{text} is not an existing directory")));
        }
    }

    #[test]
    fn the_temporary_directory_is_the_first_usable() {
        let variable = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(temporary_directory(&[]), PathBuf::from("/tmp"));
        let environment = [variable("TMP", "/usr"), variable("TMPDIR", "/no/such"), variable("TEMP", "/var/tmp/.")];
        assert_eq!(temporary_directory(&environment), PathBuf::from("/var/tmp"));
    }
}
