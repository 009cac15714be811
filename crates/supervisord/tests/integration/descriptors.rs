//! RLIMIT_NOFILE: what supervisord makes of it, for itself and for its programs, and what happens where it is tight.

use std::collections::BTreeSet;
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

/// Each program has two logs of its own, which are descriptors of supervisord's.
const WITH_LOGS: &str = "";
/// Each program has none, and one pipe for all that it prints.
const WITHOUT_LOGS: &str = "stdout_logfile=NONE\nredirect_stderr=true\n";

/// As many programs as run under this limit, soft and hard, with the Python release 4.3.0 (Python 3.11), counted as
/// `bench/descriptors.py` does: those that are RUNNING when all others are FATAL for lack of descriptors.
const OF_THE_PYTHON_RELEASE: [(u32, &str, usize); 6] = [
    (64, WITH_LOGS, 11),
    (64, WITHOUT_LOGS, 28),
    (100, WITH_LOGS, 18),
    (100, WITHOUT_LOGS, 46),
    (1024, WITH_LOGS, 203),
    (1024, WITHOUT_LOGS, 508),
];

#[test]
fn as_many_programs_run_as_under_the_python_release_and_all_of_them_restart() {
    for (limit, logs, count) in OF_THE_PYTHON_RELEASE {
        let mut daemon = TestDaemon::prepared(&format!(
            "[supervisord]\nminfds=40\nloglevel=info\n[program:p]\ncommand=/bin/sleep 1000\nnumprocs={count}
process_name=%(process_num)03d\nstartsecs=0\nautorestart=true\n{logs}"
        ));
        launch_under(&mut daemon, limit, limit);
        until("all run", || (running(&daemon).len() == count).then_some(()));
        daemon.wait_until_it_answers();
        for _ in 0..2 {
            let before = BTreeSet::from_iter(running(&daemon));
            for pid in &before {
                send_signal("KILL", &pid.to_string());
            }
            assert!(daemon.ctl(&["pid"]).stdout.ends_with('\n'), "{limit} {logs:?}: it answers meanwhile");
            until("each was started again", || {
                let now = BTreeSet::from_iter(running(&daemon));
                (now.len() == count && now.is_disjoint(&before)).then_some(())
            });
        }
        let status = daemon.ctl(&["status"]);
        assert_eq!(status.stdout.matches(" RUNNING ").count(), count, "{limit} {logs:?}: {status:?}");
        assert_eq!(daemon.log_lines("FATAL").len(), 0, "{limit} {logs:?}");
        assert_eq!(daemon.log_lines("too many open files").len(), 0, "{limit} {logs:?}");
        daemon.stop();
    }
}

#[test]
fn programs_beyond_the_limit_are_fatal_soon_and_hold_up_nobody() {
    if testing_the_original() {
        return; // it runs fewer
    }
    let mut daemon = TestDaemon::prepared(
        "[supervisord]\nminfds=40\nloglevel=info\n[program:p]\ncommand=/bin/sleep 1000\nnumprocs=700
process_name=%(process_num)03d\nstartsecs=0\nstartretries=1\n",
    );
    launch_under(&mut daemon, 1024, 1024);
    // Each that fails looks for descriptors to save, twice, at all that run.
    until("those without descriptors are FATAL", || {
        let status = daemon.ctl(&["status"]).stdout;
        (status.matches(" RUNNING ").count() + status.matches(" FATAL ").count() == 700).then_some(())
    });
    assert!(running(&daemon).len() >= 203);
    daemon.stop();
}

#[test]
fn a_stdin_that_was_laid_aside_is_written_to_and_ends_with_supervisord() {
    if testing_the_original() {
        return; // it lays none aside
    }
    let mut daemon = TestDaemon::prepared(
        "[supervisord]\nminfds=40\n[program:p]\ncommand=/bin/cat\nnumprocs=10\nprocess_name=%(process_num)02d
startsecs=0\nautorestart=true\nstdout_logfile={dir}/%(process_num)02d.log\n",
    );
    launch_under(&mut daemon, 64, 64);
    daemon.wait_until_it_answers();
    for number in ["00", "09", "05", "00"] {
        let name = format!("p:{number}");
        daemon.wait_for_state(&name, "RUNNING");
        let line = format!("for {name}\n");
        daemon.call("supervisor.sendProcessStdin", &[name.as_str().into(), line.as_str().into()]).expect("it reads");
        daemon.wait_for_text(&format!("{number}.log"), &line);
    }
    assert_eq!(daemon.ctl(&["status"]).stdout.matches(" RUNNING ").count(), 10);
    daemon.program().kill();
    let cats = || daemon.mark().processes().into_iter().filter(|process| process.command_line == "/bin/cat").count();
    until("each has read the end of its stdin", || (cats() == 0).then_some(()));
}

/// Lowers or raises what the running daemon may open.
fn limit_descriptors(daemon: &mut TestDaemon, most: u32) {
    let pid = daemon.program().pid();
    let ended = daemon.start_script(&format!("exec prlimit --pid {pid} --nofile={most}:")).wait_for_end();
    assert_eq!(ended.status, 0, "{ended:?}");
}

#[test]
fn an_event_waits_for_a_descriptor_and_is_not_lost() {
    if testing_the_original() {
        return; // it lays no stdin aside
    }
    let mut daemon = TestDaemon::prepared(
        "[supervisord]\nminfds=40\n[program:p]\ncommand=/bin/cat\nnumprocs=9\nprocess_name=%(process_num)02d
startsecs=0\nautorestart=false\n[eventlistener:l]\nevents=PROCESS_STATE_EXITED\nstdout_logfile=NONE\nstartsecs=0
command=/bin/sh -c \"printf 'READY\\n'; read -r header; echo \\\"$header\\\" >&2; exec sleep 1000\"
priority=1000\nstderr_logfile={dir}/l.log\n",
    );
    launch_under(&mut daemon, 64, 64);
    daemon.wait_until_it_answers();
    daemon.wait_for_log("l: ACKNOWLEDGED -> READY");
    let pid = daemon.pid_of("p:03");
    limit_descriptors(&mut daemon, 5);
    send_signal("KILL", &pid.to_string());
    daemon.wait_for_log("exited: 03");
    assert_eq!(daemon.read("l.log"), "", "there is no descriptor to write to it");
    limit_descriptors(&mut daemon, 64);
    daemon.wait_for_text("l.log", "eventname:PROCESS_STATE_EXITED");
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
