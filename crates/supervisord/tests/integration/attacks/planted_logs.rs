//! Logs in a folder of the program's own user, who puts something else in their place.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, chown, lchown, symlink};

use nix::sys::stat::Mode;

use crate::support::{TestDaemon, is_root, send_signal, testing_the_original, until};

/// `nobody`, who has a name everywhere.
const NOBODY: u32 = 65534;
const SECRET: &str = "root's own\n";

const WRITER: &str = "[program:writer]
command=/bin/sh -c \"while read line; do echo $line; done\"
user=nobody
stdout_logfile={dir}/theirs/x.log
stdout_logfile_maxbytes=100
stdout_logfile_backups=2
startsecs=0
";

/// A file of root's, and a folder of nobody's.
fn prepared(configuration: &str) -> TestDaemon {
    let daemon = TestDaemon::prepared(configuration);
    daemon.write("secret", SECRET);
    fs::set_permissions(daemon.path("secret"), fs::Permissions::from_mode(0o600)).expect("it is ours");
    fs::create_dir(daemon.path("theirs")).expect("the folder is ours");
    chown(daemon.path("theirs"), Some(NOBODY), None).expect("we are root");
    daemon
}

fn plant_link(daemon: &TestDaemon, name: &str) {
    let path = daemon.path(name);
    symlink(daemon.path("secret"), &path).expect("the name is free");
    lchown(&path, Some(NOBODY), None).expect("we are root");
}

fn plant_fifo(daemon: &TestDaemon, name: &str) {
    let path = daemon.path(name);
    nix::unistd::mkfifo(&path, Mode::S_IRWXU).expect("the name is free");
    chown(&path, Some(NOBODY), None).expect("we are root");
}

#[track_caller]
fn write_line(daemon: &TestDaemon, line: &str) {
    daemon
        .call("supervisor.sendProcessStdin", &["writer".into(), format!("{line}\n").as_str().into()])
        .expect("it reads");
}

/// FAILED
const FAILED: i64 = 30;

#[test]
fn log_that_was_made_a_link_is_not_opened_and_the_main_log_says_why() {
    if testing_the_original() || !is_root("a program of another user") {
        return; // it appends to whatever the link leads to
    }
    let mut daemon = prepared(WRITER);
    plant_link(&daemon, "theirs/x.log");
    daemon.start();
    daemon.wait_for_log("of writer could not be opened: its path has a link of the user with uid 65534");
    daemon.wait_for_state("writer", "FATAL");
    let read = |method: &str| daemon.call(method, &["writer".into(), 0_i64.into(), 0_i64.into()]);
    assert_eq!(read("supervisor.readProcessStdoutLog").expect_err("refused").code, FAILED);
    assert_eq!(daemon.call("supervisor.clearProcessLogs", &["writer".into()]).expect_err("refused").code, FAILED);
    assert_eq!(daemon.read("secret"), SECRET);
    fs::remove_file(daemon.path("theirs/x.log")).expect("it is there");
    daemon.call("supervisor.startProcess", &["writer".into()]).expect("nothing is in the way any more");
    daemon.stop();
}

#[test]
fn link_that_comes_while_a_program_runs_gets_nothing_by_rotation_reopening_or_clearing() {
    if testing_the_original() || !is_root("a program of another user") {
        return; // it appends to whatever the link leads to
    }
    let mut daemon = prepared(WRITER);
    daemon.start();
    daemon.wait_for_state("writer", "RUNNING");
    let long = "x".repeat(150);
    let exchange = || {
        fs::remove_file(daemon.path("theirs/x.log")).expect("it is there");
        plant_link(&daemon, "theirs/x.log");
    };
    exchange();
    write_line(&daemon, &long);
    daemon.wait_for_log("DEBG 'writer' stdout output:"); // both in one reading are rotated once
    write_line(&daemon, &long);
    daemon.wait_for_log("dropped from now on: its path has a link");
    daemon.call("supervisor.clearProcessLogs", &["writer".into()]).expect("the link gives way to a file");
    write_line(&daemon, "after clearing");
    daemon.wait_for_text("theirs/x.log", "after clearing\n");
    assert_eq!(fs::symlink_metadata(daemon.path("theirs/x.log")).expect("it is there").uid(), 0);
    exchange();
    let reopened = daemon.log_lines("logreopen").len();
    let pid = daemon.read("supervisord.pid");
    send_signal("USR2", pid.trim());
    until("it is reopened", || (daemon.log_lines("logreopen").len() > reopened).then_some(()));
    write_line(&daemon, "after reopening");
    until("that is told too", || (daemon.log_lines("dropped from now on: its path").len() == 2).then_some(()));
    assert_eq!(daemon.read("secret"), SECRET);
    assert!(!daemon.files("secret.").iter().any(|name| name == "secret.1"));
    daemon.stop();
}

