//! The promises that no history may break, beside those that [`crate::sim`] checks after each input.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use supervisor_core::{Autorestart, ProcessConfig, ProcessState, SupervisorState};

use super::world::MOST_KILLS;
use crate::sim::Sim;

/// Longer than every start, retry and stop of a history takes, once nothing goes wrong any more.
const UNTIL_REST: f64 = 120.0;

/// How long it takes at most until a process has stopped that is asked to.
fn longest_stop(config: &ProcessConfig) -> Duration {
    let seconds = config.stopwaitsecs.max(0) + i64::from(MOST_KILLS) * config.stopwaitsecs.max(1);
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
    match sim.deadline() {
        Some(deadline) if !is_waiting(sim) => Err(format!("it wants to be woken at {deadline:?} for nothing")),
        Some(_) | None => Ok(()),
    }
}

/// Whether there is anything that only time brings on: the next step of a process, the end of a shutdown, a tick.
fn is_waiting(sim: &Sim) -> bool {
    use ProcessState::{Backoff, Starting, Stopping};
    let waits = |state| matches!(state, Starting | Backoff | Stopping);
    sim.supervisor.state() != SupervisorState::Running
        || sim.host.witness.tracks().any(|(_, track)| waits(track.state) || track.group == "pool")
}

/// Once nothing goes wrong any more, everything that should run does, every request is answered, and nobody is woken.
pub(crate) fn come_to_rest(sim: &mut Sim) -> Result<(), String> {
    sim.advance(UNTIL_REST);
    hold(sim)?;
    for (_, track) in sim.host.witness.tracks() {
        let (name, state, config) = (&track.config.name, track.state, &track.config);
        let rests = match state {
            ProcessState::Starting | ProcessState::Backoff | ProcessState::Stopping => false,
            ProcessState::Exited => match config.autorestart {
                Autorestart::Never => true,
                Autorestart::Unexpected => track.ended_as_expected,
                Autorestart::Always => false,
            },
            ProcessState::Stopped => track.was_started || !config.autostart,
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

/// The shutdown ends in time, with every request answered.
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
    Ok(())
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
