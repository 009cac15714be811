//! Requests on several processes: whom they concern, what they tell of each, and in which order (contract/rpc.md §4.2,
//! §4.4; quirks.md K42).

use std::sync::Arc;

use supervisor_core::{Command, Fault, FaultCode, GroupConfig, KillError, ProcessConfig, Reply};

use super::{signal, start, stop};
use crate::sim::config::{alone, group, program, with};
use crate::sim::{Script, Sim};

fn off(name: &str) -> ProcessConfig {
    with(program(name), |it| it.start.autostart = false)
}

fn three() -> Vec<Arc<GroupConfig>> {
    vec![group("g", 1, [off("a"), off("b")]), alone(off("c"))]
}

fn start_group(name: &str, wait: bool) -> Command {
    Command::StartProcessGroup { name: name.to_owned(), wait }
}

fn stop_group(name: &str, wait: bool) -> Command {
    Command::StopProcessGroup { name: name.to_owned(), wait }
}

#[test]
fn results_come_in_order_of_completion_when_the_last_is_done() {
    let mut sim = Sim::scripted(three(), [("a", Script::exits(0.75, 0)), ("b", Script::exits(0.25, 0))]);
    let request = sim.request(Command::StartAllProcesses { wait: true });
    sim.advance(0.999);
    assert_eq!(sim.answer(request), "waits");
    sim.advance(0.001);
    assert_eq!(
        sim.take().replies().timed(),
        ["1.000 reply 1 [g:b 50 SPAWN_ERROR: g:b, g:a 50 SPAWN_ERROR: g:a, c OK]"]
    );
}

#[test]
fn what_is_known_at_once_comes_first() {
    let quick = with(off("quick"), |it| it.start.startsecs = 0);
    let groups = vec![group("g", 1, [off("slow"), off("lost"), quick, off("broken")])];
    let mut sim = Sim::scripted(groups, [("broken", Script::unborn("no fork"))]);
    sim.hide("lost");
    let request = sim.request(start_group("g", true));
    sim.run_until_quiet();
    let lost = "g:lost 20 NO_FILE: can't find command '/bin/lost'";
    assert_eq!(sim.answer(request), format!("[{lost}, g:quick OK, g:broken 50 SPAWN_ERROR: g:broken, g:slow OK]"));
}

#[test]
fn a_start_concerns_only_what_does_not_run() {
    let mut sim = Sim::with(three());
    sim.start("g:a");
    let rest = sim.request(start_group("g", true));
    let none = sim.request(start_group("g", true));
    assert_eq!(sim.answer(none), "[]");
    sim.run_until_quiet();
    assert_eq!(sim.answer(rest), "[g:b OK]");
}

#[test]
fn a_start_reaches_fatal_and_exited_processes_and_tells_of_unknown_and_stopping_ones() {
    let fatal = with(program("fatal"), |it| it.restart.startretries = 0);
    let groups = vec![group("g", 1, [fatal, program("exited"), program("unknown"), program("stopping")])];
    let mut sim = Sim::configured(groups);
    sim.script("fatal", [Script::unborn("no"), Script::lives()]);
    sim.script("exited", [Script::exits(2.0, 0), Script::lives()]);
    sim.script("unknown", [Script::lives().unreachable(KillError::Failed("EPERM".to_owned()))]);
    sim.script("stopping", [Script::stubborn()]);
    sim.feed(supervisor_core::Input::Boot);
    sim.advance(3.0);
    sim.ask(stop("g:unknown", true));
    sim.ask(stop("g:stopping", false));
    let request = sim.request(start_group("g", true));
    sim.advance(1.0);
    assert_eq!(
        sim.answer(request),
        "[g:unknown 30 FAILED: g:unknown is in an unknown process state, \
         g:stopping 40 ABNORMAL_TERMINATION: g:stopping, g:fatal OK, g:exited OK]"
    );
}

#[test]
fn without_a_wish_to_wait_all_is_answered_at_once() {
    let mut sim = Sim::with(three());
    assert_eq!(sim.ask(Command::StartAllProcesses { wait: false }), "[g:a OK, g:b OK, c OK]");
    sim.advance(1.0);
    let stopped = sim.ask(Command::StopAllProcesses { wait: false });
    assert_eq!(stopped, "[g:a OK, g:b OK, c OK]", "signalled last to first (D4), answered in the contract's order");
}

#[test]
fn what_ends_about_the_same_time_stands_in_the_order_of_the_operation() {
    let groups = vec![group("g", 1, [program("a"), program("b"), program("c")])];
    let scripts = [
        ("a", Script::lives().dying_slowly(0.06)),
        ("b", Script::lives().dying_slowly(0.03)),
        ("c", Script::lives().dying_slowly(0.3)),
    ];
    let mut sim = Sim::scripted(groups, scripts);
    sim.advance(2.0);
    let request = sim.request(stop_group("g", true));
    sim.run_until_quiet();
    assert_eq!(sim.answer(request), "[g:a OK, g:b OK, g:c OK]");
}

