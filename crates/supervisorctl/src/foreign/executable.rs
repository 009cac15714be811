//! One executable of `PATH`, run as a command: it has the terminal, and finds the server in its environment.
//!
//! What it finds: `SUPERVISOR_SERVER_URL`, `SUPERVISOR_USERNAME` and `SUPERVISOR_PASSWORD` as programs of supervisord
//! do, `SUPERVISOR_TLS_CA` where `tls_ca` is set, and `SUPERVISORCTL`, our own path, to call back with. What we do not
//! know is not there: a password of another server stays where it belongs.

use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::Command;

use nix::sys::signal::Signal;
use supervisor_config::shlex;

use super::Seed;
use crate::controller::{Controller, Flow};
use crate::exit_status::ExitStatus;
use crate::failure::Failure;

/// The words of a line behind the first, as a shell would take them apart.
pub(super) fn words_of(line: &str) -> Result<Vec<String>, String> {
    let words = shlex::split(line).map_err(|error| error.to_string())?;
    Ok(words.into_iter().skip(1).collect())
}

/// Runs it to its end; its exit status is ours, and 128 and the number of a signal that has ended it.
#[expect(clippy::disallowed_methods, reason = "this is no supervisor: it waits for the one program that it starts")]
pub(super) fn run(controller: &mut Controller, path: &Path, words: &[String], seed: &Seed) -> Result<Flow, Failure> {
    let mut command = Command::new(path);
    if let Some(name) = path.file_name() {
        command.arg0(name);
    }
    command.args(words);
    let Seed { account, .. } = seed;
    for (name, value) in [
        ("SUPERVISOR_SERVER_URL", Some(account.url.clone())),
        ("SUPERVISOR_USERNAME", account.username.clone()),
        ("SUPERVISOR_PASSWORD", account.password.clone()),
        ("SUPERVISOR_TLS_CA", account.tls.authorities(&account.url)),
        ("SUPERVISORCTL", std::env::current_exe().ok().map(|path| path.display().to_string())),
    ] {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let status = match command.status() {
        Ok(status) => status,
        Err(error) => {
            controller.output.line(&format!("error: {} cannot be run: {error}", path.display()));
            controller.fail(ExitStatus::Generic);
            return Ok(Flow::Continue);
        }
    };
    // A Ctrl-C was for it.
    controller.world.forget_interrupts();
    if status.signal() == Some(Signal::SIGINT as i32) {
        return Err(Failure::Interrupted);
    }
    let number = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    if number != 0 {
        controller.fail(ExitStatus::Foreign(u8::try_from(number).unwrap_or(1)));
    }
    Ok(Flow::Continue)
}
