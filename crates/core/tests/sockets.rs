//! FastCGI sockets: made with the first process, closed with the last (§7; quirks.md F16, F21).

use supervisor_core::{Command, ExitStatus, Input, KillError, ProcessConfig, ProcessState, Settings};

use crate::sim::config::{alone, group, program, unix_socket, with};
use crate::sim::{Script, Sim};

const URL: &str = "unix:///run/php";

fn worker(name: &str) -> ProcessConfig {
    with(program(name), |it| {
        it.socket = Some(unix_socket("/run/php"));
        it.start.autostart = false;
    })
}

fn two_workers() -> Sim {
    let mut sim = Sim::with(vec![group("php", 1, [worker("a"), worker("b")])]);
    sim.take();
    sim
}

/// Log lines and calls that name the socket.
fn socket_lines(sim: &mut Sim) -> Vec<String> {
    sim.take().with(URL).lines()
}

const OPENING: [&str; 2] = ["INFO Creating socket unix:///run/php", "open unix:///run/php"];
const CLOSING: [&str; 2] = ["INFO Closing socket unix:///run/php", "close unix:///run/php"];

#[test]
fn a_new_group_tries_its_socket_once() {
    let mut sim = Sim::with(vec![group("php", 1, [worker("a"), worker("b")])]);
    assert_eq!(socket_lines(&mut sim), [OPENING, CLOSING].concat());
    assert!(sim.host.open_sockets.is_empty());
}

#[test]
fn the_first_process_opens_it_and_the_last_closes_it() {
    let mut sim = two_workers();
    sim.start("php:a");
    assert_eq!(socket_lines(&mut sim), OPENING);
    sim.start("php:b");
    assert_eq!(socket_lines(&mut sim), [""; 0]);
    sim.stop("php:a");
    sim.run_until_quiet();
    assert_eq!(socket_lines(&mut sim), [""; 0]);
    sim.stop("php:b");
    sim.advance(0.0);
    assert_eq!(
        sim.take().lines().split_off(4),
        [
            "PROCESS_STATE_STOPPED php:b from_state:STOPPING pid:101",
            "reply 4 True",
            "WARN stopped: b (terminated by SIGTERM)",
            "release b",
            "INFO Closing socket unix:///run/php",
            "close unix:///run/php",
        ]
    );
}

#[test]
fn a_spawn_error_gives_it_back() {
    let mut sim = Sim::scripted(vec![alone(worker("a"))], [("a", Script::unborn("no fork"))]);
    sim.take();
    sim.start("a");
    assert_eq!(socket_lines(&mut sim), [OPENING, CLOSING].concat());
    sim.run_until_quiet();
    assert!(sim.host.open_sockets.is_empty());
    assert_eq!(sim.state("a"), ProcessState::Fatal);
}

#[test]
fn a_spawn_error_of_one_leaves_it_to_the_other() {
    let mut sim = two_workers();
    sim.script("b", [Script::unborn("no fork")]);
    sim.start("php:a");
    sim.start("php:b");
    sim.run_until_quiet();
    assert_eq!(sim.host.open_sockets.len(), 1);
    sim.exit("php:a", ExitStatus::Exited(0));
    assert!(sim.host.open_sockets.is_empty());
}

#[test]
fn it_is_open_while_a_process_restarts_beside_others_and_anew_when_it_was_alone() {
    let mut sim = two_workers();
    sim.start("php:a");
    sim.start("php:b");
    sim.advance(2.0);
    sim.take();
    sim.exit("php:a", ExitStatus::Exited(1));
    assert_eq!(socket_lines(&mut sim), [""; 0]);
    sim.stop("php:a");
    sim.advance(2.0);
    sim.take();
    sim.exit("php:b", ExitStatus::Exited(1));
    assert_eq!(socket_lines(&mut sim), [CLOSING, OPENING].concat());
}

