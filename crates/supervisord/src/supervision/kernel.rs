//! What the supervision plane has of the kernel for its whole life, restarts included: the poller, the signals, the
//! means to start children; and the streams that are visited by time.
//!
//! Hot streams (reference: a stream that brings small reads in quick succession): waking for each line of a chatty
//! child costs more than its lines, so such a stream leaves the poller and is visited by time until a visit finds
//! nothing. The first bytes of a quiet stream are always handled at once.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use supervisor_core::{AttributesConfig, Channel, Life, ProcessConfig, raw_text};
use supervisor_sys::rlimits::use_all_descriptors;
use supervisor_sys::{
    CStrArray, Credentials, ExecFailure, Interest, MountTable, Poller, Shelf, Signals, SpawnMethod, SpawnPlan, Spawner,
    errno_name,
};

use super::child::{Child, PollKey, Stdin, StdinEnd, Stream, Visit};
use super::child_attributes::child_attributes;
use super::extensions::{self, StopSignal};
use super::limits;
use super::log_stream::LogStream;
use super::log_writers::LogWriters;
use super::program_search::Program;
use super::service_manager::ServiceManager;
use crate::boundary::inbox::Wake;
use crate::limits::MOST_DESCRIPTORS;

/// What a child is given besides pipes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Descriptors<'d> {
    /// Its fd 0, for a FastCGI program.
    pub(super) socket: Option<BorrowedFd<'d>>,
    /// The channel of an extension.
    pub(super) channel: Option<BorrowedFd<'d>>,
}

/// The kernel, as far as supervision needs it.
#[derive(Debug)]
pub struct Kernel {
    pub(super) poller: Poller,
    pub(super) signals: Signals,
    spawner: Spawner,
    pub(super) log_writers: LogWriters,
    /// Streams that are visited by time.
    hot: Vec<(Life, Channel)>,
    /// Who is told how supervisord is.
    pub service_manager: ServiceManager,
    lacks_pidfds: bool,
    /// Where our ends of stdins lie that nobody writes to; `None`: there are descriptors enough.
    shelf: Option<Shelf>,
    /// A pidfd was closed: whose end it would have told may have ended before.
    sweep_is_due: bool,
}

impl Kernel {
    /// Takes the reserved descriptors, the poller and the signals.
    ///
    /// # Errors
    /// As the system calls behind them.
    pub fn new() -> io::Result<Self> {
        let spawner = Spawner::new()?;
        let signals = Signals::install()?;
        let poller = Poller::woken_by(&signals)?;
        poller.add(spawner.failures_fd(), PollKey::ExecFailures.number(), Interest::Readable)?;
        let log_writers = LogWriters::new(poller.waker());
        Ok(Self {
            poller,
            signals,
            spawner,
            log_writers,
            hot: Vec::new(),
            service_manager: ServiceManager::default(),
            lacks_pidfds: false,
            shelf: None,
            sweep_is_due: false,
        })
    }

    /// Takes as many descriptors as there are for us, and leaves programs their limit.
    pub fn take_all_descriptors(&mut self) {
        if let Some(of_programs) = use_all_descriptors(MOST_DESCRIPTORS) {
            self.spawner.give_descriptor_limit(of_programs);
        }
    }

    /// Makes the pipes of a child and starts it.
    pub(super) fn spawn(&mut self, life: Life, start: &Start<'_>) -> Result<Child, SpawnFailure> {
        // Before the pipes: it may need a descriptor itself.
        let method = method_for(&mut self.log_writers.mounts, start.program, start.config);
        let stdin = pipe(OwnEnd::Write)?;
        let Descriptors { socket, channel } = start.given;
        // Nothing is said to an extension there: it reads the end at once.
        let own_stdin = (socket.is_none() && channel.is_none()).then(|| self.shelve(stdin.write));
        let (started, stdout, stderr) = match self.spawn_on(&stdin.read, start, method) {
            Ok(started) => started,
            Err(failure) => {
                if let Some(end) = own_stdin {
                    self.discard(&end);
                }
                return Err(failure);
            }
        };
        self.lacks_pidfds |= started.pidfd.is_none();
        let stream = |fd: OwnedFd| Stream { fd, last_read: Duration::ZERO, answers: false, visit: Visit::WhenReadable };
        let mut child = Child {
            life,
            pid: started.pid,
            pidfd: started.pidfd,
            stop_signal: channel.map(|_| StopSignal::ToBeHeld(start.config.stop.stopsignal)),
            stdin: own_stdin.map(|end| Stdin { end, pending: Vec::new() }),
            stdout: Some(stream(stdout)),
            stderr: stderr.map(stream),
            credentials: None,
        };
        self.watch(life, &mut child);
        Ok(child)
    }

