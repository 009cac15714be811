//! AUTO logs: whose they are, whatever is done to them.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::{fs, io};

use crate::support::{TestDaemon, send_signal, testing_the_original, until};

fn mode(path: &Path) -> io::Result<u32> {
    Ok(fs::metadata(path)?.permissions().mode() & 0o777)
}

#[test]
fn auto_logs_stay_their_owners_alone_when_they_rotate_are_cleared_or_opened_anew() {
    if testing_the_original() {
        return; // N69: a rotation or a clearing shows them to everybody
    }
    let mut daemon = TestDaemon::started(
        "[program:auto]
command=/bin/sh -c \"while read line; do echo $line; done\"
stdout_logfile_maxbytes=10
stdout_logfile_backups=1
startsecs=0
",
    );
    daemon.wait_for_state("auto", "RUNNING");
    let name = daemon.files("auto-stdout---test-").remove(0);
    let path = daemon.path(&name);
    let say = |line: &str| {
        let line = format!("{line}\n");
        daemon.call("supervisor.sendProcessStdin", &["auto".into(), line.as_str().into()]).expect("it reads");
    };
    say("long enough to rotate");
    daemon.wait_for_text(&format!("{name}.1"), "long enough to rotate\n");
    say("next");
    daemon.wait_for_text(&name, "next\n");
    assert_eq!(mode(&path).expect("it is there"), 0o600, "rotated");
    daemon.call("supervisor.clearProcessLogs", &["auto".into()]).expect("it is emptied");
    assert_eq!(mode(&path).expect("it is there"), 0o600, "cleared");
    fs::remove_file(&path).expect("it is there");
    send_signal("USR2", daemon.read("supervisord.pid").trim());
    until("it is opened anew", || mode(&path).ok().map(|mode| assert_eq!(mode, 0o600, "opened anew")));
    daemon.call("supervisor.stopProcess", &["auto".into()]).expect("it ends");
    daemon.call("supervisor.clearProcessLogs", &["auto".into()]).expect("it is emptied");
    assert_eq!(mode(&path).expect("it is there"), 0o600, "cleared while it does not run");
    fs::remove_file(&path).expect("it is there");
    daemon.call("supervisor.startProcess", &["auto".into()]).expect("it starts");
    assert_eq!(mode(&path).expect("it is there"), 0o600, "gone, and made again");
    daemon.stop();
}

#[test]
fn auto_logs_of_a_supervisord_that_lives_are_left_alone_by_another_that_starts_reloads_or_ends() {
    if testing_the_original() {
        return; // N71: whoever starts removes them
    }
    let talker = |name: &str| format!("[program:{name}]\ncommand=/bin/sh -c \"echo of {name}; exec sleep 1000\"\n");
    let mut first = TestDaemon::started(&talker("one"));
    let shared = format!("[supervisord]\nchildlogdir={}\n{}", first.path("").display(), talker("two"));
    let mut second = TestDaemon::prepared(&shared);
    let assert_first_is_whole = || {
        assert_eq!(first.files("one-stdout").len(), 1);
        assert_eq!(first.ctl(&["tail", "one"]).stdout.trim_end(), "of one");
    };
    first.wait_for_state("one", "RUNNING");
    second.start();
    second.wait_for_state("two", "RUNNING");
    assert_first_is_whole();
    let before = first.files("two-stdout");
    second.signal("HUP");
    until("the other one has its new log", || (first.files("two-stdout") != before).then_some(()));
    assert_eq!(first.files("two-stdout").len(), 1, "its own from before are gone");
    assert_first_is_whole();
    second.stop();
    assert_first_is_whole();
    let locks = first.files(".lock");
    assert_eq!(locks.len(), 1, "{locks:?}");

    // What a killed one leaves goes with the next start of any.
    second.start();
    second.wait_for_state("two", "RUNNING");
    second.signal("KILL");
    second.program().wait_for_end();
    assert_eq!(first.files(".lock").len(), 2);
    first.signal("HUP");
    until("its logs are gone", || first.files("two-stdout").is_empty().then_some(()));
    until("so is its lock", || (first.files(".lock").len() == 1).then_some(()));
    first.stop();
    assert_eq!(first.files(".lock"), Vec::<String>::new());
}