#[test]
fn programs_with_the_same_url_share_it() {
    let mut sim = Sim::with(vec![alone(worker("a")), alone(worker("b"))]);
    sim.start("a");
    sim.start("b");
    sim.take();
    sim.exit("a", ExitStatus::Exited(0));
    assert_eq!(socket_lines(&mut sim), [""; 0]);
    assert_eq!(sim.host.open_sockets.len(), 1);
}

#[test]
fn one_that_cannot_be_bound_leaves_its_group_out_with_its_reason() {
    let mut sim = Sim::new(Settings::default());
    sim.host.socket_errors.insert(URL.to_owned(), "EADDRINUSE".to_owned());
    let groups = vec![alone(worker("a")), alone(program("b"))];
    let error = sim.supervisor.configure(groups, &mut sim.host);
    assert_eq!(sim.supervisor.process_states().count(), 1, "the other one is there");
    assert_eq!(error, Err(vec!["Could not create FastCGI socket unix:///run/php: EADDRINUSE".to_owned()]));
}

#[test]
fn one_that_cannot_be_bound_refuses_the_group_and_leaves_nothing_of_it() {
    let mut sim = Sim::with(vec![]);
    sim.ask(Command::ReloadConfig { groups: vec![alone(worker("a"))] });
    sim.host.socket_errors.insert(URL.to_owned(), "EACCES".to_owned());
    let add = || Command::AddProcessGroup { name: "a".to_owned() };
    assert_eq!(sim.ask(add()), "30 FAILED: Could not create FastCGI socket unix:///run/php: EACCES");
    assert_eq!(sim.supervisor.process_states().count(), 0);
    sim.host.socket_errors.clear();
    assert_eq!(sim.ask(add()), "True");
}

#[test]
fn one_that_cannot_be_bound_at_a_spawn_is_a_failed_start() {
    let mut sim = Sim::with(vec![alone(worker("a"))]);
    sim.host.socket_errors.insert(URL.to_owned(), "EACCES".to_owned());
    sim.take();
    let request = sim.start("a");
    assert_eq!(sim.answer(request), "50 SPAWN_ERROR: a");
    assert_eq!(
        sim.take().lines(),
        [
            "PROCESS_STATE_STARTING a from_state:STOPPED tries:0",
            "INFO Creating socket unix:///run/php",
            "open unix:///run/php",
            "INFO spawnerr: Could not create FastCGI socket unix:///run/php: EACCES",
            "PROCESS_STATE_BACKOFF a from_state:STARTING tries:1",
            "reply 1 50 SPAWN_ERROR: a",
        ]
    );
    sim.host.socket_errors.clear();
    sim.run_until_quiet();
    assert_eq!((sim.state("a"), sim.host.open_sockets.len()), (ProcessState::Running, 1));
}

#[test]
fn a_shutdown_closes_it() {
    let autostarted = with(worker("a"), |it| it.start.autostart = true);
    let mut sim = Sim::configured(vec![alone(autostarted)]);
    sim.feed(Input::Boot);
    sim.advance(2.0);
    sim.signal(supervisor_core::DaemonSignal::Term);
    sim.run_until_quiet();
    assert!(sim.supervisor.is_finished() && sim.host.open_sockets.is_empty());
}

#[test]
fn a_process_that_is_let_go_while_it_runs_gives_it_back() {
    let unreachable = Script::lives().unreachable(KillError::Failed("EPERM".to_owned()));
    let mut sim = Sim::scripted(vec![alone(worker("a"))], [("a", unreachable)]);
    sim.start("a");
    sim.stop("a");
    assert_eq!(sim.state("a"), ProcessState::Unknown);
    assert_eq!(sim.ask(Command::RemoveProcessGroup { name: "a".to_owned() }), "True");
    assert!(sim.host.open_sockets.is_empty());
}

#[test]
fn a_program_without_a_socket_has_none_beside_one_that_has() {
    let mut sim = Sim::with(vec![group("g", 1, [worker("a"), ProcessConfig { socket: None, ..worker("b") }])]);
    sim.take();
    sim.start("g:b");
    assert_eq!(socket_lines(&mut sim), [""; 0]);
}
