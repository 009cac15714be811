//! Executables called `supervisorctl-NAME` in the folders of `PATH`: each is the command NAME.
//!
//! `supervisorctl` is often run by root, and its commands get the server's password. So an entry of `PATH` counts only
//! if it is absolute, and neither it nor the executable may be written to by everybody.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access};

use super::is_ours;

/// What the names of such executables begin with.
const PREFIX: &str = "supervisorctl-";

/// The folders of `PATH`, in its order. The default is none.
#[derive(Clone, Debug, Default)]
pub(super) struct SearchPath(Vec<PathBuf>);

impl SearchPath {
    /// `None`: there is no such variable.
    pub(super) fn new(path: Option<&OsStr>) -> Self {
        Self(path.map_or_else(Vec::new, |path| std::env::split_paths(path).collect()))
    }

    /// The executable behind a command.
    pub(super) fn find_command(&self, name: &str) -> Option<PathBuf> {
        if is_name(name) { self.find(&format!("{PREFIX}{name}")) } else { None }
    }

    /// The first executable of that name.
    pub(super) fn find(&self, file: &str) -> Option<PathBuf> {
        self.folders().map(|folder| folder.join(file)).find(|path| is_executable(path) && !is_for_all(path))
    }

    /// All commands and their executables, sorted by name.
    pub(super) fn commands(&self) -> Vec<(String, PathBuf)> {
        let mut commands = BTreeMap::new();
        for folder in self.folders() {
            let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
            for entry in entries {
                let file = entry.file_name();
                let Some(name) = file.to_str().and_then(|file| file.strip_prefix(PREFIX)) else { continue };
                let path = entry.path();
                if is_name(name) && is_executable(&path) && !is_for_all(&path) {
                    commands.entry(name.to_owned()).or_insert(path);
                }
            }
        }
        commands.into_iter().collect()
    }

    /// Why a command that is in `PATH` is not carried out; `None` if it is not there at all.
    pub(super) fn reason_against(&self, name: &str) -> Option<String> {
        if !is_name(name) {
            return None;
        }
        let file = format!("{PREFIX}{name}");
        let mut found = self.0.iter().map(|folder| (folder, folder.join(&file)));
        let (folder, path) = found.find(|(_, path)| is_executable(path))?;
        let shown = path.display();
        Some(if folder.is_relative() {
            format!("{shown} is not run: its entry of PATH is relative")
        } else {
            format!("{shown} is not run: everybody may write to it, or to its folder")
        })
    }

    /// Those that only their owners may write to.
    fn folders(&self) -> impl Iterator<Item = &PathBuf> {
        self.0.iter().filter(|folder| folder.is_absolute() && !is_for_all(folder))
    }
}

/// A word that can be typed, and is free.
fn is_name(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') && name.chars().all(is_plain) && !is_ours(name)
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata: Metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
        && access(path, AccessFlags::X_OK).is_ok()
}

/// Whether everybody may write to it; also where nobody knows.
fn is_for_all(path: &Path) -> bool {
    fs::metadata(path).map_or(true, |metadata| metadata.mode() & 0o002 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder that is gone after the test.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("search-path-{name}-{}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn file(&self, name: &str, mode: u32) -> PathBuf {
            let path = self.0.join(name);
            fs::write(&path, "").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            path
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    fn names(path: &SearchPath) -> Vec<String> {
        path.commands().into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn the_first_of_a_name_counts_and_ours_are_never_replaced() {
        let (first, second) = (Folder::new("first"), Folder::new("second"));
        let deploy = first.file("supervisorctl-deploy", 0o755);
        second.file("supervisorctl-deploy", 0o755);
        for name in ["supervisorctl-status", "supervisorctl-completion", "supervisorctl--h", "supervisorctl-", "other"]
        {
            first.file(name, 0o755);
        }
        first.file("supervisorctl-notes", 0o644);
        second.file("supervisorctl-scale-up", 0o755);
        let path = SearchPath(vec![first.0.clone(), second.0.clone()]);
        assert_eq!(names(&path), ["deploy", "scale-up"]);
        assert_eq!(path.find_command("deploy"), Some(deploy));
        assert_eq!(path.find_command("status"), None);
        assert_eq!(path.find_command("../deploy"), None);
        assert_eq!(path.reason_against("nosuch"), None);
    }

    #[test]
    fn what_everybody_may_write_to_is_not_run() {
        let (folder, file) = (Folder::new("open-folder"), Folder::new("open-file"));
        folder.file("supervisorctl-one", 0o755);
        file.file("supervisorctl-two", 0o777);
        fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o1777)).unwrap();
        let path = SearchPath(vec![folder.0.clone(), file.0.clone()]);
        for name in ["one", "two"] {
            assert_eq!(path.find_command(name), None);
            assert!(path.reason_against(name).is_some_and(|words| words.contains("everybody may write")), "{name}");
        }
        assert_eq!(names(&path), [""; 0]);
    }

    #[test]
    fn relative_entries_are_not_looked_into() {
        let path = SearchPath::new(Some(OsStr::new("relative::.")));
        assert_eq!(path.folders().count(), 0);
        assert_eq!(path.find_command("deploy"), None);
    }
}
