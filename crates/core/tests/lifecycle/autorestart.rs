//! What becomes of a RUNNING process that ends by itself (§1.3 #3, #13).

use supervisor_core::{Autorestart, ExitStatus, ProcessState, Signal};

use crate::sim::config::{program, with};
use crate::sim::{Script, Sim};

const KILLED: ExitStatus = ExitStatus::Signaled { signal: 9, core_dumped: false };

#[test]
fn autorestart_and_exitcodes_decide_over_a_restart() {
    use Autorestart::{Always, Never, Unexpected};
    let table: [(Autorestart, &[i32], ExitStatus, bool, bool); 16] = [
        // autorestart, exitcodes, how it ends: expected, restarted
        (Never, &[0], ExitStatus::Exited(0), true, false),
        (Never, &[0], ExitStatus::Exited(1), false, false),
        (Never, &[0], KILLED, false, false),
        (Unexpected, &[0], ExitStatus::Exited(0), true, false),
        (Unexpected, &[0], ExitStatus::Exited(1), false, true),
        (Unexpected, &[0], KILLED, false, true),
        (Unexpected, &[0, 2], ExitStatus::Exited(2), true, false),
        (Unexpected, &[1, 255], ExitStatus::Exited(0), false, true),
        (Unexpected, &[1, 255], ExitStatus::Exited(255), true, false),
        (Unexpected, &[], ExitStatus::Exited(0), false, true),
        (Unexpected, &[9], KILLED, false, true),
        (Always, &[0], ExitStatus::Exited(0), true, true),
        (Always, &[0], ExitStatus::Exited(1), false, true),
        (Always, &[0], KILLED, false, true),
        (Always, &[], ExitStatus::Exited(0), false, true),
        (Never, &[], ExitStatus::Exited(0), false, false),
    ];
    for (autorestart, exitcodes, status, expected, restarted) in table {
        let config = with(program("cat"), |it| {
            it.restart.autorestart = autorestart;
            it.restart.exitcodes = exitcodes.into();
        });
        let mut sim = Sim::running(config, Script::lives());
        sim.exit("cat", status);
        let case = format!("{autorestart:?} {exitcodes:?} {status:?}");
        let event = format!("PROCESS_STATE_EXITED cat from_state:RUNNING expected:{} pid:100", i32::from(expected));
        assert_eq!(sim.take().events().lines()[0], event, "{case}");
        let state = if restarted { ProcessState::Starting } else { ProcessState::Exited };
        assert_eq!(sim.state("cat"), state, "{case}");
    }
}

#[test]
fn exitsignals_decide_over_a_restart_as_exitcodes_do() {
    use Autorestart::{Always, Never, Unexpected};
    let by = |signal| ExitStatus::Signaled { signal, core_dumped: false };
    let table = [
        // autorestart, how it ends: the words of the log, whether it is restarted
        (Unexpected, by(15), "INFO exited: cat (terminated by SIGTERM; expected)", false),
        (Unexpected, by(10), "INFO exited: cat (terminated by SIGUSR1; expected)", false),
        (Unexpected, by(9), "WARN exited: cat (terminated by SIGKILL; not expected)", true),
        (Unexpected, ExitStatus::Exited(15), "WARN exited: cat (exit status 15; not expected)", true),
        (Unexpected, ExitStatus::Exited(0), "INFO exited: cat (exit status 0; expected)", false),
        (Always, by(15), "INFO exited: cat (terminated by SIGTERM; expected)", true),
        (Never, by(9), "WARN exited: cat (terminated by SIGKILL; not expected)", false),
    ];
    for (autorestart, status, line, restarted) in table {
        let config = with(program("cat"), |it| {
            it.restart.autorestart = autorestart;
            it.restart.exitsignals = ["TERM", "USR1"].into_iter().filter_map(Signal::parse).collect();
        });
        let mut sim = Sim::running(config, Script::lives());
        sim.take();
        sim.exit("cat", status);
        let (seen, expected) = (sim.take(), line.ends_with("; expected)"));
        assert_eq!(seen.with("exited:").lines(), [line]);
        let event = format!("PROCESS_STATE_EXITED cat from_state:RUNNING expected:{} pid:100", i32::from(expected));
        assert_eq!(seen.events().lines()[0], event, "{line}");
        let info = sim.info("cat");
        let state = if restarted { ProcessState::Starting } else { ProcessState::Exited };
        assert_eq!((info.state, info.last_exit.map(|end| end.expected)), (state, Some(expected)), "{line}");
        if !restarted {
            let spawnerr = (!expected).then_some("Bad exit code -1");
            assert_eq!((info.exit_code, info.spawnerr.as_deref()), (Some(status.code()), spawnerr), "{line}");
        }
    }
}

#[test]
fn a_death_before_startsecs_is_a_failed_start_whatever_exitsignals_says() {
    let config = with(program("cat"), |it| it.restart.exitsignals = [Signal::TERM].into());
    let mut sim = Sim::of(config);
    sim.exit("cat", ExitStatus::Signaled { signal: 15, core_dumped: false });
    assert_eq!(sim.take().with("exited:").lines(), ["WARN exited: cat (terminated by SIGTERM; not expected)"]);
    assert_eq!(sim.state("cat"), ProcessState::Backoff);
}

#[test]
fn a_process_that_was_stopped_stays_stopped() {
    let config = with(program("cat"), |it| it.restart.autorestart = Autorestart::Always);
    let mut sim = Sim::running(config, Script::lives().exiting_when_asked(0.0, 1));
    sim.stop("cat");
    sim.run_until_quiet();
    assert_eq!(sim.state("cat"), ProcessState::Stopped);
}

#[test]
fn a_stop_in_the_turn_of_an_exit_finds_the_restarted_process() {
    let mut sim = Sim::running(program("cat"), Script::lives());
    sim.exit("cat", ExitStatus::Exited(1));
    let request = sim.stop("cat");
    sim.run_until_quiet();
    assert_eq!((sim.answer(request).as_str(), sim.state("cat")), ("True", ProcessState::Stopped));
}

#[test]
fn a_restart_that_fails_to_spawn_goes_through_the_retries() {
    let config = with(program("cat"), |it| it.restart.startretries = 1);
    let mut sim = Sim::of_scripted(config, [Script::exits(5.0, 1), Script::unborn("no fork today")]);
    sim.advance(5.0);
    assert_eq!(sim.state("cat"), ProcessState::Backoff);
    sim.run_until_quiet();
    assert_eq!(sim.state("cat"), ProcessState::Fatal);
    assert_eq!(sim.info("cat").spawnerr.as_deref(), Some("no fork today"));
}
