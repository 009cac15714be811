//! Shutdown: the order, what is waited for, what does not happen any more (§2, §9.7, §9.8; quirks.md F04, K41, D7).

mod bounded;
mod refusals;
mod restart;

use std::sync::Arc;

use supervisor_core::{
    Autorestart, Command, DaemonSignal, ExitStatus, GroupConfig, KillError, LogLevel, ProcessConfig, ProcessState,
    SupervisorState, limits,
};

use crate::sim::config::{alone, group, program, with};
use crate::sim::{Script, Sim};

fn with_priority(name: &str, priority: i64) -> ProcessConfig {
    ProcessConfig { priority, ..program(name) }
}

#[test]
fn the_whole_of_a_shutdown() {
    let mut sim = Sim::running(program("cat"), Script::lives().dying_slowly(0.5));
    sim.signal(DaemonSignal::Term);
    assert!(!sim.supervisor.is_finished());
    sim.run_until_quiet();
    assert_eq!(
        sim.take().timed(),
        [
            "100.000 WARN received SIGTERM indicating exit request",
            "100.000 state SHUTDOWN",
            "100.000 SUPERVISOR_STATE_CHANGE_STOPPING",
            "100.000 DEBG killing cat (pid 100) with signal SIGTERM",
            "100.000 PROCESS_STATE_STOPPING cat from_state:RUNNING pid:100",
            "100.000 kill 100 SIGTERM",
            "100.000 INFO waiting for cat to die",
            "100.500 PROCESS_STATE_STOPPED cat from_state:STOPPING pid:100",
            "100.500 WARN stopped: cat (terminated by SIGTERM)",
            "100.500 release cat",
        ]
    );
    assert!(sim.supervisor.is_finished());
    assert_eq!(sim.deadline(), None);
}

/// Every child needs a second to die.
fn all_slow(groups: Vec<Arc<GroupConfig>>) -> Sim {
    let mut sim = Sim::scripted(groups, [("*", Script::lives().dying_slowly(1.0))]);
    sim.advance(2.0);
    sim.take();
    sim
}

#[test]
fn groups_stop_one_after_another_by_descending_priority() {
    let pair = group("pair", 5, [with_priority("low", 1), with_priority("high", 2)]);
    let mut sim = all_slow(vec![alone(with_priority("first", 1)), pair, alone(with_priority("last", 10))]);
    sim.signal(DaemonSignal::Term);
    sim.run_until_quiet();
    assert_eq!(
        sim.take().calls().with("kill").timed(),
        ["2.000 kill 103 SIGTERM", "3.000 kill 102 SIGTERM", "3.000 kill 101 SIGTERM", "4.000 kill 100 SIGTERM"]
    );
    assert!(sim.supervisor.is_finished());
}

#[test]
fn equal_priorities_stop_one_after_another_too_the_last_added_first() {
    let mut sim = all_slow(vec![alone(program("a")), alone(program("b")), alone(program("c"))]);
    sim.signal(DaemonSignal::Term);
    sim.run_until_quiet();
    assert_eq!(
        sim.take().calls().with("kill").timed(),
        ["2.000 kill 102 SIGTERM", "3.000 kill 101 SIGTERM", "4.000 kill 100 SIGTERM"]
    );
}

#[test]
fn groups_that_have_stopped_cost_no_time() {
    let off = |name| alone(with(program(name), |it| it.start.autostart = false));
    let mut sim = Sim::with(vec![off("a"), off("b"), off("c")]);
    sim.signal(DaemonSignal::Int);
    assert!(sim.supervisor.is_finished());
    let mut empty = Sim::with(vec![]);
    empty.signal(DaemonSignal::Quit);
    assert!(empty.supervisor.is_finished());
    assert_eq!(empty.take().with("waiting").lines(), [""; 0]);
}