    /// Starts a child on this stdin, and gives our ends of its outputs.
    fn spawn_on(
        &mut self,
        stdin: &OwnedFd,
        start: &Start<'_>,
        method: SpawnMethod,
    ) -> Result<(supervisor_sys::Child, OwnedFd, Option<OwnedFd>), SpawnFailure> {
        let Start { config, program, envp, credentials, given } = start;
        let stdout = pipe(OwnEnd::Read)?;
        let stderr = if config.log.redirect_stderr { None } else { Some(pipe(OwnEnd::Read)?) };
        if let Some(Ok(user)) = credentials {
            let outputs = [&stdout].into_iter().chain(&stderr).map(|pipe| &pipe.read);
            let pipes = [stdin].into_iter().chain(outputs);
            pipes.for_each(|pipe| supervisor_sys::pipe::give_to(pipe.as_fd(), user.uid));
        }
        let directory = config.identity.directory.as_deref();
        let directory = directory.map(|directory| CString::new(raw_text::to_bytes(directory))).transpose();
        let directory = directory.map_err(|_| SpawnFailure::Pipes(io::Error::from(io::ErrorKind::InvalidInput)))?;
        let stdin_end = given.socket.unwrap_or(stdin.as_fd());
        let stdout_end = stdout.write.as_fd();
        let stderr_end = stderr.as_ref().map_or(stdout_end, |stderr| stderr.write.as_fd());
        let mut descriptors = vec![(stdin_end, 0), (stdout_end, 1), (stderr_end, 2)];
        descriptors.extend(given.channel.map(|channel| (channel, extensions::CHANNEL)));
        let plan = SpawnPlan {
            executable: &program.executable,
            argv: &program.arguments,
            envp,
            directory: directory.as_deref(),
            attributes: child_attributes(config),
            credentials: credentials.and_then(|credentials| credentials.as_ref().ok()),
            refusal: credentials.and_then(|credentials| credentials.as_ref().err()).map(String::as_str),
            descriptors: &descriptors,
            method,
        };
        let started = self.spawner.spawn(&plan).map_err(SpawnFailure::Fork)?;
        Ok((started, stdout.read, stderr.map(|stderr| stderr.read)))
    }

    /// The children that have not become their programs, since the last time.
    pub(super) fn take_exec_failures(&mut self) -> Vec<ExecFailure> {
        self.spawner.take_failures()
    }

    /// Stops to watch a child that was reaped.
    pub(super) fn release(&mut self, life: Life, child: &Child) {
        for fd in child.watched() {
            // One that is not watched, such as a hot stream, is fine.
            self.poller.delete(fd).ok();
        }
        self.hot.retain(|(hot, _)| *hot != life);
        if let Some(stdin) = &child.stdin {
            self.discard(&stdin.end);
        }
    }

