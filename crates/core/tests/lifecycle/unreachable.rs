//! Signals that cannot be sent (§1.3 #15, #16).

use supervisor_core::{Autorestart, Command, ExitStatus, KillError, ProcessState};

use crate::sim::config::{program, with};
use crate::sim::{Script, Sim};

fn out_of_reach() -> Script {
    Script::lives().unreachable(KillError::Failed("EPERM".to_owned()))
}

#[test]
fn row_15_a_stop_that_may_not_be_sent_makes_it_unknown_and_keeps_its_pid() {
    let mut sim = Sim::running(program("cat"), out_of_reach());
    sim.stop("cat");
    assert_eq!(
        sim.take().lines(),
        [
            "DEBG killing cat (pid 100) with signal SIGTERM",
            "PROCESS_STATE_STOPPING cat from_state:RUNNING pid:100",
            "kill 100 SIGTERM",
            "CRIT unknown problem killing cat (100):EPERM",
            "PROCESS_STATE_UNKNOWN cat from_state:STOPPING",
            "reply 1 30 FAILED: unknown problem killing cat (100):EPERM",
        ]
    );
    assert_eq!((sim.state("cat"), sim.pid("cat"), sim.deadline()), (ProcessState::Unknown, Some(100), None));
}

#[test]
fn row_15_a_signal_that_may_not_be_sent_makes_it_unknown() {
    for running_for in [0.5, 5.0] {
        let mut sim = Sim::of_scripted(program("cat"), [out_of_reach()]);
        sim.advance(running_for);
        let from = sim.state("cat").name();
        sim.take();
        let answer = sim.ask(Command::SignalProcess { name: "cat".to_owned(), signal: "1".to_owned() });
        assert_eq!(answer, "30 FAILED: unknown problem sending sig cat (100):EPERM");
        assert_eq!(sim.take().events().lines(), [format!("PROCESS_STATE_UNKNOWN cat from_state:{from}")]);
        assert_eq!(sim.deadline(), None);
    }
}

#[test]
fn row_15_a_sigkill_that_may_not_be_sent_ends_the_wait_of_the_client() {
    let mut sim = Sim::running(with(program("cat"), |it| it.stop.stopwaitsecs = 9), Script::stubborn());
    let request = sim.stop("cat");
    sim.advance(5.0);
    let child = sim.host.children.get_mut(&100).expect("it ignores SIGTERM");
    child.get_out_of_reach(KillError::Failed("EPERM".to_owned()));
    sim.advance(4.0);
    assert_eq!((sim.answer(request).as_str(), sim.state("cat")), ("True", ProcessState::Unknown));
    assert_eq!(sim.take().with("CRIT").timed(), ["109.000 CRIT unknown problem killing cat (100):EPERM"]);
    assert_eq!(sim.deadline(), None, "nobody waits for it any more");
}

#[test]
fn an_unknown_process_is_left_alone_until_it_ends() {
    let config = with(program("cat"), |it| it.restart.autorestart = Autorestart::Always);
    let mut sim = Sim::running(config, out_of_reach());
    sim.stop("cat");
    let start = sim.start("cat");
    assert_eq!(sim.answer(start), "30 FAILED: cat is in an unknown process state");
    let stop = sim.stop("cat");
    assert_eq!(sim.answer(stop), "70 NOT_RUNNING: cat");
    assert_eq!(
        sim.ask(Command::SignalProcess { name: "cat".to_owned(), signal: "KILL".to_owned() }),
        "70 NOT_RUNNING: cat"
    );
    sim.take();
    sim.exit("cat", ExitStatus::Exited(0));
    assert_eq!(
        sim.take().lines(),
        ["PROCESS_STATE_STOPPED cat from_state:UNKNOWN pid:100", "INFO stopped: cat (exit status 0)", "release cat"]
    );
    let start = sim.start("cat");
    sim.advance(1.0);
    assert_eq!(sim.answer(start), "True");
}

#[test]
fn row_16_a_process_that_has_just_gone_is_reaped_as_stopped() {
    let mut sim = Sim::running(program("cat"), Script::lives().unreachable(KillError::Gone));
    let request = sim.stop("cat");
    assert_eq!(sim.state("cat"), ProcessState::Stopping);
    sim.run_until_quiet();
    assert_eq!(sim.answer(request), "True");
    assert_eq!(
        sim.take().lines(),
        [
            "DEBG killing cat (pid 100) with signal SIGTERM",
            "PROCESS_STATE_STOPPING cat from_state:RUNNING pid:100",
            "kill 100 SIGTERM",
            "DEBG unable to signal cat (pid 100), it probably just exited on its own: ESRCH",
            "INFO waiting for cat to stop",
            "PROCESS_STATE_STOPPED cat from_state:STOPPING pid:100",
            "reply 1 True",
            "INFO stopped: cat (exit status 0)",
            "release cat",
        ]
    );
}

#[test]
fn row_16_a_signal_to_a_process_that_has_just_gone_is_no_failure() {
    let config = with(program("cat"), |it| it.restart.autorestart = Autorestart::Never);
    let mut sim = Sim::running(config, Script::lives().unreachable(KillError::Gone));
    assert_eq!(sim.ask(Command::SignalProcess { name: "cat".to_owned(), signal: "HUP".to_owned() }), "True");
    assert_eq!(sim.state("cat"), ProcessState::Running);
    sim.run_until_quiet();
    assert_eq!(sim.state("cat"), ProcessState::Exited);
}
