//! How long a process has to stay up: the edges of `startsecs` (§1.3 #5, #6, #14; quirks.md F02).

use supervisor_core::{Autorestart, ProcessState, limits};

use crate::sim::config::{alone, program, with};
use crate::sim::{Script, Sim};

/// The state after the last thing that happens to a child that ends after so long.
fn outcome(startsecs: i64, script: Script, timers_first: bool) -> ProcessState {
    let config = with(program("cat"), |it| {
        it.start.startsecs = startsecs;
        it.restart.startretries = 0;
        it.restart.autorestart = Autorestart::Never;
    });
    let mut sim = Sim::configured(vec![alone(config)]);
    sim.timers_first = timers_first;
    sim.script("cat", [script]);
    sim.feed(supervisor_core::Input::Boot);
    sim.run_until_quiet();
    sim.state("cat")
}

#[test]
fn an_exit_counts_as_too_quick_up_to_the_deadline_and_not_from_it_on() {
    for timers_first in [false, true] {
        assert_eq!(outcome(3, Script::exits(0.0, 0), timers_first), ProcessState::Fatal);
        assert_eq!(outcome(3, Script::exits(2.999, 0), timers_first), ProcessState::Fatal);
        assert_eq!(outcome(3, Script::exits(3.0, 0), timers_first), ProcessState::Exited);
        assert_eq!(outcome(3, Script::exits(3.001, 0), timers_first), ProcessState::Exited);
    }
}

#[test]
fn without_startsecs_no_exit_is_too_quick() {
    for startsecs in [0, -1, i64::MIN] {
        assert_eq!(outcome(startsecs, Script::exits(0.0, 0), false), ProcessState::Exited);
        assert_eq!(outcome(startsecs, Script::exits(0.0, 1), true), ProcessState::Exited);
    }
}

#[test]
fn without_startsecs_a_process_is_running_with_its_spawn() {
    for startsecs in [0, -1] {
        let mut sim = Sim::of(with(program("cat"), |it| it.start.startsecs = startsecs));
        let success = format!(
            "INFO success: cat entered RUNNING state, process has stayed up for > than {startsecs} seconds (startsecs)"
        );
        assert_eq!(
            sim.take().with("cat").lines(),
            [
                "PROCESS_GROUP_ADDED groupname:cat",
                "PROCESS_STATE_STARTING cat from_state:STOPPED tries:0",
                "spawn cat",
                "INFO spawned: 'cat' with pid 100",
                "PROCESS_STATE_RUNNING cat from_state:STARTING pid:100",
                &success,
            ]
        );
        assert_eq!(sim.deadline(), None);
    }
}

#[test]
fn without_startsecs_all_that_start_by_themselves_are_starting_before_one_is_running() {
    let quick = |name: &str| alone(with(program(name), |it| it.start.startsecs = 0));
    let mut sim = Sim::configured(vec![quick("a"), quick("b")]);
    sim.feed(supervisor_core::Input::Boot);
    let order = [
        "PROCESS_STATE_STARTING a from_state:STOPPED tries:0",
        "PROCESS_STATE_STARTING b from_state:STOPPED tries:0",
        "PROCESS_STATE_RUNNING a from_state:STARTING pid:100",
        "PROCESS_STATE_RUNNING b from_state:STARTING pid:101",
    ];
    assert_eq!(sim.take().with("PROCESS_STATE").lines(), order);
}

#[test]
fn without_startsecs_that_is_so_for_more_than_one_turn_starts() {
    let names: Vec<String> = (0..=2 * limits::SPAWNS_PER_TURN).map(|number| format!("p{number:03}")).collect();
    let quick = |name: &String| alone(with(program(name), |it| it.start.startsecs = 0));
    let mut sim = Sim::configured(names.iter().map(quick).collect());
    sim.feed(supervisor_core::Input::Boot);
    sim.run_until_quiet();
    let states = sim.take().with("PROCESS_STATE").lines();
    let starting = |line: &&str| line.contains("STATE_STARTING");
    assert_eq!(states.len(), 2 * names.len());
    assert!(states[..names.len()].iter().all(|line| starting(&&**line)), "{states:?}");
}

#[test]
fn without_startsecs_what_a_client_starts_is_running_before_the_next_is_started() {
    let quick = |name: &str| {
        alone(with(program(name), |it| {
            it.start.startsecs = 0;
            it.start.autostart = false;
        }))
    };
    let mut sim = Sim::configured(vec![quick("a"), quick("b")]);
    sim.feed(supervisor_core::Input::Boot);
    sim.request(supervisor_core::Command::StartAllProcesses { wait: true });
    let order = [
        "PROCESS_STATE_STARTING a from_state:STOPPED tries:0",
        "PROCESS_STATE_RUNNING a from_state:STARTING pid:100",
        "PROCESS_STATE_STARTING b from_state:STOPPED tries:0",
        "PROCESS_STATE_RUNNING b from_state:STARTING pid:101",
    ];
    assert_eq!(sim.take().with("PROCESS_STATE").lines(), order);
}

#[test]
fn a_process_that_dies_at_once_never_counts_as_started() {
    let mut sim = Sim::of_scripted(program("cat"), [Script::exits(0.0, 1)]);
    sim.run_until_quiet();
    assert_eq!(sim.take().with("RUNNING cat").lines(), [""; 0]);
    assert_eq!(sim.state("cat"), ProcessState::Fatal);
}

#[test]
fn a_late_timer_makes_it_running_then() {
    let mut sim = Sim::of(program("cat"));
    sim.take();
    sim.stall(30.0);
    assert_eq!(sim.take().events().timed(), ["30.000 PROCESS_STATE_RUNNING cat from_state:STARTING pid:100"]);
}

#[test]
fn an_exit_and_a_timer_that_both_come_late_raise_both_events() {
    for timers_first in [false, true] {
        let config = with(program("cat"), |it| it.restart.autorestart = Autorestart::Never);
        let mut sim = Sim::of_scripted(config, [Script::exits(10.0, 0)]);
        sim.timers_first = timers_first;
        sim.take();
        sim.stall(30.0);
        assert_eq!(
            sim.take().events().timed(),
            [
                "30.000 PROCESS_STATE_RUNNING cat from_state:STARTING pid:100",
                "30.000 PROCESS_STATE_EXITED cat from_state:RUNNING expected:1 pid:100",
            ]
        );
    }
}

#[test]
fn a_stop_takes_the_deadline_of_starting_away() {
    let mut sim = Sim::of_scripted(program("cat"), [Script::stubborn()]);
    sim.advance(0.5);
    sim.stop("cat");
    sim.take();
    sim.advance(5.0);
    assert_eq!(sim.take().events().lines(), [""; 0]);
    assert_eq!(sim.state("cat"), ProcessState::Stopping);
}

#[test]
fn startsecs_beyond_any_clock_is_a_wait_without_an_end() {
    let mut sim = Sim::of(with(program("cat"), |it| it.start.startsecs = i64::MAX));
    sim.advance(1e9);
    assert_eq!(sim.state("cat"), ProcessState::Starting);
}
