//! Stop signals, SIGKILL after `stopwaitsecs`, process groups, and exits meanwhile (§1.3 #10–#12, §4; quirks.md K11).

use supervisor_core::{Command, ExitStatus, ProcessState, Signal};

use crate::sim::config::{program, with};
use crate::sim::{Script, Sim};

fn named_signal(name: &str) -> Signal {
    Signal::parse(name).expect("a test names real signals")
}

#[test]
fn sigkill_is_repeated_every_stopwaitsecs_until_it_works() {
    let config = with(program("cat"), |it| it.stop.stopwaitsecs = 3);
    let mut sim = Sim::running(config, Script::stubborn().outliving_kills(2));
    sim.stop("cat");
    sim.run_until_quiet();
    let trace = sim.take();
    assert_eq!(
        trace.calls().timed(),
        [
            "100.000 kill 100 SIGTERM",
            "103.000 kill 100 SIGKILL",
            "106.000 kill 100 SIGKILL",
            "109.000 kill 100 SIGKILL",
            "109.000 release cat",
        ]
    );
    assert_eq!(trace.events().with("STOPPING").lines().len(), 2, "no event of its own for a SIGKILL");
}

#[test]
fn without_stopwaitsecs_sigkill_comes_at_once_and_then_every_second() {
    for stopwaitsecs in [0, -5] {
        let config = with(program("cat"), |it| it.stop.stopwaitsecs = stopwaitsecs);
        let mut sim = Sim::running(config, Script::stubborn().outliving_kills(2));
        sim.stop("cat");
        sim.run_until_quiet();
        assert_eq!(
            sim.take().calls().with("kill").timed(),
            [
                "100.000 kill 100 SIGTERM",
                "100.000 kill 100 SIGKILL",
                "101.000 kill 100 SIGKILL",
                "102.000 kill 100 SIGKILL",
            ]
        );
    }
}

#[test]
fn a_process_that_ends_in_time_is_not_killed() {
    let config = with(program("cat"), |it| it.stop.stopwaitsecs = 3);
    let mut sim = Sim::running(config, Script::lives().dying_slowly(2.999));
    sim.stop("cat");
    sim.run_until_quiet();
    assert_eq!(sim.take().calls().timed(), ["100.000 kill 100 SIGTERM", "102.999 release cat"]);
}

#[test]
fn exitcodes_decide_only_over_the_level_of_stopped() {
    let lines = [
        (0, "INFO stopped: cat (exit status 0)"),
        (7, "INFO stopped: cat (exit status 7)"),
        (1, "WARN stopped: cat (exit status 1)"),
    ];
    for (status, line) in lines {
        let config = with(program("cat"), |it| it.restart.exitcodes = [0, 7].into());
        let mut sim = Sim::running(config, Script::lives().exiting_when_asked(0.5, status));
        sim.stop("cat");
        sim.run_until_quiet();
        assert_eq!(sim.take().with("stopped:").lines(), [line]);
        let info = sim.info("cat");
        assert_eq!((info.state, info.exit_code), (ProcessState::Stopped, Some(i32::from(status))));
        assert_eq!(info.spawnerr, None);
    }
}

#[test]
fn exitsignals_decide_over_the_level_of_stopped_too() {
    for (exitsignals, line) in [
        (&[][..], "WARN stopped: cat (terminated by SIGTERM)"),
        (&[Signal::TERM], "INFO stopped: cat (terminated by SIGTERM)"),
        (&[Signal::KILL], "WARN stopped: cat (terminated by SIGTERM)"),
    ] {
        let mut sim =
            Sim::running(with(program("cat"), |it| it.restart.exitsignals = exitsignals.into()), Script::lives());
        sim.stop("cat");
        sim.run_until_quiet();
        assert_eq!(sim.take().with("stopped:").lines(), [line]);
    }
}

#[test]
fn a_process_that_ends_by_itself_while_it_is_asked_to_has_stopped() {
    let mut sim = Sim::running(program("cat"), Script::stubborn());
    sim.stop("cat");
    sim.exit("cat", ExitStatus::Exited(3));
    assert_eq!(sim.state("cat"), ProcessState::Stopped);
    assert_eq!(sim.deadline(), None);
}

