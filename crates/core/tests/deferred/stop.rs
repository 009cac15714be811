//! `stopProcess` (contract/rpc.md §4.2; quirks.md K03, K04).

use supervisor_core::{Autorestart, Command, ExitStatus, ProcessState};

use super::stop;
use crate::sim::config::{program, with};
use crate::sim::{Script, Sim};

#[test]
fn it_is_answered_when_the_process_was_reaped() {
    let mut sim = Sim::running(program("cat"), Script::lives().dying_slowly(0.25));
    let request = sim.stop("cat");
    assert_eq!(sim.answer(request), "waits");
    sim.run_until_quiet();
    assert_eq!(sim.take().replies().timed(), ["100.250 reply 1 True"]);
}

#[test]
fn without_a_wish_to_wait_it_is_answered_at_once() {
    let mut sim = Sim::running(program("cat"), Script::stubborn());
    assert_eq!(sim.ask(stop("cat", false)), "True");
    assert_eq!(sim.state("cat"), ProcessState::Stopping);
}

#[test]
fn what_does_not_run_is_refused_in_each_state() {
    let off = with(program("cat"), |it| it.start.autostart = false);
    let mut stopped = Sim::of(off);
    assert_eq!(stopped.ask(stop("cat", true)), "70 NOT_RUNNING: cat");

    let never = with(program("cat"), |it| it.restart.autorestart = Autorestart::Never);
    let mut exited = Sim::running(never, Script::lives());
    exited.exit("cat", ExitStatus::Exited(0));
    assert_eq!(exited.ask(stop("cat:cat", true)), "70 NOT_RUNNING: cat:cat");

    let no_retries = with(program("cat"), |it| it.restart.startretries = 0);
    let mut fatal = Sim::of_scripted(no_retries, [Script::unborn("no")]);
    assert_eq!(fatal.state("cat"), ProcessState::Fatal);
    assert_eq!(fatal.ask(stop("cat", true)), "70 NOT_RUNNING: cat");

    let mut stopping = Sim::running(program("cat"), Script::stubborn());
    stopping.ask(stop("cat", false));
    assert_eq!(stopping.ask(stop("cat", true)), "70 NOT_RUNNING: cat");
}

#[test]
fn two_clients_can_wait_for_the_same_end() {
    let mut sim = Sim::running(program("cat"), Script::lives().dying_slowly(1.0));
    let alone = sim.stop("cat");
    let all = sim.request(Command::StopAllProcesses { wait: true });
    assert_eq!((sim.answer(alone).as_str(), sim.answer(all).as_str()), ("waits", "[]"), "it stops already");
    sim.run_until_quiet();
    assert_eq!(sim.answer(alone), "True");
}

#[test]
fn a_start_that_waits_and_a_stop_that_waits_are_both_answered() {
    let mut sim = Sim::of_scripted(program("cat"), [Script::lives(), Script::exits(0.25, 0), Script::lives()]);
    sim.advance(1.0);
    let stop = sim.stop("cat");
    sim.run_until_quiet();
    let start = sim.start("cat");
    sim.run_until_quiet();
    assert_eq!((sim.answer(stop).as_str(), sim.answer(start).as_str()), ("True", "50 SPAWN_ERROR: cat"));
}
