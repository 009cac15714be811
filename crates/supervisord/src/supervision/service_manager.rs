//! What the service manager that has started supervisord is told (sd_notify(3)): that it is ready, restarts or stops,
//! how many programs are in which state, and that the loop turns.
//!
//! Not the readiness of programs, which is their own. Nothing here waits: a message that is not taken at once is lost,
//! and the main log is told of it once. Without `--sd-notify` nothing is sent and programs inherit the variables.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use supervisor_config::SdNotify;
use supervisor_core::{Host as _, LogLevel, ProcessId, ProcessState, Supervisor, SupervisorState};

use super::limits::{LAST_WORDS, STATUS_PAUSE};
use super::os_host::OsHost;
use crate::clock;

/// What programs do not inherit while supervisord uses it: they would speak in its name.
pub const VARIABLES: [&str; 3] = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"];

/// Whoever listens at `NOTIFY_SOCKET`, over restarts; or nobody.
#[derive(Debug, Default)]
pub struct ServiceManager {
    link: Option<Link>,
    waits_for_programs: bool,
    /// Why nobody is told, until the main log has it.
    trouble: Option<String>,
    has_told_trouble: bool,
    /// What supervisord is about, as far as it was told.
    told: Told,
    /// With [`SdNotify::Ready`]: programs that have not been up yet.
    awaited: Vec<ProcessId>,
    /// States of programs have changed since they were told.
    has_news: bool,
    /// Monotonic time of the last status.
    last_status: Duration,
    watchdog: Option<Watchdog>,
}

#[derive(Debug)]
struct Link {
    socket: UnixDatagram,
    address: SocketAddr,
}

/// What was told last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Told {
    /// Nothing that holds: a generation comes up.
    #[default]
    Nothing,
    Ready,
    Restarts,
    Stops,
    /// That it stops, and how long that may take.
    LongestEnd,
}

/// A sign of life is wanted within a time; it is given at half of it.
#[derive(Debug)]
struct Watchdog {
    period: Duration,
    /// Monotonic time.
    next: Duration,
}

impl ServiceManager {
    /// The one that the environment names, if it is to be told anything.
    pub fn of_environment(when: SdNotify) -> Self {
        let waits_for_programs = match when {
            SdNotify::Off => return Self::default(),
            SdNotify::Started => false,
            SdNotify::Ready => true,
        };
        let (link, trouble) = match env::var_os(VARIABLES[0]).filter(|name| !name.is_empty()) {
            None => (None, None),
            Some(name) => match Link::to(&name) {
                Ok(link) => (Some(link), None),
                Err(error) => (None, Some(trouble_text(&error))),
            },
        };
        let watchdog = Watchdog::of_environment().filter(|_| link.is_some());
        Self { link, waits_for_programs, trouble, watchdog, ..Self::default() }
    }

    /// Monotonic time at which there is something to be told though nothing happens.
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.link.as_ref()?;
        let status = (self.has_news && self.tells_states()).then(|| self.last_status + STATUS_PAUSE);
        status.into_iter().chain(self.watchdog.as_ref().map(|watchdog| watchdog.next)).min()
    }

    /// A generation serves its clients and begins with its programs.
    fn begin(&mut self, awaited: Vec<ProcessId>) {
        self.awaited = if self.waits_for_programs { awaited } else { Vec::new() };
        self.told = Told::Nothing;
        self.has_news = true;
        if !self.waits_for_programs {
            self.tell_ready("STATUS=Programs begin to start");
        }
    }

    /// What has happened in a turn.
    fn end_turn(&mut self, supervisor: &Supervisor, now: Duration) {
        if self.link.is_none() {
            return;
        }
        if let Some(watchdog) = self.watchdog.as_mut().filter(|watchdog| watchdog.next <= now) {
            watchdog.next = now + watchdog.period;
            self.send("WATCHDOG=1");
        }
        if self.told == Told::Stops {
            self.told = Told::LongestEnd;
            let longest = supervisor.longest_shutdown().saturating_add(LAST_WORDS);
            self.send(&format!("EXTEND_TIMEOUT_USEC={}", longest.as_micros()));
        }
        if !self.has_news || !self.tells_states() {
            return;
        }
        if self.told == Told::Nothing {
            // Each is looked at until it was seen up once; one that was removed is not waited for.
            let states: Vec<_> = supervisor.process_states().collect();
            let is_awaited =
                |(id, state): &(ProcessId, ProcessState)| self.awaited.contains(id) && !has_been_up(*state);
            self.awaited = states.into_iter().filter(is_awaited).map(|(id, _)| id).collect();
            if self.awaited.is_empty() {
                self.tell_ready(&states_text(supervisor));
                (self.has_news, self.last_status) = (false, now);
                return;
            }
        }
        if self.last_status + STATUS_PAUSE <= now {
            self.send(&states_text(supervisor));
            (self.has_news, self.last_status) = (false, now);
        }
    }

    /// While it ends something, that is what matters.
    fn tells_states(&self) -> bool {
        match self.told {
            Told::Nothing | Told::Ready => true,
            Told::Restarts | Told::Stops | Told::LongestEnd => false,
        }
    }

    fn tell_ready(&mut self, status: &str) {
        self.told = Told::Ready;
        self.send(&format!("READY=1\nMAINPID={}\n{status}", std::process::id()));
    }

    fn state_changed(&mut self, state: SupervisorState) {
        let told = match state {
            SupervisorState::Running => return,
            SupervisorState::Restarting => Told::Restarts,
            SupervisorState::Shutdown => Told::Stops,
        };
        if self.told == told || (self.told, told) == (Told::LongestEnd, Told::Stops) {
            return;
        }
        self.told = told;
        if state == SupervisorState::Restarting {
            let now = clock::monotonic_clock().as_micros();
            self.send(&format!("RELOADING=1\nMONOTONIC_USEC={now}\nSTATUS=Restarting: stopping programs"));
        } else {
            self.send("STOPPING=1\nSTATUS=Stopping programs");
        }
    }

    fn send(&mut self, message: &str) {
        let Some(link) = &self.link else { return };
        if let Err(error) = link.socket.send_to_addr(message.as_bytes(), &link.address)
            && !self.has_told_trouble
        {
            self.trouble.get_or_insert_with(|| trouble_text(&error));
        }
    }

    fn take_trouble(&mut self) -> Option<String> {
        let trouble = self.trouble.take()?;
        self.has_told_trouble = true;
        Some(trouble)
    }
}

