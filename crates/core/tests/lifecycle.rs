//! The transition table (§1.3), row by row: events, log lines and what is asked of the host, in their order.

mod autorestart;
mod delays;
mod pauses;
mod records;
mod retries;
mod startsecs;
mod stopping;
mod unreachable;

use supervisor_core::{Autorestart, Command, ExitStatus, ProcessState};

use crate::sim::config::{program, with};
use crate::sim::{Script, Sim};

#[test]
fn row_1_autostart_spawns_at_boot() {
    let mut sim = Sim::of(program("cat"));
    assert_eq!(
        sim.take().lines(),
        [
            "PROCESS_GROUP_ADDED groupname:cat",
            "SUPERVISOR_STATE_CHANGE_RUNNING",
            "PROCESS_STATE_STARTING cat from_state:STOPPED tries:0",
            "spawn cat",
            "INFO spawned: 'cat' with pid 100",
        ]
    );
    assert_eq!(sim.state("cat"), ProcessState::Starting);
}

#[test]
fn row_1_without_autostart_nothing_happens() {
    let mut sim = Sim::of(with(program("cat"), |it| it.start.autostart = false));
    assert_eq!(sim.take().lines(), ["PROCESS_GROUP_ADDED groupname:cat", "SUPERVISOR_STATE_CHANGE_RUNNING"]);
    assert!(!sim.step(), "there is nothing to wait for");
    assert_eq!(sim.state("cat"), ProcessState::Stopped);
}

#[test]
fn row_2_a_start_by_hand_leaves_every_stopped_state() {
    let config = with(program("cat"), |it| {
        it.start.autostart = false;
        it.restart.autorestart = Autorestart::Never;
        it.restart.startretries = 0;
    });
    let scripts = [Script::exits(3.0, 0), Script::exits(0.5, 1), Script::lives()];
    let mut sim = Sim::of_scripted(config, scripts);

    let from_stopped = sim.start("cat");
    sim.run_until_quiet();
    assert_eq!((sim.answer(from_stopped).as_str(), sim.state("cat")), ("True", ProcessState::Exited));

    let from_exited = sim.start("cat");
    sim.run_until_quiet();
    assert_eq!((sim.answer(from_exited).as_str(), sim.state("cat")), ("50 SPAWN_ERROR: cat", ProcessState::Fatal));

    let from_fatal = sim.start("cat");
    sim.run_until_quiet();
    assert_eq!((sim.answer(from_fatal).as_str(), sim.state("cat")), ("True", ProcessState::Running));
    assert_eq!(
        sim.take().events().with("STARTING cat").lines(),
        [
            "PROCESS_STATE_STARTING cat from_state:STOPPED tries:0",
            "PROCESS_STATE_STARTING cat from_state:EXITED tries:0",
            "PROCESS_STATE_STARTING cat from_state:FATAL tries:0",
        ]
    );
}

#[test]
fn row_3_a_restart_follows_an_exit_at_once() {
    let mut sim = Sim::running(program("cat"), Script::lives());
    sim.exit("cat", ExitStatus::Exited(1));
    assert_eq!(
        sim.take().timed(),
        [
            "100.000 PROCESS_STATE_EXITED cat from_state:RUNNING expected:0 pid:100",
            "100.000 WARN exited: cat (exit status 1; not expected)",
            "100.000 release cat",
            "100.000 PROCESS_STATE_STARTING cat from_state:EXITED tries:0",
            "100.000 spawn cat",
            "100.000 INFO spawned: 'cat' with pid 101",
        ]
    );
}

#[test]
fn row_3_restarts_are_not_limited() {
    let config = with(program("cat"), |it| {
        it.restart.autorestart = Autorestart::Always;
        it.restart.startretries = 0;
    });
    let mut sim = Sim::of_scripted(config, [Script::exits(1.5, 0)]);
    sim.advance(1_500.0);
    assert_eq!(sim.take().calls().with("spawn cat").lines().len(), 1_001);
}

#[test]
fn rows_4_and_6_a_too_quick_exit_is_tried_again() {
    let mut sim = Sim::of_scripted(program("cat"), [Script::exits(0.25, 2), Script::lives()]);
    sim.take();
    sim.advance(1.5);
    assert_eq!(
        sim.take().timed(),
        [
            "0.250 PROCESS_STATE_BACKOFF cat from_state:STARTING tries:1",
            "0.250 WARN exited: cat (exit status 2; not expected)",
            "0.250 release cat",
            "1.250 PROCESS_STATE_STARTING cat from_state:BACKOFF tries:1",
            "1.250 spawn cat",
            "1.250 INFO spawned: 'cat' with pid 101",
        ]
    );
}

#[test]
fn row_5_a_process_that_stays_up_is_running() {
    let mut sim = Sim::of(program("cat"));
    sim.take();
    sim.run_until_quiet();
    assert_eq!(
        sim.take().timed(),
        [
            "1.000 PROCESS_STATE_RUNNING cat from_state:STARTING pid:100",
            "1.000 INFO success: cat entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)",
        ]
    );
}

#[test]
fn row_6_a_spawn_error_is_a_failed_start() {
    let mut sim = Sim::of_scripted(program("cat"), [Script::unborn("too many open files to spawn 'cat'")]);
    sim.take();
    sim.advance(1.0);
    assert_eq!(
        sim.take().timed(),
        [
            "1.000 PROCESS_STATE_STARTING cat from_state:BACKOFF tries:1",
            "1.000 spawn cat fails",
            "1.000 INFO spawnerr: too many open files to spawn 'cat'",
            "1.000 PROCESS_STATE_BACKOFF cat from_state:STARTING tries:2",
        ]
    );
    assert_eq!(sim.info("cat").spawnerr.as_deref(), Some("too many open files to spawn 'cat'"));
}

