//! Time: a wall clock that jumps moves nothing, an idle supervisor asks for nothing, a storm comes in portions
//! (quirks.md F03, F33; `limits::SPAWNS_PER_TURN`).

use std::time::Duration;

use supervisor_core::{Autorestart, Command, DaemonSignal, ExitStatus, Input, ProcessState, SupervisorState, limits};

use crate::sim::config::{alone, program, with};
use crate::sim::{Scheduled, Script, Sim, WALL_BEGIN};

const HOUR: i64 = 3_600;
const JUMPS: [i64; 4] = [-HOUR, 24 * HOUR, -WALL_BEGIN, 1 << 40];

/// A life through every state: quick exit, retry, running, exit, restart, stop with SIGKILL, start, shutdown; all that
/// was seen with its (monotonic) times. The wall clock jumps after each half second, if at all.
fn a_life(jump: Option<i64>) -> Vec<String> {
    let config = with(program("cat"), |it| {
        it.start.startsecs = 2;
        it.stop.stopwaitsecs = 3;
        it.restart.startretries = 2;
    });
    let scripts = [Script::exits(0.5, 1), Script::exits(1.0, 0), Script::exits(5.0, 1), Script::stubborn()];
    let mut sim = Sim::of_scripted(config, scripts);
    let stop = Command::StopProcess { name: "cat".to_owned(), wait: true };
    let start = Command::StartProcess { name: "cat".to_owned(), wait: true };
    sim.schedule(15.0, Scheduled::Command(stop));
    sim.schedule(20.0, Scheduled::Command(start));
    sim.schedule(25.0, Scheduled::Signal(DaemonSignal::Term));
    let mut states = Vec::new();
    while sim.host.now < Duration::from_secs(40) {
        sim.advance(0.5);
        states.push(sim.state("cat"));
        if let Some(jump) = jump {
            sim.step_wall_clock(if states.len() % 2 == 0 { jump } else { 1 });
        }
    }
    for state in ProcessState::ALL {
        let never = [ProcessState::Exited, ProcessState::Fatal, ProcessState::Unknown].contains(&state);
        assert!(never || states.contains(&state), "{} was not tried", state.name());
    }
    assert!(sim.supervisor.is_finished());
    sim.take().timed()
}

#[test]
fn a_jump_of_the_wall_clock_moves_nothing_in_any_state() {
    let undisturbed = a_life(None);
    for jump in JUMPS {
        assert_eq!(a_life(Some(jump)), undisturbed, "by {jump} s");
    }
}

#[test]
fn the_wall_clock_is_only_reported() {
    let mut sim = Sim::of(with(program("cat"), |it| it.restart.autorestart = Autorestart::Never));
    sim.advance(5.0);
    sim.step_wall_clock(-HOUR);
    sim.exit("cat", ExitStatus::Exited(0));
    let info = sim.info("cat");
    assert_eq!((info.start, info.stop), (WALL_BEGIN, WALL_BEGIN + 5 - HOUR), "it stopped before it started");
}

#[test]
fn a_machine_that_boots_in_1970_has_its_processes_started_once() {
    let mut sim = Sim::configured(vec![alone(program("cat"))]);
    sim.step_wall_clock(-WALL_BEGIN);
    sim.feed(Input::Boot);
    sim.advance(0.5);
    sim.stop("cat");
    sim.run_until_quiet();
    assert_eq!(sim.state("cat"), ProcessState::Stopped, "what was stopped by hand stays stopped");
}

#[test]
fn an_idle_supervisor_asks_for_no_wake_up() {
    let off = with(program("stopped"), |it| it.start.autostart = false);
    let no_retries = with(program("fatal"), |it| it.restart.startretries = 0);
    let groups = vec![alone(off), alone(no_retries), alone(program("running")), alone(program("exited"))];
    let mut sim = Sim::scripted(groups, [("fatal", Script::unborn("no")), ("exited", Script::exits(2.0, 0))]);
    sim.run_until_quiet();
    assert_eq!(sim.host.now, Duration::from_secs(2));
    let states: Vec<&str> = sim.supervisor.process_states().map(|(_, state)| state.name()).collect();
    assert_eq!(states, ["EXITED", "FATAL", "RUNNING", "STOPPED"]);
    assert_eq!(sim.deadline(), None);
    let inputs = sim.inputs;
    sim.advance(1e6);
    assert_eq!(sim.inputs, inputs, "nothing was done in eleven days");
}

