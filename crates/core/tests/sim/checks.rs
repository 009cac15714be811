//! What is true of a supervisor after each input, whatever the input was.

use std::time::Duration;

use supervisor_core::{DownCause, Gate, Goal, Input, ProcessId, ProcessState, SupervisorState, Timer, Turn, limits};

use super::Sim;

impl Sim {
    /// Compares the core with the kernel and with what its events said.
    pub(crate) fn check(&mut self) {
        if let Some(objection) = self.host.witness.take_objection().or_else(|| self.first_discrepancy()) {
            self.fail(objection);
        }
        if self.storm.is_one(self.host.witness.tracks().count()) {
            self.fail("it is woken by its timers again and again".to_owned());
        }
    }

    fn first_discrepancy(&self) -> Option<String> {
        let (mut with_pid, mut count) = (0, 0);
        for (id, state) in self.supervisor.process_states() {
            count += 1;
            let Some(track) = self.host.witness.track(id) else { return Some(format!("{id:?} was never made")) };
            let name = &track.config.name;
            if state != track.state {
                return Some(format!("{name} is {}, but its events say {}", state.name(), track.state.name()));
            }
            let pid = self.supervisor.pid(id).map(supervisor_core::Pid::get);
            let needs_pid = state.is_signallable() || state == ProcessState::Unknown;
            if pid.is_some() != needs_pid {
                return Some(format!("{name} is {} with pid {pid:?}", state.name()));
            }
            if self.host.holds(id) != pid.is_some() {
                return Some(format!("pipes of {name} are open without need, or closed too early"));
            }
            if let Some(objection) = self.object_to_goal(id, state, pid.is_some()) {
                return Some(format!("{name} is {}: {objection}", state.name()));
            }
            if let Some(pid) = pid {
                with_pid += 1;
                if self.host.children.get(&pid).is_none_or(|child| Some(child.life) != self.supervisor.life(id)) {
                    return Some(format!("{name} has pid {pid}, which is no child of its"));
                }
            }
        }
        if with_pid + self.host.strangers.len() != self.host.children.len() {
            return Some(format!("a program was lost: {:?}", self.host.children));
        }
        let published = &self.host.published;
        if published.is_changing() || !published.infos().eq(self.supervisor.process_infos().collect::<Vec<_>>().iter())
        {
            return Some("what was published of processes is not what they are".to_owned());
        }
        let at_once = self.supervisor.next_deadline() == Some(Duration::ZERO);
        if at_once && count <= limits::SPAWNS_PER_TURN {
            return Some("a start is left for another turn without need".to_owned());
        }
        let stopping = self.supervisor.state() != SupervisorState::Running;
        (stopping != self.host.witness.stopping_everything).then(|| "the host was not told of the shutdown".to_owned())
    }
}

impl Sim {
    /// What is wrong with what is wanted of a process (S-1): with the goal up it has a pid or one pending start that a
    /// gate holds, with the goal down neither.
    fn object_to_goal(&self, id: ProcessId, state: ProcessState, has_pid: bool) -> Option<&'static str> {
        let goal = self.supervisor.goal(id)?;
        let Some(pending) = goal.pending() else {
            return match goal {
                Goal::Up { .. } if !has_pid || state == ProcessState::Stopping => {
                    Some("it is to run, and no start is pending")
                }
                Goal::Again { .. } if !has_pid => Some("it is to run again, and has ended"),
                Goal::Down(DownCause::Shutdown { asked: false }) => None,
                Goal::Down(_)
                    if matches!(state, ProcessState::Starting | ProcessState::Running | ProcessState::Backoff) =>
                {
                    Some("it is not to run")
                }
                Goal::Up { .. } | Goal::Again { .. } | Goal::Down(_) => None,
            };
        };
        if has_pid {
            return Some("a start is pending, and there is a pid");
        }
        let now = self.now().monotonic;
        let is_set = |at| self.supervisor.deadlines().any(|deadline| deadline == (at, Timer::Process(id)));
        match (pending.first_unmet_gate(now), pending.turn) {
            (None, _) => Some("its start is pending, and no gate is shut"),
            (Some(Gate::Time(at)), _) => (!is_set(at)).then_some("its start waits for a time, and no deadline is set"),
            (Some(Gate::Turn), Turn::Awaited) => {
                (self.supervisor.next_deadline() != Some(Duration::ZERO)).then_some("nobody gives it its turn")
            }
            // Its time has come, and the timeout that says so has not.
            (Some(Gate::Turn), Turn::NotAwaited | Turn::Come) => {
                (!pending.not_before().is_some_and(is_set)).then_some("nothing makes it await its turn")
            }
        }
    }
}

/// Counts what happens within one second.
#[derive(Clone, Debug, Default)]
pub(crate) struct Storm {
    second: u64,
    timeouts: usize,
    others: usize,
}

impl Storm {
    pub(crate) fn count(&mut self, now: Duration, input: &Input<'_>) {
        if now.as_secs() != self.second {
            *self = Self { second: now.as_secs(), ..Self::default() };
        }
        if matches!(input, Input::Timeout) { self.timeouts += 1 } else { self.others += 1 }
    }

    /// More timeouts than any reason for them: within a second a process needs one to be RUNNING, one for a retry and
    /// two for SIGKILL, an input makes at most a stop and its report, and supervisord reports and ticks itself.
    fn is_one(&self, processes: usize) -> bool {
        self.timeouts > 4 * processes + 2 * self.others + 2
    }
}
