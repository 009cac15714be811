//! The client of the Python release against the daemon under test: it prints what it prints against its own. The
//! client under test goes through the same dialogues.

use std::path::{Path, PathBuf};

use crate::support::{TestDaemon, python_environment, supervisorctl, until};

const PROGRAMS: &str = "[program:cat]
command=/bin/cat
startsecs=0
[program:talker]
command=/bin/sh -c \"echo one; echo two; echo problem >&2; while [ ! -e {dir}/go ]; do sleep 0.05; done; echo three; exec sleep 1000\"
startsecs=0
[program:manual]
command=/bin/sleep 1000
autostart=false
startsecs=0
[program:missing]
command=/no/such/program
autostart=false
[program:w]
command=/bin/sleep 1000
process_name=%(program_name)s%(process_num)d
numprocs=2
startsecs=0
[group:pair]
programs=w
";

fn started() -> TestDaemon {
    let daemon = TestDaemon::started(PROGRAMS);
    for process in ["cat", "talker", "pair:w0", "pair:w1"] {
        daemon.wait_for_state(process, "RUNNING");
    }
    until("the talker has spoken", || {
        let text = daemon.call("supervisor.readProcessStdoutLog", &["talker".into(), 0.into(), 0.into()]);
        (text == Ok("one\ntwo\n".into())).then_some(())
    });
    daemon
}

/// Runs a command of the client and compares what it prints and its exit status; nothing may go to stderr.
#[track_caller]
fn expect(daemon: &TestDaemon, client: &Path, words: &[&str], stdout: &str, status: i32) {
    let ended = daemon.ctl_of(client, words);
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), (stdout, ""), "{words:?}");
    assert_eq!(ended.status, status, "{words:?}");
}

/// The status lines, with pids and times replaced.
fn status_lines(daemon: &TestDaemon, client: &Path, words: &[&str]) -> (Vec<String>, i32) {
    let ended = daemon.ctl_of(client, words);
    let lines = ended.stdout.lines().map(|line| match line.split_once("pid ") {
        Some((head, rest)) => {
            let (pid, uptime) = rest.split_once(", ").unwrap_or((rest, ""));
            assert!(pid.parse::<u32>().is_ok(), "{line}");
            assert_eq!(uptime.replace(|c: char| c.is_ascii_digit(), "0"), "uptime 0:00:00", "{line}");
            format!("{head}pid P, uptime T")
        }
        None => line.to_owned(),
    });
    (lines.collect(), ended.status)
}

fn check_status(client: &Path) {
    let mut daemon = started();
    let (lines, status) = status_lines(&daemon, client, &["status"]);
    assert_eq!(
        lines,
        [
            "cat                              RUNNING   pid P, uptime T",
            "manual                           STOPPED   Not started",
            "missing                          STOPPED   Not started",
            "pair:w0                          RUNNING   pid P, uptime T",
            "pair:w1                          RUNNING   pid P, uptime T",
            "talker                           RUNNING   pid P, uptime T",
        ]
    );
    assert_eq!(status, 3);
    let (lines, status) = status_lines(&daemon, client, &["status", "cat", "pair:*"]);
    assert_eq!(
        lines,
        [
            "cat                              RUNNING   pid P, uptime T",
            "pair:w0                          RUNNING   pid P, uptime T",
            "pair:w1                          RUNNING   pid P, uptime T",
        ]
    );
    assert_eq!(status, 0);
    expect(&daemon, client, &["status", "nosuch"], "nosuch: ERROR (no such process)\n", 4);
    expect(&daemon, client, &["status", "nosuch:*"], "nosuch: ERROR (no such group)\n", 4);
    daemon.stop();
}

