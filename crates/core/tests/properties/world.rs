//! What a random history is about: five programs in three groups and a pool of event listeners, with options and
//! children that are drawn anew each time.

use std::sync::Arc;
use std::time::Duration;

use supervisor_core::{
    Aftermath, Autorestart, BackoffShape, ChannelConfig, EssentialConfig, EventListenerPoolConfig, EventType,
    ExitStatus, GroupConfig, GroupKind, KillError, OnProtocolError, Overflow, Percent, ProcessConfig, RestartConfig,
    ResultHandler, Signal,
};

use crate::sim::Script;
use crate::sim::config::{channel, program, unix_socket, with};
use crate::sim::random::Random;

/// Groups and their processes. The members of `beta` share a FastCGI socket.
const GROUPS: [(&str, &[&str]); 4] =
    [("alpha", &["a", "b"]), ("beta", &["c", "d"]), ("gamma", &["gamma"]), ("pool", &["l", "m"])];

/// Every process by its full name, and by its bare one.
pub(crate) const PROCESSES: [(&str, &str); 7] = [
    ("alpha:a", "a"),
    ("alpha:b", "b"),
    ("beta:c", "c"),
    ("beta:d", "d"),
    ("gamma", "gamma"),
    ("pool:l", "l"),
    ("pool:m", "m"),
];

/// What else a command may name: whole groups, and what is not there.
pub(crate) const OTHER_NAMES: [&str; 5] = ["alpha:*", "beta:", "pool:*", "alpha:c", "no"];

pub(crate) const GROUP_NAMES: [&str; 5] = ["alpha", "beta", "gamma", "pool", "no"];

/// Processes that come to groups and leave them.
pub(crate) const NEWCOMERS: [&str; 3] = ["a", "n", "o"];

pub(crate) const SOCKET: &str = "unix:///run/beta";

/// The longest that a stop can take at most: how many times SIGKILL has to be sent.
pub(crate) const MOST_KILLS: u32 = 3;

/// A configuration, in start order.
pub(crate) fn groups(random: &mut Random) -> Vec<Arc<GroupConfig>> {
    let chosen = GROUPS.iter().filter(|_| random.percent(85)).collect::<Vec<_>>();
    let mut groups: Vec<_> = chosen.iter().map(|(name, members)| group(random, name, members)).collect();
    groups.sort_by_key(|group| group.priority);
    groups
}

fn group(random: &mut Random, name: &str, members: &[&str]) -> Arc<GroupConfig> {
    let kind = if name == "pool" {
        let tick = if random.percent(30) { Some(EventType::Tick5) } else { None };
        let mut events = vec![EventType::ProcessState, EventType::ProcessLogStdout, EventType::RemoteCommunication];
        events.extend(tick);
        let buffer_size = random.pick(&[1, 3, 10]);
        let on_protocol_error = random.pick(&[OnProtocolError::Unknown, OnProtocolError::Restart]);
        let overflow = random.pick(&[Overflow::DropOldest, Overflow::Block, Overflow::Spill]);
        let result_handler = ResultHandler::Ours;
        let config = EventListenerPoolConfig { buffer_size, events, result_handler, overflow, on_protocol_error };
        GroupKind::EventListeners(config)
    } else {
        GroupKind::Programs
    };
    let with_socket = name == "beta";
    let processes = members.iter().map(|member| Arc::new(process(random, member, with_socket))).collect();
    Arc::new(GroupConfig { name: name.into(), priority: random.pick(&[-1, 1, 1, 999]), kind, processes })
}

