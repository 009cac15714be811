//! The promises that no history may break, beside those that [`crate::sim`] checks after each input: that a process has
//! a pending start exactly when it is to run and does not (S-1), that each request is answered once and truly (S-2,
//! with what is checked here at the end), that states follow each other as they may (S-6, [`crate::sim`]'s witness).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use supervisor_core::{Aftermath, Autorestart, DownCause, Goal, ProcessConfig, ProcessState, SupervisorState, Timer};

use super::world::MOST_KILLS;
use crate::sim::Sim;

/// Longer than every start, retry and stop of a history takes, once nothing goes wrong any more.
const UNTIL_REST: f64 = 120.0;

/// How long it takes at most until a process has stopped that is asked to.
fn longest_stop(config: &ProcessConfig) -> Duration {
    let seconds = config.stop.stopwaitsecs.max(0) + i64::from(MOST_KILLS) * config.stop.stopwaitsecs.max(1);
    Duration::from_secs(seconds.unsigned_abs())
}

/// How long it takes at most to stop all groups, one after another.
fn longest_shutdown(sim: &Sim) -> Duration {
    let mut groups: BTreeMap<&str, Duration> = BTreeMap::new();
    for (_, track) in sim.host.witness.tracks() {
        let longest = groups.entry(&track.group).or_default();
        *longest = (*longest).max(longest_stop(&track.config));
    }
    groups.values().sum()
}

/// Whatever has happened: nothing stops for ever, a socket is open exactly while a process has it, and a deadline has
/// its reason.
pub(crate) fn hold(sim: &Sim) -> Result<(), String> {
    if let Some(broken) = &sim.broken {
        return Err(broken.clone());
    }
    let mut in_use = BTreeSet::new();
    for (_, track) in sim.host.witness.tracks() {
        let since = sim.host.now.saturating_sub(track.since);
        if track.state == ProcessState::Stopping && since > longest_stop(&track.config) + sim.stalled {
            return Err(format!("{} does not stop", track.config.name));
        }
        if let (Some(socket), Some(_)) = (&track.config.socket, track.pid) {
            in_use.insert(socket.url.to_string());
        }
    }
    if in_use != sim.host.open_sockets {
        return Err(format!("{in_use:?} is in use, {:?} is open", sim.host.open_sockets));
    }
    no_end_is_missed(sim)?;
    match sim.supervisor.deadlines().find(|(_, timer)| !has_reason(*timer, sim)) {
        Some((at, timer)) => Err(format!("it wants to be woken at {at:?} for nothing: {timer:?}")),
        None => Ok(()),
    }
}

/// As long as supervisord runs, no essential program has ended for good (S-E1).
fn no_end_is_missed(sim: &Sim) -> Result<(), String> {
    if sim.supervisor.state() != SupervisorState::Running {
        return Ok(());
    }
    for (id, track) in sim.host.witness.tracks() {
        let essential = track.config.essential;
        let aftermath = match track.state {
            ProcessState::Exited => essential.on_exit,
            ProcessState::Fatal => essential.on_fatal,
            ProcessState::Stopped
            | ProcessState::Starting
            | ProcessState::Running
            | ProcessState::Backoff
            | ProcessState::Stopping
            | ProcessState::Unknown => Aftermath::None,
        };
        // Where a client has taken its next start back, it is stopped and has not ended.
        let goal = sim.supervisor.goal(id).filter(|goal| **goal != Goal::Down(DownCause::Client));
        if aftermath != Aftermath::None && goal.is_some_and(|goal| !goal.is_up()) {
            return Err(format!("{} is essential and {}", track.config.name, track.state.name()));
        }
    }
    Ok(())
}

/// Whether there is what a deadline is for (S-4).
fn has_reason(timer: Timer, sim: &Sim) -> bool {
    use ProcessState::{Starting, Stopping};
    let in_shutdown = sim.supervisor.state() != SupervisorState::Running;
    match timer {
        Timer::Process(id) => sim.host.witness.track(id).is_some_and(|track| {
            let waits_for_time = sim.supervisor.goal(id).and_then(Goal::pending).is_some_and(|it| it.put_off.is_some());
            matches!(track.state, Starting | Stopping) || waits_for_time
        }),
        Timer::StopReport(id) => {
            sim.host.witness.track(id).is_some_and(|track| track.state == Stopping)
                && sim.host.witness.open_requests_for_processes() > 0
        }
        Timer::ShutdownReport | Timer::ListenerGrace | Timer::ShutdownDeadline => in_shutdown,
        Timer::PoolRelief => sim.supervisor.pool_statistics().any(|pool| pool.blocked),
        Timer::DroppedEvents => {
            sim.supervisor.pool_statistics().any(|pool| pool.dropped_by_count + pool.dropped_by_bytes > 0)
        }
        Timer::Tick => sim.host.witness.tracks().any(|(_, track)| track.group == "pool"),
    }
}

