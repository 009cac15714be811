//! supervisord as the first process of a container, and where a system lacks what a machine has.

use std::fs;

use crate::log_destinations::can_unshare;
use crate::server_sockets::{DENY, can_deny};
use crate::support::{TestDaemon, testing_the_original, until};

const ORPHANS: &str = "[program:parent]
command=/bin/sh -c \"for i in 1 2 3; do (sleep 0.1; exit $i) & done; exit 0\"
autorestart=false
startsecs=0
[program:steady]
command=/bin/sleep 1000
startsecs=0
";

#[test]
fn first_process_reaps_whoever_is_left_to_it_and_stops_on_term() {
    if !can_unshare(&["--pid", "--fork", "--mount-proc"]) {
        return;
    }
    let mut daemon = TestDaemon::prepared(ORPHANS);
    daemon.launch_by(&["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]);
    daemon.wait_until_it_answers();
    let pattern = if testing_the_original() { "reaped unknown pid" } else { "(exit status 3)" };
    daemon.wait_for_log(pattern);
    until("three strangers were reaped", || (daemon.log_lines("reaped unknown pid").len() == 3).then_some(()));
    assert_eq!(daemon.read("supervisord.pid"), "1\n");
    assert!(daemon.log_lines("supervisord started with pid 1").len() == 1);
    let inside = inner_pid(&daemon);
    let zombies = daemon.mark().processes().iter().filter(|process| is_zombie(process.pid)).count();
    assert_eq!(zombies, 0);
    crate::support::send_signal("TERM", &inside.to_string());
    daemon.assert_ends_clean();
}

#[test]
fn first_process_ignores_what_has_no_meaning_and_reloads() {
    if !can_unshare(&["--pid", "--fork", "--mount-proc"]) {
        return;
    }
    let mut daemon = TestDaemon::prepared(ORPHANS);
    daemon.launch_by(&["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]);
    daemon.wait_until_it_answers();
    daemon.wait_for_state("steady", "RUNNING");
    let inside = inner_pid(&daemon).to_string();
    if !testing_the_original() {
        crate::support::send_signal("USR1", &inside);
    }
    crate::support::send_signal("HUP", &inside);
    until("it has started twice", || (daemon.log_lines("supervisord started with pid 1").len() == 2).then_some(()));
    daemon.wait_until_it_answers();
    daemon.wait_for_state("steady", "RUNNING");
    crate::support::send_signal("TERM", &inside);
    daemon.assert_ends_clean();
}

#[test]
fn read_only_root_without_proc_sys_costs_a_line_about_the_pidfile() {
    if testing_the_original() || !can_unshare(&["-m"]) {
        return; // a read-only childlogdir stops the original
    }
    let mut daemon = TestDaemon::prepared(
        "[supervisord]\nlogfile=/dev/stdout\nlogfile_maxbytes=0\nsilent=true\nnocleanup=true
[program:talker]
command=/bin/sh -c \"echo from the program; exec sleep 1000\"
stdout_logfile=/dev/stdout
stderr_logfile=NONE
startsecs=0
",
    );
    fs::create_dir(daemon.path("run")).expect("the folder is ours");
    // Everything is read-only but the folder of the socket, which the test has to reach.
    let script =
        "mount -t tmpfs -o ro none /proc/sys && mount --bind {dir} {dir} && mount --bind {dir}/run {dir}/run &&
mount -o remount,bind,ro {dir} && exec \"$@\"";
    let socket = daemon.filled_in("file={dir}/s.sock");
    let moved = daemon.filled_in("file={dir}/run/s.sock");
    let text = daemon.read("supervisord.conf").replace(&socket, &moved);
    daemon.write("supervisord.conf", &text);
    daemon.launch_by(&["unshare", "-m", "sh", "-c", script, "sh"]);
    until("the program is heard", || daemon.read("daemon.out").contains("from the program\n").then_some(()));
    let out = daemon.read("daemon.out");
    assert_eq!(out.matches("CRIT could not write pidfile").count(), 1, "{out}");
    assert_eq!(out.matches("supervisord started with pid").count(), 0, "{out}");
    daemon.signal("TERM");
    assert_eq!(daemon.program().wait_for_end().status, 0);
}

#[test]
fn root_without_a_temporary_directory_costs_the_logs_that_nobody_placed() {
    if testing_the_original() || !can_unshare(&["-m"]) {
        return; // it ends with a traceback
    }
    let mut daemon = TestDaemon::prepared("");
    daemon.write(
        "supervisord.conf",
        "[supervisord]\nlogfile=/dev/stdout\nlogfile_maxbytes=0\nsilent=true\nnocleanup=true
[program:talker]
command=/bin/sh -c \"echo from the program; exec sleep 1000\"
stdout_logfile=/dev/stdout
startsecs=0
",
    );
    let script = "unset TMPDIR TEMP TMP; for folder in {dir} /tmp /var/tmp /usr/tmp; do
if [ -d $folder ]; then mount --rbind $folder $folder && mount -o remount,bind,ro $folder || exit 9; fi; done; exec \"$@\"";
    daemon.launch_by(&["unshare", "-m", "sh", "-c", script, "sh"]);
    until("the program is heard", || daemon.read("daemon.out").contains("from the program\n").then_some(()));
    let out = daemon.read("daemon.out");
    assert_eq!(
        out.matches("WARN could not create the stderr log of talker in /tmp (childlogdir): ").count(),
        1,
        "{out}"
    );
    daemon.signal("TERM");
    assert_eq!(daemon.program().wait_for_end().status, 0);
}

#[test]
fn user_without_privileges_runs_programs_as_itself() {
    if !nix::unistd::getuid().is_root() {
        return; // every other test has shown it
    }
    let mut daemon = TestDaemon::prepared(
        "[supervisord]\nuser=65534
[program:who]
command=/bin/sh -c \"id -u; exec sleep 1000\"
user=65534
stdout_logfile={dir}/who.log
startsecs=0
",
    );
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    fs::set_permissions(daemon.path(""), mode).expect("the folder is ours");
    daemon.launch_by(&["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]);
    daemon.wait_until_it_answers();
    daemon.wait_for_text("who.log", "65534\n");
    assert_eq!(daemon.log_lines("running as root").len(), 0);
    daemon.stop();
}

/// The pid, as we see it, of the daemon that calls itself 1.
pub(crate) fn inner_pid(daemon: &TestDaemon) -> u32 {
    let is_it = |pid: u32| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        status.lines().any(|line| line.starts_with("NSpid:") && line.ends_with("\t1"))
    };
    let processes = daemon.mark().processes();
    processes.iter().map(|process| process.pid).find(|pid| is_it(*pid)).expect("the daemon runs")
}

fn is_zombie(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| stat.contains(") Z "))
}

/// statx, rseq, getrandom, pidfd_send_signal, the calls from pidfd_open to faccessat2, epoll_pwait2, fchmodat2.
const NEWER_CALLS: &str = "332,334,318,424,434,435,436,437,438,439,441,452";

/// Profiles that are older than a call answer EPERM, of which the C library takes clone3(2) for a lack of threads.
#[test]
fn host_that_refuses_newer_calls_is_no_obstacle_and_programs_are_as_free_as_ever() {
    if !can_deny() {
        return;
    }
    for (errno, calls) in [("1", "435"), ("38", "435"), ("1", NEWER_CALLS), ("38", NEWER_CALLS)] {
        let program = "[program:a]\ncommand=/bin/sh -c \"grep ^Seccomp_f /proc/self/status; exec sleep 1000\"\n";
        let mut daemon = TestDaemon::prepared(&format!("{program}stdout_logfile={{dir}}/a.log\n"));
        daemon.launch_by(&["python3", "-c", DENY, errno, calls]);
        daemon.wait_until_it_answers();
        daemon.wait_for_state("a", "RUNNING");
        let before = daemon.read("a.log");
        assert_eq!(daemon.ctl(&["tail", "a"]).stdout.trim_end(), before.trim_end(), "{errno} {calls}");
        assert_eq!(daemon.ctl(&["restart", "a"]).stdout, "a: stopped\na: started\n");
        assert_eq!(daemon.read("a.log"), before.repeat(2), "no filter of ours comes to programs");
        assert_eq!(daemon.ctl(&["reread"]).stdout, "No config updates to processes\n");
        daemon.stop();
    }
}