    /// Reads once from a stream and decides whether it is hot. `None`: nothing there now. Zero: it has ended.
    pub(super) fn read(
        &mut self,
        life: Life,
        channel: Channel,
        stream: &mut Option<Stream>,
        now: Duration,
        buffer: &mut [u8],
    ) -> Option<usize> {
        let stream = stream.as_mut()?;
        match supervisor_sys::pipe::read(stream.fd.as_fd(), buffer) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if stream.visit == Visit::ByTime {
                    self.cool(life, channel, stream);
                }
                None
            }
            // An error of a pipe that we read from is its end.
            Ok(0) | Err(_) => {
                self.poller.delete(stream.fd.as_fd()).ok();
                self.hot.retain(|entry| *entry != (life, channel));
                Some(0)
            }
            Ok(count) => {
                let soon = now.saturating_sub(stream.last_read) < limits::HOT_STREAM_INTERVAL;
                stream.last_read = now;
                let may_wait = !stream.answers && count < limits::SMALL_READ;
                if stream.visit == Visit::WhenReadable && soon && may_wait {
                    self.heat(life, channel, stream);
                }
                Some(count)
            }
        }
    }

    /// Makes the loop return from its wait; may be called from any thread.
    pub fn waker(&self) -> Wake {
        let waker = self.poller.waker();
        Arc::new(move || waker.wake())
    }

    /// Makes the next wait return at once.
    pub(super) fn wake(&self) {
        self.poller.waker().wake();
    }

    /// Whether some child had to be started without a pidfd, so that its end shows in SIGCHLD alone.
    pub(super) fn lacks_pidfds(&self) -> bool {
        self.lacks_pidfds
    }

    /// Descriptors are scarce: a child does without its pidfd from now on, as all that come later.
    pub(super) fn give_up_pidfd(&mut self, child: &mut Child) -> bool {
        let Some(pidfd) = child.pidfd.take() else { return false };
        self.poller.delete(pidfd.as_fd()).ok();
        self.spawner.do_without_pidfds();
        self.lacks_pidfds = true;
        self.sweep_is_due = true;
        self.wake();
        true
    }

    /// Descriptors are scarce, and there is no pidfd to give up: what is seldom needed goes. That of children goes to
    /// the shelf, in [`Kernel::shelve_stdin`].
    pub(super) fn live_on_little(&mut self) {
        if self.shelf.is_none() {
            self.spawner.do_without_slots();
            self.log_writers.mounts.do_without_descriptor();
            // Without one, each child keeps what it has.
            self.shelf = Shelf::new().ok();
        }
    }

    /// Lays our end of a stdin aside that was not written to. Whether that has freed a descriptor.
    pub(super) fn shelve_stdin(&mut self, child: &mut Child) -> bool {
        let was_written_to = child.stdout.as_ref().is_some_and(|stdout| stdout.answers);
        let Child { stdin: slot, .. } = child;
        match slot.take() {
            Some(Stdin { end: StdinEnd::Open(fd), pending }) if pending.is_empty() && !was_written_to => {
                let end = self.shelve(fd);
                let is_shelved = matches!(end, StdinEnd::Shelved(_));
                *slot = Some(Stdin { end, pending });
                is_shelved
            }
            stdin => {
                *slot = stdin;
                false
            }
        }
    }

    /// Takes our end of a stdin back.
    ///
    /// # Errors
    /// EMFILE, ENFILE: there is no number for it, for now.
    pub(super) fn take_from_shelf(&mut self, stdin: &mut Stdin) -> io::Result<()> {
        if let (StdinEnd::Shelved(shelved), Some(shelf)) = (&stdin.end, &mut self.shelf) {
            stdin.end = StdinEnd::Open(shelf.take(*shelved)?);
        }
        Ok(())
    }

    /// Once there is a shelf, what is new goes there at once.
    fn shelve(&mut self, fd: OwnedFd) -> StdinEnd {
        let Some(shelf) = &mut self.shelf else { return StdinEnd::Open(fd) };
        shelf.lay_aside(fd).map_or_else(StdinEnd::Open, StdinEnd::Shelved)
    }

    fn discard(&mut self, end: &StdinEnd) {
        if let (StdinEnd::Shelved(shelved), Some(shelf)) = (end, &mut self.shelf) {
            shelf.discard(*shelved);
        }
    }

    /// Whether children are to be looked for that have ended, once.
    pub(super) fn take_due_sweep(&mut self) -> bool {
        std::mem::take(&mut self.sweep_is_due)
    }

    /// The streams that are visited by time.
    pub(super) fn hot_streams(&self) -> Vec<(Life, Channel)> {
        self.hot.clone()
    }

    /// Whether any stream is visited by time.
    pub(super) fn has_hot_streams(&self) -> bool {
        !self.hot.is_empty()
    }

    pub(super) fn watch_writable(&mut self, stdin: &Stdin, key: PollKey) {
        // Without memory for a registration the bytes wait for the next write.
        if let Some(fd) = stdin.fd() {
            self.poller.add(fd, key.number(), Interest::Writable).ok();
        }
    }

    pub(super) fn unwatch(&mut self, stdin: &Stdin) {
        if let Some(fd) = stdin.fd() {
            self.poller.delete(fd).ok();
        }
    }

    /// Watches what a new child has. Without memory for a registration its end shows in SIGCHLD, and its output is
    /// visited by time.
    fn watch(&mut self, life: Life, child: &mut Child) {
        if let Some(pidfd) = &child.pidfd {
            let watched = self.poller.add_once(pidfd.as_fd(), PollKey::Pidfd(life.process.index()).number());
            self.lacks_pidfds |= watched.is_err();
        }
        for channel in Channel::BOTH {
            let Some(stream) = child.stream(channel) else { continue };
            let key = PollKey::Output(life.process.index(), channel).number();
            if self.poller.add(stream.fd.as_fd(), key, Interest::Readable).is_err() {
                stream.visit = Visit::ByTime;
                self.hot.push((life, channel));
            }
        }
    }

    fn heat(&mut self, life: Life, channel: Channel, stream: &mut Stream) {
        if self.poller.delete(stream.fd.as_fd()).is_ok() {
            stream.visit = Visit::ByTime;
            self.hot.push((life, channel));
            // Unprivileged users have a bound on pipe memory; the usual size serves as well.
            supervisor_sys::pipe::set_pipe_size(stream.fd.as_fd(), limits::HOT_PIPE_BYTES).ok();
        }
    }

    fn cool(&mut self, life: Life, channel: Channel, stream: &mut Stream) {
        let key = PollKey::Output(life.process.index(), channel);
        if self.poller.add(stream.fd.as_fd(), key.number(), Interest::Readable).is_ok() {
            stream.visit = Visit::WhenReadable;
            self.hot.retain(|entry| *entry != (life, channel));
        }
    }

    /// Stops to read a stream whose log, or whose events, find no room. False if it was held already.
    pub(super) fn hold(&mut self, life: Life, channel: Channel, stream: &mut Stream) -> bool {
        match stream.visit {
            Visit::WhenReadable => drop(self.poller.delete(stream.fd.as_fd())),
            Visit::ByTime => self.hot.retain(|entry| *entry != (life, channel)),
            Visit::Held => return false,
        }
        stream.visit = Visit::Held;
        true
    }

    /// Reads a stream again.
    pub(super) fn resume(&mut self, life: Life, channel: Channel, stream: &mut Stream) {
        if stream.visit == Visit::Held {
            // As a hot stream it is tried by time, should the poller not take it now.
            stream.visit = Visit::ByTime;
            self.hot.push((life, channel));
            self.cool(life, channel, stream);
        }
    }

    /// Watches a log destination exactly while something waits to be written to it.
    pub(super) fn watch_log(&self, log: &mut LogStream, key: PollKey) {
        match (log.watched, log.is_blocked()) {
            // What cannot be watched is tried with each append.
            (false, true) => {
                log.watched = self.poller.add(log.fd(), key.number(), Interest::Writable).is_ok();
            }
            (true, false) => self.unwatch_log(log),
            (true, true) | (false, false) => {}
        }
    }

    /// Lets go of a log destination, for good.
    pub(super) fn unwatch_log(&self, log: &mut LogStream) {
        if std::mem::take(&mut log.watched) {
            self.poller.delete(log.fd()).ok();
        }
    }
}