/// Once nothing goes wrong any more, everything that should run does, every request is answered, and nobody is woken.
pub(crate) fn come_to_rest(sim: &mut Sim) -> Result<(), String> {
    sim.advance(UNTIL_REST);
    hold(sim)?;
    if sim.supervisor.state() != SupervisorState::Running {
        return Ok(());
    }
    for (id, track) in sim.host.witness.tracks() {
        let (name, state, config) = (&track.config.name, track.state, &track.config);
        let rests = match state {
            ProcessState::Starting | ProcessState::Backoff | ProcessState::Stopping => false,
            // A client has taken its start back.
            ProcessState::Exited | ProcessState::Stopped
                if sim.supervisor.goal(id) == Some(&Goal::Down(DownCause::Client)) =>
            {
                true
            }
            ProcessState::Exited => match config.restart.autorestart {
                Autorestart::Never => true,
                Autorestart::Unexpected => track.ended_as_expected,
                Autorestart::Always => false,
            },
            ProcessState::Stopped => track.was_started || !config.start.autostart,
            ProcessState::Running | ProcessState::Fatal | ProcessState::Unknown => true,
        };
        if !rests {
            return Err(format!("{name} rests in {}", state.name()));
        }
    }
    // An event waits for room for as long as it takes.
    let is_full = sim.supervisor.pool_statistics().any(|pool| pool.blocked);
    let (open, others) = (sim.host.witness.open_requests(), sim.host.witness.open_requests_for_processes());
    if others > 0 || (open > 0 && !is_full) {
        return Err("a request was never answered".to_owned());
    }
    match sim.deadline() {
        // Only the ticks of a pool are left, of which one comes every five seconds.
        Some(deadline) if deadline > sim.host.now + Duration::from_secs(5) => {
            Err(format!("it wants to be woken at {deadline:?} for nothing"))
        }
        Some(_) | None => Ok(()),
    }
}

/// The shutdown ends in time (S-3), with every request answered, and leaves nothing that would go on (S-5).
pub(crate) fn shut_down(sim: &mut Sim) -> Result<(), String> {
    let longest = longest_shutdown(sim);
    sim.advance(longest.as_secs_f64());
    hold(sim)?;
    if !sim.supervisor.is_finished() {
        return Err(format!("the shutdown is not finished after {longest:?}"));
    }
    if sim.host.witness.open_requests() > 0 {
        return Err("a request was never answered".to_owned());
    }
    for (id, track) in sim.host.witness.tracks() {
        let is_reachable = track.state != ProcessState::Unknown;
        if is_reachable && (track.pid.is_some() || sim.host.holds(id)) {
            return Err(format!("{} is left behind", track.config.name));
        }
        if sim.supervisor.goal(id).is_none_or(Goal::is_up) {
            return Err(format!("{} is still to run", track.config.name));
        }
    }
    let left = sim
        .supervisor
        .deadlines()
        .find(|(_, timer)| !matches!(timer, Timer::Tick | Timer::PoolRelief | Timer::DroppedEvents));
    left.map_or(Ok(()), |(_, timer)| Err(format!("a deadline is left: {timer:?}")))
}

/// A shutdown that a history began by itself.
#[derive(Debug, Default)]
pub(crate) struct Shutdown {
    begun: Option<Duration>,
}

impl Shutdown {
    pub(crate) fn watch(&mut self, sim: &Sim) -> Result<(), String> {
        if sim.supervisor.state() == SupervisorState::Running || sim.supervisor.is_finished() {
            return Ok(());
        }
        let begun = *self.begun.get_or_insert(sim.host.now);
        if sim.host.now > begun + longest_shutdown(sim) + sim.stalled {
            return Err("the shutdown does not end".to_owned());
        }
        Ok(())
    }
}
