//! What is told of a process beyond Supervisor: events of the second root, details, the lives that are over
//! (programs.md §16.5, §16.7).

use std::time::Duration;

use supervisor_core::{
    Autorestart, Command, DaemonSignal, EndReason, EventType, ExitStatus, Gate, OnProtocolError, Overflow,
    ProcessDetails, ProcessState, Reply, RestartLimit, limits,
};

use crate::sim::config::{alone, program, with};
use crate::sim::listeners::pool;
use crate::sim::{Script, Sim};

/// Events of the second root so far, with their times.
fn extended(sim: &mut Sim) -> Vec<String> {
    let seen = std::mem::take(&mut sim.host.extended);
    seen.iter().map(|(at, text)| format!("{:.3} {text}", at.as_secs_f64())).collect()
}

fn details(sim: &mut Sim) -> ProcessDetails {
    let request = sim.request(Command::GetProcessDetails { name: "cat".to_owned() });
    match sim.host.answers.remove(&request) {
        Some(Ok(Reply::ProcessDetails(details))) => *details,
        other => panic!("details, not {other:?}"),
    }
}

#[test]
fn every_life_that_is_over_is_told_whichever_way_it_ended() {
    let config = with(program("cat"), |it| {
        it.restart.autorestart = Autorestart::Always;
        it.restart.limit = RestartLimit { count: 2, interval: Duration::from_secs(30) };
    });
    let mut sim = Sim::of_scripted(config, [Script::exits(0.25, 3), Script::exits(2.0, 0), Script::lives()]);
    sim.advance(5.0);
    sim.exit("cat", ExitStatus::Signaled { signal: 11, core_dumped: true });
    let head = "processname:cat groupname:cat";
    let end = |at: &str, rest: &str| format!("{at} PROCESS_END {head} {rest}");
    assert_eq!(
        extended(&mut sim),
        [
            end("0.250", "pid:100 life:1 exitcode:3 signal:none core:0 expected:0 reason:start runtime:0.25"),
            format!("0.250 PROCESS_RESTART_PLANNED {head} reason:retry seconds:1"),
            end("3.250", "pid:101 life:2 exitcode:0 signal:none core:0 expected:1 reason:exit runtime:2"),
            end("5.000", "pid:102 life:3 exitcode:-1 signal:SIGSEGV core:1 expected:0 reason:exit runtime:1.75"),
            format!("5.000 PROCESS_RESTART_LIMIT {head} count:2 interval:30"),
        ]
    );
    sim.start("cat");
    sim.stop("cat");
    sim.advance(0.0);
    sim.start("cat");
    sim.advance(2.0);
    sim.signal(DaemonSignal::Term);
    sim.advance(1.0);
    let reasons: Vec<String> =
        extended(&mut sim).iter().filter_map(|line| Some(line.split_once("reason:")?.1.to_owned())).collect();
    assert_eq!(reasons, ["stop runtime:0", "shutdown runtime:2"]);
}

#[test]
fn a_pool_gets_what_it_subscribes_to_and_event_means_none_of_it() {
    let all = pool("l", 10, &[EventType::Event], &["l"]);
    let more = pool("m", 10, &[EventType::ExtendedEvent], &["m"]);
    let mut sim = Sim::with(vec![all, more, alone(program("cat"))]);
    sim.advance(5.0);
    sim.exit("cat", ExitStatus::Exited(1));
    sim.say("m", "READY\n");
    let to_the_second: Vec<&str> =
        sim.host.sent.iter().filter(|(name, _)| name == "m").map(|(_, text)| text.as_str()).collect();
    assert!(to_the_second.concat().contains("eventname:PROCESS_END"), "{to_the_second:?}");
    sim.say("l", "READY\n");
    for _ in 0..20 {
        sim.say_done("l");
    }
    assert!(sim.host.sent.iter().all(|(name, text)| name != "l" || !text.contains("PROCESS_END")));
}

