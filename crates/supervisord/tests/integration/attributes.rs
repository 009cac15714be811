//! What programs set of themselves by their options, as the kernel shows it (docs/attributes.md).

use std::fs;

use crate::support::{TestDaemon, is_root, testing_the_original, until};

/// A field of `/proc/PID/status`.
fn status(daemon: &TestDaemon, program: &str, field: &str) -> String {
    let text = fs::read_to_string(format!("/proc/{}/status", daemon.pid_of(program))).expect("it runs");
    let line = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':')).expect("the kernel tells it");
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn program_has_the_limits_and_priorities_of_its_section() {
    if testing_the_original() {
        return;
    }
    let mut daemon = TestDaemon::started(
        "[program:limited]\ncommand=/bin/sleep 1000\nrlimit_nofile=77:99\nrlimit_core=0\nnice=5\noom_score_adj=700\n\
         no_new_privs=true\nnew_session=true\nsched=batch\nioprio=idle\ncpu_affinity=0\nstartsecs=0\n",
    );
    daemon.wait_for_state("limited", "RUNNING");
    let pid = daemon.pid_of("limited");
    until("it is its program", || {
        fs::read_link(format!("/proc/{pid}/exe"))
            .ok()
            .filter(|path| path.ends_with("sleep") || path.ends_with("coreutils"))
    });
    let limits = fs::read_to_string(format!("/proc/{pid}/limits")).expect("it runs");
    let files: Vec<&str> =
        limits.lines().find(|line| line.starts_with("Max open files")).unwrap().split_whitespace().collect();
    assert_eq!(&files[3..5], ["77", "99"]);
    assert_eq!(fs::read_to_string(format!("/proc/{pid}/oom_score_adj")).unwrap(), "700\n");
    assert_eq!(
        (status(&daemon, "limited", "NoNewPrivs"), status(&daemon, "limited", "Cpus_allowed_list")),
        ("1".into(), "0".into())
    );
    assert_eq!(status(&daemon, "limited", "NSsid"), pid.to_string());
    daemon.stop();
}

#[test]
fn what_the_kernel_refuses_is_told_as_other_failures_of_a_child_are() {
    if testing_the_original() {
        return;
    }
    // More descriptors than the kernel has for anybody (fs.nr_open).
    let mut daemon = TestDaemon::started(
        "[program:greedy]\ncommand=/bin/sleep 1000\nrlimit_nofile=4000000000\nstartretries=0\n\
         stderr_logfile={dir}/greedy.err\n",
    );
    daemon.wait_for_state("greedy", "FATAL");
    let words = "couldn't set rlimit_nofile to 4000000000: EPERM";
    assert_eq!(daemon.read("greedy.err"), format!("supervisor: {words}\nsupervisor: child process was not spawned\n"));
    daemon.wait_for_log(&format!("WARN the program of greedy could not be started: {words}"));
    daemon.stop();
}

#[test]
fn groups_and_capabilities_are_those_of_the_section() {
    if testing_the_original() || !is_root("other groups and capabilities") {
        return;
    }
    let mut daemon = TestDaemon::started(
        "[program:able]\ncommand=/bin/sleep 1000\nuser=nobody\ngroup=5000\nsupplementary_groups=5001,5002\n\
         capability_bounding=CAP_NET_BIND_SERVICE\nambient_capabilities=CAP_NET_BIND_SERVICE\npdeathsig=TERM\nstartsecs=0\n\
         [program:grouped]\ncommand=/bin/sleep 1000\nsupplementary_groups=none\nstartsecs=0\n",
    );
    for name in ["able", "grouped"] {
        daemon.wait_for_state(name, "RUNNING");
    }
    until("it has its capability", || (status(&daemon, "able", "CapAmb") == "0000000000000400").then_some(()));
    for field in ["CapEff", "CapPrm", "CapBnd"] {
        assert_eq!(status(&daemon, "able", field), "0000000000000400", "{field}");
    }
    assert_eq!(status(&daemon, "able", "Gid"), "5000 5000 5000 5000");
    assert_eq!(status(&daemon, "able", "Groups"), "5000 5001 5002");
    until("the other one has its groups", || (status(&daemon, "grouped", "Groups") == "0").then_some(()));
    daemon.stop();
}