#[test]
fn a_stop_while_starting_is_a_stop_and_no_failed_start() {
    let mut sim = Sim::of(program("cat"));
    sim.advance(0.5);
    sim.take();
    sim.stop("cat");
    sim.run_until_quiet();
    assert_eq!(
        sim.take().events().lines(),
        [
            "PROCESS_STATE_STOPPING cat from_state:STARTING pid:100",
            "PROCESS_STATE_STOPPED cat from_state:STOPPING pid:100",
        ]
    );
}

#[test]
fn stopsignal_is_the_one_that_is_sent() {
    let config = with(program("cat"), |it| it.stop.stopsignal = named_signal("USR1"));
    let mut sim = Sim::running(config, Script::lives());
    sim.stop("cat");
    assert_eq!(sim.take().calls().lines(), ["kill 100 SIGUSR1"]);
}

#[test]
fn group_flags_decide_who_gets_each_signal() {
    // stopasgroup, killasgroup: what is sent, and how many members outlive the leader
    let table = [
        (false, false, ["kill 100 SIGTERM", "kill 100 SIGKILL"], 2),
        (false, true, ["kill 100 SIGTERM", "kill -100 SIGKILL"], 0),
        (true, true, ["kill -100 SIGTERM", "kill -100 SIGKILL"], 0),
    ];
    for (stopasgroup, killasgroup, calls, survivors) in table {
        let config = with(program("cat"), |it| {
            it.stop.stopasgroup = stopasgroup;
            it.stop.killasgroup = killasgroup;
        });
        let mut sim = Sim::running(config, Script::stubborn().with_members(2));
        sim.stop("cat");
        sim.run_until_quiet();
        let trace = sim.take();
        assert_eq!(trace.calls().with("kill").lines(), calls);
        assert_eq!(sim.host.survivors, survivors);
        let to_group = calls.iter().filter(|call| call.contains('-')).count();
        assert_eq!(trace.with(" process group with signal ").lines().len(), to_group);
    }
}

#[test]
fn sigkill_as_stopsignal_goes_to_the_group_only_with_stopasgroup() {
    let config = with(program("cat"), |it| {
        it.stop.stopsignal = Signal::KILL;
        it.stop.killasgroup = true;
    });
    let mut sim = Sim::running(config, Script::lives().outliving_kills(1));
    sim.stop("cat");
    sim.run_until_quiet();
    assert_eq!(sim.take().calls().with("kill").lines(), ["kill 100 SIGKILL", "kill -100 SIGKILL"]);
}

#[test]
fn a_signal_goes_to_the_process_alone_and_changes_nothing() {
    let config = with(program("cat"), |it| {
        it.stop.stopasgroup = true;
        it.stop.killasgroup = true;
    });
    let mut sim = Sim::running(config, Script::stubborn().with_members(2));
    let answer = sim.ask(Command::SignalProcess { name: "cat".to_owned(), signal: "hup".to_owned() });
    assert_eq!(answer, "True");
    assert_eq!(sim.take().lines(), ["DEBG sending cat (pid 100) sig SIGHUP", "kill 100 SIGHUP", "reply 1 True"]);
    assert_eq!((sim.state("cat"), sim.deadline()), (ProcessState::Running, None));
}

#[test]
fn a_stopping_process_takes_signals_and_no_more_stops() {
    let mut sim = Sim::running(program("cat"), Script::stubborn());
    sim.stop("cat");
    let again = sim.stop("cat");
    assert_eq!(sim.answer(again), "70 NOT_RUNNING: cat");
    assert_eq!(sim.ask(Command::SignalProcess { name: "cat".to_owned(), signal: "KILL".to_owned() }), "True");
    sim.advance(0.0);
    assert_eq!(sim.state("cat"), ProcessState::Stopped);
}

#[test]
fn waiting_is_reported_at_once_and_every_two_seconds_while_a_client_waits() {
    let config = with(program("cat"), |it| it.stop.stopwaitsecs = 5);
    let mut sim = Sim::running(config, Script::stubborn());
    sim.stop("cat");
    sim.run_until_quiet();
    assert_eq!(
        sim.take().with("waiting for").timed(),
        [
            "100.000 INFO waiting for cat to stop",
            "102.000 INFO waiting for cat to stop",
            "104.000 INFO waiting for cat to stop",
        ]
    );
    let mut sim = Sim::running(program("cat"), Script::stubborn());
    sim.request(Command::StopProcess { name: "cat".to_owned(), wait: false });
    sim.run_until_quiet();
    assert_eq!(sim.take().with("waiting for").lines(), [""; 0]);
}
