//! How programs are stopped, and supervisord itself: what is ours of it (docs/stopping.md).

use crate::support::{TestDaemon, testing_the_original, until};

/// A program that does not listen to SIGTERM, and says when it is ready for it.
const DEAF: &str = "command=/bin/sh -c \"trap '' TERM; echo ready; while :; do sleep 0.1; done\"
startsecs=0
stopwaitsecs=600
";

#[test]
fn shutdown_that_takes_too_long_ends_all_the_same() {
    if testing_the_original() {
        return;
    }
    let mut daemon = TestDaemon::prepared(&format!(
        "[supervisord]\nshutdown_timeout=500ms\n\
         [program:first]\n{DEAF}stdout_logfile={{dir}}/first.log\n\
         [program:second]\n{DEAF}stdout_logfile={{dir}}/second.log\n"
    ));
    daemon.start();
    for log in ["first.log", "second.log"] {
        daemon.wait_for_text(log, "ready");
    }
    daemon.signal("TERM");
    daemon.assert_ends_clean();
    let lines = daemon.log_lines("shutdown has taken");
    assert!(
        lines[0].ends_with("WARN shutdown has taken 0.5 seconds, killing first, second (shutdown_timeout)"),
        "{lines:?}"
    );
    assert_eq!(daemon.log_lines("stopped: ").len(), 2, "{}", daemon.log());
}

#[test]
fn signals_count_as_what_the_file_says() {
    if testing_the_original() {
        return;
    }
    let mut daemon = TestDaemon::prepared("[supervisord]\nsignal_rewrite=HUP:ignore, USR1:TERM\n");
    daemon.start();
    daemon.signal("HUP");
    daemon.wait_for_log("INFO SIGHUP is ignored (signal_rewrite)");
    daemon.signal("USR1");
    daemon.assert_ends_clean();
    daemon.wait_for_log("INFO SIGUSR1 counts as SIGTERM (signal_rewrite)");
    assert_eq!(daemon.log_lines("restart request"), [""; 0]);
}

#[test]
fn kill_mode_group_leaves_nobody_of_the_group() {
    if testing_the_original() {
        return;
    }
    let mut daemon = TestDaemon::started(
        "[program:family]
command=/bin/sh -c \"trap '' TERM; sleep 1001 & echo ready; wait; sleep 1002\"
stdout_logfile={dir}/family.log
kill_mode=group
stopwaitsecs=1
startsecs=0
",
    );
    daemon.wait_for_text("family.log", "ready");
    let children = || daemon.mark().processes().len();
    until("the child is there", || (children() >= 3).then_some(()));
    daemon.ctl(&["stop", "family"]);
    assert_eq!(daemon.state("family"), "STOPPED");
    until("only supervisord is left", || (children() == 1).then_some(()));
    daemon.stop();
}

#[test]
fn program_with_pdeathsig_does_not_outlive_a_killed_supervisord() {
    if testing_the_original() {
        return;
    }
    let mut daemon = TestDaemon::started(
        "[program:bound]\ncommand=/bin/sleep 1000\npdeathsig=TERM\nnew_session=true\nstartsecs=0\n\
         [program:free]\ncommand=/bin/sleep 1000\nstartsecs=0\n",
    );
    for name in ["bound", "free"] {
        daemon.wait_for_state(name, "RUNNING");
    }
    let (bound, free) = (daemon.pid_of("bound"), daemon.pid_of("free"));
    daemon.program().kill();
    let is_there = |pid: i64| std::path::Path::new(&format!("/proc/{pid}/exe")).read_link().is_ok();
    until("the one has ended with it", || (!is_there(bound)).then_some(()));
    assert!(is_there(free));
    crate::support::send_signal("KILL", &free.to_string());
    until("the other one was ended", || (!is_there(free)).then_some(()));
}
