//! A control socket that a cleaner or an operator removes comes back, and nothing is started twice meanwhile.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;

use crate::server_sockets::{DENY, can_deny};
use crate::support::{TestDaemon, send_signal, testing_the_original, until};

const SLEEPER: &str = "[program:a]\ncommand=/bin/sleep 1000\nstartsecs=0\n";

/// Waits until the daemon answers at its socket.
#[track_caller]
fn wait_until_it_is_back(daemon: &TestDaemon) {
    until("the socket is back", || daemon.try_call("supervisor.getState", &[]).ok()?.ok());
}

/// A daemon whose socket lies in a folder of its own, below another.
fn started_in_a_folder() -> TestDaemon {
    let mut daemon = TestDaemon::prepared(SLEEPER);
    fs::create_dir_all(daemon.path("run/supervisor")).expect("the folder is ours");
    daemon.configure_also(
        "[unix_http_server]\nfile={dir}/run/supervisor/s.sock\nchmod=0770\nchown=0:0\n[supervisorctl]\n\
         serverurl=unix://{dir}/run/supervisor/s.sock\n",
    );
    daemon.launch(&["-n"]);
    daemon.wait_for_log("entered RUNNING state");
    daemon
}

fn pid_by_client(daemon: &TestDaemon) -> String {
    daemon.ctl(&["pid"]).stdout
}

#[test]
fn socket_that_was_removed_is_back_at_once_with_its_mode() {
    if testing_the_original() {
        return; // it is gone for good
    }
    let mut daemon = TestDaemon::started(&format!("{SLEEPER}[unix_http_server]\nchmod=0750\n"));
    daemon.wait_for_state("a", "RUNNING");
    let pid = daemon.pid_of("a");
    for round in 1..=3 {
        fs::remove_file(daemon.path("s.sock")).expect("it is there");
        wait_until_it_is_back(&daemon);
        assert_eq!(fs::metadata(daemon.path("s.sock")).expect("it is back").mode() & 0o777, 0o750);
        until("it is told", || (daemon.log_lines("was gone, and is there again").len() == round).then_some(()));
    }
    assert!(daemon.log_lines("is gone, and nobody").is_empty(), "{}", daemon.log());
    // A new time is no other file, and it is removed at the end all the same.
    let touched = daemon.start_script("touch s.sock");
    assert_eq!({ touched }.wait_for_end().status, 0);
    assert_eq!(daemon.pid_of("a"), pid);
    daemon.stop();
}

#[test]
fn folder_that_was_removed_or_moved_and_made_again_gets_its_socket() {
    if testing_the_original() || !nix::unistd::geteuid().is_root() {
        return;
    }
    let mut daemon = started_in_a_folder();
    let pid = format!("{}\n", daemon.program().pid());
    fs::remove_dir_all(daemon.path("run")).expect("it is ours");
    daemon.wait_for_log("is gone, and nobody can connect to it");
    fs::create_dir_all(daemon.path("run/supervisor")).expect("it is ours");
    until("the socket is back", || (pid_by_client(&daemon) == pid).then_some(()));
    fs::rename(daemon.path("run"), daemon.path("old")).expect("it is ours");
    fs::create_dir_all(daemon.path("run/supervisor")).expect("it is ours");
    until("the socket is back", || (pid_by_client(&daemon) == pid).then_some(()));
    assert_eq!(daemon.log_lines("is gone, and nobody").len(), 1, "{}", daemon.log());
    let mode = fs::metadata(daemon.path("run/supervisor/s.sock")).expect("it is back").mode();
    assert_eq!(mode & 0o777, 0o770);
    daemon.stop();
}

