//! What a process should do next, and nothing of how: a pure function of its data, its goal and the time.
//!
//! Asked whenever one of the three has changed: after each transition, when a deadline has passed, when a gate has
//! opened. So no step needs to be remembered, and a deadline is only ever the time of the next question. It is told
//! of no order among processes: whoever orders them (the start queue, a shutdown) does so by opening gates.

use std::time::Duration;

use crate::goal::{DownCause, Gate, Goal, Turn, UpCause};
use crate::process::{Phase, Process};
use crate::restart_policy;
use crate::timers::after;

/// The next step of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Only something that happens changes anything.
    Nothing,
    /// Ask again at this monotonic time.
    WaitUntil(Duration),
    /// Everything but the start queue allows its start: it goes there.
    AwaitTurn,
    /// Start it.
    Spawn,
    /// It is up: RUNNING.
    Promote,
    /// Ask it to end; in BACKOFF, where nothing runs, it is STOPPED at once.
    Stop,
    /// It has not ended in time: SIGKILL.
    Kill,
    /// It is FATAL.
    GiveUp(GiveUp),
}

/// Why a process is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GiveUp {
    /// `startretries` are used up.
    NoRetriesLeft,
    /// It was started by itself as often as `restart_limit_count` allows.
    RestartLimit,
    /// Everything stops.
    Shutdown,
}

/// What this process, of which this is wanted, should do at this monotonic time.
pub(crate) fn next_step(process: &Process, goal: &Goal, now: Duration) -> Step {
    match process.phase {
        Phase::Stopped | Phase::Exited | Phase::Fatal => step_to_start(process, goal, now),
        Phase::Backoff => step_in_backoff(process, goal, now),
        Phase::Starting { .. } | Phase::Running { .. } if is_to_end(goal) => Step::Stop,
        Phase::Starting { since, .. } => {
            let up_at = after(since, process.config.start.startsecs);
            match (wait(up_at, now), process.waits_for_batch) {
                (Some(wait), _) => wait,
                (None, true) => Step::Nothing,
                (None, false) => Step::Promote,
            }
        }
        Phase::Stopping { kill_at, .. } => wait(kill_at, now).unwrap_or(Step::Kill),
        // It is left alone until it is reaped.
        Phase::Running { .. } | Phase::Unknown { .. } => Step::Nothing,
    }
}

/// Whether a client's stop has anything to do here: it runs, it is to run again, or its start was put off. A start that
/// only waits for its turn is no matter of clients, for whom it is as good as begun.
pub(crate) fn can_be_stopped(process: &Process) -> bool {
    match process.phase {
        Phase::Starting { .. } | Phase::Running { .. } | Phase::Backoff => true,
        Phase::Stopping { .. } => process.goal.is_up(),
        Phase::Stopped | Phase::Exited | Phase::Fatal => {
            process.goal.pending().is_some_and(|pending| pending.put_off.is_some())
        }
        Phase::Unknown { .. } => false,
    }
}

fn step_to_start(process: &Process, goal: &Goal, now: Duration) -> Step {
    let Goal::Up { cause, pending: Some(pending) } = goal else { return Step::Nothing };
    match (pending.first_unmet_gate(now), pending.turn) {
        (Some(Gate::Time(at)), _) => Step::WaitUntil(at),
        (Some(Gate::Turn), Turn::NotAwaited) => Step::AwaitTurn,
        (Some(Gate::Turn), Turn::Awaited | Turn::Come) => Step::Nothing,
        (None, _) if has_used_up_restarts(process, *cause, now) => Step::GiveUp(GiveUp::RestartLimit),
        (None, _) => Step::Spawn,
    }
}

fn step_in_backoff(process: &Process, goal: &Goal, now: Duration) -> Step {
    if restart_policy::gives_up(&process.config.restart, process.backoff) {
        return Step::GiveUp(GiveUp::NoRetriesLeft);
    }
    match goal {
        Goal::Up { .. } | Goal::Again { .. } => step_to_start(process, goal, now),
        Goal::Down(DownCause::Shutdown { asked: false }) => Step::Nothing,
        Goal::Down(DownCause::Shutdown { asked: true }) => Step::GiveUp(GiveUp::Shutdown),
        Goal::Down(
            DownCause::NoAutostart | DownCause::Client | DownCause::Ended | DownCause::GaveUp | DownCause::Unreachable,
        ) => Step::Stop,
    }
}

