//! The user of a program holds up its starts, with all that the kernel gives it for that: signals, leases, file systems
//! of its own, tracing. Root's daemon goes on, and so does everybody else.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::process::Command;

use crate::hung_disks::{answer_again, can_mount_fuse, hang, started_with_hanging_file_system};
use crate::support::{Program, TestDaemon, not_tested, testing_the_original, until};

/// Users that nobody else has, one for each test: a signal to all of its processes meets that test alone.
const STOPPED: u32 = 54_987;
const LEASED: u32 = 54_988;
const LEASED_TO_THE_END: u32 = 54_989;
const ON_FUSE: u32 = 54_990;

/// Becomes the user and stops all of its processes, again and again, and takes their share of the processor.
const STOPPER: &str = "
import os, signal, sys
os.setgid(int(sys.argv[1])); os.setuid(int(sys.argv[1]))
print('ready', flush=True)
while True:
    try:
        os.kill(-1, signal.SIGSTOP)
    except ProcessLookupError:
        pass
";

/// Becomes the user, takes a write lease on a file, and gives it back to nobody who asks (fcntl(2), F_SETLEASE).
const LEASE_HOLDER: &str = "
import fcntl, os, signal, sys
os.setgid(int(sys.argv[1])); os.setuid(int(sys.argv[1]))
signal.signal(signal.SIGIO, signal.SIG_IGN)
lease = os.open(sys.argv[2], os.O_RDONLY)
fcntl.fcntl(lease, fcntl.F_SETLEASE, fcntl.F_WRLCK)
print('ready', flush=True)
signal.pause()
";

/// Becomes the user and tries to get at a process: prints what it could do. Tracing waits for an exec that has begun.
const SNOOPER: &str = "
import ctypes, os, sys
os.setgid(int(sys.argv[1])); os.setuid(int(sys.argv[1]))
pid, libc = int(sys.argv[2]), ctypes.CDLL(None, use_errno=True)
done = []
for name in ('mem', 'environ', 'maps', 'fd/0', 'fd/3', 'fd/6'):
    try:
        os.close(os.open(f'/proc/{pid}/{name}', os.O_RDONLY | os.O_NONBLOCK))
        done.append(name)
    except OSError:
        pass
try:
    os.listdir(f'/proc/{pid}/fd')
    done.append('fd')
except OSError:
    pass
if libc.syscall(438, os.pidfd_open(pid), 3, 0) >= 0:
    done.append('pidfd_getfd')
if sys.argv[3] == 'trace' and libc.ptrace(16, pid, None, None) == 0:
    done.append('ptrace')
print(done)
";

fn is_root() -> bool {
    let root = nix::unistd::geteuid().is_root();
    if !root {
        not_tested("starting programs as another user needs root");
    }
    root
}

/// Runs a Python program beside the daemon, and waits until it is ready.
fn beside(daemon: &TestDaemon, script: &str, user: u32, arguments: &[&Path]) -> Program {
    let mut command = Command::new("python3");
    command.args(["-c", script, &user.to_string()]).args(arguments);
    let program = Program::start(&mut command, daemon.mark(), &daemon.path(""), "beside");
    until("the attacker is ready", || (program.stdout() == "ready\n").then_some(()));
    program
}

/// A program of the user's own, in the folder.
fn write_program(daemon: &TestDaemon, user: u32, name: &str, text: &str) {
    daemon.write(name, text);
    fs::set_permissions(daemon.path(name), fs::Permissions::from_mode(0o755)).expect("it is ours");
    chown(daemon.path(name), Some(user), Some(user)).expect("root may");
}

/// What the user can do to a process of its own.
fn snoop(daemon: &TestDaemon, user: u32, pid: i64, trace: &str) -> String {
    let mut command = Command::new("python3");
    command.args(["-c", SNOOPER, &user.to_string(), &pid.to_string(), trace]);
    let ended = Program::run(&mut command, daemon.mark(), &daemon.path(""), "snooper");
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    ended.stdout
}

/// Programs of others start, end and are told of, many times over.
fn others_go_on(daemon: &TestDaemon) {
    for _ in 0..5 {
        daemon.call("supervisor.startProcess", &["other".into()]).expect("it starts");
        daemon.call("supervisor.stopProcess", &["other".into()]).expect("it stops");
    }
}

/// Whether a process is still on its way to its program.
fn has_not_executed(pid: i64) -> bool {
    fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|exe| exe.ends_with("supervisord"))
}

/// Whether it is stopped by a signal, and not yet its program.
fn is_stopped_before_exec(pid: i64) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    status.contains("State:\tT") && has_not_executed(pid)
}

fn start_without_waiting(daemon: &TestDaemon, name: &str) {
    daemon.call("supervisor.startProcess", &[name.into(), false.into()]).expect("it is accepted");
}

