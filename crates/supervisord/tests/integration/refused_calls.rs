//! Kernels and filters that refuse system calls: older kernels and containers. Where there is another way, supervisord
//! takes it; where there is none, it says which call was refused and what may stand behind it.

use crate::log_destinations::can_unshare;
use crate::support::{TestDaemon, not_tested, send_signal, supervisord, testing_the_original, until};

const FILTER: &str = include_str!("support/refused_calls.py");

const PROGRAMS: &str = "
[program:cat]
command=/bin/cat
startsecs=0
stopasgroup=true
killasgroup=true
[program:short]
command=/bin/sh -c 'echo here; exit 3'
startsecs=0
autorestart=false
[program:absent]
command=/no/such/program
autostart=false
startretries=0
[program:deaf]
command=/bin/sh -c 'trap \"\" TERM; echo deaf; read line'
startsecs=0
stopwaitsecs=0
killasgroup=true
";

#[test]
fn where_calls_are_refused_programs_run_end_and_stop_all_the_same() {
    if testing_the_original() {
        return;
    }
    for (errno, calls) in [
        // Linux 5.3, and filters that know how to wait for a pid alone.
        ("EINVAL", "waitid:pidfd"),
        // 4.18 and 4.19, 3.10; old filters of containers say EPERM instead.
        ("ENOSYS", "clone3,close_range,pidfd_open,pidfd_send_signal,epoll_pwait2,clone:pidfd,waitid:pidfd,statx"),
        ("EPERM", "close_range,pidfd_open,epoll_pwait2"),
        ("EPERM", "clone3"),
        ("EPERM", "linkat"),
        ("EPERM", "prlimit64"),
        ("EPERM", "setpgid"),
    ] {
        let Some(mut daemon) = started_under_a_filter(errno, calls) else { return };
        daemon.wait_for_state("short", "EXITED");
        daemon.wait_for_state("cat", "RUNNING");
        let before = daemon.pid_of("cat");
        send_signal("KILL", &before.to_string());
        until("cat runs anew", || (![0, before].contains(&daemon.pid_of("cat"))).then_some(()));
        let refused = daemon.ctl(&["start", "absent"]);
        assert_eq!(refused.stdout, "absent: ERROR (no such file)\n", "{calls}");
        daemon.wait_for_text("deaf.log", "deaf");
        for name in ["cat", "deaf"] {
            let stopped = daemon.ctl(&["stop", name]);
            assert_eq!((stopped.stdout, stopped.status), (format!("{name}: stopped\n"), 0), "{errno} {calls}");
        }
        assert_eq!(daemon.ctl(&["start", "cat"]).stdout, "cat: started\n", "{errno} {calls}");
        let told = daemon.log_lines("RLIMIT_NOFILE cannot be read (EPERM");
        assert_eq!(told.len(), usize::from(calls == "prlimit64"), "{told:?}");
        daemon.stop();
    }
}

#[test]
fn what_has_no_other_way_is_told_by_its_name_with_what_may_stand_behind_it() {
    if testing_the_original() {
        return;
    }
    let daemon = TestDaemon::prepared("");
    daemon.write("refused_calls.py", FILTER);
    let ended = daemon.start_script(&format!(
        "exec python3 refused_calls.py ENOSYS eventfd2 {} -n -c supervisord.conf",
        supervisord().display()
    ));
    let mut ended = ended;
    let ended = ended.wait_for_end();
    if ended.stderr.contains("no filter") {
        return not_tested("seccomp(2) is not allowed here");
    }
    let words = "Error: eventfd2(2) is refused with ENOSYS: the kernel is too old for it (Linux 3.10 will do), or a \
                 filter refuses it";
    assert!(ended.stderr.starts_with(words), "{}", ended.stderr);
    assert_eq!(ended.status, 2);
}

#[test]
fn a_root_without_dev_null_is_told() {
    if testing_the_original() || !can_unshare(&["-m"]) {
        return;
    }
    let mut daemon = TestDaemon::prepared("");
    daemon.launch_by(&["unshare", "-m", "sh", "-c", "mount -t tmpfs none /dev && exec \"$@\"", "sh"]);
    let ended = daemon.program().wait_for_end();
    let words = "Error: cannot open /dev/null with ENOENT: a chroot or container needs it too (mknod -m 666 dev/null c 1 \
                 3)\n";
    assert!(ended.stderr.starts_with(words), "{}", ended.stderr);
    assert_eq!(ended.status, 2);
}

/// `None`: filters are not allowed here, which is told.
fn started_under_a_filter(errno: &str, calls: &str) -> Option<TestDaemon> {
    let mut daemon = TestDaemon::prepared(&format!("{PROGRAMS}stdout_logfile={{dir}}/deaf.log\n"));
    daemon.write("refused_calls.py", FILTER);
    daemon.launch_by(&["/usr/bin/env", "python3", "{dir}/refused_calls.py", errno, calls]);
    let log = daemon.path("supervisord.log");
    let refused = until("supervisord or a word about filters", || {
        if log.exists() {
            return Some(false);
        }
        daemon.program().try_wait().map(|ended| {
            assert!(ended.stderr.contains("no filter"), "{errno} {calls}: {ended:?}");
            true
        })
    });
    if refused {
        not_tested("seccomp(2) is not allowed here");
        return None;
    }
    daemon.wait_until_it_answers();
    Some(daemon)
}
