//! What an extension is as a process: it is in no list, is never given up, and pauses the longer the more often it
//! ends; and what is asked of processes for its sake.

use std::sync::Arc;

use supervisor_core::{
    Autorestart, Command, EventType, ExitStatus, GroupConfig, GroupKind, OwnEventType, Pid, ProcessConfig,
    ProcessState, RestartPause,
};

use crate::sim::config::{alone, program, with};
use crate::sim::listeners::pool;
use crate::sim::{Script, Sim};

/// As an extension is configured.
fn paced(name: &str) -> ProcessConfig {
    with(program(name), |it| {
        it.restart.autorestart = Autorestart::Always;
        it.restart.startretries = i64::MAX;
        it.restart.pause = RestartPause::Growing;
    })
}

fn extension(name: &str) -> Arc<GroupConfig> {
    let group = GroupConfig::clone(&alone(paced(name)));
    Arc::new(GroupConfig { kind: GroupKind::Extension, ..group })
}

/// Seconds until it is started.
fn pause(sim: &mut Sim, name: &str) -> u32 {
    let mut seconds = 0;
    while sim.state(name) != ProcessState::Starting {
        sim.advance(1.0);
        seconds += 1;
        assert!(seconds < 100, "it is not started");
    }
    seconds
}

#[test]
fn it_pauses_the_longer_the_more_often_it_ends_and_a_long_life_begins_anew() {
    let mut sim = Sim::of(paced("x"));
    for expected in [1, 2, 3] {
        sim.advance(2.0);
        assert_eq!(sim.state("x"), ProcessState::Running);
        sim.exit("x", ExitStatus::Exited(0));
        assert_eq!(sim.state("x"), ProcessState::Exited);
        assert_eq!(pause(&mut sim, "x"), expected);
    }
    sim.advance(61.0);
    sim.exit("x", ExitStatus::Exited(1));
    assert_eq!(pause(&mut sim, "x"), 1);
    // A stop ends that.
    sim.advance(2.0);
    sim.exit("x", ExitStatus::Exited(1));
    sim.stop("x");
    sim.advance(100.0);
    assert_eq!(sim.state("x"), ProcessState::Exited);
}

#[test]
fn failed_starts_count_and_are_never_one_too_many() {
    let mut sim = Sim::of_scripted(paced("x"), std::iter::repeat_n(Script::unborn("no"), 100));
    sim.advance(3_600.0);
    assert_eq!(sim.state("x"), ProcessState::Backoff);
    // After 0, 1, 3, 6 … 1,830 s, and then every minute.
    assert_eq!(sim.take().with("spawnerr").lines().len(), 61 + 29);
}

#[test]
fn one_that_broke_its_protocol_is_stopped_and_comes_again_and_again_later() {
    let mut sim = Sim::of(paced("x"));
    for expected in [1, 2, 3] {
        sim.advance(2.0);
        let life = sim.life("x");
        sim.take();
        assert_eq!(sim.ask(Command::StartAnew { life }), "True");
        assert_eq!(sim.take().calls().with("SIGTERM").lines().len(), 1);
        assert_eq!(sim.state("x"), ProcessState::Stopping);
        assert_eq!(sim.ask(Command::StartAnew { life }), "True");
        while sim.state("x") == ProcessState::Stopping {
            assert!(sim.step());
        }
        assert_eq!(sim.state("x"), ProcessState::Stopped);
        assert_eq!(pause(&mut sim, "x"), expected);
        assert_eq!(sim.ask(Command::StartAnew { life }), "True", "that life is over");
        assert_eq!(sim.state("x"), ProcessState::Starting);
    }
}

