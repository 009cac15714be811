//! Processes that come to a living group and leave it, as the plug-in supervisor_twiddler has it
//! (contract/platform.md §3).

use std::sync::Arc;

use supervisor_core::{
    Command, EventListenerPoolConfig, EventType, ExitStatus, GroupConfig, GroupKind, OnProtocolError, Overflow,
    ProcessConfig, ProcessState, ResultHandler,
};

use crate::sim::config::{alone, group, program, with};
use crate::sim::{Script, Sim};

fn add(sim: &mut Sim, group: &str, processes: impl IntoIterator<Item = ProcessConfig>) -> String {
    let processes = processes.into_iter().map(Arc::new).collect();
    sim.ask(Command::AddProcesses { group: group.to_owned(), processes })
}

fn remove(sim: &mut Sim, group: &str, process: &str) -> String {
    sim.ask(Command::RemoveProcess { group: group.to_owned(), process: process.to_owned() })
}

fn web() -> Vec<Arc<GroupConfig>> {
    vec![group("web", 1, [program("w1")]), alone(program("seed"))]
}

fn off(name: &str) -> ProcessConfig {
    with(program(name), |it| it.start.autostart = false)
}

#[test]
fn newcomers_start_by_themselves_and_are_members_like_the_others() {
    let mut sim = Sim::with(web());
    sim.advance(2.0);
    sim.take();
    assert_eq!(add(&mut sim, "web", [program("dyn"), off("later")]), "True");
    assert_eq!(sim.take().calls().lines(), ["spawn dyn"]);
    sim.advance(2.0);
    assert_eq!(sim.state("web:dyn"), ProcessState::Running);
    assert_eq!(sim.state("web:later"), ProcessState::Stopped);
    sim.take();
    sim.request(Command::StartProcessGroup { name: "web".to_owned(), wait: false });
    assert_eq!(sim.take().calls().lines(), ["spawn later"]);
    sim.advance(2.0);
    sim.request(Command::StopProcessGroup { name: "web".to_owned(), wait: true });
    assert_eq!(sim.take().calls().with("SIGTERM").lines().len(), 3);
    sim.run_until_quiet();
    for name in ["web:w1", "web:dyn", "web:later"] {
        assert_eq!(sim.state(name), ProcessState::Stopped, "{name}");
    }
}

#[test]
fn newcomers_are_restarted_as_their_options_say() {
    let mut sim = Sim::with(web());
    sim.advance(2.0);
    add(&mut sim, "web", [program("dyn")]);
    sim.advance(2.0);
    let before = sim.pid("web:dyn").unwrap();
    sim.exit("web:dyn", ExitStatus::Exited(3));
    sim.advance(2.0);
    assert_ne!(sim.pid("web:dyn").unwrap(), before);
    assert_eq!(sim.state("web:dyn"), ProcessState::Running);
}

#[test]
fn names_that_are_taken_or_given_twice_add_nothing() {
    let mut sim = Sim::with(web());
    sim.advance(2.0);
    assert_eq!(add(&mut sim, "ghost", [program("x")]), "10 BAD_NAME: group: ghost");
    assert_eq!(add(&mut sim, "web", [program("x"), program("w1")]), "10 BAD_NAME: w1");
    assert_eq!(add(&mut sim, "web", [program("x"), program("x")]), "10 BAD_NAME: x");
    assert_eq!(sim.id("web:x"), None);
    assert_eq!(add(&mut sim, "seed", [program("w1")]), "True", "another group may have that name");
}

