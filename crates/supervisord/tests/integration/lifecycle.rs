//! The life of processes: started in order, restarted after a crash, given up, stopped, killed; and a shutdown that
//! leaves nothing behind.

use std::fs;

use crate::support::{TestDaemon, not_tested, send_signal, testing_the_original, until};

/// The processes named in the lines of the main log that contain `part`, in order; `word` is the name's place.
fn names_in_log(daemon: &TestDaemon, part: &str, word: usize) -> Vec<String> {
    let lines = daemon.log_lines(part);
    lines.iter().filter_map(|line| line.split(' ').nth(word)).map(|name| name.trim_matches('\'').to_owned()).collect()
}

const THREE: &str = "
[program:last]
command=/bin/sleep 1000
priority=30
[program:first]
command=/bin/sleep 1000
priority=10
[program:middle]
command=/bin/sleep 1000
priority=20
";

#[test]
fn programs_start_by_priority_and_stop_in_reverse() {
    let mut daemon = TestDaemon::started(THREE);
    for name in ["first", "middle", "last"] {
        daemon.wait_for_state(name, "RUNNING");
    }
    daemon.stop();
    assert_eq!(names_in_log(&daemon, "spawned: ", 2), ["first", "middle", "last"]);
    assert_eq!(names_in_log(&daemon, "stopped: ", 2), ["last", "middle", "first"]);
}

#[test]
fn interrupt_shuts_down_too() {
    let mut daemon = TestDaemon::started(THREE);
    daemon.wait_for_state("last", "RUNNING");
    daemon.signal("INT");
    daemon.assert_ends_clean();
    assert_eq!(daemon.log_lines("WARN received"), ["WARN received SIGINT indicating exit request"]);
}

#[test]
fn shutdown_during_start_up_leaves_nothing() {
    let mut daemon = TestDaemon::prepared(THREE);
    daemon.launch(&["-n"]);
    daemon.wait_for_log("supervisord started");
    daemon.stop();
}

/// Holds a program as strace and gdb do, and lets it go when it is told to.
const DEBUGGER: &str = "
import ctypes, sys
PTRACE_SEIZE = 0x4206
libc = ctypes.CDLL(None, use_errno=True)
seized = libc.ptrace(PTRACE_SEIZE, int(sys.argv[1]), 0, 0) == 0
print('holds it' if seized else 'may not', flush=True)
sys.stdin.readline()
";

#[test]
fn program_that_ends_under_a_debugger_is_reaped_when_that_lets_go() {
    let mut daemon = TestDaemon::started("[program:cat]\ncommand=/bin/cat\nstartsecs=0\nautorestart=false\n");
    daemon.write("debugger.py", DEBUGGER);
    daemon.wait_for_state("cat", "RUNNING");
    let pid = daemon.pid_of("cat");
    let mut debugger = daemon.start_script(&format!("exec python3 debugger.py {pid}"));
    until("the debugger has tried", || (!debugger.stdout().is_empty()).then_some(()));
    if debugger.stdout().contains("may not") {
        return not_tested("ptrace(2) is not allowed here");
    }
    send_signal("KILL", &pid.to_string());
    until("the program is a zombie", || {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        status.contains("State:\tZ").then_some(())
    });
    // The daemon has been told of the end by now and cannot reap it.
    daemon.signal("CHLD");
    assert_eq!(daemon.state("cat"), "RUNNING");
    debugger.type_in("let go\n");
    debugger.wait_for_end();
    daemon.wait_for_state("cat", "EXITED");
    daemon.stop();
}

#[test]
fn crashed_program_is_restarted() {
    let mut daemon = TestDaemon::started("[program:cat]\ncommand=/bin/cat\nstartsecs=0\n");
    daemon.wait_for_state("cat", "RUNNING");
    let before = daemon.pid_of("cat");
    send_signal("SEGV", &before.to_string());
    until("cat runs again", || {
        let now = daemon.info("cat");
        (now["statename"] == "RUNNING".into() && now["pid"].as_int() != before).then_some(())
    });
    daemon.wait_for_log("WARN exited: cat (terminated by SIGSEGV");
    daemon.stop();
}

#[test]
fn expected_exit_is_not_restarted() {
    let mut daemon = TestDaemon::started("[program:once]\ncommand=/bin/sh -c \"sleep 1.5; exit 3\"\nexitcodes=0,3\n");
    daemon.wait_for_state("once", "EXITED");
    assert_eq!(daemon.info("once")["exitstatus"], 3.into());
    assert_eq!(daemon.log_lines("exited: "), ["INFO exited: once (exit status 3; expected)"]);
    daemon.stop();
    assert_eq!(names_in_log(&daemon, "spawned: ", 2), ["once"]);
}