#[test]
fn a_group_waits_for_its_slowest_member() {
    let groups = vec![alone(with_priority("db", 1)), group("web", 2, [program("a"), program("b")])];
    let mut sim = Sim::scripted(groups, [("a", Script::lives().dying_slowly(2.5))]);
    sim.advance(2.0);
    sim.take();
    sim.signal(DaemonSignal::Term);
    sim.run_until_quiet();
    assert_eq!(
        sim.take().calls().with("kill").timed(),
        ["2.000 kill 102 SIGTERM", "2.000 kill 101 SIGTERM", "4.500 kill 100 SIGTERM"]
    );
}

#[test]
fn waiting_is_reported_at_once_and_every_three_seconds_with_all_that_is_left() {
    let groups = vec![alone(with_priority("z", 1)), group("g", 2, [program("b"), program("a")])];
    let mut sim = Sim::scripted(groups, [("a", Script::stubborn()), ("z", Script::stubborn())]);
    sim.host.log_level = LogLevel::Blather;
    sim.advance(2.0);
    sim.take();
    sim.signal(DaemonSignal::Term);
    let trace = sim.take();
    assert_eq!(
        trace.with("state: ").lines(),
        ["BLAT z state: RUNNING", "BLAT b state: STOPPING", "BLAT a state: STOPPING"]
    );
    assert_eq!(trace.with("to die").timed(), ["2.000 INFO waiting for z, b, a to die"]);
    sim.run_until_quiet();
    assert_eq!(
        sim.take().with("to die").timed(),
        [
            "5.000 INFO waiting for z, a to die",
            "8.000 INFO waiting for z, a to die",
            "11.000 INFO waiting for z, a to die",
            "14.000 INFO waiting for z to die",
            "17.000 INFO waiting for z to die",
            "20.000 INFO waiting for z to die",
        ]
    );
    assert_eq!(sim.host.now, crate::sim::seconds(22), "10 s for each SIGKILL");
}

#[test]
fn backoff_becomes_fatal_without_a_word() {
    let mut sim = Sim::of_scripted(program("cat"), [Script::exits(0.5, 1)]);
    sim.advance(0.75);
    sim.take();
    sim.signal(DaemonSignal::Term);
    assert!(sim.supervisor.is_finished());
    assert_eq!(
        sim.take().lines(),
        [
            "WARN received SIGTERM indicating exit request",
            "state SHUTDOWN",
            "SUPERVISOR_STATE_CHANGE_STOPPING",
            "PROCESS_STATE_FATAL cat from_state:BACKOFF",
        ]
    );
    assert_eq!(sim.deadline(), None, "the retry is off");
}

/// `first` waits for its turn while the stubborn `last` is stopped for ten seconds.
fn first_waits_for_last(first: ProcessConfig, script: Script) -> Sim {
    let groups = vec![alone(first), alone(with_priority("last", 1_000))];
    Sim::scripted(groups, [("first", script), ("last", Script::stubborn())])
}

#[test]
fn no_retry_is_made_while_other_groups_stop() {
    let mut sim = first_waits_for_last(program("first"), Script::exits(0.5, 1));
    sim.advance(0.75);
    sim.take();
    sim.signal(DaemonSignal::Term);
    sim.run_until_quiet();
    assert_eq!(sim.take().events().with("first").timed(), ["10.750 PROCESS_STATE_FATAL first from_state:BACKOFF"]);
    assert!(sim.supervisor.is_finished());
}

#[test]
fn nothing_is_restarted_while_other_groups_stop() {
    let config = with(program("first"), |it| it.restart.autorestart = Autorestart::Always);
    let mut sim = first_waits_for_last(config, Script::exits(3.0, 1));
    sim.advance(2.0);
    sim.take();
    sim.signal(DaemonSignal::Term);
    sim.run_until_quiet();
    assert_eq!(
        sim.take().events().with("first").timed(),
        ["3.000 PROCESS_STATE_EXITED first from_state:RUNNING expected:0 pid:100"]
    );
}

#[test]
fn a_start_that_fails_for_the_last_time_gives_up_in_a_shutdown_too() {
    let config = with(program("first"), |it| {
        it.restart.startretries = 0;
        it.start.startsecs = 5;
    });
    let mut sim = first_waits_for_last(config, Script::exits(3.0, 1));
    sim.signal(DaemonSignal::Term);
    sim.run_until_quiet();
    assert_eq!(
        sim.take().with("gave up").timed(),
        ["3.000 INFO gave up: first entered FATAL state, too many start retries too quickly"]
    );
}