fn check_start_stop_restart(client: &Path) {
    let mut daemon = started();
    let expect = |words: &[&str], stdout: &str, status: i32| expect(&daemon, client, words, stdout, status);
    expect(&["start", "manual"], "manual: started\n", 0);
    expect(&["start", "manual"], "manual: ERROR (already started)\n", 0);
    expect(&["start", "missing"], "missing: ERROR (no such file)\n", 1);
    expect(&["start", "nosuch"], "nosuch: ERROR (no such process)\n", 1);
    expect(&["stop", "manual"], "manual: stopped\n", 0);
    expect(&["stop", "manual"], "manual: ERROR (not running)\n", 0);
    expect(&["restart", "manual"], "manual: ERROR (not running)\nmanual: started\n", 0);
    expect(&["restart", "cat"], "cat: stopped\ncat: started\n", 0);
    expect(&["stop", "nosuch:*"], "nosuch: ERROR (no such group)\n", 1);
    expect(&["signal", "HUP", "manual"], "manual: signalled\n", 0);
    expect(&["signal", "NOSUCH", "cat"], "cat: ERROR (bad signal name)\n", 1);
    let mut lines: Vec<String> = daemon.ctl_of(client, &["stop", "pair:*"]).stdout.lines().map(str::to_owned).collect();
    lines.sort();
    assert_eq!(lines, ["pair:w0: stopped", "pair:w1: stopped"]);
    expect(&["pid", "pair:w0"], "0\n", 7);
    let pid = daemon.pid_of("cat");
    expect(&["pid", "cat"], &format!("{pid}\n"), 0);
    daemon.stop();
}

fn check_tail(client: &Path) {
    let mut daemon = started();
    expect(&daemon, client, &["tail", "talker"], "one\ntwo\n\n", 0);
    expect(&daemon, client, &["tail", "-4", "talker"], "two\n\n", 0);
    expect(&daemon, client, &["tail", "talker", "stderr"], "problem\n\n", 0);
    expect(&daemon, client, &["tail", "nosuch"], "nosuch: ERROR (no such process name)\n", 1);
    expect(&daemon, client, &["clear", "talker"], "talker: cleared\n", 0);
    expect(&daemon, client, &["tail", "talker"], "\n", 0);
    daemon.stop();
}

fn check_tail_follows(client: &Path) {
    let mut daemon = started();
    let mut tail = daemon.start_ctl_of(client, &["tail", "-f", "talker"]);
    until("the old lines are shown", || tail.stdout().contains("two\n").then_some(()));
    daemon.write("go", "");
    until("the new line is shown", || tail.stdout().contains("three\n").then_some(()));
    tail.signal("INT");
    let ended = tail.wait_for_end();
    assert_eq!(ended.stdout.trim_end(), "==> Press Ctrl-C to exit <==\none\ntwo\nthree");
    assert_eq!(ended.status, 0);
    daemon.stop();
}

fn check_main_log_follows(client: &Path) {
    let mut daemon = started();
    let mut tail = daemon.start_ctl_of(client, &["maintail", "-f"]);
    until("the old lines are shown", || tail.stdout().contains("entered RUNNING state").then_some(()));
    daemon.call("supervisor.startProcess", &["manual".into()]).expect("it does not run");
    until("the new line is shown", || tail.stdout().contains("spawned: 'manual' with pid ").then_some(()));
    tail.signal("INT");
    assert_eq!(tail.wait_for_end().status, 0);
    daemon.stop();
}

fn check_foreground(client: &Path) {
    let mut daemon = started();
    expect(&daemon, client, &["fg", "manual"], "ERROR: process not running\n", 1);
    expect(&daemon, client, &["fg", "nosuch"], "ERROR: bad process name supplied\n", 1);
    let mut foreground = daemon.start_ctl_of(client, &["fg", "cat"]);
    until("it listens", || foreground.stdout().starts_with("==> Press Ctrl-C to exit <==\n").then_some(()));
    foreground.type_in("hello\n");
    until("the cat says it again", || foreground.stdout().contains("hello\n").then_some(()));
    foreground.signal("INT");
    until("it leaves", || foreground.stdout().contains("Exiting foreground\n").then_some(()));
    assert_eq!(daemon.state("cat"), "RUNNING");
    // The original waits for a thread that waits for more output.
    foreground.kill();
    daemon.stop();
}

