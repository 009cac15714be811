//! Logs that are symbolic links of root's, or our own: the file that they lead to is the log.

use std::fs;
use std::os::unix::fs::symlink;

use crate::support::{TestDaemon, testing_the_original};

const COUNTER: &str = "[program:counter]
command=/bin/sh -c \"while read line; do echo $line; done\"
stdout_logfile={dir}/link.log
stdout_logfile_maxbytes=10
stdout_logfile_backups=2
startsecs=0
";

#[test]
fn log_that_is_a_link_rotates_and_is_cleared_where_it_leads_and_the_link_stays() {
    if testing_the_original() {
        return; // N68: it renames the link
    }
    let mut daemon = TestDaemon::prepared(COUNTER);
    fs::create_dir(daemon.path("volume")).expect("the folder is ours");
    symlink("volume/real.log", daemon.path("link.log")).expect("the name is free");
    daemon.start();
    daemon.wait_for_state("counter", "RUNNING");
    for (line, file) in [("0123456789", "real.log.1"), ("abcdefghij", "real.log.1"), ("short", "real.log")] {
        daemon
            .call("supervisor.sendProcessStdin", &["counter".into(), format!("{line}\n").as_str().into()])
            .expect("it reads");
        daemon.wait_for_text(&format!("volume/{file}"), &format!("{line}\n"));
    }
    assert_eq!(daemon.read("volume/real.log.2"), "0123456789\n");
    assert_eq!(daemon.files("link."), ["link.log"], "no backup beside the link");
    assert!(fs::symlink_metadata(daemon.path("link.log")).expect("it is there").is_symlink());
    let tail = daemon.ctl(&["tail", "counter"]);
    assert_eq!(tail.stdout.trim_end(), "short");
    daemon.call("supervisor.clearProcessLogs", &["counter".into()]).expect("it is emptied");
    assert_eq!(daemon.read("volume/real.log"), "");
    assert!(fs::symlink_metadata(daemon.path("link.log")).expect("it is there").is_symlink());
    daemon.stop();
}