#[test]
fn folder_that_was_made_a_link_and_second_names_of_files_of_roots_are_refused() {
    if testing_the_original() || !is_root("a program of another user") {
        return; // it follows both
    }
    let mut daemon = prepared(&WRITER.replace("theirs/x.log", "theirs/logs/secret"));
    symlink("..", daemon.path("theirs/logs")).expect("the name is free");
    lchown(daemon.path("theirs/logs"), Some(NOBODY), None).expect("we are root");
    daemon.start();
    daemon.wait_for_state("writer", "FATAL");
    assert!(daemon.log().contains("its path has a link of the user with uid 65534"), "{}", daemon.log());
    assert_eq!(daemon.read("secret"), SECRET);
    fs::remove_file(daemon.path("theirs/logs")).expect("it is there");
    fs::create_dir(daemon.path("theirs/logs")).expect("the name is free");
    chown(daemon.path("theirs/logs"), Some(NOBODY), None).expect("we are root");
    fs::hard_link(daemon.path("secret"), daemon.path("theirs/logs/secret")).expect("the name is free");
    daemon.call("supervisor.startProcess", &["writer".into()]).expect_err("it is refused");
    assert!(daemon.log().contains("it has a second name (a hard link)"), "{}", daemon.log());
    assert_eq!(daemon.read("secret"), SECRET);
    daemon.stop();
}

#[test]
fn log_that_was_made_a_pipe_holds_neither_readers_nor_followers_nor_clearing() {
    if testing_the_original() || !is_root("a program of another user") {
        return; // it waits for a writer of the pipe
    }
    let mut daemon = prepared(WRITER);
    daemon.start();
    daemon.wait_for_state("writer", "RUNNING");
    fs::remove_file(daemon.path("theirs/x.log")).expect("it is there");
    plant_fifo(&daemon, "theirs/x.log");
    // More of each than there are threads that read files.
    for _ in 0..6 {
        let read = daemon.call("supervisor.readProcessStdoutLog", &["writer".into(), 0_i64.into(), 0_i64.into()]);
        assert_eq!(read.expect_err("refused").code, FAILED);
        daemon
            .call("supervisor.tailProcessStdoutLog", &["writer".into(), 0_i64.into(), 99_i64.into()])
            .expect("no text");
        let answer = daemon.ctl(&["tail", "-f", "writer"]);
        assert_ne!(answer.stdout, "", "it is told that there is nothing to follow");
    }
    daemon.call("supervisor.reloadConfig", &[]).expect("files can be read");
    daemon.call("supervisor.clearProcessLogs", &["writer".into()]).expect("the pipe gives way to a file");
    write_line(&daemon, "a file again");
    daemon.wait_for_text("theirs/x.log", "a file again\n");

    // And while it does not run.
    daemon.call("supervisor.stopProcess", &["writer".into()]).expect("it ends");
    fs::remove_file(daemon.path("theirs/x.log")).expect("it is there");
    plant_fifo(&daemon, "theirs/x.log");
    daemon.call("supervisor.clearProcessLogs", &["writer".into()]).expect("there is nothing to clear");
    assert!(fs::symlink_metadata(daemon.path("theirs/x.log")).expect("it is there").file_type().is_fifo());
    daemon.stop();
}
