//! In which order processes are started, stopped and listed (§2; contract/rpc.md §4.3; quirks.md F24, F25, D4).

use std::sync::Arc;

use supervisor_core::{Command, GroupConfig, Input, ProcessConfig, Reply};

use crate::sim::Sim;
use crate::sim::config::{alone, group, program, with};

fn with_priority(name: &str, priority: i64) -> ProcessConfig {
    ProcessConfig { priority, ..program(name) }
}

fn off(process: ProcessConfig) -> ProcessConfig {
    with(process, |it| it.start.autostart = false)
}

/// Three groups in start order; inside of them priorities contradict names and order of configuration.
fn groups(make: impl Fn(ProcessConfig) -> ProcessConfig) -> Vec<Arc<GroupConfig>> {
    let of = |list: &[(&str, i64)]| list.iter().map(|(name, priority)| make(with_priority(name, *priority))).collect();
    let (early, late, later): (Vec<_>, Vec<_>, Vec<_>) = (
        of(&[("e_20", 20), ("e_10b", 10), ("e_10a", 10)]),
        of(&[("l_10", 10), ("l_2", -2)]),
        of(&[("m_1", 1), ("m_2", 2)]),
    );
    vec![group("zebra", 1, early), group("lion", 5, late), group("ant", 5, later)]
}

const ASCENDING: [&str; 7] =
    ["spawn e_10b", "spawn e_10a", "spawn e_20", "spawn l_2", "spawn l_10", "spawn m_1", "spawn m_2"];

/// Names of the processes that were signalled, in that order.
fn signalled(sim: &mut Sim) -> Vec<String> {
    let calls = sim.take().calls().with("SIGTERM").lines();
    let pids = calls.iter().map(|line| line.split(' ').nth(1).and_then(|pid| pid.parse().ok()).expect("a pid"));
    let owners: Vec<_> = pids.map(|pid: i32| sim.host.children[&pid].life.process).collect();
    let name = |id| sim.host.witness.track(id).expect("it is there").config.name.to_string();
    owners.into_iter().map(name).collect()
}

#[test]
fn processes_start_by_themselves_by_priority_within_their_group() {
    let mut sim = Sim::with(groups(|process| process));
    assert_eq!(sim.take().calls().lines(), ASCENDING);
}

#[test]
fn start_all_goes_by_priority_of_groups_and_then_of_processes() {
    let mut sim = Sim::with(groups(off));
    sim.request(Command::StartAllProcesses { wait: true });
    assert_eq!(sim.take().calls().lines(), ASCENDING);
}

#[test]
fn start_group_goes_by_priority() {
    let mut sim = Sim::with(groups(off));
    sim.request(Command::StartProcessGroup { name: "zebra".to_owned(), wait: false });
    assert_eq!(sim.take().calls().lines(), ASCENDING[..3]);
}

#[test]
fn stops_signal_all_at_once_by_descending_priority() {
    let mut sim = Sim::with(groups(|process| process));
    sim.advance(2.0);
    sim.take();
    sim.request(Command::StopProcessGroup { name: "zebra".to_owned(), wait: true });
    assert_eq!(signalled(&mut sim), ["e_20", "e_10a", "e_10b"]);
    sim.request(Command::StopAllProcesses { wait: true });
    assert_eq!(signalled(&mut sim), ["m_2", "m_1", "l_10", "l_2"]);
}

#[test]
fn signals_go_in_ascending_order() {
    let mut sim = Sim::with(groups(|process| process));
    sim.take();
    let answer = sim.ask(Command::SignalAllProcesses { signal: "CONT".to_owned() });
    assert_eq!(
        answer,
        "[zebra:e_10b OK, zebra:e_10a OK, zebra:e_20 OK, lion:l_2 OK, lion:l_10 OK, ant:m_1 OK, ant:m_2 OK]"
    );
}

#[test]
fn a_group_that_is_added_again_comes_after_its_equals() {
    let mut sim = Sim::with(groups(off));
    let name = || "lion".to_owned();
    assert_eq!(sim.ask(Command::RemoveProcessGroup { name: name() }), "True");
    assert_eq!(sim.ask(Command::AddProcessGroup { name: name() }), "True");
    sim.request(Command::StartAllProcesses { wait: true });
    let spawned = sim.take().calls().with("spawn").lines();
    assert_eq!(spawned[3..], ["spawn m_1", "spawn m_2", "spawn l_2", "spawn l_10"]);
}

#[test]
fn a_reload_lists_removed_groups_in_the_order_they_were_added() {
    let mut sim = Sim::with(groups(off));
    assert_eq!(sim.ask(Command::ReloadConfig { groups: vec![] }), r#"[[], [], ["zebra", "lion", "ant"]]"#);
}

#[test]
fn processes_are_listed_by_group_and_name() {
    let numbered = ["p_10", "p_2", "P_3", "p_1"].map(|name| off(program(name)));
    let mut sim = Sim::with(vec![group("web", 1, numbered), alone(off(program("db"))), alone(off(program("Web")))]);
    let request = sim.request(Command::GetAllProcessInfo);
    let Some(Ok(Reply::AllProcessInfo(infos))) = sim.host.answers.get(&request) else { panic!("no information") };
    let names: Vec<String> = infos.iter().map(|info| format!("{}:{}", info.group, info.config.name)).collect();
    assert_eq!(names, ["Web:Web", "db:db", "web:P_3", "web:p_1", "web:p_10", "web:p_2"], "by bytes");
}

#[test]
fn all_groups_are_announced_before_supervisord_says_that_it_runs() {
    let mut sim = Sim::configured(groups(|process| process));
    sim.feed(Input::Boot);
    assert_eq!(
        sim.take().events().lines()[..5],
        [
            "PROCESS_GROUP_ADDED groupname:zebra",
            "PROCESS_GROUP_ADDED groupname:lion",
            "PROCESS_GROUP_ADDED groupname:ant",
            "SUPERVISOR_STATE_CHANGE_RUNNING",
            "PROCESS_STATE_STARTING zebra:e_10b from_state:STOPPED tries:0",
        ]
    );
}

#[test]
fn of_two_groups_with_one_name_the_first_counts() {
    let mut sim = Sim::with(vec![group("g", 1, [program("a")]), group("g", 1, [program("b")])]);
    assert_eq!(sim.take().calls().lines(), ["spawn a"]);
}