fn check_reread_and_update(client: &Path) {
    let mut daemon = started();
    expect(&daemon, client, &["reread"], "No config updates to processes\n", 0);
    expect(&daemon, client, &["update"], "", 0);
    daemon.configure_also("[program:new]\ncommand=/bin/sleep 1000\nstartsecs=0\n");
    expect(&daemon, client, &["reread"], "new: available\n", 0);
    expect(&daemon, client, &["update"], "new: added process group\n", 0);
    daemon.wait_for_state("new", "RUNNING");
    expect(&daemon, client, &["stop", "new"], "new: stopped\n", 0);
    expect(&daemon, client, &["remove", "new"], "new: removed process group\n", 0);
    expect(&daemon, client, &["remove", "new"], "ERROR: no such process/group: new\n", 1);
    expect(&daemon, client, &["add", "new"], "new: added process group\n", 0);
    expect(&daemon, client, &["add", "new"], "ERROR: process group already active\n", 0);
    let avail = daemon.ctl_of(client, &["avail"]).stdout;
    assert!(avail.starts_with("cat                              in use    auto      999:999\n"), "{avail}");
    daemon.stop();
}

fn check_shutdown(client: &Path) {
    let mut daemon = started();
    expect(&daemon, client, &["shutdown"], "Shut down\n", 0);
    daemon.assert_ends_clean();
    let url = daemon.filled_in("unix://{dir}/s.sock");
    expect(&daemon, client, &["shutdown"], &format!("ERROR: {url} no such file (already shut down?)\n"), 1);
    expect(&daemon, client, &["status"], &format!("{url} no such file\n"), 4);
    expect(&daemon, client, &["start", "cat"], &format!("{url} no such file\n"), 7);
}

fn check_reload(client: &Path) {
    let mut daemon = started();
    let before = daemon.pid_of("cat");
    expect(&daemon, client, &["reload"], "Restarted supervisord\n", 0);
    until("the programs run again", || {
        let info = daemon.try_call("supervisor.getProcessInfo", &["cat".into()]).ok()?.ok()?;
        (info["statename"] == "RUNNING".into() && info["pid"].as_int() != before).then_some(())
    });
    daemon.stop();
}

fn check_shell(client: &Path) {
    let mut daemon = started();
    let mut shell = daemon.start_ctl_of(client, &[]);
    shell.type_in("start manual\nnonsense\nstop manual\nhelp start\nexit\n");
    let ended = shell.wait_for_end();
    let (_, dialogue) = ended.stdout.split_once("supervisor> ").expect("a prompt");
    let starts = "manual: started\nsupervisor> *** Unknown syntax: nonsense\nsupervisor> manual: stopped\nsupervisor> start <name>";
    assert!(dialogue.starts_with(starts), "{dialogue}");
    assert_eq!(ended.status, 0);
    daemon.stop();
}

fn original() -> PathBuf {
    python_environment().join("bin/supervisorctl")
}

/// A dialogue held by both clients.
macro_rules! dialogues {
    ($($name:ident: $check:ident,)*) => {
        mod original_client_sees {
            $(#[test] fn $name() { super::$check(&super::original()); })*
        }
        mod client_under_test_sees {
            $(#[test] fn $name() { super::$check(&super::supervisorctl()); })*
        }
    };
}

dialogues! {
    status: check_status,
    start_stop_and_restart: check_start_stop_restart,
    the_tail_of_a_log: check_tail,
    a_log_that_grows: check_tail_follows,
    the_main_log_as_it_grows: check_main_log_follows,
    a_program_in_the_foreground: check_foreground,
    reread_and_update: check_reread_and_update,
    shutdown: check_shutdown,
    reload: check_reload,
    a_shell: check_shell,
}
