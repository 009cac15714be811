//! SIGHUP, the restart command and other signals to supervisord (§9.7, §9.9; quirks.md D6, F26).

use supervisor_core::{Command, DaemonSignal, Input, LogLevel, ProcessState, SupervisorState};

use crate::sim::config::{program, with};
use crate::sim::{Script, Sim};

#[test]
fn hangup_reads_the_configuration_and_then_stops_everything() {
    let mut sim = Sim::running(program("cat"), Script::lives());
    sim.signal(DaemonSignal::Hup);
    assert_eq!(sim.supervisor.state(), SupervisorState::Restarting);
    sim.run_until_quiet();
    assert!(sim.supervisor.is_finished());
    assert_eq!(
        sim.take().lines(),
        [
            "WARN received SIGHUP indicating restart request",
            "read the configuration",
            "state RESTARTING",
            "SUPERVISOR_STATE_CHANGE_STOPPING",
            "DEBG killing cat (pid 100) with signal SIGTERM",
            "PROCESS_STATE_STOPPING cat from_state:RUNNING pid:100",
            "kill 100 SIGTERM",
            "INFO waiting for cat to die",
            "PROCESS_STATE_STOPPED cat from_state:STOPPING pid:100",
            "WARN stopped: cat (terminated by SIGTERM)",
            "release cat",
        ]
    );
}

#[test]
fn a_bad_configuration_leaves_everything_as_it_is() {
    for by_command in [false, true] {
        let mut sim = Sim::running(program("cat"), Script::lives());
        sim.restart_config = Err("File contains no section headers.".to_owned());
        if by_command {
            assert_eq!(sim.ask(Command::Restart), "92 CANT_REREAD: File contains no section headers.");
        } else {
            sim.signal(DaemonSignal::Hup);
        }
        let critical = sim.take().with("CRIT");
        assert_eq!(critical.lines().len(), 1);
        assert_eq!(critical.with("File contains no section headers.").lines().len(), 1);
        assert_eq!(sim.supervisor.state(), SupervisorState::Running);
        assert_eq!((sim.state("cat"), sim.deadline()), (ProcessState::Running, None));
    }
}

#[test]
fn a_restart_command_is_answered_before_anything_stops() {
    let mut sim = Sim::running(program("cat"), Script::stubborn());
    assert_eq!(sim.ask(Command::Restart), "True");
    let lines = sim.take().lines();
    let place = |text: &str| lines.iter().position(|line| line == text);
    assert!(place("reply 1 True") < place("state RESTARTING"), "{lines:?}");
    assert_eq!(sim.supervisor.state(), SupervisorState::Restarting);
}

#[test]
fn a_shutdown_command_is_answered_before_anything_stops() {
    let mut sim = Sim::running(program("cat"), Script::lives());
    assert_eq!(sim.ask(Command::Shutdown), "True");
    assert_eq!(sim.take().lines()[..2], ["reply 1 True", "state SHUTDOWN"]);
    sim.run_until_quiet();
    assert!(sim.supervisor.is_finished());
}

#[test]
fn a_terminating_signal_turns_a_restart_into_a_shutdown() {
    let mut sim = Sim::running(program("cat"), Script::stubborn());
    sim.signal(DaemonSignal::Hup);
    sim.advance(1.0);
    sim.take();
    sim.signal(DaemonSignal::Term);
    assert_eq!(sim.take().lines(), ["WARN received SIGTERM indicating exit request", "state SHUTDOWN"]);
    sim.run_until_quiet();
    assert!(sim.supervisor.is_finished());
    assert_eq!(sim.supervisor.state(), SupervisorState::Shutdown);
}

#[test]
fn hangup_is_ignored_in_a_shutdown() {
    let mut sim = Sim::running(program("cat"), Script::stubborn());
    sim.signal(DaemonSignal::Term);
    sim.take();
    sim.signal(DaemonSignal::Hup);
    assert_eq!(sim.take().lines(), ["WARN ignored SIGHUP indicating restart request (shutdown in progress)"]);
    assert_eq!(sim.supervisor.state(), SupervisorState::Shutdown);
}

#[test]
fn a_configuration_that_was_read_too_late_does_not_turn_a_shutdown_into_a_restart() {
    let mut sim = Sim::running(program("cat"), Script::stubborn());
    sim.signal(DaemonSignal::Term);
    sim.feed(Input::RestartConfigRead);
    assert_eq!(sim.supervisor.state(), SupervisorState::Shutdown);
    sim.run_until_quiet();
    assert!(sim.supervisor.is_finished());
    assert_eq!(sim.supervisor.state(), SupervisorState::Shutdown);
}

#[test]
fn a_second_hangup_changes_nothing() {
    let mut sim = Sim::running(with(program("cat"), |it| it.stop.stopwaitsecs = 5), Script::stubborn());
    sim.signal(DaemonSignal::Hup);
    sim.advance(2.0);
    sim.signal(DaemonSignal::Hup);
    sim.take();
    sim.run_until_quiet();
    assert_eq!(sim.take().calls().with("kill").timed(), ["105.000 kill 100 SIGKILL"]);
    assert_eq!(sim.supervisor.state(), SupervisorState::Restarting);
    assert!(sim.supervisor.is_finished());
}

#[test]
fn other_signals_do_what_the_contract_says() {
    let table = [
        (DaemonSignal::Usr2, vec!["INFO received SIGUSR2 indicating log reopen request", "reopen logs"]),
        (DaemonSignal::Chld, vec!["DEBG received SIGCHLD indicating a child quit"]),
        (DaemonSignal::Other(10), vec!["BLAT received SIGUSR1 indicating nothing"]),
    ];
    for (signal, lines) in table {
        let mut sim = Sim::running(program("cat"), Script::lives());
        sim.host.log_level = LogLevel::Blather;
        sim.signal(signal);
        assert_eq!(sim.take().lines(), lines);
        assert_eq!((sim.state("cat"), sim.supervisor.state()), (ProcessState::Running, SupervisorState::Running));
    }
}