#[test]
fn a_starting_process_goes_on_until_it_is_its_turn() {
    let mut sim = first_waits_for_last(program("first"), Script::lives());
    sim.take();
    sim.signal(DaemonSignal::Term);
    sim.run_until_quiet();
    assert_eq!(
        sim.take().events().with("first").timed(),
        [
            "1.000 PROCESS_STATE_RUNNING first from_state:STARTING pid:100",
            "10.000 PROCESS_STATE_STOPPING first from_state:RUNNING pid:100",
            "10.000 PROCESS_STATE_STOPPED first from_state:STOPPING pid:100",
        ]
    );
}

#[test]
fn what_waits_for_its_first_spawn_is_not_spawned() {
    let count = limits::SPAWNS_PER_TURN + 8;
    let mut sim = Sim::with((0..count).map(|n| alone(program(&format!("p{n}")))).collect());
    sim.signal(DaemonSignal::Term);
    sim.run_until_quiet();
    assert_eq!(sim.take().calls().with("spawn").lines().len(), limits::SPAWNS_PER_TURN);
    assert!(sim.supervisor.is_finished());
}

#[test]
fn what_cannot_be_signalled_is_not_waited_for() {
    let script = Script::lives().unreachable(KillError::Failed("EPERM".to_owned()));
    let mut sim = Sim::running(program("cat"), script);
    sim.take();
    sim.signal(DaemonSignal::Term);
    assert!(sim.supervisor.is_finished());
    assert_eq!(sim.state("cat"), ProcessState::Unknown);
    let warnings = sim.take().log().with("WARN").lines();
    assert_eq!(
        warnings.last().map(String::as_str),
        Some("WARN cat (pid 100) could not be signalled, it is left running")
    );
}

#[test]
fn a_process_that_is_stopping_already_is_not_signalled_again() {
    let mut sim = Sim::running(program("cat"), Script::stubborn());
    sim.request(Command::StopProcess { name: "cat".to_owned(), wait: false });
    sim.advance(4.0);
    sim.take();
    sim.signal(DaemonSignal::Term);
    sim.run_until_quiet();
    assert_eq!(sim.take().calls().with("kill").timed(), ["110.000 kill 100 SIGKILL"]);
}

#[test]
fn a_second_signal_does_not_force_anything() {
    let mut sim = Sim::running(program("cat"), Script::stubborn());
    sim.signal(DaemonSignal::Term);
    sim.advance(1.0);
    sim.take();
    sim.signal(DaemonSignal::Int);
    assert_eq!(sim.take().lines(), ["WARN received SIGINT indicating exit request", "state SHUTDOWN"]);
    sim.run_until_quiet();
    assert_eq!(sim.take().calls().with("kill").timed(), ["110.000 kill 100 SIGKILL"]);
}

#[test]
fn requests_that_wait_are_answered_on_the_way() {
    let groups = vec![alone(program("a")), alone(program("b"))];
    let mut sim = Sim::scripted(groups, [("b", Script::stubborn())]);
    sim.advance(2.0);
    let stopping = sim.stop("b");
    sim.exit("a", ExitStatus::Exited(0));
    let starting = sim.start("a");
    sim.signal(DaemonSignal::Term);
    assert_eq!(sim.answer(stopping), "waits");
    sim.advance(1.5);
    assert_eq!(sim.answer(starting), "True", "it has come up before its turn");
    sim.run_until_quiet();
    assert_eq!(sim.answer(stopping), "True");

    let mut sim = Sim::of(program("cat"));
    sim.stop("cat");
    sim.run_until_quiet();
    let starting = sim.start("cat");
    sim.signal(DaemonSignal::Term);
    assert_eq!(sim.answer(starting), "40 ABNORMAL_TERMINATION: cat");
    assert_eq!(sim.supervisor.state(), SupervisorState::Shutdown);
}
