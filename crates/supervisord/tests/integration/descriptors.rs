//! RLIMIT_NOFILE: what supervisord makes of it, for itself and for its programs, and what happens where it is tight.

use std::fs;
use std::os::unix::net::UnixStream;

use crate::support::{TestDaemon, send_signal, testing_the_original, until};

/// Starts the daemon under these soft and hard limits.
fn launch_under(daemon: &mut TestDaemon, soft: u32, hard: u32) {
    let script = format!("ulimit -Sn {soft} && ulimit -Hn {hard} && exec \"$@\"");
    daemon.launch_by(&["sh", "-c", &script, "sh"]);
}

/// The pids of the programs that run.
fn running(daemon: &TestDaemon) -> Vec<u32> {
    let all = daemon.mark().processes().into_iter();
    all.filter(|process| process.command_line == "/bin/sleep 1000").map(|process| process.pid).collect()
}

#[test]
fn supervisord_takes_the_hard_limit_and_programs_get_what_they_would_have_had() {
    if testing_the_original() {
        return; // it leaves itself the soft limit
    }
    for (minfds, programs) in [(100, "600\n5000\n"), (700, "700\n5000\n")] {
        let mut daemon = TestDaemon::prepared(&format!(
            "[supervisord]\nminfds={minfds}\n[program:p]
command=/bin/sh -c \"ulimit -Sn; ulimit -Hn; exec sleep 1000\"\nstdout_logfile={{dir}}/p.log\n"
        ));
        launch_under(&mut daemon, 600, 5000);
        daemon.wait_until_it_answers();
        daemon.wait_for_text("p.log", programs);
        let limits = fs::read_to_string(format!("/proc/{}/limits", daemon.program().pid())).expect("it runs");
        let own = limits.lines().find(|line| line.starts_with("Max open files")).expect("proc(5)");
        assert_eq!(own.split_whitespace().skip(3).take(2).collect::<Vec<_>>(), ["5000", "5000"]);
        daemon.stop();
    }
}

#[test]
fn where_descriptors_run_short_ends_are_noticed_without_pidfds() {
    if testing_the_original() {
        return; // it has none
    }
    let mut daemon = TestDaemon::prepared(
        "[supervisord]\nminfds=64\n[program:p]\ncommand=/bin/sleep 1000\nnumprocs=14\nprocess_name=%(process_num)02d
startsecs=0\nautorestart=true\n",
    );
    launch_under(&mut daemon, 100, 100);
    // With a pidfd for each it would be 11.
    until("all run", || (running(&daemon).len() == 14).then_some(()));
    daemon.wait_until_it_answers();
    daemon.wait_for_log("WARN file descriptors run short: supervisord does without");
    for _ in 0..2 {
        let before = running(&daemon);
        for pid in &before {
            send_signal("KILL", &pid.to_string());
        }
        until("each was started again", || {
            let now = running(&daemon);
            (now.len() == 14 && now.iter().all(|pid| !before.contains(pid))).then_some(())
        });
    }
    assert_eq!(daemon.log_lines("FATAL").len(), 0);
    daemon.stop();
}

#[test]
fn too_few_descriptors_are_one_clear_error() {
    if testing_the_original() {
        return; // it begins, and fails at whatever comes first
    }
    for limit in [10, 20, 39] {
        let mut daemon = TestDaemon::prepared("[supervisord]\nminfds=5\n[inet_http_server]\nport=127.0.0.1:{port}\n");
        launch_under(&mut daemon, limit, limit);
        let ended = daemon.program().wait_for_end();
        assert_eq!(ended.status, 2);
        let error = format!("Error: supervisord needs 40 file descriptors at least, and may open {limit}: raise");
        assert!(ended.stderr.starts_with(&error), "{}", ended.stderr);
    }
}

#[test]
fn just_enough_descriptors_run_a_program_whatever_strangers_hold() {
    if testing_the_original() {
        return; // strangers hold all of them
    }
    let mut daemon = TestDaemon::prepared(
        "[supervisord]\nminfds=5\n[inet_http_server]\nport=127.0.0.1:{port}\n\
         [program:a]\ncommand=/bin/sleep 1000\nstartsecs=0\nstartretries=0\nautorestart=true\n",
    );
    launch_under(&mut daemon, 40, 40);
    daemon.wait_until_it_answers();
    daemon.wait_for_state("a", "RUNNING");
    let strangers: Vec<_> = (0..60).map(|_| UnixStream::connect(daemon.path("s.sock")).expect("it listens")).collect();
    let before = running(&daemon);
    assert_eq!(before.len(), 1);
    send_signal("KILL", &before[0].to_string());
    until("it runs again", || {
        let now = running(&daemon);
        (now.len() == 1 && now != before).then_some(())
    });
    assert_eq!(daemon.log_lines("FATAL").len(), 0, "{}", daemon.log());
    assert_eq!(daemon.log_lines("too many open files").len(), 0, "{}", daemon.log());
    assert!(daemon.log_lines("unix_http_server cannot accept").len() <= 1, "{}", daemon.log());
    drop(strangers);
    daemon.stop();
}
