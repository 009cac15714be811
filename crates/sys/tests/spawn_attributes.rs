//! What a child sets of itself, and what it says where it may not (programs.md §11.1). What takes privileges is skipped
//! where the tests do not run as root.

mod support;

use supervisor_core::{Capabilities, CpuRange, ExitStatus, IoPriority, Limit, Resource, Scheduler, Signal};
use supervisor_sys::{ChildAttributes, ChildSetting, CpuSet, Credentials, ExecFailure, Setting, Spawner};
use support::{METHODS, Program};

fn setting(words: &str, what: Setting) -> ChildSetting {
    ChildSetting { what, words: words.to_owned() }
}

fn limit(resource: Resource, soft: u64, hard: Option<u64>) -> ChildSetting {
    let limit = Limit { soft: Some(soft), hard: hard.map(Some) };
    setting("a limit", Setting::Limit(resource, limit))
}

fn with(attributes: ChildAttributes) -> Program {
    Program { attributes, ..Program::cat() }
}

fn read(pid: i32, file: &str) -> String {
    std::fs::read_to_string(format!("/proc/{pid}/{file}")).expect("it runs")
}

/// Soft and hard limit of a line of `/proc/PID/limits`.
fn limits(pid: i32, name: &str) -> Vec<String> {
    let text = read(pid, "limits");
    let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("the kernel knows it");
    line.split_whitespace().take(2).map(ToOwned::to_owned).collect()
}

/// The fields of `/proc/PID/stat` behind the name, the first of which is the state.
fn stat(pid: i32) -> Vec<String> {
    let text = read(pid, "stat");
    let (_, fields) = text.rsplit_once(") ").expect("a name in parentheses");
    fields.split_whitespace().map(ToOwned::to_owned).collect()
}

#[test]
fn what_anybody_may_set_is_set() {
    let mut spawner = Spawner::new().unwrap();
    let attributes = ChildAttributes {
        settings: vec![
            setting("oom", Setting::OomScore("900".to_owned())),
            limit(Resource::Nofile, 77, Some(99)),
            limit(Resource::Core, 0, None),
            setting("nice", Setting::Nice(7)),
            setting("ioprio", Setting::IoPriority(IoPriority::Idle)),
            setting("sched", Setting::Scheduler(Scheduler::Batch)),
            setting("cpus", Setting::Cpus(CpuSet::new(&[CpuRange { first: 0, last: 0 }]))),
        ],
        new_session: true,
        no_new_privs: true,
        pdeathsig: Some(Signal::TERM),
        ..ChildAttributes::default()
    };
    for method in METHODS {
        let mut running = with(attributes.clone()).by(method).start(&mut spawner);
        running.wait_until_it_answers();
        let pid = running.pid();
        assert_eq!(limits(pid, "Max open files"), ["77", "99"], "{method:?}");
        assert_eq!(limits(pid, "Max core file size")[0], "0", "{method:?}");
        assert_eq!(read(pid, "oom_score_adj"), "900\n", "{method:?}");
        let stat = stat(pid);
        assert_eq!((stat[3].as_str(), stat[16].as_str()), (pid.to_string().as_str(), "7"), "session, nice: {method:?}");
        assert_eq!(stat[38], "3", "SCHED_BATCH: {method:?}");
        assert_eq!(support::status_of(pid, "Cpus_allowed_list"), "0", "{method:?}");
        assert_eq!(support::status_of(pid, "NoNewPrivs"), "1", "{method:?}");
        running.finish().output();
    }
}

#[test]
fn what_cannot_be_set_is_told_in_its_words_and_there_is_no_program() {
    let mut spawner = Spawner::new().unwrap();
    // A hard limit below the soft one (setrlimit(2), EINVAL).
    let attributes = ChildAttributes {
        settings: vec![ChildSetting {
            words: "rlimit_nofile to 9:3".to_owned(),
            ..limit(Resource::Nofile, 9, Some(3))
        }],
        ..ChildAttributes::default()
    };
    for method in METHODS {
        let running = with(attributes.clone()).by(method).start(&mut spawner);
        let pid = running.child.pid;
        let finished = running.finish();
        assert_eq!(finished.status, ExitStatus::Exited(127), "{method:?}");
        let words = "couldn't set rlimit_nofile to 9:3: EINVAL".to_owned();
        let lines = format!("supervisor: {words}\nsupervisor: child process was not spawned\n");
        assert_eq!(finished.stderr, lines, "{method:?}");
        assert_eq!(spawner.take_failures(), [ExecFailure { pid, words }], "{method:?}");
    }
}

#[test]
fn capabilities_and_groups_are_what_they_are_to_be() {
    if !support::is_root("capabilities") {
        return;
    }
    let mut spawner = Spawner::new().unwrap();
    let bind = Capabilities::named("NET_BIND_SERVICE").unwrap();
    let somebody = Credentials { uid: 65_534, gid: 5_000, groups: vec![5_000, 5_001] };
    let attributes = ChildAttributes {
        bounding: Some((bind, "capability_bounding".to_owned())),
        ambient: Some((bind, "ambient_capabilities".to_owned())),
        pdeathsig: Some(Signal::TERM),
        ..ChildAttributes::default()
    };
    let nobody_else = ChildAttributes { sets_groups: true, ..ChildAttributes::default() };
    let own = Credentials { gid: 5_000, groups: vec![5_000], ..Credentials::own() };
    for method in METHODS {
        let program = Program { credentials: Some(somebody.clone()), ..with(attributes.clone()) };
        let mut running = program.by(method).start(&mut spawner);
        running.wait_until_it_answers();
        for field in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
            assert_eq!(support::status_of(running.pid(), field), "0000000000000400", "{field}: {method:?}");
        }
        assert_eq!(support::status_of(running.pid(), "Gid"), "5000 5000 5000 5000", "{method:?}");
        running.finish().output();

        let program = Program { credentials: Some(own.clone()), ..with(nobody_else.clone()) };
        let mut running = program.by(method).start(&mut spawner);
        running.wait_until_it_answers();
        assert_eq!(support::status_of(running.pid(), "Uid"), "0 0 0 0", "{method:?}");
        assert_eq!(support::status_of(running.pid(), "Groups"), "5000", "{method:?}");
        running.finish().output();
    }
}