#[test]
fn place_that_another_server_has_taken_is_left_to_it() {
    if testing_the_original() {
        return;
    }
    let mut daemon = TestDaemon::started(SLEEPER);
    let other = UnixListener::bind(daemon.path("other.sock")).expect("the folder is ours");
    fs::rename(daemon.path("other.sock"), daemon.path("s.sock")).expect("the folder is ours");
    daemon.wait_for_log("is gone, and nobody can connect to it: another program listens at");
    drop(other);
    fs::remove_file(daemon.path("s.sock")).expect("it was left alone");
    wait_until_it_is_back(&daemon);
    // What is no socket is nobody's to remove.
    daemon.write("note", "kept");
    fs::rename(daemon.path("note"), daemon.path("s.sock")).expect("the folder is ours");
    daemon.wait_for_log("something that is no socket lies at");
    assert_eq!(daemon.read("s.sock"), "kept");
    fs::remove_file(daemon.path("s.sock")).expect("it was left alone");
    wait_until_it_is_back(&daemon);
    daemon.stop();
}

#[test]
fn without_inotify_it_comes_back_too() {
    const INOTIFY_INIT1: &str = "294";
    if testing_the_original() || !can_deny() {
        return;
    }
    let mut daemon = TestDaemon::prepared(SLEEPER);
    daemon.launch_by(&["python3", "-c", DENY, "38", INOTIFY_INIT1]);
    daemon.wait_until_it_answers();
    fs::remove_file(daemon.path("s.sock")).expect("it is there");
    wait_until_it_is_back(&daemon);
    daemon.stop();
}

#[test]
fn second_daemon_that_finds_no_socket_starts_nothing() {
    if testing_the_original() {
        return; // it starts every program a second time
    }
    let mut daemon = TestDaemon::started(SLEEPER);
    daemon.wait_for_state("a", "RUNNING");
    let pid = daemon.program().pid();
    // It cannot put its socket back now.
    daemon.signal("STOP");
    fs::remove_file(daemon.path("s.sock")).expect("it is there");
    let ended = daemon.run(&["-n", "-c", "{dir}/supervisord.conf"]);
    let reason = format!("s.sock is not there, but the supervisord with pid {pid} that made it runs (it holds ");
    assert!(ended.stderr.starts_with("Error: Another program is already listening"), "{}", ended.stderr);
    assert!(ended.stderr.contains(&reason), "{}", ended.stderr);
    assert_eq!(ended.status, 2);
    daemon.signal("CONT");
    wait_until_it_is_back(&daemon);
    // Nobody is held up by what a daemon leaves that was killed.
    let program = daemon.pid_of("a");
    daemon.program().kill();
    send_signal("KILL", &program.to_string());
    fs::remove_file(daemon.path("s.sock")).expect("it was left behind");
    daemon.start();
    daemon.stop();
}

/// As another start of the same file, which is to be refused while the first one runs.
#[track_caller]
fn second_start_is_refused(daemon: &TestDaemon, pid: u32) {
    let ended = daemon.run(&["-n", "-c", "{dir}/supervisord.conf"]);
    let reason = format!("s.sock is not there, but the supervisord with pid {pid} that made it runs");
    assert!(ended.stderr.starts_with("Error: Another program is already listening"), "{}", ended.stderr);
    assert!(ended.stderr.contains(&reason), "{}", ended.stderr);
    assert_eq!(ended.status, 2);
}

#[test]
fn second_daemon_is_refused_though_the_pidfile_was_swept_away_too() {
    if testing_the_original() {
        return; // it starts every program a second time
    }
    let users: &[&str] = if nix::unistd::geteuid().is_root() { &["", "user=nobody\n"] } else { &[""] };
    for user in users {
        let mut daemon = TestDaemon::prepared(SLEEPER);
        daemon.configure_also(&format!("[supervisord]\n{user}"));
        if !user.is_empty() {
            fs::set_permissions(daemon.path(""), Permissions::from_mode(0o777)).expect("the folder is ours");
        }
        daemon.launch(&["-n"]);
        daemon.wait_until_it_answers();
        daemon.wait_for_state("a", "RUNNING");
        let pid = daemon.program().pid();
        daemon.signal("STOP");
        for name in ["s.sock", "supervisord.pid"] {
            fs::remove_file(daemon.path(name)).expect("it is there");
        }
        second_start_is_refused(&daemon, pid);
        daemon.signal("CONT");
        wait_until_it_is_back(&daemon);
        daemon.stop();
    }
}