#[test]
fn details_tell_every_gate_and_the_lives_that_are_over() {
    let config = with(program("cat"), |it| {
        it.start.startsecs = 0;
        it.restart.autorestart = Autorestart::Always;
        it.restart.delay = Some(Duration::from_secs(10));
        it.restart.limit.count = 9;
    });
    let mut sim = Sim::of_scripted(config, [Script::exits(1.0, 4)]);
    sim.advance(13.0);
    let seen = details(&mut sim);
    let at = seen.now + Duration::from_secs(9);
    assert_eq!(seen.gates, [Gate::Time(at), Gate::Turn]);
    assert_eq!((seen.info.state, seen.info.starts_at), (ProcessState::Exited, Some(at)));
    assert_eq!((seen.lives, seen.restarts_counted, seen.goal.cause()), (2, 1, "autorestart"));
    let lives: Vec<_> = seen.history.iter().map(|life| (life.number, life.pid.get(), life.end.status)).collect();
    assert_eq!(lives, [(1, 100, ExitStatus::Exited(4)), (2, 101, ExitStatus::Exited(4))]);
    assert!(seen.history.iter().all(|life| life.reason == EndReason::Exit));
    assert_eq!(seen.history[1].began() + Duration::from_secs(1), seen.history[1].end.at);
    sim.stop("cat");
    let seen = details(&mut sim);
    assert_eq!((seen.gates.len(), seen.info.starts_at, seen.goal.cause()), (0, None, "client"));
}

#[test]
fn so_many_lives_are_remembered() {
    let config = with(program("cat"), |it| {
        it.start.startsecs = 0;
        it.restart.autorestart = Autorestart::Always;
    });
    let mut sim = Sim::of_scripted(config, [Script::exits(1.0, 0)]);
    sim.advance(100.5);
    let seen = details(&mut sim);
    let first_and_last = (seen.history[0].number, seen.history[limits::LIVES_REMEMBERED - 1].number);
    assert_eq!((seen.lives, first_and_last), (101, (69, 100)));
}

#[test]
fn pauses_of_supervisors_own_are_not_told_to_clients() {
    let mut sim = Sim::of_scripted(program("cat"), [Script::exits(0.5, 1)]);
    sim.advance(1.0);
    let seen = details(&mut sim);
    assert_eq!((seen.info.state, seen.info.starts_at), (ProcessState::Backoff, None));
    assert_eq!(seen.gates.len(), 2);
    let config = with(program("cat"), |it| it.restart.startretries = -1);
    let mut sim = Sim::of_scripted(config, [Script::exits(0.5, 1)]);
    sim.advance(1.0);
    assert!(details(&mut sim).info.starts_at.is_some());
}

#[test]
fn what_is_fatal_is_stopped_when_its_failures_are_forgotten() {
    let config = with(program("cat"), |it| {
        it.restart.startretries = 0;
        it.restart.fatal_retry = Duration::from_mins(10);
    });
    let mut sim = Sim::of_scripted(config, [Script::exits(0.5, 1)]);
    sim.advance(1.0);
    sim.take();
    assert_eq!(sim.ask(Command::ResetFailed { name: "cat".to_owned() }), "[cat OK]");
    assert_eq!(sim.take().events().lines(), ["PROCESS_STATE_STOPPED cat from_state:FATAL pid:0"]);
    let info = sim.info("cat");
    assert_eq!((info.state, info.spawnerr, sim.deadline()), (ProcessState::Stopped, None, None));
    assert_eq!(sim.ask(Command::ResetFailed { name: "dog".to_owned() }), "10 BAD_NAME: dog");
}

#[test]
fn failures_of_what_is_not_fatal_are_forgotten_and_nothing_else_happens() {
    let mut sim = Sim::of_scripted(program("cat"), [Script::exits(0.5, 1)]);
    sim.advance(2.5);
    assert_eq!(details(&mut sim).backoff, 2);
    sim.take();
    sim.ask(Command::ResetFailed { name: "cat:*".to_owned() });
    assert_eq!(sim.take().events().lines(), Vec::<String>::new());
    assert_eq!((details(&mut sim).backoff, sim.state("cat")), (0, ProcessState::Backoff));
}

#[test]
fn a_listener_that_broke_the_protocol_is_planned_again() {
    let mut group = (*pool("l", 10, &[EventType::Tick60], &["l"])).clone();
    if let supervisor_core::GroupKind::EventListeners(config) = &mut group.kind {
        (config.on_protocol_error, config.overflow) = (OnProtocolError::Restart, Overflow::DropOldest);
    }
    let mut sim = Sim::with(vec![std::sync::Arc::new(group)]);
    sim.advance(2.0);
    sim.say("l", "nonsense\n");
    sim.advance(0.0);
    let seen = extended(&mut sim).join("\n");
    assert!(seen.contains("reason:restart") && seen.contains("PROCESS_RESTART_PLANNED"), "{seen}");
    assert!(seen.contains("reason:protocol seconds:1"), "{seen}");
}
