//! Where the commands that start nothing (`--check`, `--show-config`) read from: the same file, environment and command
//! line as a start would. They touch no log, no socket and no pidfile.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use supervisor_core::raw_text;

use supervisor_config::{LoadRequest, SupervisordOptions, find_config_file, no_config_file_text, program_path};

/// What a start would read.
#[derive(Debug)]
pub(crate) struct Offline<'o> {
    path: PathBuf,
    options: &'o SupervisordOptions,
    environment: Vec<(String, String)>,
}

impl<'o> Offline<'o> {
    /// Finds the configuration file, which need not exist if the command line names it. The error is upstream's text.
    pub(crate) fn find(program: &str, options: &'o SupervisordOptions) -> Result<Self, String> {
        let path = if let Some(typed) = &options.configuration {
            PathBuf::from(OsStr::from_bytes(&raw_text::to_bytes(typed)))
        } else {
            let path_variable = std::env::var("PATH").ok();
            let program = program_path(program, path_variable.as_deref());
            let found = find_config_file(&program);
            // A command that is wrapped needs none.
            found.or(options.wrapped.as_ref().map(|_| PathBuf::new())).ok_or_else(|| no_config_file_text(&program))?
        };
        let text = |text: std::ffi::OsString| raw_text::to_text(text.as_bytes());
        Ok(Self {
            path: absolute(&path).map_err(|error| error.to_string())?,
            options,
            environment: std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect(),
        })
    }

    /// As the crate that reads wants it.
    pub(crate) fn request(&self) -> LoadRequest<'_> {
        LoadRequest { path: &self.path, command_line: self.options, environment: &self.environment }
    }
}

/// An empty path is nothing that could be made absolute; as a file it does not exist.
pub(crate) fn absolute(path: &Path) -> io::Result<PathBuf> {
    if path.as_os_str().is_empty() { Ok(PathBuf::new()) } else { std::path::absolute(path) }
}
