//! Whom programs run as.

use crate::log_destinations::can_unshare;
use crate::support::{TestDaemon, not_tested, testing_the_original, until};

fn is_root() -> bool {
    let root = nix::unistd::geteuid().is_root();
    if !root {
        not_tested("programs of another user need root");
    }
    root
}

#[test]
fn a_number_without_a_name_is_a_user() {
    if testing_the_original() || !is_root() {
        return; // it wants an entry in /etc/passwd: N60
    }
    let mut daemon = TestDaemon::started(
        "[program:a]\ncommand=/bin/sh -c \"id -u; id -g; id -G; exec sleep 1000\"\nuser=54321
stdout_logfile={dir}/a.log
[fcgi-program:f]\ncommand=/bin/sh -c \"id -u; exec sleep 1000\"\nuser=54322\nsocket=unix://{dir}/f.sock
stdout_logfile={dir}/f.log
[program:b]\ncommand=/bin/sleep 1000\nuser=54321\n",
    );
    daemon.wait_for_text("a.log", "54321\n54321\n54321\n");
    daemon.wait_for_text("f.log", "54322\n");
    let owner = std::fs::metadata(daemon.path("f.sock")).expect("it listens");
    let owner = (std::os::unix::fs::MetadataExt::uid(&owner), std::os::unix::fs::MetadataExt::gid(&owner));
    assert_eq!(owner, (54_322, 54_322));
    assert_eq!(
        daemon.log_lines("no entry in the user database"),
        [
            "WARN user id 54321 has no entry in the user database: its group id is 54321 and it has no other groups",
            "WARN user id 54322 has no entry in the user database: its group id is 54322 and it has no other groups",
        ],
        "once for each"
    );
    daemon.stop();
}

#[test]
fn the_daemon_itself_may_be_a_number_without_a_name() {
    if testing_the_original() || !is_root() {
        return; // N60
    }
    let mut daemon = TestDaemon::prepared(
        "[supervisord]\nuser=54323\n[program:a]\ncommand=/bin/sh -c \"id -u; id -G; exec sleep 1000\"
stdout_logfile={dir}/a.log\n",
    );
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    std::fs::set_permissions(daemon.path(""), mode).expect("the folder is ours");
    daemon.start();
    daemon.wait_for_text("a.log", "54323\n54323\n");
    daemon.stop();
}

/// The user database of a namespace of its own: `user`, and the groups that it is in.
const DATABASE: &str = "mount --bind passwd /etc/passwd && mount --bind group /etc/group && exec \"$@\"";

const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\nsomebody:x:54400:54400::/:/bin/sh\n";

/// What the program tells once it has been started again by a stop and a start.
fn groups_after_a_restart(daemon: &TestDaemon) -> String {
    daemon.call("supervisor.stopProcess", &["p".into()]).expect("it stops");
    daemon.call("supervisor.clearProcessLogs", &["p".into()]).expect("it is there");
    daemon.call("supervisor.startProcess", &["p".into()]).expect("it starts");
    until("the program tells its groups", || Some(daemon.read("p.log")).filter(|text| text.ends_with('\n')))
}

#[test]
fn a_restart_has_the_groups_of_now() {
    if !is_root() || !can_unshare(&["-m"]) {
        return;
    }
    let mut daemon = TestDaemon::prepared(
        "[program:p]\ncommand=/bin/sh -c \"id -G; exec sleep 1000\"\nuser=somebody\nstartsecs=0
stdout_logfile={dir}/p.log\n",
    );
    daemon.write("passwd", PASSWD);
    daemon.write("group", "root:x:0:\nsomebody:x:54400:\n");
    daemon.launch_by(&["unshare", "-m", "sh", "-c", DATABASE, "sh"]);
    daemon.wait_until_it_answers();
    daemon.wait_for_text("p.log", "54400\n");
    for (database, groups) in [
        ("root:x:0:\nsomebody:x:54400:\nplus:x:54401:somebody\n", "54400 54401\n"),
        ("root:x:0:\nsomebody:x:54400:\nother:x:54402:somebody\n", "54400 54402\n"),
        ("root:x:0:\nsomebody:x:54400:\n", "54400\n"),
    ] {
        daemon.write("group", database);
        assert_eq!(groups_after_a_restart(&daemon), groups);
    }
    // Another group in passwd(5) is the primary one.
    daemon.write("passwd", &PASSWD.replace("54400:54400", "54400:54403"));
    assert_eq!(groups_after_a_restart(&daemon), "54403\n");
    daemon.stop();
}
