//! A history: a configuration, scripts for the children, and what happens then. Plain data, so that it can be repeated
//! and made shorter.

use std::slice::SliceIndex;
use std::sync::Arc;
use std::time::Duration;

use supervisor_core::{
    Channel, Command, DaemonSignal, EndingConfig, ExitStatus, ExitWhen, Input, KillError, Settings, StdinError,
    SupervisorState,
};

use super::rules::{self, Shutdown};
use super::world::{self, GROUP_NAMES, NEWCOMERS, OTHER_NAMES, PROCESSES};
use crate::sim::random::Random;
use crate::sim::{Script, Sim};

/// Actions of a history at most, beside the first five.
const LONGEST: u64 = 100;

/// One history.
#[derive(Clone, Debug)]
pub(crate) struct History {
    /// Decides over the configuration and over the children that are born without a script of their own.
    seed: u64,
    timers_first: bool,
    strip_ansi: bool,
    ending: EndingConfig,
    pub(crate) actions: Vec<Action>,
}

/// One thing that happens.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    /// Time passes, in seconds.
    Pass(f64),
    /// Time passes while the supervisor cannot work.
    Stall(f64),
    StepWallClock(i64),
    Command(Command),
    /// A reload with the configuration that this seed gives.
    Reload(u64),
    Signal(DaemonSignal),
    /// A child ends by itself.
    Exit(&'static str, ExitStatus),
    Output(&'static str, Channel, &'static str),
    /// The child of a process changes its user: no signal reaches it any more.
    GetOutOfReach(&'static str),
    /// The next children of a process are these.
    Script(&'static str, Vec<Script>),
    /// A program vanishes, or is there again.
    Hide(&'static str, bool),
    Stdin(&'static str, Option<StdinError>),
    /// The FastCGI socket cannot be bound, or can.
    SocketError(bool),
    /// The configuration of a restart is bad, or good.
    BadRestartConfig(bool),
}

impl History {
    pub(crate) fn random(seed: u64) -> Self {
        let mut random = Random::seeded(seed);
        let length = 5 + random.below(LONGEST);
        let mut history = Self {
            seed,
            timers_first: random.percent(50),
            strip_ansi: random.percent(20),
            ending: EndingConfig::default(),
            actions: (0..length).map(|_| Action::random(&mut random)).collect(),
        };
        history.ending.exit_when = random.pick(&[
            ExitWhen::Never,
            ExitWhen::Never,
            ExitWhen::Never,
            ExitWhen::AnyFatal,
            ExitWhen::AllExited,
            ExitWhen::EssentialExited,
        ]);
        if random.percent(20) {
            let (group, process) = full_name(&mut random).split_once(':').unwrap_or(("gamma", "gamma"));
            history.ending.exit_code_from = [(group.into(), process.into())].into();
        }
        history
    }

    /// A supervisor with the configuration of this history, before its start.
    pub(crate) fn simulation(&self) -> Sim {
        let mut random = Random::seeded(self.seed ^ 0x5EED);
        let mut sim = Sim::new(Settings {
            strip_ansi: self.strip_ansi,
            ending: self.ending.clone(),
            start_stagger: Duration::from_secs(random.pick(&[0, 0, 1])),
            ..Settings::default()
        });
        (sim.timers_first, sim.strict, sim.host.trace) = (self.timers_first, false, None);
        for (_, process) in PROCESSES {
            sim.script(process, world::scripts(&mut random));
        }
        let groups = world::groups(&mut random);
        sim.supervisor.configure(groups, &mut sim.host).expect("sockets can be bound until an action hinders it");
        sim
    }

    /// Lets it all happen, then lets everything come to rest, then shuts down. The error is the first broken rule.
    pub(crate) fn run(&self, sim: &mut Sim) -> Result<(), String> {
        sim.feed(Input::Boot);
        self.act(sim, ..)?;
        Self::end(sim)
    }

    /// Lets some of the actions happen.
    pub(crate) fn act(
        &self,
        sim: &mut Sim,
        actions: impl SliceIndex<[Action], Output = [Action]>,
    ) -> Result<(), String> {
        let mut shutdown = Shutdown::default();
        for action in &self.actions[actions] {
            if sim.supervisor.is_finished() {
                break;
            }
            action.happen(sim);
            rules::hold(sim)?;
            shutdown.watch(sim)?;
        }
        Ok(())
    }

    /// Lets everything come to rest, then shuts down.
    pub(crate) fn end(sim: &mut Sim) -> Result<(), String> {
        calm(sim);
        if sim.supervisor.state() == SupervisorState::Running {
            rules::come_to_rest(sim)?;
        }
        if sim.supervisor.state() == SupervisorState::Running {
            sim.signal(DaemonSignal::Term);
        }
        rules::shut_down(sim)
    }
}

/// Nothing goes wrong from now on.
fn calm(sim: &mut Sim) {
    let now = sim.host.now;
    for child in sim.host.children.values_mut() {
        child.settle_down(now);
    }
    sim.host.scripts.clear();
    sim.host.hidden.clear();
    sim.host.socket_errors.clear();
    sim.host.stdin_errors.clear();
}

impl Action {
    fn random(random: &mut Random) -> Self {
        match random.below(100) {
            0..35 => Self::Pass(random.pick(&[0.0, 0.001, 0.25, 0.5, 0.999, 1.0, 1.001, 2.0, 3.0, 5.0, 12.0])),
            35..38 => Self::Stall(world::tenths(random, 80)),
            38..41 => Self::StepWallClock(random.pick(&[-3_600, 86_400, -2_000_000_000, 1])),
            41..66 => Self::Command(command(random)),
            66..70 => Self::Reload(random.below(8)),
            // Half of the histories end before their time.
            70 if random.percent(50) => {
                Self::Signal(random.pick(&[DaemonSignal::Term, DaemonSignal::Quit, DaemonSignal::Hup]))
            }
            70..72 => Self::Signal(random.pick(&[DaemonSignal::Usr2, DaemonSignal::Chld, DaemonSignal::Other(10)])),
            72 => Self::GetOutOfReach(full_name(random)),
            73..80 => Self::Exit(full_name(random), world::status(random)),
            80..88 => Self::Output(full_name(random), random.pick(&CHANNELS), random.pick(&OUTPUTS)),
            88..94 => Self::Script(process(random), world::scripts(random)),
            94..96 => Self::Hide(process(random), random.percent(50)),
            96..98 => {
                let error = random.pick(&[None, Some(StdinError::Closed), Some(StdinError::Full)]);
                Self::Stdin(process(random), error)
            }
            98 => Self::SocketError(random.percent(50)),
            _ => Self::BadRestartConfig(random.percent(50)),
        }
    }

    fn happen(&self, sim: &mut Sim) {
        match self {
            Self::Pass(seconds) => sim.advance(*seconds),
            Self::Stall(seconds) => sim.stall(*seconds),
            Self::StepWallClock(seconds) => sim.step_wall_clock(*seconds),
            Self::Command(command) => drop(sim.request(command.clone())),
            Self::Reload(seed) => {
                let groups = world::groups(&mut Random::seeded(*seed));
                sim.request(Command::ReloadConfig { groups });
            }
            Self::Signal(signal) => sim.signal(*signal),
            Self::Exit(name, status) if sim.pid(name).is_some() => sim.exit(name, *status),
            Self::Output(name, channel, text) if sim.pid(name).is_some() => {
                sim.output(name, *channel, text.as_bytes());
            }
            Self::GetOutOfReach(name) => {
                let pid = sim.pid(name);
                if let Some(child) = pid.and_then(|pid| sim.host.children.get_mut(&pid)) {
                    child.get_out_of_reach(KillError::Failed("EPERM".to_owned()));
                }
            }
            Self::Exit(..) | Self::Output(..) => {}
            Self::Script(process, scripts) => sim.script(process, scripts.clone()),
            Self::Hide(process, true) => sim.hide(process),
            Self::Hide(process, false) => drop(sim.host.hidden.remove(*process)),
            Self::Stdin(process, Some(error)) => drop(sim.host.stdin_errors.insert((*process).to_owned(), *error)),
            Self::Stdin(process, None) => drop(sim.host.stdin_errors.remove(*process)),
            Self::SocketError(true) => {
                sim.host.socket_errors.insert(world::SOCKET.to_owned(), "EADDRINUSE".to_owned());
            }
            Self::SocketError(false) => sim.host.socket_errors.clear(),
            Self::BadRestartConfig(bad) => sim.restart_config = if *bad { Err("bad".to_owned()) } else { Ok(()) },
        }
    }
}

/// Most output is on stdout.
const CHANNELS: [Channel; 4] = [Channel::Stdout, Channel::Stdout, Channel::Stdout, Channel::Stderr];

/// Ordinary output, pieces of messages, and what event listeners say.
const OUTPUTS: [&str; 10] = [
    "text\n",
    "<!--XSUPERVISOR:BEGIN-->message<!--XSUPERVISOR:END-->",
    "\x1b[31mred",
    "<!--XSUPERVISOR:BEGIN-->",
    "<!--XSUPER",
    "message that is longer than ten bytes<!--XSUPERVISOR:END-->",
    "READY\n",
    "READY\n",
    "RESULT 2\nOK",
    "RESULT 4\nFAIL",
];

/// The full name of a process.
fn full_name(random: &mut Random) -> &'static str {
    random.pick(&PROCESSES).0
}

/// The bare name of a process.
fn process(random: &mut Random) -> &'static str {
    random.pick(&PROCESSES).1
}

fn command(random: &mut Random) -> Command {
    let any = if random.percent(80) { full_name(random) } else { random.pick(&OTHER_NAMES) }.to_owned();
    let wait = random.percent(75);
    let group = random.pick(&GROUP_NAMES).to_owned();
    let signal = random.pick(&["HUP", "CONT", "TERM", "KILL", "NOSUCH"]).to_owned();
    match random.below(27) {
        0..5 => Command::StartProcess { name: any, wait },
        5..9 => Command::StopProcess { name: any, wait },
        9 => Command::StartProcessGroup { name: group, wait },
        10 => Command::StopProcessGroup { name: group, wait },
        11 => Command::StartAllProcesses { wait },
        12 => Command::StopAllProcesses { wait },
        13 => Command::SignalProcess { name: any, signal },
        14 => Command::SignalProcessGroup { name: group, signal },
        15 => Command::SignalAllProcesses { signal },
        16..18 => Command::AddProcessGroup { name: group },
        18..20 => Command::RemoveProcessGroup { name: group },
        20 => Command::SendProcessStdin { name: any, chars: b"input\n".to_vec() },
        21 => Command::SendRemoteCommEvent { kind: "kind".to_owned(), data: "data".to_owned() },
        22 => random.pick(&[
            Command::GetProcessInfo { name: any.clone() },
            Command::GetProcessDetails { name: any.clone() },
            Command::GetAllProcessDetails,
            Command::ResetFailed { name: any },
            Command::GetAllProcessInfo,
            Command::GetAllConfigInfo,
            Command::ReadEvents { after: Some(0) },
            Command::GetEventStatistics,
            Command::ClearAllProcessLogs,
            Command::ClearLog,
        ]),
        23..25 => {
            let newcomer = random.pick(&NEWCOMERS);
            Command::AddProcesses { group, processes: vec![Arc::new(world::process(random, newcomer, false))] }
        }
        25 => Command::RemoveProcess { group, process: random.pick(&NEWCOMERS).to_owned() },
        _ if random.percent(10) => random.pick(&[Command::Restart, Command::Shutdown]),
        _ => Command::GetAllProcessInfo,
    }
}