#[test]
fn row_7_the_last_failure_ends_in_fatal_without_a_wait() {
    let config = with(program("cat"), |it| it.restart.startretries = 1);
    let mut sim = Sim::of_scripted(config, [Script::exits(0.25, 2)]);
    sim.advance(1.0);
    sim.take();
    sim.run_until_quiet();
    assert_eq!(
        sim.take().timed(),
        [
            "1.250 PROCESS_STATE_STARTING cat from_state:BACKOFF tries:1",
            "1.250 spawn cat",
            "1.250 INFO spawned: 'cat' with pid 101",
            "1.500 PROCESS_STATE_BACKOFF cat from_state:STARTING tries:2",
            "1.500 WARN exited: cat (exit status 2; not expected)",
            "1.500 PROCESS_STATE_FATAL cat from_state:BACKOFF",
            "1.500 INFO gave up: cat entered FATAL state, too many start retries too quickly",
            "1.500 release cat",
        ]
    );
}

#[test]
fn row_9_a_stop_in_backoff_is_done_at_once() {
    let mut sim = Sim::of_scripted(program("cat"), [Script::exits(0.25, 2)]);
    sim.advance(0.5);
    sim.take();
    let request = sim.stop("cat");
    assert_eq!(
        sim.take().lines(),
        [
            "DEBG Attempted to kill cat, which is in BACKOFF state.",
            "PROCESS_STATE_STOPPED cat from_state:BACKOFF pid:0",
            "reply 1 True",
        ]
    );
    assert_eq!(sim.answer(request), "True");
    assert!(!sim.step(), "the retry is off");
}

#[test]
fn rows_10_and_12_a_stop_signals_and_waits_for_the_end() {
    let mut sim = Sim::running(program("cat"), Script::lives().dying_slowly(0.5));
    sim.stop("cat");
    sim.run_until_quiet();
    assert_eq!(
        sim.take().timed(),
        [
            "100.000 DEBG killing cat (pid 100) with signal SIGTERM",
            "100.000 PROCESS_STATE_STOPPING cat from_state:RUNNING pid:100",
            "100.000 kill 100 SIGTERM",
            "100.000 INFO waiting for cat to stop",
            "100.500 PROCESS_STATE_STOPPED cat from_state:STOPPING pid:100",
            "100.500 reply 1 True",
            "100.500 WARN stopped: cat (terminated by SIGTERM)",
            "100.500 release cat",
        ]
    );
}

#[test]
fn row_11_a_process_that_does_not_stop_is_killed() {
    let mut sim = Sim::running(program("cat"), Script::stubborn());
    sim.request(Command::StopProcess { name: "cat".to_owned(), wait: false });
    sim.take();
    sim.run_until_quiet();
    assert_eq!(
        sim.take().timed(),
        [
            "110.000 WARN killing 'cat' (100) with SIGKILL",
            "110.000 DEBG killing cat (pid 100) with signal SIGKILL",
            "110.000 kill 100 SIGKILL",
            "110.000 PROCESS_STATE_STOPPED cat from_state:STOPPING pid:100",
            "110.000 WARN stopped: cat (terminated by SIGKILL)",
            "110.000 release cat",
        ]
    );
}

#[test]
fn row_13_an_exit_of_a_running_process_is_told_with_its_status() {
    let ends = [
        (ExitStatus::Exited(0), "expected:1", "INFO exited: cat (exit status 0; expected)", 0),
        (ExitStatus::Exited(7), "expected:0", "WARN exited: cat (exit status 7; not expected)", 7),
        (
            ExitStatus::Signaled { signal: 11, core_dumped: true },
            "expected:0",
            "WARN exited: cat (terminated by SIGSEGV (core dumped); not expected)",
            -1,
        ),
    ];
    for (status, expected, line, code) in ends {
        let config = with(program("cat"), |it| it.restart.autorestart = Autorestart::Never);
        let mut sim = Sim::running(config, Script::lives());
        sim.exit("cat", status);
        let event = format!("PROCESS_STATE_EXITED cat from_state:RUNNING {expected} pid:100");
        assert_eq!(sim.take().lines(), [event.as_str(), line, "release cat"]);
        let info = sim.info("cat");
        assert_eq!((info.state, info.exit_code, info.pid), (ProcessState::Exited, Some(code), None));
        let spawnerr = (code != 0).then(|| format!("Bad exit code {code}"));
        assert_eq!(info.spawnerr.as_deref(), spawnerr.as_deref());
    }
}

#[test]
fn row_14_an_exit_before_the_timer_of_running_was_told_is_no_failed_start() {
    let config = with(program("cat"), |it| it.restart.autorestart = Autorestart::Never);
    let mut sim = Sim::of_scripted(config, [Script::exits(1.0, 0)]);
    sim.take();
    sim.run_until_quiet();
    assert_eq!(
        sim.take().timed(),
        [
            "1.000 PROCESS_STATE_RUNNING cat from_state:STARTING pid:100",
            "1.000 PROCESS_STATE_EXITED cat from_state:RUNNING expected:1 pid:100",
            "1.000 INFO exited: cat (exit status 0; expected)",
            "1.000 release cat",
        ]
    );
}