#[test]
fn an_answered_wait_leaves_no_wake_up_behind() {
    let mut sim = Sim::running(program("cat"), Script::lives().dying_slowly(0.5));
    sim.stop("cat");
    sim.run_until_quiet();
    assert_eq!((sim.host.now, sim.deadline()), (Duration::from_millis(100_500), None));
}

#[test]
fn deadlines_are_met_exactly() {
    let config = with(program("cat"), |it| it.start.startsecs = 7);
    let mut sim = Sim::of(config);
    assert_eq!(sim.deadline(), Some(Duration::from_secs(7)));
    sim.advance(7.0);
    sim.stop("cat");
    assert_eq!(sim.deadline(), Some(Duration::from_secs(9)), "the report comes before SIGKILL");
}

#[test]
fn a_timeout_before_its_time_does_nothing() {
    let mut sim = Sim::of(program("cat"));
    sim.advance(0.5);
    sim.take();
    sim.feed(Input::Timeout);
    assert_eq!(sim.take().lines(), [""; 0]);
    assert_eq!(sim.deadline(), Some(Duration::from_secs(1)));
}

#[test]
fn the_first_processes_are_spawned_with_the_first_input() {
    let mut sim = Sim::configured(vec![alone(program("cat"))]);
    sim.take();
    sim.feed(Input::Boot);
    assert_eq!(sim.take().calls().timed(), ["0.000 spawn cat"]);
}

#[test]
fn a_storm_of_starts_comes_in_portions_without_a_pause() {
    let count = 3 * limits::SPAWNS_PER_TURN + 1;
    let groups = (0..count).map(|n| alone(program(&format!("p{n:03}")))).collect();
    let mut sim = Sim::configured(groups);
    sim.take();
    sim.feed(Input::Boot);
    for turn in 1..=4 {
        let spawned = sim.take().calls().with("spawn").lines().len();
        assert_eq!(spawned, if turn == 4 { 1 } else { limits::SPAWNS_PER_TURN });
        assert_eq!(sim.deadline(), (turn < 4).then_some(Duration::ZERO).or(Some(Duration::from_secs(1))));
        sim.feed(Input::Timeout);
    }
}

#[test]
fn others_are_served_between_the_portions_of_a_storm() {
    let count = 2 * limits::SPAWNS_PER_TURN;
    let groups = (0..count).map(|n| alone(program(&format!("p{n:03}")))).collect();
    let mut sim = Sim::with(groups);
    let last = format!("p{:03}", count - 1);
    assert_eq!(sim.ask(Command::StartProcess { name: last.clone(), wait: false }), "True");
    let spawned = sim.take().calls().with("spawn").lines();
    assert!(spawned.contains(&format!("spawn {last}")), "a client does not wait for the storm");
    sim.advance(0.5);
    assert_eq!(sim.supervisor.process_states().filter(|(_, state)| *state == ProcessState::Starting).count(), count);
    assert_eq!(sim.supervisor.state(), SupervisorState::Running);
}

#[test]
fn what_is_started_and_stopped_by_hand_before_its_turn_in_a_storm_stays_stopped() {
    let count = 4 * limits::SPAWNS_PER_TURN;
    let mut sim = Sim::with((0..count).map(|n| alone(program(&format!("p{n:03}")))).collect());
    let last = format!("p{:03}", count - 1);
    sim.start(&last);
    assert_eq!(sim.deadline(), Some(Duration::ZERO), "the storm is not over");
    sim.stop(&last);
    sim.run_until_quiet();
    assert_eq!(sim.state(&last), ProcessState::Stopped);
    assert_eq!(sim.host.children.len(), count - 1, "all others run");
}

#[test]
fn a_mass_death_is_restarted_in_portions() {
    let count = 2 * limits::SPAWNS_PER_TURN;
    let groups = (0..count).map(|n| alone(program(&format!("p{n:03}")))).collect();
    let mut sim = Sim::scripted(groups, [("*", Script::exits(5.0, 1))]);
    sim.advance(4.0);
    let pids: Vec<i32> = sim.host.children.keys().copied().collect();
    sim.advance(2.0);
    assert_eq!(sim.host.children.len(), count);
    assert!(sim.host.children.keys().all(|pid| !pids.contains(pid)), "each was restarted once");
}