#[test]
fn what_is_done_to_all_leaves_it_alone_and_a_shutdown_does_not() {
    let mut sim = Sim::with(vec![extension("x"), alone(program("cat"))]);
    sim.advance(2.0);
    sim.take();
    for command in [
        Command::StopAllProcesses { wait: true },
        Command::StartAllProcesses { wait: false },
        Command::SignalAllProcesses { signal: "HUP".to_owned() },
        Command::ClearAllProcessLogs,
    ] {
        sim.request(command);
        sim.advance(2.0);
        assert_eq!(sim.take().with(" x").lines(), Vec::<String>::new());
    }
    assert_eq!(sim.ask(Command::GetGroupNames), "[\"cat\"]");
    assert_eq!(sim.ask(Command::GetAllConfigInfo), "1 configurations");
    let refusal = sim.ask(Command::AddProcesses { group: "x".to_owned(), processes: vec![] });
    assert!(refusal.starts_with("2 INCORRECT_PARAMETERS"), "{refusal}");
    sim.request(Command::Shutdown);
    sim.run_until_quiet();
    assert_eq!(sim.state("x"), ProcessState::Stopped);
}

#[test]
fn a_signal_by_pid_reaches_processes_of_ours_alone() {
    let mut sim = Sim::of(program("cat"));
    sim.advance(2.0);
    sim.take();
    let pid = Pid::new(sim.pid("cat").unwrap()).unwrap();
    let kill = |pid, as_group, signal: &str| Command::Kill { pid, as_group, signal: signal.to_owned() };
    assert_eq!(sim.ask(kill(pid, false, "USR1")), "True");
    assert_eq!(sim.ask(kill(pid, true, "12")), "True");
    assert_eq!(sim.take().calls().lines(), ["kill 100 SIGUSR1", "kill -100 SIGUSR2"]);
    assert_eq!(sim.ask(kill(pid, false, "NOSUCH")), "11 BAD_SIGNAL: NOSUCH");
    let stranger = Pid::new(1).unwrap();
    assert_eq!(sim.ask(kill(stranger, false, "TERM")), "70 NOT_RUNNING: 1");
    sim.stop("cat");
    sim.run_until_quiet();
    assert_eq!(sim.ask(kill(pid, false, "TERM")), format!("70 NOT_RUNNING: {pid}"));
}

#[test]
fn somebody_who_wants_ticks_gets_them_as_long_as_it_lives() {
    let mut sim = Sim::of(paced("x"));
    sim.advance(2.0);
    let life = sim.life("x");
    assert_eq!(sim.ask(Command::WatchTicks { life }), "True");
    sim.take();
    sim.advance(10.0);
    assert!(!sim.take().with("TICK_5").lines().is_empty());
    sim.exit("x", ExitStatus::Exited(0));
    sim.advance(2.0);
    sim.take();
    assert_eq!(sim.ask(Command::WatchTicks { life }), "True", "that life is over");
    sim.advance(10.0);
    assert_eq!(sim.take().with("TICK_5").lines(), Vec::<String>::new());
}

#[test]
fn an_event_of_its_own_reaches_pools_that_subscribe_to_it_or_to_all() {
    let own = |name: &str| EventType::Own(OwnEventType::new(name).unwrap());
    let pools = vec![
        pool("its", 10, &[own("QUEUE_DEPTH")], &["a"]),
        pool("all", 10, &[EventType::Event], &["b"]),
        pool("other", 10, &[own("QUEUE"), EventType::Tick], &["c"]),
    ];
    let mut sim = Sim::with(pools);
    sim.advance(2.0);
    for listener in ["its:a", "all:b", "other:c"] {
        sim.say(listener, "READY\n");
    }
    sim.deliveries();
    sim.say_done("all:b");
    sim.take();
    let name = OwnEventType::new("QUEUE_DEPTH").unwrap();
    assert_eq!(sim.ask(Command::SendOwnEvent { name, payload: "depth:17".to_owned() }), "True");
    let sent: Vec<_> = sim.deliveries().iter().map(|delivery| delivery.name().to_owned()).collect();
    assert!(sent.contains(&"QUEUE_DEPTH".to_owned()), "{sent:?}");
    assert_eq!(sim.statistics("other").accepted, 0);
    assert_eq!(sim.statistics("its").accepted, 1);
}
