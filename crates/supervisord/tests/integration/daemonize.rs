//! supervisord in the background: the caller gets its prompt back, the daemon has a session of its own.

use std::fs;

use crate::support::{TestDaemon, send_signal, testing_the_original, until};

const SLEEPER: &str = "[program:sleeper]\ncommand=/bin/sleep 1000\nstartsecs=0\n";

/// Starts the daemon in the background and brings its pid.
#[track_caller]
fn started_in_background(daemon: &mut TestDaemon) -> u32 {
    let ended = daemon.run(&["-c", "{dir}/supervisord.conf"]);
    assert_eq!((ended.status, ended.stdout.as_str(), ended.stderr.as_str()), (0, "", ""));
    daemon.wait_until_it_answers();
    until("the pidfile is written", || daemon.read("supervisord.pid").trim_end().parse().ok())
}

#[track_caller]
fn end(daemon: &TestDaemon, pid: u32) {
    send_signal("TERM", &pid.to_string());
    daemon.assert_nothing_left();
}

/// The parent, the process group and the session of a process.
fn relatives(pid: u32) -> [u32; 3] {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
    let (_, rest) = text.rsplit_once(") ").expect("proc(5)");
    let fields: Vec<u32> = rest.split(' ').skip(1).take(3).map(|word| word.parse().expect("proc(5)")).collect();
    [fields[0], fields[1], fields[2]]
}

#[test]
fn background_daemon_leads_a_session_and_keeps_nothing_of_the_caller() {
    let mut daemon = TestDaemon::prepared(SLEEPER);
    let pid = started_in_background(&mut daemon);
    let [_, group, session] = relatives(pid);
    assert_eq!((group, session), (pid, pid));
    for fd in 0..3 {
        let target = fs::read_link(format!("/proc/{pid}/fd/{fd}")).expect("it is open");
        assert_eq!(target.to_str(), Some("/dev/null"), "fd {fd}");
    }
    assert_eq!(daemon.call("supervisor.getPID", &[]), Ok(i64::from(pid).into()));
    daemon.wait_for_log("started with pid");
    assert_eq!(daemon.log_lines("daemonizing"), ["INFO daemonizing the supervisord process"]);
    assert_eq!(daemon.log_lines("started with pid"), [format!("INFO supervisord started with pid {pid}")]);
    end(&daemon, pid);
}

#[test]
fn children_of_a_background_daemon_are_its_own() {
    let mut daemon = TestDaemon::prepared(SLEEPER);
    let pid = started_in_background(&mut daemon);
    daemon.wait_for_state("sleeper", "RUNNING");
    let child = u32::try_from(daemon.pid_of("sleeper")).expect("it runs");
    assert_eq!(relatives(child), [pid, child, pid], "its parent, its own group, the daemon's session");
    end(&daemon, pid);
}

#[test]
fn directory_is_entered_in_the_background() {
    let mut daemon = TestDaemon::prepared("[supervisord]\ndirectory=/usr\n");
    let pid = started_in_background(&mut daemon);
    let cwd = fs::read_link(format!("/proc/{pid}/cwd")).expect("it runs");
    assert_eq!(cwd.to_str(), Some("/usr"));
    daemon.wait_for_log("started with pid");
    assert_eq!(daemon.log_lines("set current"), ["INFO set current directory: '/usr'"]);
    let log = daemon.log();
    let place = |words: &str| log.find(words).expect("it is told");
    let order = ["RPC interface", "without any HTTP authentication", "daemonizing", "set current", "started with pid"];
    assert!(order.map(place).is_sorted(), "{log}");
    end(&daemon, pid);
}

#[test]
fn pidfile_has_the_configured_umask() {
    use std::os::unix::fs::PermissionsExt;

    let mut daemon = TestDaemon::prepared("[supervisord]\numask=077\n");
    let pid = started_in_background(&mut daemon);
    let mode = fs::metadata(daemon.path("supervisord.pid")).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    end(&daemon, pid);
}

#[test]
fn pidfile_holds_a_living_pid_whenever_the_command_has_returned() {
    if testing_the_original() {
        return; // N65: it returns before the pidfile is written
    }
    let daemon = TestDaemon::prepared(SLEEPER);
    for _ in 0..10 {
        let ended = daemon.run(&["-c", "{dir}/supervisord.conf"]);
        assert_eq!((ended.status, ended.stdout.as_str(), ended.stderr.as_str()), (0, "", ""));
        let pid: u32 = daemon.read("supervisord.pid").trim_end().parse().expect("its pid is there at once");
        assert_eq!(relatives(pid)[2], pid, "the daemon");
        assert_eq!(daemon.call("supervisor.getPID", &[]), Ok(i64::from(pid).into()), "which answers at once");
        end(&daemon, pid);
    }
}

#[test]
fn start_up_errors_are_told_before_the_caller_gets_its_prompt_back() {
    let daemon = TestDaemon::prepared("[program:x]\n");
    let ended = daemon.run(&["-c", "{dir}/supervisord.conf"]);
    assert!(ended.stderr.starts_with("Error: program section program:x does not specify a command"), "{ended:?}");
    assert_eq!(ended.status, 2);
    daemon.assert_nothing_left();
}
