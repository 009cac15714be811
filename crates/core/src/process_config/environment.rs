//! What a program is told by its environment: what its configuration says, and where the rest is read from at each
//! start (programs.md §7). The values that are read are in no configuration.

use std::sync::Arc;

/// Names that a program with `clear_env` gets all the same, unless `pass_env` says which.
pub const PASSED_BY_DEFAULT: [&str; 5] = ["PATH", "HOME", "LANG", "LC_*", "TZ"];

/// See above.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvironmentConfig {
    /// `[supervisord] environment` and the program's own, merged; in file order, each key once.
    pub variables: Arc<[(Box<str>, Box<str>)]>,
    /// `SUPERVISOR_SERVER_URL` of the child, when the program names its own.
    pub serverurl: Option<Box<str>>,
    /// What is read at each start.
    pub sources: EnvironmentSources,
    /// Nothing is inherited from supervisord but what `pass` names.
    pub clear: bool,
    /// Names of variables that are inherited with `clear`, `*` at the end for anything; `None`: [`PASSED_BY_DEFAULT`].
    pub pass: Option<Box<[Box<str>]>>,
    /// Names of variables that are taken out last, `*` at the end for anything.
    pub unset: Box<[Box<str>]>,
    /// It is told name, home and shell of its `user`.
    pub login: bool,
}

/// Files that variables and credentials are read from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvironmentSources {
    /// `[supervisord] env_file`: what its `environment` overrides.
    pub common_files: Box<[EnvironmentFile]>,
    /// Directories with a file for each variable.
    pub directories: Box<[EnvironmentFile]>,
    /// Files of lines `NAME=value`; of two values for a name the last counts.
    pub files: Box<[EnvironmentFile]>,
    /// Variables whose values are whole files.
    pub secrets: Box<[SecretVariable]>,
    /// Files that are copied to a directory of the program's own.
    pub credentials: Box<[Credential]>,
    /// The names of the program's own `environment`, which wins over files; filled in where there are files.
    pub own_names: Box<[Box<str>]>,
}

/// A file or directory, absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentFile {
    /// Where it is.
    pub path: Box<str>,
    /// It may be missing.
    pub is_optional: bool,
}

/// A variable whose value is a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretVariable {
    /// The name of the variable.
    pub name: Box<str>,
    /// The file.
    pub file: EnvironmentFile,
}

/// A file that a program finds in `$CREDENTIALS_DIRECTORY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// Its name there.
    pub name: Box<str>,
    /// Where it is copied from, absolute.
    pub path: Box<str>,
}

impl EnvironmentSources {
    /// Whether nothing is to be read.
    pub fn is_empty(&self) -> bool {
        self.paths().next().is_none()
    }

    /// Each file and directory, with the option that names it.
    pub fn paths(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let common = self.common_files.iter().map(|file| ("env_file", &*file.path));
        let directories = self.directories.iter().map(|file| ("env_dir", &*file.path));
        let files = self.files.iter().map(|file| ("env_file", &*file.path));
        common
            .chain(directories)
            .chain(files)
            .chain(self.secrets.iter().map(|secret| ("secret_env", &*secret.file.path)))
            .chain(self.credentials.iter().map(|credential| ("credential", &*credential.path)))
    }
}
