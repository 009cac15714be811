//! Pauses before starts that follow by themselves, how often there may be such, and what comes after FATAL
//! (programs.md §4.2, §4.3).

use std::time::Duration;

use supervisor_core::{
    Autorestart, BackoffShape, Command, DaemonSignal, ExitStatus, Percent, ProcessConfig, ProcessState, RestartConfig,
    RestartLimit,
};

use crate::sim::config::{alone, group, program, with};
use crate::sim::{Script, Sim};

/// A program that is started again whenever it ends, and need not stay up.
fn restless(change: impl FnOnce(&mut RestartConfig)) -> ProcessConfig {
    with(program("cat"), |it| {
        it.start.startsecs = 0;
        it.restart.autorestart = Autorestart::Always;
        change(&mut it.restart);
    })
}

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// When it was spawned within this time, if each of its lives takes so long.
fn spawns(config: ProcessConfig, life: f64, within: f64) -> Vec<String> {
    let mut sim = Sim::of_scripted(config, [Script::exits(life, 0)]);
    sim.advance(within);
    let spawns = sim.take().calls().with("spawn").timed();
    spawns.iter().map(|line| line.split(' ').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn the_storm_guard_keeps_a_second_between_spawns_and_leaves_longer_lives_alone() {
    let none = |_: &mut RestartConfig| ();
    assert_eq!(spawns(restless(none), 0.0, 2.5), ["0.000", "1.000", "2.000"]);
    assert_eq!(spawns(restless(none), 0.999, 2.5), ["0.000", "1.000", "2.000"]);
    assert_eq!(spawns(restless(none), 1.0, 2.5), ["0.000", "1.000", "2.000"]);
    assert_eq!(spawns(restless(none), 1.001, 2.5), ["0.000", "1.001", "2.002"]);
    let off = |it: &mut RestartConfig| it.delay = Some(Duration::ZERO);
    assert_eq!(spawns(restless(off), 0.5, 1.2), ["0.000", "0.500", "1.000"]);
}

#[test]
fn the_storm_guard_does_not_hold_what_follows_a_clients_signal() {
    let mut sim = Sim::of_scripted(restless(|_| ()), [Script::exits(1_000.0, 0)]);
    for expected in [ProcessState::Running, ProcessState::Exited] {
        sim.advance(0.25);
        if expected == ProcessState::Running {
            assert_eq!(sim.ask(Command::SignalProcess { name: "cat".into(), signal: "HUP".into() }), "True");
        }
        sim.exit("cat", ExitStatus::Exited(0));
        sim.advance(0.01);
        assert_eq!(sim.state("cat"), expected, "the second one ends by itself");
    }
}

#[test]
fn the_storm_guard_does_not_hold_what_a_client_starts() {
    let mut sim = Sim::of_scripted(restless(|_| ()), [Script::exits(0.25, 0)]);
    sim.advance(0.5);
    assert_eq!(sim.state("cat"), ProcessState::Exited);
    let request = sim.start("cat");
    assert_eq!((sim.answer(request).as_str(), sim.state("cat")), ("True", ProcessState::Running));
}

#[test]
fn a_retry_of_what_cannot_be_spawned_is_no_faster_for_a_small_unit() {
    let config = with(program("cat"), |it| it.restart.backoff.delay = seconds(0.05));
    let mut sim = Sim::of_scripted(config, [Script::unborn("no fork today")]);
    sim.advance(1.5);
    assert_eq!(sim.take().calls().with("spawn").timed(), ["0.000 spawn cat fails", "1.000 spawn cat fails"]);
    let config = with(program("cat"), |it| {
        it.restart.backoff.delay = seconds(0.05);
        it.restart.backoff.shape = Some(BackoffShape::Fixed);
    });
    let mut sim = Sim::of_scripted(config, [Script::unborn("no fork today")]);
    sim.advance(0.12);
    assert_eq!(sim.take().calls().with("spawn").lines().len(), 3);
}

#[test]
fn a_pause_that_is_written_takes_the_place_of_the_guard() {
    let pause = |delay, shape, unit| {
        restless(|it| {
            it.delay = delay;
            (it.backoff.shape, it.backoff.delay) = (shape, seconds(unit));
        })
    };
    assert_eq!(spawns(pause(Some(seconds(2.5)), None, 1.0), 0.5, 7.0), ["0.000", "3.000", "6.000"]);
    // Each of these lives is short, so that the pause grows from one to the next.
    let exponential = pause(None, Some(BackoffShape::Exponential), 0.25);
    assert_eq!(spawns(exponential, 0.5, 4.0), ["0.000", "0.750", "1.750", "3.250"]);
    let both = pause(Some(seconds(0.5)), Some(BackoffShape::Linear), 0.25);
    assert_eq!(spawns(both, 0.5, 4.0), ["0.000", "1.000", "2.000", "3.250"]);
    // These are long.
    let long = pause(None, Some(BackoffShape::Linear), 5.0);
    assert_eq!(spawns(long, 10.0, 25.0), ["0.000", "10.000", "20.000"]);
}

#[test]
fn jitter_comes_on_top_of_the_pause() {
    let config = restless(|it| {
        it.backoff.shape = Some(BackoffShape::Fixed);
        it.backoff.jitter = Percent::from_millionths(500_000).expect("half of it");
    });
    let mut sim = Sim::of_scripted(config, [Script::exits(0.5, 0)]);
    sim.advance(40.0);
    let spawned: Vec<Duration> = sim.take().calls().with("spawn").0.iter().map(|line| line.at).collect();
    let pauses: Vec<Duration> = spawned.windows(2).map(|two| two[1].saturating_sub(two[0] + seconds(0.5))).collect();
    assert!(pauses.len() >= 20 && pauses.iter().any(|pause| *pause > seconds(1.25)), "{pauses:?}");
    assert!(pauses.iter().all(|pause| (seconds(1.0)..=seconds(1.5)).contains(pause)), "{pauses:?}");
}

#[test]
fn with_one_negative_number_of_retries_it_is_tried_for_ever() {
    let config = with(program("cat"), |it| it.restart.startretries = -1);
    let mut sim = Sim::of_scripted(config, [Script::exits(0.5, 1)]);
    sim.advance(100_000.0);
    assert!(matches!(sim.state("cat"), ProcessState::Backoff | ProcessState::Starting));
    let tries = sim.take().events().with("PROCESS_STATE_BACKOFF").lines().len();
    assert!(tries > 400, "{tries}");
}

/// EXITED at 0.5 seconds, and to be started again at 10.5.
fn paused() -> Sim {
    let mut sim = Sim::of_scripted(restless(|it| it.delay = Some(seconds(10.0))), [Script::exits(0.5, 0)]);
    sim.advance(1.0);
    assert_eq!(sim.state("cat"), ProcessState::Exited);
    sim.take();
    sim
}

#[test]
fn a_client_starts_at_once_what_is_paused() {
    let mut sim = paused();
    let request = sim.start("cat");
    assert_eq!((sim.answer(request).as_str(), sim.state("cat")), ("True", ProcessState::Running));
    sim.advance(0.4);
    assert_eq!(sim.take().calls().with("spawn").lines().len(), 1);
}

#[test]
fn a_client_takes_back_what_is_paused_without_an_event() {
    for command in [
        Command::StopProcess { name: "cat".to_owned(), wait: true },
        Command::StopProcessGroup { name: "cat".to_owned(), wait: true },
        Command::StopAllProcesses { wait: true },
    ] {
        let mut sim = paused();
        let answer = sim.ask(command);
        assert!(answer == "True" || answer == "[cat OK]", "{answer}");
        assert_eq!(sim.take().events().lines(), Vec::<String>::new());
        sim.run_until_quiet();
        assert_eq!(sim.state("cat"), ProcessState::Exited);
        assert_eq!(sim.ask(Command::StopProcess { name: "cat".to_owned(), wait: true }), "70 NOT_RUNNING: cat");
    }
}

#[test]
fn a_shutdown_takes_back_what_is_paused() {
    let mut sim = paused();
    sim.signal(DaemonSignal::Term);
    assert!(sim.supervisor.is_finished());
}

#[test]
fn a_process_that_ends_while_it_is_stopped_is_not_paused_but_stopped() {
    let mut sim = Sim::running(restless(|it| it.delay = Some(seconds(10.0))), Script::lives());
    sim.stop("cat");
    sim.run_until_quiet();
    assert_eq!(sim.state("cat"), ProcessState::Stopped);
}

fn limited(count: u32, interval: f64, change: impl FnOnce(&mut RestartConfig)) -> ProcessConfig {
    restless(|it| {
        it.limit = RestartLimit { count, interval: seconds(interval) };
        change(it);
    })
}

#[test]
fn the_restart_that_is_one_too_many_makes_it_fatal_from_exited() {
    let mut sim = Sim::of_scripted(limited(3, 60.0, |_| ()), [Script::exits(1.0, 0)]);
    sim.advance(100.0);
    let seen = sim.take();
    assert_eq!(
        seen.calls().with("spawn").timed(),
        ["0.000 spawn cat", "1.000 spawn cat", "2.000 spawn cat", "3.000 spawn cat"]
    );
    assert_eq!(seen.events().with("FATAL").timed(), ["4.000 PROCESS_STATE_FATAL cat from_state:EXITED"]);
    assert_eq!(
        seen.with("gave up").lines(),
        ["INFO gave up: cat entered FATAL state, restarted 3 times within 60 seconds (restart_limit_count)"]
    );
    assert_eq!(sim.info("cat").spawnerr.as_deref(), Some("restarted 3 times within 60 seconds"));
}

#[test]
fn retries_are_counted_too_and_make_it_fatal_from_backoff() {
    let config = with(limited(2, 60.0, |it| it.startretries = 100), |it| it.start.startsecs = 1);
    let mut sim = Sim::of_scripted(config, [Script::exits(0.5, 0)]);
    sim.advance(100.0);
    assert_eq!(sim.take().events().with("FATAL").timed(), ["7.500 PROCESS_STATE_FATAL cat from_state:BACKOFF"]);
}

#[test]
fn a_restart_that_is_as_old_as_the_interval_counts_no_more() {
    // Restarts at 5, 10, 15, …: two within ten seconds and one within less, at whose end the first is forgotten.
    let at_the_edge = limited(2, 10.0, |_| ());
    assert_eq!(spawns(at_the_edge, 5.0, 26.0).len(), 6);
    let within = limited(2, 10.001, |_| ());
    assert_eq!(spawns(within, 5.0, 26.0).len(), 3);
}

#[test]
fn a_start_by_a_client_begins_the_count_anew_and_is_not_counted() {
    let mut sim = Sim::of_scripted(limited(2, 60.0, |_| ()), [Script::exits(1.0, 0)]);
    sim.advance(2.5);
    for name in ["cat", "cat"] {
        sim.stop(name);
        sim.advance(0.0);
        sim.start(name);
    }
    sim.take();
    sim.advance(20.0);
    assert_eq!(sim.take().calls().with("spawn").lines().len(), 2);
    assert_eq!(sim.state("cat"), ProcessState::Fatal);
    sim.start("cat");
    sim.take();
    sim.advance(20.0);
    assert_eq!(sim.take().calls().with("spawn").lines().len(), 2);
}

#[test]
fn a_fatal_process_is_tried_again_with_a_clean_slate() {
    let config = with(program("cat"), |it| {
        it.restart.startretries = 0;
        it.restart.fatal_retry = seconds(600.0);
    });
    let mut sim = Sim::of_scripted(config, [Script::exits(0.5, 1), Script::exits(0.5, 1), Script::lives()]);
    sim.advance(1_300.0);
    let seen = sim.take();
    assert_eq!(
        seen.events().with("PROCESS_STATE").timed(),
        [
            "0.000 PROCESS_STATE_STARTING cat from_state:STOPPED tries:0",
            "0.500 PROCESS_STATE_BACKOFF cat from_state:STARTING tries:1",
            "0.500 PROCESS_STATE_FATAL cat from_state:BACKOFF",
            "600.500 PROCESS_STATE_STARTING cat from_state:FATAL tries:0",
            "601.000 PROCESS_STATE_BACKOFF cat from_state:STARTING tries:1",
            "601.000 PROCESS_STATE_FATAL cat from_state:BACKOFF",
            "1201.000 PROCESS_STATE_STARTING cat from_state:FATAL tries:0",
            "1202.000 PROCESS_STATE_RUNNING cat from_state:STARTING pid:102",
        ]
    );
    assert_eq!(
        seen.with("tried again").timed(),
        [
            "0.500 WARN cat is tried again in 600 seconds (fatal_retry_secs)",
            "601.000 WARN cat is tried again in 600 seconds (fatal_retry_secs)",
        ]
    );
}

/// FATAL since it was restarted too often, and to be tried again.
fn fatal_for_a_while() -> Sim {
    let config = limited(1, 60.0, |it| it.fatal_retry = seconds(600.0));
    let mut sim = Sim::of_scripted(config, [Script::exits(1.0, 0)]);
    sim.advance(10.0);
    assert_eq!(sim.state("cat"), ProcessState::Fatal);
    sim.take();
    sim
}

#[test]
fn a_restart_limit_is_forgotten_when_a_fatal_process_is_tried_again() {
    let mut sim = fatal_for_a_while();
    sim.advance(600.0);
    assert_eq!(sim.take().calls().with("spawn").timed(), ["602.000 spawn cat", "603.000 spawn cat"]);
    assert_eq!(sim.state("cat"), ProcessState::Fatal);
}

#[test]
fn a_client_starts_or_stops_a_fatal_process_that_is_to_be_tried_again() {
    let mut sim = fatal_for_a_while();
    let request = sim.start("cat");
    assert_eq!((sim.answer(request).as_str(), sim.state("cat")), ("True", ProcessState::Running));
    let mut sim = fatal_for_a_while();
    assert_eq!(sim.ask(Command::StopProcess { name: "cat".to_owned(), wait: true }), "True");
    assert_eq!(sim.take().events().lines(), Vec::<String>::new());
    sim.run_until_quiet();
    assert_eq!(sim.state("cat"), ProcessState::Fatal);
    let mut sim = fatal_for_a_while();
    sim.signal(DaemonSignal::Term);
    assert!(sim.supervisor.is_finished());
    assert_eq!(sim.deadline(), None);
}

#[test]
fn failed_starts_are_forgotten_at_running_or_after_a_while() {
    let script = || [Script::exits(0.5, 1), Script::exits(3.0, 1), Script::exits(0.5, 1), Script::exits(0.5, 1)];
    let tries = |reset_after: f64| {
        let config = with(program("cat"), |it| it.restart.backoff.reset_after = seconds(reset_after));
        let mut sim = Sim::of_scripted(config, script());
        sim.advance(20.0);
        let lines = sim.take().events().with("PROCESS_STATE_BACKOFF").lines();
        lines.iter().map(|line| line.rsplit(':').next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(tries(0.0), ["1", "1", "2", "3", "4"]);
    // The second life is RUNNING for two seconds.
    assert_eq!(tries(2.0), ["1", "1", "2", "3", "4"]);
    assert_eq!(tries(2.001), ["1", "2", "3", "4"]);
}

#[test]
fn a_step_of_the_wall_clock_changes_no_pause() {
    let mut sim = paused();
    sim.step_wall_clock(-86_400);
    sim.step_wall_clock(2 * 86_400);
    sim.advance(19.0);
    assert_eq!(sim.take().calls().with("spawn").timed(), ["10.500 spawn cat"]);
}

#[test]
fn a_storm_of_programs_that_end_at_once_comes_to_one_spawn_a_second_each() {
    const PROGRAMS: usize = 1_000;
    let member = |number| with(restless(|_| ()), |it| it.name = format!("p{number}").into());
    let mut sim = Sim::configured(vec![group("all", 1, (0..PROGRAMS).map(member))]);
    sim.checks = false;
    sim.script("*", [Script::exits(0.0, 0)]);
    sim.feed(supervisor_core::Input::Boot);
    sim.advance(9.5);
    assert_eq!(sim.take().calls().with("spawn").lines().len(), 10 * PROGRAMS);
}

#[test]
fn a_restart_that_was_taken_back_does_not_come_when_its_time_has() {
    let mut sim = Sim::with(vec![alone(restless(|it| it.delay = Some(seconds(2.0))))]);
    sim.exit("cat", ExitStatus::Exited(0));
    sim.stop("cat");
    sim.take();
    sim.advance(10.0);
    assert_eq!(sim.take().calls().lines(), Vec::<String>::new());
}