#[test]
fn a_stop_concerns_only_what_runs_and_tells_in_order_of_the_ends() {
    let groups = vec![group("g", 1, [program("a"), program("b"), off("c"), program("failing")])];
    let scripts = [
        ("a", Script::lives().dying_slowly(0.5)),
        ("b", Script::lives().dying_slowly(2.0)),
        ("failing", Script::exits(0.5, 1)),
    ];
    let mut sim = Sim::scripted(groups, scripts);
    sim.advance(2.25);
    let request = sim.request(stop_group("g", true));
    sim.run_until_quiet();
    assert_eq!(sim.answer(request), "[g:failing OK, g:a OK, g:b OK]", "BACKOFF is stopped at once");
}

#[test]
fn a_member_that_cannot_be_signalled_does_not_hinder_the_others() {
    let groups = vec![group("g", 1, [program("a"), program("b")])];
    let mut sim = Sim::scripted(groups, [("b", Script::lives().unreachable(KillError::Failed("EPERM".to_owned())))]);
    sim.advance(2.0);
    let request = sim.request(Command::StopAllProcesses { wait: true });
    sim.run_until_quiet();
    assert_eq!(sim.answer(request), "[g:b 30 FAILED: unknown problem killing b (101):EPERM, g:a OK]");
}

#[test]
fn a_star_means_the_group() {
    let mut sim = Sim::with(three());
    for name in ["g:*", "g:"] {
        let started = sim.request(start(name, true));
        sim.run_until_quiet();
        assert_eq!(sim.answer(started), "[g:a OK, g:b OK]");
        assert_eq!(sim.ask(signal(name, "CONT")), "[g:a OK, g:b OK]");
        let stopped = sim.request(stop(name, true));
        sim.run_until_quiet();
        assert_eq!(sim.answer(stopped), "[g:a OK, g:b OK]", "as they were reaped");
    }
}

#[test]
fn group_requests_want_the_bare_name_of_a_group() {
    let mut sim = Sim::with(three());
    for name in ["g:*", "g:a", "nosuch", ""] {
        let expected = format!("10 BAD_NAME: {name}");
        assert_eq!(sim.ask(start_group(name, true)), expected);
        assert_eq!(sim.ask(stop_group(name, true)), expected);
        let (name, signal) = (name.to_owned(), "TERM".to_owned());
        assert_eq!(sim.ask(Command::SignalProcessGroup { name, signal }), expected);
    }
}

#[test]
fn requests_on_nothing_are_answered_at_once() {
    let mut sim = Sim::with(vec![]);
    for command in [
        Command::StartAllProcesses { wait: true },
        Command::StopAllProcesses { wait: true },
        Command::SignalAllProcesses { signal: "TERM".to_owned() },
        Command::ClearAllProcessLogs,
    ] {
        assert_eq!(sim.ask(command), "[]");
    }
}

#[test]
fn signals_reach_what_can_be_signalled_and_a_bad_one_is_told_of_each() {
    let groups = vec![group("g", 1, [program("a"), off("b"), program("c")]), alone(program("d"))];
    let script = Script::stubborn().unreachable(KillError::Failed("EPERM".to_owned()));
    let mut sim = Sim::scripted(groups, [("c", script)]);
    let all = |signal: &str| Command::SignalAllProcesses { signal: signal.to_owned() };
    assert_eq!(
        sim.ask(all("NOSUCH")),
        "[g:a 11 BAD_SIGNAL: NOSUCH, g:c 11 BAD_SIGNAL: NOSUCH, d 11 BAD_SIGNAL: NOSUCH]"
    );
    assert_eq!(sim.ask(all("CONT")), "[g:a OK, g:c 30 FAILED: unknown problem sending sig c (101):EPERM, d OK]");
    let (name, signal) = ("g".to_owned(), "CONT".to_owned());
    assert_eq!(sim.ask(Command::SignalProcessGroup { name, signal }), "[g:a OK]", "c is UNKNOWN by now");
}

#[test]
fn each_result_names_group_and_process_apart() {
    let mut sim = Sim::with(three());
    let request = sim.request(start_group("g", false));
    let Some(Ok(Reply::Results(results))) = sim.host.answers.get(&request) else { panic!("no results") };
    assert_eq!((&*results[0].group, &*results[0].name), ("g", "a"));
    assert_eq!(results[0].fault, None);
    sim.hide("c");
    let request = sim.request(start("c:*", true));
    let Some(Ok(Reply::Results(results))) = sim.host.answers.get(&request) else { panic!("no results") };
    assert_eq!(results[0].fault, Some(Fault::new(FaultCode::NoFile, "can't find command '/bin/c'")));
}