#[test]
fn a_process_leaves_only_when_it_has_stopped() {
    let mut sim = Sim::scripted(web(), [("bad", Script::ends(0.1, ExitStatus::Exited(1)))]);
    sim.advance(2.0);
    add(&mut sim, "web", [program("dyn"), program("bad"), off("idle")]);
    for state in [ProcessState::Starting, ProcessState::Running] {
        assert_eq!(sim.state("web:dyn"), state);
        assert_eq!(remove(&mut sim, "web", "dyn"), "91 STILL_RUNNING: dyn");
        sim.advance(1.2);
    }
    assert_eq!(sim.state("web:bad"), ProcessState::Backoff);
    assert_eq!(remove(&mut sim, "web", "bad"), "91 STILL_RUNNING: bad");
    sim.stop("web:dyn");
    assert_eq!(remove(&mut sim, "web", "dyn"), "91 STILL_RUNNING: dyn", "it is stopping");
    sim.run_until_quiet();
    for name in ["dyn", "bad", "idle"] {
        assert_eq!(remove(&mut sim, "web", name), "True", "{name}");
        assert_eq!(remove(&mut sim, "web", name), format!("10 BAD_NAME: {name}"));
        assert_eq!(sim.id(&format!("web:{name}")), None);
    }
    assert_eq!(remove(&mut sim, "ghost", "w1"), "10 BAD_NAME: group: ghost");
    assert_eq!(sim.state("web:w1"), ProcessState::Running);
}

#[test]
fn one_that_has_left_can_come_again() {
    let mut sim = Sim::with(web());
    sim.advance(2.0);
    for _ in 0..3 {
        assert_eq!(add(&mut sim, "web", [off("dyn")]), "True");
        sim.start("web:dyn");
        sim.advance(2.0);
        sim.stop("web:dyn");
        sim.run_until_quiet();
        assert_eq!(remove(&mut sim, "web", "dyn"), "True");
    }
    sim.take();
    sim.advance(60.0);
    assert_eq!(sim.take().lines(), [""; 0], "nothing of it is left");
}

#[test]
fn a_reread_finds_the_group_changed_and_an_update_makes_it_what_the_files_say() {
    let mut sim = Sim::with(web());
    sim.advance(2.0);
    add(&mut sim, "web", [program("dyn")]);
    assert_eq!(sim.ask(Command::GetAllConfigInfo), "3 configurations", "the configuration read last has grown with it");
    assert_eq!(sim.ask(Command::ReloadConfig { groups: web() }), r#"[[], ["web"], []]"#);
    assert_eq!(sim.ask(Command::GetAllConfigInfo), "2 configurations");
    assert_eq!(sim.state("web:dyn"), ProcessState::Starting, "a reread touches nothing");
    sim.request(Command::StopProcessGroup { name: "web".to_owned(), wait: true });
    sim.run_until_quiet();
    assert_eq!(sim.ask(Command::RemoveProcessGroup { name: "web".to_owned() }), "True");
    assert_eq!(sim.ask(Command::AddProcessGroup { name: "web".to_owned() }), "True");
    assert_eq!(sim.id("web:dyn"), None);
    assert_eq!(sim.ask(Command::ReloadConfig { groups: web() }), "[[], [], []]");
}

#[test]
fn who_comes_and_leaves_before_a_reread_was_never_there() {
    let mut sim = Sim::with(web());
    add(&mut sim, "web", [off("dyn")]);
    remove(&mut sim, "web", "dyn");
    assert_eq!(sim.ask(Command::ReloadConfig { groups: web() }), "[[], [], []]");
}

#[test]
fn group_names_are_told_in_the_order_they_were_added() {
    let mut sim = Sim::with(web());
    assert_eq!(sim.ask(Command::GetGroupNames), r#"["web", "seed"]"#);
}

#[test]
fn a_pool_of_listeners_takes_no_programs_but_lets_its_members_go() {
    let kind = GroupKind::EventListeners(EventListenerPoolConfig {
        buffer_size: 10,
        events: vec![EventType::RemoteCommunication],
        result_handler: ResultHandler::Ours,
        overflow: Overflow::DropOldest,
        on_protocol_error: OnProtocolError::Unknown,
    });
    let processes = ["l", "m"].map(|name| Arc::new(off(name))).to_vec();
    let pool = Arc::new(GroupConfig { name: "pool".into(), priority: -1, kind, processes });
    let mut sim = Sim::with(vec![pool]);
    let refusal = "2 INCORRECT_PARAMETERS: pool is an event listener pool, which takes no programs";
    assert_eq!(add(&mut sim, "pool", [program("x")]), refusal);
    assert_eq!(remove(&mut sim, "pool", "l"), "True");
    sim.start("pool:m");
    sim.advance(2.0);
    assert_eq!(sim.ask(Command::SendRemoteCommEvent { kind: "k".into(), data: "d".into() }), "True");
}