pub(crate) fn process(random: &mut Random, name: &str, with_socket: bool) -> ProcessConfig {
    let autorestart = random.pick(&[Autorestart::Never, Autorestart::Unexpected, Autorestart::Always]);
    let stopsignal = random.pick(&["TERM", "TERM", "INT", "KILL", "CONT"]);
    let stopasgroup = random.percent(20);
    let stdout =
        ChannelConfig { capture_maxbytes: random.pick(&[0, 10]), events_enabled: random.percent(50), ..channel() };
    let mut aftermath = || match random.below(40) {
        0 => Aftermath::Shutdown,
        1 => Aftermath::RestartSupervisor,
        _ => Aftermath::None,
    };
    let essential = EssentialConfig { on_exit: aftermath(), on_fatal: aftermath() };
    with(program(name), |it| {
        it.essential = essential;
        it.priority = random.pick(&[1, 1, 2, 999]);
        it.start.autostart = random.percent(80);
        it.start.delay = Duration::from_secs(random.pick(&[0, 0, 0, 2]));
        it.restart.autorestart = autorestart;
        it.start.startsecs = random.pick(&[-1, 0, 1, 1, 1, 2, 5]);
        it.restart.startretries = random.pick(&[-1, 0, 1, 3]);
        restart_policy(random, &mut it.restart);
        it.restart.exitcodes = random.pick::<&[i32]>(&[&[0], &[0, 2], &[]]).into();
        it.restart.exitsignals = Signal::parse(random.pick(&["none", "none", "SEGV", "KILL"])).into_iter().collect();
        it.stop.stopsignal = Signal::parse(stopsignal).expect("these are signals");
        it.stop.stopwaitsecs = random.pick(&[-1, 0, 1, 3, 10]);
        it.stop.stopasgroup = stopasgroup;
        it.stop.killasgroup = stopasgroup || random.percent(20);
        it.log.stdout = stdout;
        it.socket = with_socket.then(|| unix_socket("/run/beta"));
    })
}

/// Half of the programs have nothing of it. No pause is so short that its timers would look like a storm.
fn restart_policy(random: &mut Random, restart: &mut RestartConfig) {
    if random.percent(50) {
        return;
    }
    let seconds = Duration::from_secs;
    restart.delay = random.pick(&[None, None, Some(Duration::ZERO), Some(seconds(2))]);
    restart.backoff.shape =
        random.pick(&[None, Some(BackoffShape::Linear), Some(BackoffShape::Exponential), Some(BackoffShape::Fixed)]);
    restart.backoff.delay = random.pick(&[seconds(1), Duration::from_millis(500)]);
    restart.backoff.jitter = Percent::from_millionths(random.pick(&[0, 500_000])).expect("half of it is a share");
    restart.backoff.reset_after = random.pick(&[Duration::ZERO, seconds(3)]);
    restart.limit.count = random.pick(&[0, 2, 5]);
    restart.limit.interval = random.pick(&[seconds(5), seconds(60)]);
    restart.fatal_retry = random.pick(&[Duration::ZERO, seconds(20)]);
}

/// What the next children of a process do. No child lives for less than a tenth of a second: one that ends at once
/// and is restarted at once would stop the time.
pub(crate) fn scripts(random: &mut Random) -> Vec<Script> {
    let mut scripts: Vec<Script> = (0..=random.below(3)).map(|_| script(random)).collect();
    if random.percent(70) {
        scripts.push(Script::lives());
    }
    scripts
}

fn script(random: &mut Random) -> Script {
    match random.below(20) {
        0..4 => Script::lives(),
        4..8 => Script::ends(tenths(random, 10), status(random)),
        8..11 => Script::ends(tenths(random, 100), status(random)),
        11..13 => Script::unborn("Too many processes in process table"),
        13..15 => {
            let kills = u32::try_from(random.below(u64::from(MOST_KILLS))).expect("a small number");
            Script::stubborn().outliving_kills(kills)
        }
        15 => Script::lives().dying_slowly(tenths(random, 50)),
        16 => Script::lives().exiting_when_asked(tenths(random, 20), random.pick(&[0, 1])),
        17 => Script::lives().with_members(2),
        18 => Script::lives().unreachable(KillError::Gone),
        _ => Script::lives().unreachable(KillError::Failed("EPERM".to_owned())),
    }
}

pub(crate) fn status(random: &mut Random) -> ExitStatus {
    random.pick(&[
        ExitStatus::Exited(0),
        ExitStatus::Exited(0),
        ExitStatus::Exited(1),
        ExitStatus::Exited(2),
        ExitStatus::Signaled { signal: 11, core_dumped: true },
    ])
}

/// Up to so many tenths of a second, but not none.
pub(crate) fn tenths(random: &mut Random, most: u32) -> f64 {
    let tenths = u32::try_from(random.below(u64::from(most))).expect("a small number");
    f64::from(tenths + 1) / 10.0
}
