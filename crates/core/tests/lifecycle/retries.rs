//! Failed starts: when they are tried again, how often, and what resets the count (§1.3; quirks.md F29, K12, K21, K22).

use supervisor_core::{ExitStatus, ProcessState, Tally};

use crate::sim::config::{program, with};
use crate::sim::{Script, Sim};

#[test]
fn the_nth_retry_comes_n_seconds_after_the_failure() {
    let config = with(program("cat"), |it| it.restart.startretries = 4);
    let mut sim = Sim::of_scripted(config, [Script::exits(0.5, 1)]);
    sim.run_until_quiet();
    assert_eq!(
        sim.take().events().with("PROCESS_STATE").timed(),
        [
            "0.000 PROCESS_STATE_STARTING cat from_state:STOPPED tries:0",
            "0.500 PROCESS_STATE_BACKOFF cat from_state:STARTING tries:1",
            "1.500 PROCESS_STATE_STARTING cat from_state:BACKOFF tries:1",
            "2.000 PROCESS_STATE_BACKOFF cat from_state:STARTING tries:2",
            "4.000 PROCESS_STATE_STARTING cat from_state:BACKOFF tries:2",
            "4.500 PROCESS_STATE_BACKOFF cat from_state:STARTING tries:3",
            "7.500 PROCESS_STATE_STARTING cat from_state:BACKOFF tries:3",
            "8.000 PROCESS_STATE_BACKOFF cat from_state:STARTING tries:4",
            "12.000 PROCESS_STATE_STARTING cat from_state:BACKOFF tries:4",
            "12.500 PROCESS_STATE_BACKOFF cat from_state:STARTING tries:5",
            "12.500 PROCESS_STATE_FATAL cat from_state:BACKOFF",
        ]
    );
}

#[test]
fn spawn_errors_use_up_retries_like_quick_exits() {
    let mut sim = Sim::configured(vec![crate::sim::config::alone(program("cat"))]);
    sim.hide("cat");
    sim.feed(supervisor_core::Input::Boot);
    sim.run_until_quiet();
    let trace = sim.take();
    assert_eq!(
        trace.calls().timed(),
        ["0.000 spawn cat fails", "1.000 spawn cat fails", "3.000 spawn cat fails", "6.000 spawn cat fails"]
    );
    assert_eq!(
        trace.log().timed(),
        [
            "0.000 INFO spawnerr: can't find command '/bin/cat'",
            "1.000 INFO spawnerr: can't find command '/bin/cat'",
            "3.000 INFO spawnerr: can't find command '/bin/cat'",
            "6.000 INFO spawnerr: can't find command '/bin/cat'",
            "6.000 INFO gave up: cat entered FATAL state, too many start retries too quickly",
        ]
    );
}

#[test]
fn a_program_that_comes_late_is_found_by_a_retry() {
    let mut sim = Sim::configured(vec![crate::sim::config::alone(program("cat"))]);
    sim.hide("cat");
    sim.feed(supervisor_core::Input::Boot);
    sim.advance(2.0);
    sim.host.hidden.clear();
    sim.run_until_quiet();
    assert_eq!(sim.state("cat"), ProcessState::Running);
    assert_eq!(sim.info("cat").spawnerr, None);
}

#[test]
fn without_retries_the_first_failure_is_fatal() {
    for startretries in [0, -2] {
        let config = with(program("cat"), |it| it.restart.startretries = startretries);
        let mut sim = Sim::of_scripted(config, [Script::exits(0.5, 1)]);
        sim.take();
        sim.run_until_quiet();
        assert_eq!(
            sim.take().events().timed(),
            [
                "0.500 PROCESS_STATE_BACKOFF cat from_state:STARTING tries:1",
                "0.500 PROCESS_STATE_FATAL cat from_state:BACKOFF",
            ]
        );
    }
}

#[test]
fn a_quick_exit_is_never_expected_and_leaves_no_exit_code() {
    let mut sim = Sim::of_scripted(program("cat"), [Script::exits(0.5, 0)]);
    sim.advance(0.75);
    assert_eq!(sim.take().with("exited:").lines(), ["WARN exited: cat (exit status 0; not expected)"]);
    let info = sim.info("cat");
    assert_eq!((info.state, info.exit_code), (ProcessState::Backoff, None));
    assert_eq!(info.spawnerr.as_deref(), Some("Exited too quickly (process log may have details)"));
}

#[test]
fn the_reason_of_a_failure_stays_until_the_next_try() {
    let mut sim = Sim::of_scripted(program("cat"), [Script::exits(0.5, 0), Script::lives()]);
    sim.advance(1.25);
    assert!(sim.info("cat").spawnerr.is_some());
    sim.advance(0.25);
    assert_eq!((sim.info("cat").spawnerr, sim.state("cat")), (None, ProcessState::Starting));
}

