//! `startProcess` (contract/rpc.md §4.2; quirks.md K23, K04).

use supervisor_core::{BadCommand, ExitStatus, KillError, ProcessConfig, ProcessState};

use super::{start, stop};
use crate::sim::config::{program, with};
use crate::sim::{Script, Sim};

fn off(name: &str) -> ProcessConfig {
    with(program(name), |it| it.start.autostart = false)
}

#[test]
fn it_is_answered_when_the_process_is_running() {
    let mut sim = Sim::of(off("cat"));
    let request = sim.start("cat");
    sim.take();
    sim.advance(0.999);
    assert_eq!(sim.answer(request), "waits");
    sim.run_until_quiet();
    assert_eq!(
        sim.take().timed(),
        [
            "1.000 PROCESS_STATE_RUNNING cat from_state:STARTING pid:100",
            "1.000 reply 1 True",
            "1.000 INFO success: cat entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)",
        ]
    );
}

#[test]
fn it_is_answered_at_once_without_startsecs_or_without_a_wish_to_wait() {
    let mut sim = Sim::of(with(off("cat"), |it| it.start.startsecs = 0));
    assert_eq!(sim.ask(start("cat", true)), "True");
    let mut sim = Sim::of(off("cat"));
    assert_eq!(sim.ask(start("cat", false)), "True");
    assert_eq!(sim.state("cat"), ProcessState::Starting);
}

#[test]
fn a_spawn_error_is_told_at_once() {
    for wait in [true, false] {
        let mut sim = Sim::of_scripted(off("cat"), [Script::unborn("Too many processes")]);
        assert_eq!(sim.ask(start("cat", wait)), "50 SPAWN_ERROR: cat");
        assert_eq!(sim.state("cat"), ProcessState::Backoff);
    }
}

#[test]
fn the_first_failed_try_ends_the_wait_and_the_retries_go_on() {
    let mut sim = Sim::of_scripted(off("cat"), [Script::exits(0.5, 0), Script::lives()]);
    let request = sim.start("cat");
    sim.advance(0.5);
    assert_eq!(sim.answer(request), "50 SPAWN_ERROR: cat");
    assert_eq!(sim.take().replies().timed(), ["0.500 reply 1 50 SPAWN_ERROR: cat"]);
    sim.run_until_quiet();
    assert_eq!(sim.state("cat"), ProcessState::Running);
}

#[test]
fn a_stop_meanwhile_is_an_abnormal_termination() {
    let mut sim = Sim::of_scripted(off("cat"), [Script::lives().dying_slowly(0.5)]);
    let starting = sim.start("cat");
    let stopping = sim.stop("cat");
    assert_eq!(sim.answer(starting), "40 ABNORMAL_TERMINATION: cat");
    assert_eq!(sim.answer(stopping), "waits");
    sim.run_until_quiet();
    assert_eq!(sim.answer(stopping), "True");
}

#[test]
fn a_signal_that_may_not_be_sent_meanwhile_is_an_abnormal_termination() {
    let script = Script::lives().unreachable(KillError::Failed("EPERM".to_owned()));
    let mut sim = Sim::of_scripted(off("cat"), [script]);
    let starting = sim.start("cat");
    sim.ask(super::signal("cat", "HUP"));
    assert_eq!(sim.answer(starting), "40 ABNORMAL_TERMINATION: cat");
}

#[test]
fn a_process_that_came_up_and_ended_in_one_turn_has_started() {
    let mut sim = Sim::of_scripted(off("cat"), [Script::exits(1.5, 1), Script::lives()]);
    let starting = sim.start("cat");
    sim.stall(10.0);
    assert_eq!(sim.answer(starting), "True");
}

#[test]
fn what_runs_already_is_refused_in_each_running_state() {
    let mut sim = Sim::of_scripted(program("cat"), [Script::exits(0.5, 1), Script::lives()]);
    for (seconds, state) in [(0.0, ProcessState::Starting), (0.75, ProcessState::Backoff), (5.0, ProcessState::Running)]
    {
        sim.advance(seconds);
        assert_eq!(sim.state("cat"), state);
        assert_eq!(sim.ask(start("cat", true)), "60 ALREADY_STARTED: cat");
        assert_eq!(sim.ask(start("cat:cat", false)), "60 ALREADY_STARTED: cat:cat", "the name as it was given");
    }
}

#[test]
fn a_stopping_process_cannot_be_started_and_goes_on_stopping() {
    for (wait, answer) in [(true, "40 ABNORMAL_TERMINATION: cat"), (false, "True")] {
        let mut sim = Sim::running(program("cat"), Script::stubborn());
        sim.ask(stop("cat", false));
        sim.take();
        assert_eq!(sim.ask(start("cat", wait)), answer);
        assert_eq!(sim.take().log().lines(), ["WARN process 'cat' already running"]);
        assert_eq!(sim.state("cat"), ProcessState::Stopping);
    }
}

#[test]
fn the_program_is_looked_for_before_the_state_is_looked_at() {
    let mut sim = Sim::running(program("cat"), Script::lives());
    sim.hide("cat");
    assert_eq!(sim.ask(start("cat", true)), "20 NO_FILE: can't find command '/bin/cat'");
    let bad = BadCommand::NotExecutable("command at '/bin/cat' is a directory".to_owned());
    sim.host.hidden.insert("cat".to_owned(), bad);
    assert_eq!(sim.ask(start("cat", true)), "21 NOT_EXECUTABLE: command at '/bin/cat' is a directory");
    assert_eq!(sim.state("cat"), ProcessState::Running);
    sim.exit("cat", ExitStatus::Exited(0));
    sim.take();
    assert_eq!(sim.ask(start("cat", true)), "21 NOT_EXECUTABLE: command at '/bin/cat' is a directory");
    assert_eq!(sim.take().events().lines(), [""; 0], "no start was tried");
}

#[test]
fn names_that_name_nothing_are_refused_as_given() {
    let mut sim = Sim::of(program("cat"));
    for name in ["dog", "cat:dog", "dog:*", "dog:cat", "", ":", "cat:cat:cat", "Cat"] {
        assert_eq!(sim.ask(start(name, true)), format!("10 BAD_NAME: {name}"));
        assert_eq!(sim.ask(stop(name, true)), format!("10 BAD_NAME: {name}"));
        assert_eq!(sim.ask(super::signal(name, "nonsense")), format!("10 BAD_NAME: {name}"));
    }
}

#[test]
fn a_start_that_went_well_leaves_no_old_reason() {
    let mut sim = Sim::of_scripted(off("cat"), [Script::exits(2.0, 3), Script::lives()]);
    sim.host.hidden.clear();
    sim.start("cat");
    sim.advance(2.0);
    assert_eq!(sim.state("cat"), ProcessState::Starting, "it was restarted");
    assert_eq!(sim.info("cat").spawnerr, None);
}