#[test]
fn death_by_an_expected_signal_is_not_restarted() {
    let mut daemon = TestDaemon::started(
        "[program:worker]\ncommand=/bin/cat\nstartsecs=0\nexitsignals=TERM, usr1\n\
         [program:other]\ncommand=/bin/cat\nstartsecs=0\n",
    );
    for name in ["worker", "other"] {
        daemon.wait_for_state(name, "RUNNING");
    }
    let before = daemon.pid_of("other");
    for name in ["worker", "other"] {
        send_signal("USR1", &daemon.pid_of(name).to_string());
    }
    daemon.wait_for_state("worker", "EXITED");
    daemon.wait_for_log("INFO exited: worker (terminated by SIGUSR1; expected)");
    let info = daemon.info("worker");
    assert_eq!((&info["exitstatus"], &info["spawnerr"]), (&(-1).into(), &"".into()));
    until("the other one runs again", || {
        let now = daemon.info("other");
        (now["statename"] == "RUNNING".into() && now["pid"].as_int() != before).then_some(())
    });
    daemon.wait_for_log("WARN exited: other (terminated by SIGUSR1; not expected)");
    assert_eq!(daemon.state("worker"), "EXITED");

    // What is not in the list is as ever; a stop by SIGTERM is one that is expected.
    daemon.ctl(&["start", "worker"]);
    send_signal("SEGV", &daemon.pid_of("worker").to_string());
    daemon.wait_for_log("WARN exited: worker (terminated by SIGSEGV");
    daemon.wait_for_state("worker", "RUNNING");
    daemon.ctl(&["stop", "worker"]);
    daemon.wait_for_log("INFO stopped: worker (terminated by SIGTERM)");
    daemon.stop();
}

#[test]
fn program_that_never_stays_up_is_given_up() {
    let mut daemon = TestDaemon::started("[program:loop]\ncommand=/bin/false\nstartretries=2\nstartsecs=3\n");
    daemon.wait_for_state("loop", "FATAL");
    assert_eq!(names_in_log(&daemon, "spawned: ", 2), ["loop"; 3]);
    assert_eq!(
        daemon.log_lines("gave up"),
        ["INFO gave up: loop entered FATAL state, too many start retries too quickly"]
    );
    assert_eq!(daemon.info("loop")["spawnerr"], "Exited too quickly (process log may have details)".into());
    daemon.stop();
}

#[test]
fn program_that_cannot_be_found_is_given_up_after_its_retries() {
    let mut daemon = TestDaemon::started("[program:gone]\ncommand=/no/such/program\nstartretries=1\n");
    daemon.wait_for_state("gone", "FATAL");
    assert_eq!(daemon.log_lines("spawnerr"), ["INFO spawnerr: can't find command '/no/such/program'"; 2]);
    daemon.stop();
}

#[test]
fn deaf_program_is_killed_after_stopwaitsecs() {
    let mut daemon = TestDaemon::started(
        "[program:deaf]
command=/bin/sh -c \"trap '' TERM; echo ready; while :; do sleep 0.1; done\"
stdout_logfile={dir}/deaf.log
stopwaitsecs=1
startsecs=0
",
    );
    daemon.wait_for_text("deaf.log", "ready");
    let pid = daemon.pid_of("deaf");
    daemon.call("supervisor.stopProcess", &["deaf".into()]).expect("it can be stopped");
    assert_eq!(daemon.state("deaf"), "STOPPED");
    assert_eq!(daemon.log_lines("killing 'deaf'"), [format!("WARN killing 'deaf' ({pid}) with SIGKILL")]);
    assert_eq!(daemon.log_lines("stopped: "), ["WARN stopped: deaf (terminated by SIGKILL)"]);
    daemon.stop();
}

/// A shell with a child of its own, which outlives the shell unless the whole process group is signalled.
const FAMILY: &str = "[program:family]
command=/bin/sh -c \"sleep 987654 & echo ready; wait\"
stdout_logfile={dir}/family.log
startsecs=0
";

fn grandchildren(daemon: &TestDaemon) -> Vec<u32> {
    let processes = daemon.mark().processes();
    processes.iter().filter(|process| process.command_line == "sleep 987654").map(|process| process.pid).collect()
}

#[test]
fn stopasgroup_stops_the_grandchildren() {
    let mut daemon = TestDaemon::started(&format!("{FAMILY}stopasgroup=true\n"));
    daemon.wait_for_text("family.log", "ready");
    until("the grandchild runs", || (grandchildren(&daemon).len() == 1).then_some(()));
    daemon.call("supervisor.stopProcess", &["family".into()]).expect("it can be stopped");
    until("the grandchild has ended", || grandchildren(&daemon).is_empty().then_some(()));
    daemon.stop();
}

