//! Whom programs run as.

use crate::support::{TestDaemon, not_tested, testing_the_original};

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