#[test]
fn running_resets_the_count() {
    let scripts = [Script::exits(0.5, 1), Script::exits(0.5, 1), Script::exits(5.0, 1), Script::exits(0.5, 1)];
    let mut sim = Sim::of_scripted(with(program("cat"), |it| it.restart.startretries = 2), scripts);
    sim.run_until_quiet();
    let tries = sim.take().events().with("BACKOFF cat").lines();
    let numbers: Vec<&str> = tries.iter().filter_map(|line| line.split("tries:").nth(1)).collect();
    assert_eq!(numbers, ["1", "2", "1", "2", "3"]);
}

#[test]
fn a_start_by_hand_after_a_stop_in_backoff_counts_from_none() {
    let mut sim = Sim::of_scripted(program("cat"), [Script::exits(0.5, 1)]);
    sim.advance(2.25);
    sim.stop("cat");
    sim.take();
    sim.start("cat");
    sim.run_until_quiet();
    assert_eq!(
        sim.take().events().with("tries").timed(),
        [
            "2.250 PROCESS_STATE_STARTING cat from_state:STOPPED tries:0",
            "2.750 PROCESS_STATE_BACKOFF cat from_state:STARTING tries:1",
            "3.750 PROCESS_STATE_STARTING cat from_state:BACKOFF tries:1",
            "4.250 PROCESS_STATE_BACKOFF cat from_state:STARTING tries:2",
            "6.250 PROCESS_STATE_STARTING cat from_state:BACKOFF tries:2",
            "6.750 PROCESS_STATE_BACKOFF cat from_state:STARTING tries:3",
            "9.750 PROCESS_STATE_STARTING cat from_state:BACKOFF tries:3",
            "10.250 PROCESS_STATE_BACKOFF cat from_state:STARTING tries:4",
        ]
    );
}

#[test]
fn a_start_by_hand_after_a_stop_in_starting_counts_from_none() {
    let mut sim = Sim::of_scripted(program("cat"), [Script::exits(0.5, 1), Script::lives()]);
    sim.advance(1.75);
    assert_eq!(sim.state("cat"), ProcessState::Starting);
    sim.stop("cat");
    sim.advance(0.0);
    sim.take();
    sim.start("cat");
    assert_eq!(sim.take().events().lines(), ["PROCESS_STATE_STARTING cat from_state:STOPPED tries:0"]);
}

#[test]
fn a_start_by_hand_after_giving_up_has_all_retries_again() {
    let config = with(program("cat"), |it| it.restart.startretries = 1);
    let mut sim = Sim::of_scripted(config, [Script::exits(0.5, 1)]);
    sim.run_until_quiet();
    sim.take();
    sim.start("cat");
    sim.run_until_quiet();
    assert_eq!(sim.take().calls().with("spawn").lines().len(), 2);
    assert_eq!(sim.state("cat"), ProcessState::Fatal);
}

#[test]
fn a_death_by_signal_while_starting_is_a_failed_start() {
    let killed = ExitStatus::Signaled { signal: 9, core_dumped: false };
    let mut sim = Sim::of_scripted(program("cat"), [Script::ends(0.5, killed), Script::lives()]);
    sim.run_until_quiet();
    assert_eq!(sim.take().with("exited:").lines(), ["WARN exited: cat (terminated by SIGKILL; not expected)"]);
    assert_eq!(sim.state("cat"), ProcessState::Running);
}

#[test]
fn a_retry_that_nobody_could_deliver_in_time_comes_once() {
    let mut sim = Sim::of_scripted(program("cat"), [Script::exits(0.5, 1), Script::lives()]);
    sim.advance(0.75);
    sim.take();
    sim.stall(60.0);
    assert_eq!(sim.take().calls().timed(), ["60.750 spawn cat"]);
}

#[test]
fn what_has_happened_is_counted_by_what_asked_for_it() {
    let config = with(program("cat"), |it| it.restart.startretries = 1);
    let scripts = [Script::exits(0.5, 1), Script::exits(5.0, 0), Script::exits(5.0, 3), Script::lives()];
    let mut sim = Sim::of_scripted(config, scripts);
    sim.run_until_quiet();
    let tally = sim.info("cat").tally;
    let failed_once = Tally { starts: 2, restarts: 1, failed_starts: 1, expected_ends: 1, unexpected_ends: 1 };
    assert_eq!(tally, failed_once, "it ended as expected, so nothing follows by itself");
    sim.start("cat");
    sim.advance(10.0);
    let restarted = Tally { starts: 4, restarts: 2, unexpected_ends: 2, ..failed_once };
    assert_eq!(sim.info("cat").tally, restarted);
    sim.stop("cat");
    sim.run_until_quiet();
    let tally = sim.info("cat").tally;
    assert_eq!((tally.starts, tally.expected_ends + tally.unexpected_ends), (4, 4));
}