/// What to start.
#[derive(Debug)]
pub(super) struct Start<'a> {
    pub(super) config: &'a ProcessConfig,
    pub(super) program: &'a Program,
    pub(super) envp: &'a CStrArray,
    /// Who it is to be, or why that cannot be.
    pub(super) credentials: Option<&'a Result<Credentials, String>>,
    pub(super) given: Descriptors<'a>,
}

/// Why a child could not be made (contract/processes.md §3.4).
#[derive(Debug)]
pub(super) enum SpawnFailure {
    /// Its pipes.
    Pipes(io::Error),
    /// The child itself.
    Fork(io::Error),
}

impl SpawnFailure {
    /// What the kernel said.
    pub(super) fn error(&self) -> &io::Error {
        let (Self::Pipes(error) | Self::Fork(error)) = self;
        error
    }

    /// The text for `spawnerr`.
    pub(super) fn text(&self, name: &str) -> String {
        let errno = |error: &io::Error| error.raw_os_error().map_or("EIO", errno_name);
        match self {
            // The pidfd of the child comes last, and may be the one too many.
            Self::Pipes(error) | Self::Fork(error) if errno(error) == "EMFILE" => {
                format!("too many open files to spawn '{name}'")
            }
            Self::Pipes(error) => format!("unknown error making dispatchers for '{name}': {}", errno(error)),
            Self::Fork(error) if errno(error) == "EAGAIN" => {
                format!("Too many processes in process table to spawn '{name}'")
            }
            Self::Fork(error) => format!("unknown error during fork for '{name}': {}", errno(error)),
        }
    }
}

