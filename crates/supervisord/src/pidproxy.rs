//! pidproxy: runs a program that goes into the background and passes the signals it gets on to the pid in that
//! program's pidfile, so that supervisord can supervise it (contract/processes.md §11, quirks.md F38).
//!
//! Waits for signals and nothing else. The command stays in our process group, so that `stopasgroup` reaches it.

use std::fs;
use std::io::{self, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus};

use supervisor_core::{KillError, KillTarget, Pid, Signal, signal_name};
use supervisor_sys::{Events, Poller, Signals};

/// Exit status when there is nothing to run.
const USAGE_STATUS: u8 = 1;
/// Exit status when the command cannot be started, as of a shell.
const NOT_STARTED_STATUS: u8 = 127;

const USAGE: &str = "pidproxy -- run a command and pass signals on to the process that its pidfile names

Signals TERM, HUP, INT, USR1, USR2 and QUIT go to the pid that the file holds at that moment. After TERM, INT
and QUIT pidproxy ends with status 0, otherwise with the status of the command once that has ended.

Usage: pidproxy <pidfile name> <command> [<cmdarg1> ...]
";

/// Runs pidproxy to its end. `arguments` are the words after the program's name.
pub fn run(arguments: &[String]) -> ExitCode {
    let [pidfile, command, ..] = arguments else {
        say(USAGE);
        return ExitCode::from(USAGE_STATUS);
    };
    match proxy(Path::new(pidfile), command, &arguments[2..]) {
        Ok(status) => status,
        Err(error) => {
            say(&format!("pidproxy: {command}: {error}\n"));
            ExitCode::from(NOT_STARTED_STATUS)
        }
    }
}

fn proxy(pidfile: &Path, command: &str, arguments: &[String]) -> io::Result<ExitCode> {
    // Before the command starts, so that no signal is missed.
    let mut signals = Signals::install()?;
    let poller = Poller::woken_by(&signals)?;
    let mut child = start(command, arguments)?;
    let mut events = Events::new();
    loop {
        poller.wait(&mut events, None)?;
        for number in signals.drain() {
            match signal_name(number) {
                Some("SIGCHLD") => {
                    if let Some(status) = child.try_wait()? {
                        return Ok(exit_code(status));
                    }
                }
                Some("SIGTERM" | "SIGINT" | "SIGQUIT") => {
                    if pass_on(pidfile, number) {
                        return Ok(ExitCode::SUCCESS);
                    }
                }
                Some("SIGHUP" | "SIGUSR1" | "SIGUSR2") => {
                    pass_on(pidfile, number);
                }
                Some(_) | None => {}
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "one child, and nothing else here reaps")]
fn start(command: &str, arguments: &[String]) -> io::Result<Child> {
    Command::new(find(command)?).arg0(command).args(arguments).spawn()
}

/// The command in the current directory, as it always was; else, without a slash, the one that PATH leads to.
fn find(command: &str) -> io::Result<PathBuf> {
    let here = std::path::absolute(command)?;
    if here.is_file() || command.contains('/') {
        return Ok(here);
    }
    // Looked up by execvp(3).
    Ok(PathBuf::from(command))
}

/// Sends a signal to the pid in the file. Whether there was such a pid, or at least had been.
fn pass_on(pidfile: &Path, number: i32) -> bool {
    let Some(pid) = read_pid(pidfile) else {
        say(&format!("Can't read child pidfile {}!\n", pidfile.display()));
        return false;
    };
    let Some(signal) = Signal::from_number(i64::from(number)) else { return false };
    match supervisor_sys::kill(KillTarget::Process(pid), signal) {
        Ok(()) | Err(KillError::Gone) => true,
        Err(KillError::Failed(error)) => {
            say(&format!("pidproxy: cannot signal {}: {error}\n", pid.get()));
            false
        }
    }
}

fn read_pid(pidfile: &Path) -> Option<Pid> {
    Pid::new(fs::read_to_string(pidfile).ok()?.trim().parse().ok()?)
}

/// The status of the command; a signal counts as in a shell.
fn exit_code(status: ExitStatus) -> ExitCode {
    let number = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or_default();
    ExitCode::from(u8::try_from(number).unwrap_or(u8::MAX))
}

fn say(text: &str) {
    // Without a standard output there is nobody to tell.
    io::stdout().write_all(text.as_bytes()).ok();
}