#[test]
fn grandchildren_survive_an_ordinary_stop() {
    let mut daemon = TestDaemon::started(FAMILY);
    daemon.wait_for_text("family.log", "ready");
    until("the grandchild runs", || (grandchildren(&daemon).len() == 1).then_some(()));
    daemon.call("supervisor.stopProcess", &["family".into()]).expect("it can be stopped");
    let survivors = grandchildren(&daemon);
    assert_eq!(survivors.len(), 1);
    send_signal("KILL", &survivors[0].to_string());
    daemon.stop();
}

#[test]
fn shutdown_kills_who_does_not_listen() {
    let mut daemon = TestDaemon::started(
        "[program:deaf]
command=/bin/sh -c \"trap '' TERM; echo ready; while :; do sleep 0.1; done\"
stdout_logfile={dir}/deaf.log
stopwaitsecs=1
stopasgroup=true
startsecs=0
[program:polite]
command=/bin/sleep 1000
startsecs=0
",
    );
    daemon.wait_for_text("deaf.log", "ready");
    daemon.stop();
    assert_eq!(daemon.log_lines("stopped: deaf"), ["WARN stopped: deaf (terminated by SIGKILL)"]);
}

#[test]
fn shutdown_ends_a_program_that_waits_for_its_next_try() {
    let mut daemon = TestDaemon::started("[program:loop]\ncommand=/bin/false\nstartretries=100\nstartsecs=3\n");
    daemon.wait_for_state("loop", "BACKOFF");
    daemon.stop();
}

#[test]
fn shutdown_by_rpc() {
    let mut daemon = TestDaemon::started(THREE);
    assert_eq!(daemon.call("supervisor.shutdown", &[]), Ok(true.into()));
    daemon.assert_ends_clean();
}

#[test]
fn child_gets_its_surroundings() {
    let mut daemon = TestDaemon::started(
        "[program:show]
command=/bin/sh -c \"env; pwd; umask; echo done\"
environment=COLOUR=\"blue\",WHO=\"%(program_name)s\"
directory=/usr
umask=077
stdout_logfile={dir}/show.log
autorestart=false
startsecs=0
",
    );
    daemon.wait_for_text("show.log", "done\n");
    let text = daemon.read("show.log");
    let url = daemon.filled_in("SUPERVISOR_SERVER_URL=unix://{dir}/s.sock");
    for line in ["COLOUR=blue", "WHO=show", "SUPERVISOR_ENABLED=1", "SUPERVISOR_PROCESS_NAME=show", &url, "/usr"] {
        assert!(text.lines().any(|found| found == line), "{line} in:\n{text}");
    }
    assert!(text.ends_with("0077\ndone\n"), "{text}");
    daemon.stop();
}

#[test]
fn child_has_no_descriptors_but_its_three() {
    let mut daemon = TestDaemon::started("[program:sleeper]\ncommand=/bin/sleep 1000\nstartsecs=0\n");
    daemon.wait_for_state("sleeper", "RUNNING");
    let folder = format!("/proc/{}/fd", daemon.pid_of("sleeper"));
    until("sleep has been executed", || {
        let mut open: Vec<String> =
            fs::read_dir(&folder).ok()?.flatten().map(|fd| fd.file_name().to_string_lossy().into_owned()).collect();
        open.sort();
        (open == ["0", "1", "2"]).then_some(())
    });
    daemon.stop();
}

#[test]
fn failed_exec_is_told_to_the_main_log_in_the_childs_words() {
    if testing_the_original() {
        return; // it leaves that to the log of the child
    }
    let mut daemon = TestDaemon::prepared(
        "[program:lost]
command=/bin/sleep 1
directory=/no/such
startretries=0
stderr_logfile=NONE
[program:garbled]
command={dir}/garbled with words
startretries=0
stderr_logfile=NONE
",
    );
    daemon.write("garbled", "neither a script nor a program");
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(daemon.path("garbled"), executable).expect("it is ours");
    daemon.start();
    for name in ["lost", "garbled"] {
        daemon.wait_for_state(name, "FATAL");
    }
    let garbled = daemon.path("garbled").display().to_string();
    assert_eq!(
        daemon.log_lines("could not be started"),
        [
            format!("WARN the program of garbled could not be started: couldn't exec {garbled}: ENOEXEC"),
            "WARN the program of lost could not be started: couldn't chdir to /no/such: ENOENT".to_owned(),
        ]
    );
    daemon.stop();
}

#[test]
fn failed_exec_is_told_on_the_childs_stderr() {
    let mut daemon = TestDaemon::prepared(
        "[program:lost]\ncommand=/bin/sleep 1\ndirectory=/no/such\nstartretries=0\nstderr_logfile={dir}/lost.err\n",
    );
    daemon.start();
    daemon.wait_for_state("lost", "FATAL");
    assert_eq!(
        daemon.read("lost.err"),
        "supervisor: couldn't chdir to /no/such: ENOENT\nsupervisor: child process was not spawned\n"
    );
    assert_eq!(daemon.log_lines("exited: "), ["WARN exited: lost (exit status 127; not expected)"]);
    daemon.stop();
}