#[test]
fn a_user_that_stops_its_programs_as_they_start_freezes_only_them() {
    if testing_the_original() || !is_root() {
        return;
    }
    let mut daemon = TestDaemon::started(&format!(
        "[program:victim]\ncommand=/bin/sleep 1000\nuser={STOPPED}\nautostart=false\nstartsecs=0\nstopsignal=KILL
[program:other]\ncommand=/bin/sleep 1000\nautostart=false\nstartsecs=0\nstopsignal=KILL\n"
    ));
    let mut stopper = beside(&daemon, STOPPER, STOPPED, &[]);
    let mut caught = None;
    let mut starts = 0;
    while starts < 300 || caught.is_none() {
        assert!(starts < 20_000, "none was ever stopped before its exec: this test shows nothing");
        starts += 1;
        start_without_waiting(&daemon, "victim");
        let pid = daemon.pid_of("victim");
        caught = is_stopped_before_exec(pid).then_some(pid);
        if caught.is_none() || starts < 300 {
            daemon.call("supervisor.stopProcess", &["victim".into()]).expect("SIGKILL ends it");
        }
    }
    others_go_on(&daemon);
    stopper.kill();
    // What it has is a copy of the daemon's memory, with its passwords.
    assert_eq!(snoop(&daemon, STOPPED, caught.expect("the loop ends with one"), "trace"), "[]\n");
    daemon.stop();
}

#[test]
fn a_lease_on_a_program_holds_up_nobody_else_and_its_memory_is_nobodys() {
    if testing_the_original() || !is_root() {
        return;
    }
    let mut daemon = TestDaemon::prepared(&format!(
        "[program:leased]\ncommand={{dir}}/leased\nuser={LEASED}\nautostart=false\nstartsecs=0\nstopwaitsecs=1
[program:other]\ncommand=/bin/sleep 1000\nautostart=false\nstartsecs=0\nstopsignal=KILL\n"
    ));
    write_program(&daemon, LEASED, "leased", "#!/bin/sh\nexec sleep 1000\n");
    daemon.start();
    let mut holder = beside(&daemon, LEASE_HOLDER, LEASED, &[&daemon.path("leased")]);
    start_without_waiting(&daemon, "leased");
    let pid = daemon.pid_of("leased");
    others_go_on(&daemon);
    until("it is the user's", || {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        status.contains(&format!("Uid:\t{LEASED}\t{LEASED}\t{LEASED}\t{LEASED}\n")).then_some(())
    });
    assert!(has_not_executed(pid), "the lease holds it");
    // What it has is a copy of the daemon's memory: with its passwords, and with the pipe of all children.
    assert_eq!(snoop(&daemon, LEASED, pid, ""), "[]\n");
    // A program that is not executed yet is stopped like any other.
    daemon.call("supervisor.stopProcess", &["leased".into()]).expect("SIGKILL ends it");
    assert_eq!(daemon.state("leased"), "STOPPED");
    start_without_waiting(&daemon, "leased");
    assert!(has_not_executed(daemon.pid_of("leased")), "the lease holds the next one");
    holder.kill();
    let pid = daemon.pid_of("leased");
    until("the program runs when the lease is gone", || (!has_not_executed(pid)).then_some(()));
    let snooped = snoop(&daemon, LEASED, pid, "");
    assert!(snooped.contains("environ"), "a program that runs is its user's to debug: {snooped}");
    daemon.stop();
}

#[test]
fn a_shutdown_ends_though_starts_are_held_up() {
    if testing_the_original() || !is_root() {
        return;
    }
    let mut daemon = TestDaemon::prepared(&format!(
        "[program:leased]\ncommand={{dir}}/leased\nuser={LEASED_TO_THE_END}\nautostart=false\nstartsecs=0\nstopwaitsecs=1\n"
    ));
    write_program(&daemon, LEASED_TO_THE_END, "leased", "#!/bin/sh\nexec sleep 1000\n");
    daemon.start();
    let mut holder = beside(&daemon, LEASE_HOLDER, LEASED_TO_THE_END, &[&daemon.path("leased")]);
    start_without_waiting(&daemon, "leased");
    assert!(has_not_executed(daemon.pid_of("leased")));
    daemon.signal("TERM");
    assert_eq!(daemon.program().wait_for_end().status, 0);
    holder.kill();
    daemon.assert_nothing_left();
}

#[test]
fn an_interpreter_on_a_file_system_of_the_users_holds_up_nobody_else() {
    if testing_the_original() || !is_root() || !can_mount_fuse() {
        return;
    }
    let mut daemon = started_with_hanging_file_system(&format!(
        "[program:script]\ncommand={{dir}}/script\nuser={ON_FUSE}\nautostart=false\nstartsecs=0\nstopwaitsecs=1
[program:other]\ncommand=/bin/sleep 1000\nautostart=false\nstartsecs=0\nstopsignal=KILL\n"
    ));
    let interpreter = daemon.path("mnt/interpreter").display().to_string();
    write_program(&daemon, ON_FUSE, "script", &format!("#!{interpreter}\n"));
    hang(&daemon);
    start_without_waiting(&daemon, "script");
    others_go_on(&daemon);
    assert!(has_not_executed(daemon.pid_of("script")), "its interpreter cannot be looked for");
    daemon.call("supervisor.stopProcess", &["script".into()]).expect("SIGKILL ends it");
    start_without_waiting(&daemon, "script");
    answer_again(&daemon);
    // What comes of it late is told as ever.
    let script = daemon.path("script").display().to_string();
    daemon.wait_for_log(&format!("the program of script could not be started: couldn't exec {script}: ENOENT"));
    daemon.wait_for_log("exited: script (exit status 127; not expected)");
    daemon.stop();
}
