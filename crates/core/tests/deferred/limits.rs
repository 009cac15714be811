//! How many requests may wait at a time (`limits::DEFERRED_REQUESTS`).

use supervisor_core::{Command, ProcessState, limits};

use super::{start, stop};
use crate::sim::config::{alone, program};
use crate::sim::{Script, Sim};

const REFUSED: &str = "30 FAILED: too many requests are waiting for a process";

/// As many processes as requests may wait, and three more; none of them stops by itself, and as many clients wait for
/// that as may.
fn full() -> Sim {
    let count = limits::DEFERRED_REQUESTS + 3;
    let mut sim =
        Sim::scripted((0..count).map(|n| alone(program(&format!("p{n}")))).collect(), [("*", Script::stubborn())]);
    sim.host.trace = None;
    sim.checks = false;
    sim.advance(2.0);
    for n in 0..limits::DEFERRED_REQUESTS {
        sim.stop(&format!("p{n}"));
    }
    assert_eq!(sim.host.answers.len(), 0, "all of them wait");
    sim
}

/// The last of the processes, which nobody has asked for anything.
fn last() -> String {
    format!("p{}", limits::DEFERRED_REQUESTS + 2)
}

#[test]
fn one_request_too_many_is_refused_and_does_nothing() {
    let mut sim = full();
    assert_eq!(sim.ask(stop(&last(), true)), REFUSED);
    assert_eq!(sim.ask(Command::StopAllProcesses { wait: true }), REFUSED);
    assert_eq!(sim.ask(Command::StopProcessGroup { name: last(), wait: true }), REFUSED);
    assert_eq!(sim.state(&last()), ProcessState::Running);
    sim.ask(stop(&last(), false));
    sim.exit(&last(), supervisor_core::ExitStatus::Exited(0));
    assert_eq!(sim.ask(start(&last(), true)), REFUSED);
    assert_eq!(sim.ask(Command::StartAllProcesses { wait: true }), REFUSED);
    assert_eq!(sim.state(&last()), ProcessState::Stopped);
    sim.check();
}

#[test]
fn what_does_not_wait_is_never_refused() {
    let mut sim = full();
    assert_eq!(sim.ask(stop(&last(), false)), "True");
    let name = format!("p{}", limits::DEFERRED_REQUESTS + 1);
    assert_eq!(sim.ask(Command::StopProcessGroup { name: name.clone(), wait: false }), format!("[{name} OK]"));
    let name = format!("p{}", limits::DEFERRED_REQUESTS);
    assert_eq!(sim.ask(Command::StopAllProcesses { wait: false }), format!("[{name} OK]"));
    sim.check();
}

#[test]
fn an_answer_makes_room_for_the_next() {
    let mut sim = full();
    sim.exit("p7", supervisor_core::ExitStatus::Exited(0));
    let request = sim.stop(&last());
    assert_eq!(sim.answer(request), "waits");
    assert_eq!(sim.ask(start("p7", true)), REFUSED);
    sim.check();
}

#[test]
fn an_answered_group_request_makes_room_for_the_next() {
    let mut sim = Sim::of(program("cat"));
    sim.host.trace = None;
    for _ in 0..=limits::DEFERRED_REQUESTS {
        let request = sim.request(Command::StopAllProcesses { wait: true });
        assert_eq!(sim.answer(request), "waits");
        sim.advance(0.0);
        assert_eq!(sim.answer(request), "[cat OK]");
        sim.ask(start("cat", false));
    }
}
