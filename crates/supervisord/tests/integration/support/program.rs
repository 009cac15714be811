//! A program that a test runs: its output goes to files, and waiting for it has an end.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::Duration;

use super::{Mark, send_signal, until, until_at_most};

/// A running program.
#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
}

/// How a program ended and what it wrote.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    /// The exit status; a signal counts as its negative number.
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Program {
    /// Starts a program in a process group of its own; `NAME.out` and `NAME.err` in `folder` take what it writes.
    pub(crate) fn start(command: &mut Command, mark: &Mark, folder: &Path, name: &str) -> Self {
        let (stdout, stderr) = (folder.join(format!("{name}.out")), folder.join(format!("{name}.err")));
        mark.put_on(command);
        let child = command
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(new_file(&stdout))
            .stderr(new_file(&stderr))
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Self { child, stdout, stderr }
    }

    /// Runs a program to its end, with nothing to read.
    #[track_caller]
    pub(crate) fn run(command: &mut Command, mark: &Mark, folder: &Path, name: &str) -> Ended {
        let mut program = Self::start(command, mark, folder, name);
        drop(program.take_stdin());
        program.wait_for_end()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal to this process alone.
    pub(crate) fn signal(&self, signal: &str) {
        send_signal(signal, &self.pid().to_string());
    }

    /// Writes to the program's stdin.
    pub(crate) fn type_in(&mut self, text: &str) {
        let stdin = self.child.stdin.as_mut().expect("the stdin is open");
        stdin.write_all(text.as_bytes()).expect("the program reads its stdin");
    }

    /// The writing end of the program's stdin; the program sees its end when this is dropped.
    pub(crate) fn take_stdin(&mut self) -> Option<ChildStdin> {
        self.child.stdin.take()
    }

    /// What it has written to stdout by now.
    pub(crate) fn stdout(&self) -> String {
        text(&self.stdout)
    }

    /// What it has written to stderr by now.
    pub(crate) fn stderr(&self) -> String {
        text(&self.stderr)
    }

    /// How it ended, if it has.
    pub(crate) fn try_wait(&mut self) -> Option<Ended> {
        let status = self.child.try_wait().expect("it is our child")?;
        Some(self.ended(status))
    }

    /// Waits for the end; a program that takes too long fails the test.
    #[track_caller]
    pub(crate) fn wait_for_end(&mut self) -> Ended {
        until("the program ends", || self.try_wait())
    }

    /// Waits for the end of a program that may take its time.
    #[track_caller]
    pub(crate) fn wait_for_end_at_most(&mut self, patience: Duration) -> Ended {
        until_at_most(patience, "the program ends", || self.try_wait())
    }

    fn ended(&self, status: ExitStatus) -> Ended {
        let status = status.code().or_else(|| status.signal().map(|number| -number));
        Ended { status: status.expect("exited or killed"), stdout: self.stdout(), stderr: self.stderr() }
    }

    /// Ends it at once if it still runs.
    pub(crate) fn kill(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            self.child.kill().expect("it is our child");
            self.child.wait().expect("it is our child");
        }
    }
}

/// An empty file that several processes may write to.
fn new_file(path: &Path) -> File {
    File::create(path).expect("the folder is ours");
    File::options().append(true).open(path).expect("it was made just now")
}

fn text(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned()
}