fn has_used_up_restarts(process: &Process, cause: UpCause, now: Duration) -> bool {
    cause.is_counted() && restart_policy::has_used_up(&process.config.restart, &process.restarts, now)
}

/// Whether a life is to end. In a shutdown only when its turn has come.
fn is_to_end(goal: &Goal) -> bool {
    match goal {
        Goal::Up { .. } => false,
        Goal::Down(DownCause::Shutdown { asked }) => *asked,
        Goal::Again { .. }
        | Goal::Down(
            DownCause::NoAutostart | DownCause::Client | DownCause::Ended | DownCause::GaveUp | DownCause::Unreachable,
        ) => true,
    }
}

/// To wait for a time that has not come.
fn wait(until: Duration, now: Duration) -> Option<Step> {
    (until > now).then_some(Step::WaitUntil(until))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::goal::{PendingStart, PutOff, PutOffReason};
    use crate::process_id::Pid;
    use crate::test_config::{program, with};

    const NOW: Duration = Duration::from_secs(100);

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// A process with `startsecs=5` and `startretries=3` in this phase.
    fn process(phase: Phase) -> Process {
        let config = with(program("cat"), |it| {
            it.start.startsecs = 5;
            it.restart.startretries = 3;
        });
        Process::in_phase(Arc::new(config), phase)
    }

    fn pid() -> Pid {
        Pid::new(7).expect("it is above zero")
    }

    fn starting(since: u64) -> Phase {
        Phase::Starting { pid: pid(), since: seconds(since) }
    }

    fn running() -> Phase {
        Phase::Running { pid: pid() }
    }

    fn stopping(kill_at: u64) -> Phase {
        Phase::Stopping { pid: pid(), kill_at: seconds(kill_at) }
    }

    fn unknown() -> Phase {
        Phase::Unknown { pid: pid() }
    }

    fn start_at(not_before: Option<u64>, turn: Turn) -> Goal {
        let put_off = not_before.map(|at| PutOff { until: seconds(at), reason: PutOffReason::Restart });
        let pending = PendingStart { put_off, turn };
        Goal::Up { cause: UpCause::Autorestart, pending: Some(pending) }
    }

    const UP: Goal = Goal::Up { cause: UpCause::Client, pending: None };
    const AGAIN: Goal = Goal::Again { cause: UpCause::ProtocolError };
    const DOWN: Goal = Goal::Down(DownCause::Client);
    const SHUTDOWN: Goal = Goal::Down(DownCause::Shutdown { asked: false });
    const ASKED: Goal = Goal::Down(DownCause::Shutdown { asked: true });

    #[test]
    fn with_a_pid() {
        let up_at_105 = Step::WaitUntil(seconds(105));
        for (phase, goal, expected) in [
            // STARTING: RUNNING after `startsecs`, to the instant.
            (starting(100), UP, up_at_105),
            (starting(96), UP, Step::WaitUntil(seconds(101))),
            (starting(95), UP, Step::Promote),
            (starting(1), UP, Step::Promote),
            (starting(100), DOWN, Step::Stop),
            (starting(95), DOWN, Step::Stop),
            (starting(100), AGAIN, Step::Stop),
            // In a shutdown it goes on as it would until its turn comes.
            (starting(100), SHUTDOWN, up_at_105),
            (starting(95), SHUTDOWN, Step::Promote),
            (starting(100), ASKED, Step::Stop),
            (running(), UP, Step::Nothing),
            (running(), DOWN, Step::Stop),
            (running(), AGAIN, Step::Stop),
            (running(), SHUTDOWN, Step::Nothing),
            (running(), ASKED, Step::Stop),
            // Unreachable ones are left alone, whatever is wanted.
            (unknown(), UP, Step::Nothing),
            (unknown(), AGAIN, Step::Nothing),
            (unknown(), DOWN, Step::Nothing),
            (unknown(), ASKED, Step::Nothing),
        ] {
            assert_eq!(next_step(&process(phase), &goal, NOW), expected, "{phase:?} {goal:?}");
        }
        // What is asked to stop is killed in its time, whatever is wanted of it afterwards.
        for goal in [UP, AGAIN, DOWN, SHUTDOWN, ASKED] {
            assert_eq!(next_step(&process(stopping(101)), &goal, NOW), Step::WaitUntil(seconds(101)), "{goal:?}");
            assert_eq!(next_step(&process(stopping(100)), &goal, NOW), Step::Kill, "{goal:?}");
            assert_eq!(next_step(&process(stopping(1)), &goal, NOW), Step::Kill, "{goal:?}");
        }
    }

    #[test]
    fn without_a_pid() {
        for phase in [Phase::Stopped, Phase::Exited, Phase::Fatal, Phase::Backoff] {
            for (not_before, turn, expected) in [
                (None, Turn::NotAwaited, Step::AwaitTurn),
                (None, Turn::Awaited, Step::Nothing),
                (None, Turn::Come, Step::Spawn),
                (Some(101), Turn::NotAwaited, Step::WaitUntil(seconds(101))),
                (Some(101), Turn::Awaited, Step::WaitUntil(seconds(101))),
                (Some(101), Turn::Come, Step::WaitUntil(seconds(101))),
                (Some(100), Turn::NotAwaited, Step::AwaitTurn),
                (Some(100), Turn::Awaited, Step::Nothing),
                (Some(100), Turn::Come, Step::Spawn),
            ] {
                let goal = start_at(not_before, turn);
                assert_eq!(next_step(&process(phase), &goal, NOW), expected, "{phase:?} {goal:?}");
            }
        }
        for phase in [Phase::Stopped, Phase::Exited, Phase::Fatal] {
            for cause in [DownCause::NoAutostart, DownCause::Client, DownCause::Ended, DownCause::GaveUp] {
                assert_eq!(next_step(&process(phase), &Goal::Down(cause), NOW), Step::Nothing, "{phase:?} {cause:?}");
            }
            for goal in [SHUTDOWN, ASKED] {
                assert_eq!(next_step(&process(phase), &goal, NOW), Step::Nothing, "{phase:?} {goal:?}");
            }
        }
    }

    #[test]
    fn in_backoff() {
        let retry = start_at(Some(101), Turn::NotAwaited);
        for (failed_starts, goal, expected) in [
            (3, retry, Step::WaitUntil(seconds(101))),
            (4, retry, Step::GiveUp(GiveUp::NoRetriesLeft)),
            (u64::MAX, retry, Step::GiveUp(GiveUp::NoRetriesLeft)),
            (1, DOWN, Step::Stop),
            // It stays BACKOFF until its group's turn comes, but is not tried again.
            (1, SHUTDOWN, Step::Nothing),
            (4, SHUTDOWN, Step::GiveUp(GiveUp::NoRetriesLeft)),
            (1, ASKED, Step::GiveUp(GiveUp::Shutdown)),
        ] {
            let mut process = process(Phase::Backoff);
            process.backoff = failed_starts;
            assert_eq!(next_step(&process, &goal, NOW), expected, "{failed_starts} {goal:?}");
        }
    }

    #[test]
    fn what_need_not_stay_up_waits_for_those_that_were_started_with_it() {
        for (startsecs, waits_for_batch, expected) in [
            (0, false, Step::Promote),
            (0, true, Step::Nothing),
            (-1, true, Step::Nothing),
            (5, true, Step::WaitUntil(seconds(105))),
        ] {
            let config = with(program("cat"), |it| it.start.startsecs = startsecs);
            let mut process = Process::in_phase(Arc::new(config), starting(100));
            process.waits_for_batch = waits_for_batch;
            assert_eq!(next_step(&process, &UP, NOW), expected, "{startsecs} {waits_for_batch}");
            assert_eq!(next_step(&process, &DOWN, NOW), Step::Stop);
        }
    }

    #[test]
    fn a_clients_stop_is_for_what_runs_or_was_put_off() {
        let put_off = start_at(Some(100), Turn::NotAwaited);
        let due = start_at(None, Turn::Awaited);
        for (phase, goal, expected) in [
            (starting(1), UP, true),
            (running(), UP, true),
            (Phase::Backoff, put_off, true),
            (stopping(101), DOWN, false),
            (stopping(101), AGAIN, true),
            (Phase::Stopped, put_off, true),
            (Phase::Stopped, due, false),
            (Phase::Stopped, DOWN, false),
            (Phase::Exited, due, false),
            (Phase::Fatal, DOWN, false),
            (Phase::Fatal, put_off, true),
            (unknown(), AGAIN, false),
        ] {
            let mut process = process(phase);
            process.goal = goal;
            assert_eq!(can_be_stopped(&process), expected, "{phase:?} {goal:?}");
        }
    }
}