struct Pipe {
    read: OwnedFd,
    write: OwnedFd,
}

/// Which end of a pipe stays with us.
#[derive(Clone, Copy)]
enum OwnEnd {
    Read,
    Write,
}

/// A pipe whose ends are closed on exec. Our own end does not block, the child's does.
fn pipe(own: OwnEnd) -> Result<Pipe, SpawnFailure> {
    let (read, write) = supervisor_sys::pipe::pipe().map_err(SpawnFailure::Pipes)?;
    let own_fd = match own {
        OwnEnd::Read => &read,
        OwnEnd::Write => &write,
    };
    supervisor_sys::pipe::set_nonblocking(own_fd.as_fd()).map_err(SpawnFailure::Pipes)?;
    Ok(Pipe { read, write })
}

fn method_for(mounts: &mut MountTable, program: &Program, config: &ProcessConfig) -> SpawnMethod {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let executable = OsStr::from_bytes(program.executable.to_bytes());
    let mut remote = |path: &OsStr| mounts.is_remote(path.as_ref());
    // What it sets may keep it from its exec for as long as others have the processor: nobody is to wait for that.
    let is_slow = config.attributes != AttributesConfig::default();
    if is_slow
        || remote(executable)
        || config.identity.directory.as_deref().is_some_and(|directory| remote(OsStr::new(directory)))
    {
        SpawnMethod::CopiedMemory
    } else {
        SpawnMethod::SharedMemory
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_that_could_not_be_made_is_told_in_the_contracts_words() {
        let error = |name: nix::errno::Errno| io::Error::from(name);
        for (failure, text) in [
            (SpawnFailure::Pipes(error(nix::errno::Errno::EMFILE)), "too many open files to spawn 'x'"),
            (SpawnFailure::Pipes(error(nix::errno::Errno::ENFILE)), "unknown error making dispatchers for 'x': ENFILE"),
            (SpawnFailure::Fork(error(nix::errno::Errno::EMFILE)), "too many open files to spawn 'x'"),
            (SpawnFailure::Fork(error(nix::errno::Errno::EAGAIN)), "Too many processes in process table to spawn 'x'"),
            (SpawnFailure::Fork(error(nix::errno::Errno::ENOMEM)), "unknown error during fork for 'x': ENOMEM"),
        ] {
            assert_eq!(failure.text("x"), text);
        }
    }
}