impl Link {
    /// `/path`, or `@name` for one in the abstract namespace.
    fn to(name: &OsStr) -> io::Result<Self> {
        let address = match name.as_bytes() {
            [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
            [b'/', ..] => SocketAddr::from_pathname(name)?,
            _ => return Err(io::Error::new(io::ErrorKind::InvalidInput, "neither a path nor an abstract name")),
        };
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket, address })
    }
}

impl Watchdog {
    /// If one waits for this process.
    fn of_environment() -> Option<Self> {
        let number = |name| env::var(name).ok()?.parse::<u64>().ok();
        let is_ours =
            env::var_os(VARIABLES[2]).is_none() || number(VARIABLES[2]) == Some(u64::from(std::process::id()));
        let period = Duration::from_micros(number(VARIABLES[1])?) / 2;
        (is_ours && !period.is_zero()).then(|| Self { period, next: clock::monotonic_clock() + period })
    }
}

impl OsHost {
    /// Tells that servers listen and the pidfile is written. `awaited`: programs that start by themselves.
    pub fn tell_that_it_serves(&mut self, awaited: Vec<ProcessId>) {
        self.kernel.service_manager.begin(awaited);
        self.log_service_trouble();
    }

    /// Tells what has happened in a turn.
    pub(super) fn tell_service_manager(&mut self, supervisor: &Supervisor) {
        self.kernel.service_manager.end_turn(supervisor, clock::monotonic_clock());
        self.log_service_trouble();
    }

    /// Tells that supervisord is in another state.
    pub(super) fn tell_state(&mut self, state: SupervisorState) {
        self.kernel.service_manager.state_changed(state);
        self.log_service_trouble();
    }

    /// States of programs are to be told.
    pub(super) fn note_states(&mut self) {
        self.kernel.service_manager.has_news = true;
    }

    fn log_service_trouble(&mut self) {
        if let Some(trouble) = self.kernel.service_manager.take_trouble() {
            self.log(LogLevel::Warn, format_args!("{trouble}"));
        }
    }
}

fn trouble_text(error: &io::Error) -> String {
    let name = env::var_os(VARIABLES[0]).unwrap_or_default();
    format!("the service manager at NOTIFY_SOCKET={} is not told how supervisord is: {error}", name.display())
}

fn has_been_up(state: ProcessState) -> bool {
    match state {
        ProcessState::Running | ProcessState::Exited => true,
        ProcessState::Stopped
        | ProcessState::Starting
        | ProcessState::Backoff
        | ProcessState::Stopping
        | ProcessState::Fatal
        | ProcessState::Unknown => false,
    }
}

/// `STATUS=2 running, 1 FATAL`: what there is, good states first; those that want somebody's eye in capitals.
fn states_text(supervisor: &Supervisor) -> String {
    const WORDS: [(ProcessState, &str); 8] = [
        (ProcessState::Running, "running"),
        (ProcessState::Starting, "starting"),
        (ProcessState::Stopping, "stopping"),
        (ProcessState::Stopped, "stopped"),
        (ProcessState::Exited, "exited"),
        (ProcessState::Backoff, "BACKOFF"),
        (ProcessState::Fatal, "FATAL"),
        (ProcessState::Unknown, "UNKNOWN"),
    ];
    let states: Vec<_> = supervisor.process_states().map(|(_, state)| state).collect();
    let counts = WORDS.iter().filter_map(|(state, word)| {
        let count = states.iter().filter(|other| *other == state).count();
        (count > 0).then(|| format!("{count} {word}"))
    });
    let counts: Vec<_> = counts.collect();
    if counts.is_empty() { "STATUS=no programs".to_owned() } else { format!("STATUS={}", counts.join(", ")) }
}
