//! Finding the processes that a test started, however they were started: they carry a mark in their environment. A
//! program that writes its title over its environment, as nginx does, is known by its current directory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::until;

/// The environment variable that marks the processes of a test.
const VARIABLE: &str = "SUPERVISOR_TEST_MARK";

/// The folder of a test, which nobody else on this machine uses.
#[derive(Debug)]
pub(crate) struct Mark(PathBuf);

/// A process that carries a mark.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct MarkedProcess {
    pub(crate) pid: u32,
    pub(crate) command_line: String,
}

impl Mark {
    /// The mark of the test that has this folder for itself.
    pub(crate) fn new(folder: &Path) -> Self {
        Self(folder.to_path_buf())
    }

    /// Marks the process that this command starts, and with it all its descendants.
    pub(crate) fn put_on(&self, command: &mut Command) {
        command.env(VARIABLE, &self.0);
    }

    /// The living processes with this mark; one that has ended and only waits to be reaped does not count.
    pub(crate) fn processes(&self) -> Vec<MarkedProcess> {
        let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
        entries
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .filter(|pid| self.is_on(*pid))
            .map(|pid| MarkedProcess { pid, command_line: command_line(pid) })
            .collect()
    }

    fn is_on(&self, pid: u32) -> bool {
        let wanted = format!("{VARIABLE}={}", self.0.display()).into_bytes();
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        let directory = fs::read_link(format!("/proc/{pid}/cwd")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == wanted) || directory.starts_with(&self.0)
    }

    /// Waits until no process carries the mark.
    #[track_caller]
    pub(crate) fn assert_gone(&self) {
        until("every process of the test has ended", || self.processes().is_empty().then_some(()));
    }

    /// Ends whatever is left, for a test that has failed already.
    pub(crate) fn end_all(&self) {
        for process in self.processes() {
            send_signal("KILL", &process.pid.to_string());
        }
    }
}

/// Sends a signal to a pid, or to a process group written as a negative number, if it is still there.
pub(crate) fn send_signal(signal: &str, target: &str) {
    let mut shell = Command::new("sh");
    shell.args(["-c", "kill -s \"$1\" -- \"$2\"", "sh", signal, target]).stderr(Stdio::null());
    shell.status().expect("sh can be started");
}

fn command_line(pid: u32) -> String {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\0', " ").trim_end().to_owned()
}
