//! A folder with configuration files, removed at the end.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use supervisor_config::{Config, LoadRequest, SupervisordOptions};
use supervisor_core::{GroupConfig, LogLevel};

static FOLDERS: AtomicUsize = AtomicUsize::new(0);

pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("supervisor-config-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a temporary folder");
        Self(path.canonicalize().expect("it was just made"))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file below the folder.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().expect("it is below the folder")).expect("a folder for the file");
        std::fs::write(&path, text).expect("a file");
        path
    }

    /// What is said about a file, its folder written as `{dir}`.
    pub(crate) fn anonymous(&self, text: &impl ToString) -> String {
        text.to_string().replace(&*self.0.to_string_lossy(), "{dir}")
    }

    /// Reads `main.conf` with options and an environment.
    pub(crate) fn load_with(
        &self,
        options: &SupervisordOptions,
        environment: &[(String, String)],
    ) -> Result<Config, supervisor_config::ConfigError> {
        let path = self.0.join("main.conf");
        supervisor_config::load(&LoadRequest { path: &path, command_line: options, environment })
    }

    /// Reads `main.conf` with this text.
    pub(crate) fn load(&self, text: impl AsRef<[u8]>) -> Result<Config, String> {
        self.write("main.conf", text);
        self.load_with(&SupervisordOptions::default(), &[]).map_err(|error| self.anonymous(&error))
    }

    /// The warnings about `main.conf` with this text.
    pub(crate) fn warnings(&self, text: impl AsRef<[u8]>) -> Vec<String> {
        let messages = self.load(text).expect("a good configuration").messages;
        let warnings = messages.into_iter().filter(|(level, _)| *level == LogLevel::Warn);
        warnings.map(|(_, text)| self.anonymous(&text)).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).expect("the folder is ours");
    }
}

/// Reads a configuration with `[supervisord]` and this text.
pub(crate) fn load(text: &str) -> Result<Config, String> {
    Folder::new().load(format!("[supervisord]\n{text}"))
}

/// Warnings about a configuration with `[supervisord]` and this text.
pub(crate) fn warnings(text: &str) -> Vec<String> {
    Folder::new().warnings(format!("[supervisord]\n{text}"))
}

/// The names of groups and of their processes.
pub(crate) fn names(config: &Config) -> Vec<String> {
    let of_group = |group: &GroupConfig| {
        let processes: Vec<&str> = group.processes.iter().map(|process| &*process.name).collect();
        format!("{}: {}", group.name, processes.join(" "))
    };
    config.groups.iter().map(|group| of_group(group)).collect()
}
