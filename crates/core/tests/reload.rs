//! Reloading the configuration, adding and removing groups (§9.10; contract/rpc.md §4.3; quirks.md F28, K06, K07).

use std::sync::Arc;

use supervisor_core::{
    ChannelConfig, Command, EventListenerPoolConfig, EventType, ExitStatus, GroupConfig, GroupKind, KillError, LogFile,
    LogPaths, OnProtocolError, Overflow, ProcessConfig, ProcessState, Reply, ResultHandler, Signal, SocketAddress,
    SocketConfig, SocketOwner,
};

use crate::sim::config::{alone, channel, group, program, unix_socket, with};
use crate::sim::{Script, Sim};

fn off(name: &str) -> ProcessConfig {
    with(program(name), |it| it.start.autostart = false)
}

fn reload(sim: &mut Sim, groups: Vec<Arc<GroupConfig>>) -> String {
    sim.ask(Command::ReloadConfig { groups })
}

fn add(sim: &mut Sim, name: &str) -> String {
    sim.ask(Command::AddProcessGroup { name: name.to_owned() })
}

fn remove(sim: &mut Sim, name: &str) -> String {
    sim.ask(Command::RemoveProcessGroup { name: name.to_owned() })
}

#[test]
fn a_reload_tells_what_is_new_different_and_gone_and_touches_nothing() {
    let mut sim = Sim::with(vec![alone(program("same")), alone(program("other")), alone(program("gone"))]);
    sim.advance(2.0);
    sim.take();
    let pending = vec![
        alone(program("new")),
        alone(with(program("other"), |it| it.start.startsecs = 9)),
        alone(program("same")),
        alone(program("brand")),
    ];
    assert_eq!(reload(&mut sim, pending), r#"[["new", "brand"], ["other"], ["gone"]]"#);
    assert_eq!(sim.take().lines().len(), 1, "the reply");
    assert_eq!(sim.state("gone"), ProcessState::Running);
}

#[test]
fn a_reload_of_the_same_finds_nothing_however_often() {
    let groups = || vec![alone(program("a")), group("g", 1, [program("b"), program("c")])];
    let mut sim = Sim::with(groups());
    for _ in 0..3 {
        assert_eq!(reload(&mut sim, groups()), "[[], [], []]");
    }
}

#[test]
fn the_comparison_is_with_what_is_active_and_not_with_the_last_reload() {
    let mut sim = Sim::with(vec![alone(program("a"))]);
    let changed = || alone(with(program("a"), |it| it.stop.stopwaitsecs = 1));
    assert_eq!(reload(&mut sim, vec![changed()]), r#"[[], ["a"], []]"#);
    assert_eq!(reload(&mut sim, vec![changed()]), r#"[[], ["a"], []]"#);
    assert_eq!(reload(&mut sim, vec![alone(program("a"))]), "[[], [], []]");
}

#[test]
fn every_option_of_a_process_counts() {
    let logged = |logfile| ChannelConfig { logfile, ..channel() };
    let changes = [
        ProcessConfig { command: "/bin/other".into(), ..program("a") },
        with(program("a"), |it| it.identity.directory = Some("/".into())),
        with(program("a"), |it| it.identity.umask = Some(0o22)),
        with(program("a"), |it| it.identity.uid = Some(0)),
        with(program("a"), |it| it.restart.exitcodes = [0, 1].into()),
        with(program("a"), |it| it.restart.exitsignals = [Signal::TERM].into()),
        with(program("a"), |it| it.environment.variables = Arc::from([("A".into(), "1".into())])),
        with(program("a"), |it| it.environment.serverurl = Some("unix:///x".into())),
        with(program("a"), |it| it.log.stdout = logged(LogFile::Path("/tmp/a".into()))),
        with(program("a"), |it| it.log.stderr = logged(LogFile::Auto)),
        ProcessConfig { socket: Some(unix_socket("/run/a")), ..program("a") },
    ];
    let mut sim = Sim::with(vec![alone(program("a"))]);
    for change in changes {
        let case = format!("{change:?}");
        assert_eq!(reload(&mut sim, vec![alone(change)]), r#"[[], ["a"], []]"#, "{case}");
    }
}

#[test]
fn a_path_for_auto_and_the_owner_of_a_socket_are_changes() {
    let logged = |logfile| with(program("a"), |it| it.log.stdout = ChannelConfig { logfile, ..channel() });
    let mut sim = Sim::with(vec![alone(logged(LogFile::Path("/tmp/a".into())))]);
    assert_eq!(reload(&mut sim, vec![alone(logged(LogFile::Auto))]), r#"[[], ["a"], []]"#);

    let socket = |owner, backlog| {
        let address = SocketAddress::Unix { path: "/run/a".into(), owner, mode: 0o700 };
        let socket = SocketConfig { url: "unix:///run/a".into(), address, backlog };
        alone(ProcessConfig { socket: Some(Arc::new(socket)), ..off("a") })
    };
    let mut sim = Sim::with(vec![socket(None, None)]);
    assert_eq!(reload(&mut sim, vec![socket(None, None)]), "[[], [], []]");
    assert_eq!(reload(&mut sim, vec![socket(Some(SocketOwner { uid: 1, gid: None }), None)]), r#"[[], ["a"], []]"#);
    assert_eq!(reload(&mut sim, vec![socket(None, Some(5))]), r#"[[], ["a"], []]"#);
}

#[test]
fn kind_priority_and_order_of_a_group_count() {
    let pool = |buffer_size, events: &[EventType]| GroupConfig {
        name: "g".into(),
        priority: 1,
        kind: GroupKind::EventListeners(EventListenerPoolConfig {
            buffer_size,
            events: events.to_vec(),
            result_handler: ResultHandler::Ours,
            overflow: Overflow::DropOldest,
            on_protocol_error: OnProtocolError::Unknown,
        }),
        processes: vec![Arc::new(program("a")), Arc::new(program("b"))],
    };
    let plain = group("g", 1, [program("a"), program("b")]);
    let listeners = Arc::new(pool(10, &[EventType::Tick5]));
    let changes = [
        (&plain, group("g", 2, [program("a"), program("b")])),
        (&plain, group("g", 1, [program("b"), program("a")])),
        (&plain, group("g", 1, [program("a")])),
        (&plain, Arc::clone(&listeners)),
        (&listeners, Arc::new(pool(11, &[EventType::Tick5]))),
        (&listeners, Arc::new(pool(10, &[EventType::Tick60]))),
    ];
    for (active, pending) in changes {
        let mut sim = Sim::with(vec![Arc::clone(active)]);
        assert_eq!(reload(&mut sim, vec![pending]), r#"[[], ["g"], []]"#);
    }
}

#[test]
fn a_group_is_added_from_the_last_reload_and_its_processes_start() {
    let mut sim = Sim::with(vec![]);
    assert_eq!(add(&mut sim, "g"), "10 BAD_NAME: g");
    reload(&mut sim, vec![group("g", 1, [program("a"), off("b")])]);
    sim.take();
    assert_eq!(add(&mut sim, "g"), "True");
    assert_eq!(
        sim.take().lines(),
        [
            "PROCESS_GROUP_ADDED groupname:g",
            "reply 3 True",
            "PROCESS_STATE_STARTING g:a from_state:STOPPED tries:0",
            "spawn a",
            "INFO spawned: 'a' with pid 100",
        ]
    );
    assert_eq!(add(&mut sim, "g"), "90 ALREADY_ADDED: g");
    reload(&mut sim, vec![]);
    assert_eq!(add(&mut sim, "g"), "10 BAD_NAME: g", "the name is looked up first");
}

#[test]
fn a_group_is_removed_once_all_its_processes_have_stopped() {
    let groups = vec![group("g", 1, [program("a"), off("b")])];
    let mut sim = Sim::scripted(groups, [("a", Script::lives().dying_slowly(1.0))]);
    assert_eq!(remove(&mut sim, "g"), "91 STILL_RUNNING: g", "STARTING");
    sim.advance(1.0);
    assert_eq!(remove(&mut sim, "g"), "91 STILL_RUNNING: g", "RUNNING");
    sim.stop("g:a");
    assert_eq!(remove(&mut sim, "g"), "91 STILL_RUNNING: g", "STOPPING");
    sim.run_until_quiet();
    sim.take();
    assert_eq!(remove(&mut sim, "g"), "True");
    assert_eq!(sim.take().lines(), ["forget a", "forget b", "PROCESS_GROUP_REMOVED groupname:g", "reply 5 True"]);
    assert_eq!(remove(&mut sim, "g"), "10 BAD_NAME: g");
    assert_eq!(sim.ask(Command::GetProcessInfo { name: "g:a".to_owned() }), "10 BAD_NAME: g:a");
    assert_eq!(sim.supervisor.process_states().count(), 0);
}

#[test]
fn backoff_hinders_a_removal_and_the_end_states_do_not() {
    let mut sim = Sim::of_scripted(program("a"), [Script::unborn("no")]);
    assert_eq!(remove(&mut sim, "a"), "91 STILL_RUNNING: a", "BACKOFF");
    sim.run_until_quiet();
    assert_eq!((sim.state("a"), remove(&mut sim, "a").as_str()), (ProcessState::Fatal, "True"));

    let mut sim = Sim::running(program("a"), Script::lives());
    sim.exit("a", ExitStatus::Exited(0));
    assert_eq!((sim.state("a"), remove(&mut sim, "a").as_str()), (ProcessState::Exited, "True"));
}

#[test]
fn a_removed_process_leaves_nothing_that_is_due() {
    let mut sim = Sim::running(program("a"), Script::stubborn());
    sim.stop("a");
    sim.advance(1.0);
    sim.exit("a", ExitStatus::Exited(0));
    remove(&mut sim, "a");
    assert!(!sim.step());
    assert_eq!(sim.deadline(), None);
}

#[test]
fn a_process_that_still_runs_where_it_cannot_be_signalled_is_named_when_it_is_let_go() {
    let mut sim = Sim::running(program("a"), Script::lives().unreachable(KillError::Failed("EPERM".to_owned())));
    sim.stop("a");
    sim.take();
    assert_eq!(remove(&mut sim, "a"), "True");
    assert_eq!(sim.take().log().lines(), ["WARN removed a (pid 100), which still runs and cannot be signalled"]);
    sim.host.children.get_mut(&100).expect("it lives").end_at(sim.host.now, ExitStatus::Exited(0));
    sim.run_until_quiet();
    assert_eq!(sim.take().lines(), ["INFO reaped unknown pid 100 (exit status 0)"]);
}

#[test]
fn an_id_of_a_removed_process_means_no_other() {
    let mut sim = Sim::with(vec![alone(off("a"))]);
    let old = sim.id("a").expect("it is there");
    remove(&mut sim, "a");
    add(&mut sim, "a");
    let new = sim.id("a").expect("it is there again");
    assert_eq!((old.index(), new.index()), (0, 0), "the place is used again");
    assert!(!sim.supervisor.knows(old) && sim.supervisor.knows(new));
    sim.start("a");
    sim.take();
    let status = ExitStatus::Exited(0);
    let life = supervisor_core::Life { process: old, number: 1 };
    sim.feed(supervisor_core::Input::Exited { life, status });
    let channel = supervisor_core::Channel::Stdout;
    sim.feed(supervisor_core::Input::Output { life, channel, bytes: b"late" });
    assert_eq!(sim.take().lines(), [""; 0]);
}

#[test]
fn a_changed_group_comes_back_as_its_autostart_says() {
    let mut sim = Sim::with(vec![alone(program("on")), alone(off("off"))]);
    sim.start("off");
    sim.advance(2.0);
    sim.stop("on");
    sim.advance(2.0);
    reload(
        &mut sim,
        vec![
            alone(with(program("on"), |it| it.start.startsecs = 2)),
            alone(with(off("off"), |it| it.start.startsecs = 2)),
        ],
    );
    sim.stop("off");
    sim.advance(2.0);
    for name in ["on", "off"] {
        assert_eq!((remove(&mut sim, name), add(&mut sim, name)), ("True".to_owned(), "True".to_owned()));
    }
    assert_eq!((sim.state("on"), sim.state("off")), (ProcessState::Starting, ProcessState::Stopped));
    sim.advance(1.5);
    assert_eq!(sim.state("on"), ProcessState::Starting, "with the new startsecs");
}

#[test]
fn a_process_named_twice_counts_once_with_its_last_options() {
    let twice = [with(off("a"), |it| it.start.startsecs = 7), off("b"), off("a")];
    let mut sim = Sim::with(vec![group("g", 1, twice)]);
    assert_eq!(sim.supervisor.process_states().count(), 2);
    assert_eq!(sim.info("g:a").config.start.startsecs, 1);
}

/// `getAllConfigInfo`: group, process, in use, AUTO stdout.
fn config_info(sim: &mut Sim) -> Vec<(String, String, bool, Option<String>)> {
    let request = sim.request(Command::GetAllConfigInfo);
    let Some(Ok(Reply::AllConfigInfo(infos))) = sim.host.answers.remove(&request) else { panic!("no configuration") };
    let row = |info: supervisor_core::ConfigInfo| {
        let LogPaths { stdout, stderr: _ } = info.auto_logs;
        let (group, process) = (info.group.name.to_string(), info.process.name.to_string());
        (group, process, info.in_use, stdout.map(|path| path.to_string()))
    };
    infos.into_iter().map(row).collect()
}

fn row(group: &str, process: &str, in_use: bool, auto: Option<&str>) -> (String, String, bool, Option<String>) {
    (group.to_owned(), process.to_owned(), in_use, auto.map(str::to_owned))
}

#[test]
fn configuration_information_is_of_what_is_pending_and_knows_auto_names_until_a_reload() {
    let auto = |name: &str| with(off(name), |it| it.log.stdout = ChannelConfig { logfile: LogFile::Auto, ..channel() });
    let groups = || vec![group("z", 1, [auto("b"), off("a")]), alone(auto("c"))];
    let mut sim = Sim::with(groups());
    assert_eq!(
        config_info(&mut sim),
        [
            row("z", "a", true, None),
            row("z", "b", true, Some("/auto/b-stdout-1.log")),
            row("c", "c", true, Some("/auto/c-stdout-2.log")),
        ]
    );
    remove(&mut sim, "c");
    assert_eq!(config_info(&mut sim)[2], row("c", "c", false, Some("/auto/c-stdout-2.log")));
    add(&mut sim, "c");
    assert_eq!(config_info(&mut sim)[2], row("c", "c", true, Some("/auto/c-stdout-2.log")));
    let mut pending = groups();
    pending.push(alone(auto("d")));
    reload(&mut sim, pending);
    assert_eq!(
        config_info(&mut sim),
        [row("z", "a", true, None), row("z", "b", true, None), row("c", "c", true, None), row("d", "d", false, None)]
    );
    remove(&mut sim, "c");
    add(&mut sim, "c");
    assert_eq!(config_info(&mut sim)[2], row("c", "c", true, Some("/auto/c-stdout-3.log")));
}
