//! The extension as a process: one end of a socket pair is its descriptor `SUPERVISOR_EXT_FD`.

use std::io;
use std::os::fd::{AsFd as _, RawFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use nix::fcntl::{FcntlArg, fcntl};
use nix::unistd::close;

use super::options::Options;
use crate::limits::PACE_OF_EXITS;

/// The number that extensions get, which we hold until they do: a plain shell knows descriptors up to 9 only.
#[derive(Debug)]
pub(super) struct Slot(RawFd);

const HIGHEST: RawFd = 9;

impl Slot {
    /// # Errors
    /// Everything up to 9 is open already.
    pub(super) fn reserve() -> io::Result<Self> {
        let slot = Self(3);
        let number = slot.hold()?;
        if number > HIGHEST {
            return Err(io::Error::other("descriptors 3 to 9 are all open here, and an extension gets one of them"));
        }
        Ok(Self(number))
    }

    /// Takes the lowest free number from ours on, with something that is open anyway.
    fn hold(&self) -> io::Result<RawFd> {
        Ok(fcntl(io::stderr(), FcntlArg::F_DUPFD_CLOEXEC(self.0))?)
    }

    /// Does something while programs inherit a copy of the socket under our number. Nobody else opens anything
    /// meanwhile, since there is one thread.
    fn filled_with<T>(&self, socket: &UnixStream, work: impl FnOnce() -> T) -> io::Result<T> {
        close(self.0)?;
        fcntl(socket, FcntlArg::F_DUPFD(self.0))?;
        let done = work();
        close(self.0)?;
        self.hold()?;
        Ok(done)
    }
}

/// An extension that runs. It is killed when this is dropped.
#[derive(Debug)]
pub(super) struct Process(Child);

impl Process {
    /// Starts it; the second is our end of its channel. What it prints goes to standard error.
    #[expect(clippy::disallowed_methods, reason = "this is no supervisor: it waits for the one program that it starts")]
    pub(super) fn start(options: &Options, slot: &Slot) -> io::Result<(Self, UnixStream)> {
        let (ours, theirs) = UnixStream::pair()?;
        let (program, arguments) = options.command.split_first().expect("a command has words");
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(io::stderr().as_fd().try_clone_to_owned()?);
        command.env("SUPERVISOR_EXT_FD", slot.0.to_string());
        command.env("SUPERVISOR_ENABLED", "1");
        command.env("SUPERVISOR_PROCESS_NAME", &options.name).env("SUPERVISOR_GROUP_NAME", &options.name);
        let spawned = slot.filled_with(&theirs, || command.spawn())?;
        let said = |error| io::Error::other(format!("{program} cannot be started: {error}"));
        Ok((Self(spawned.map_err(said)?), ours))
    }

    /// How it has ended, if it has.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().ok().flatten()
    }

    /// Waits until it ends, and no longer than that.
    pub(super) async fn end_within(&mut self, time: Duration) -> Option<ExitStatus> {
        let ends = async {
            loop {
                if let Some(status) = self.ended() {
                    return status;
                }
                tokio::time::sleep(PACE_OF_EXITS).await;
            }
        };
        tokio::time::timeout(time, ends).await.ok()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Neither fails but for a process that has ended and been waited for.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// How a process ended, in words.
pub(super) fn in_words(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "an unknown status".to_owned(),
    }
}
