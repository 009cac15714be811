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
