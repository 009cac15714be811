//! Log files on a file system that does not answer: who logs there waits when its log is full, and nobody else. The
//! file systems are real: FUSE with a server that stops to answer, and a local one that is frozen.

use std::fs;
use std::path::Path;

use crate::log_destinations::{can_unshare, numbers_to};
use crate::support::{Program, TestDaemon, not_tested, supervisorctl, testing_the_original, until};

const SERVER: &str = include_str!("support/hanging_file_system.py");

/// Whether FUSE can be mounted here; says why not.
pub(crate) fn can_mount_fuse() -> bool {
    let device = fs::OpenOptions::new().read(true).write(true).open("/dev/fuse");
    if let Err(error) = &device {
        not_tested(&format!("/dev/fuse: {error}"));
    }
    device.is_ok() && can_unshare(&["-m"])
}

/// A daemon that sees, as the folder `mnt`, a file system that hangs while there is a file `hang`. What is written
/// there can always be read in the folder `store`.
pub(crate) fn started_with_hanging_file_system(configuration: &str) -> TestDaemon {
    let mut daemon = TestDaemon::prepared(configuration);
    daemon.write("server.py", SERVER);
    for folder in ["store", "mnt"] {
        fs::create_dir(daemon.path(folder)).expect("the folder is ours");
    }
    daemon.launch_by(&["unshare", "-m", "python3", "{dir}/server.py", "{dir}/store", "{dir}/mnt", "{dir}/hang"]);
    daemon.wait_until_it_answers();
    daemon
}

pub(crate) fn hang(daemon: &TestDaemon) {
    daemon.write("hang", "");
}

pub(crate) fn answer_again(daemon: &TestDaemon) {
    fs::remove_file(daemon.path("hang")).expect("it hangs");
}

/// Everything goes on that has to: another program's log, restarts, and what clients ask, many times over.
fn everything_else_goes_on(daemon: &TestDaemon) {
    let ticks = daemon.read("other.log").lines().count();
    let restarts = daemon.log_lines("spawned: 'restless'").len();
    for _ in 0..20 {
        daemon.info("other");
        daemon.call("supervisor.startProcess", &["late".into()]).expect("it starts though its log hangs");
        daemon.call("supervisor.stopProcess", &["late".into()]).expect("it ends");
    }
    until("the other program is heard", || (daemon.read("other.log").lines().count() > ticks + 20).then_some(()));
    until("programs are restarted", || (daemon.log_lines("spawned: 'restless'").len() > restarts + 3).then_some(()));
}

/// What a log and its backups hold, the oldest first.
fn with_backups(folder: &Path, name: &str) -> String {
    let backup = |number: usize| fs::read_to_string(folder.join(format!("{name}.{number}"))).ok();
    let mut parts: Vec<String> = (1..).map_while(backup).collect();
    parts.reverse();
    parts.extend(fs::read_to_string(folder.join(name)));
    parts.concat()
}

const NEIGHBOURS: &str = "
[program:other]
command=/bin/sh -c \"while :; do echo tick; sleep 0.02; done\"
stdout_logfile={dir}/other.log
startsecs=0
[program:restless]
command=/bin/sh -c \"sleep 0.05\"
autorestart=true
startsecs=0
";

#[test]
fn journal_on_a_file_system_that_may_hang_is_refused_and_its_pool_works_without() {
    if testing_the_original() || !can_mount_fuse() {
        return; // N46
    }
    let mut daemon = started_with_hanging_file_system(
        "[supervisord]
childlogdir={dir}/mnt
[eventlistener:silent]
command=/bin/sleep 1000
events=REMOTE_COMMUNICATION
overflow=spill
buffer_size=1
stdout_logfile=NONE
stderr_logfile=NONE
startsecs=0
",
    );
    daemon.wait_for_log(
        "of pool silent cannot be used, the pool drops its oldest events when it is full: it lies on a remote",
    );
    hang(&daemon);
    for _ in 0..2 {
        daemon.call("supervisor.sendRemoteCommEvent", &["t".into(), "d".into()]).expect("nobody waits for the disk");
    }
    daemon.wait_for_log("ERRO pool silent event buffer overflowed, discarding event 0");
    answer_again(&daemon);
    daemon.stop();
}

#[test]
fn file_system_that_hangs_delays_nobody_but_who_logs_there_and_loses_nothing() {
    const LINES: usize = 300_000;
    if testing_the_original() || !can_mount_fuse() {
        return; // the original waits with all that it does
    }
    let mut daemon = started_with_hanging_file_system(&format!(
        "[program:flood]
command=/bin/sh -c \"seq 1 100; read line; seq 101 {LINES}; exec sleep 1000\"
stdout_logfile={{dir}}/mnt/flood.log
stdout_logfile_maxbytes=100KB
stdout_logfile_backups=50
startsecs=0
[program:late]
command=/bin/sh -c \"echo late; exec sleep 1000\"
stdout_logfile={{dir}}/mnt/late.log
autostart=false
startsecs=0
{NEIGHBOURS}"
    ));
    daemon.wait_for_text("store/flood.log", "\n100\n");
    hang(&daemon);
    daemon.call("supervisor.sendProcessStdin", &["flood".into(), "\n".into()]).expect("it reads");
    daemon.wait_for_log("has not answered for 1 s");
    until("seq waits in its write", || {
        let seq = daemon.mark().processes().into_iter().find(|process| process.command_line.starts_with("seq"))?;
        fs::read_to_string(format!("/proc/{}/stat", seq.pid)).ok()?.contains(") S ").then_some(())
    });
    // Whoever reads such a log waits for it, too, and alone.
    let mut reader = daemon.start_ctl_of(&supervisorctl(), &["tail", "flood"]);
    everything_else_goes_on(&daemon);
    assert_eq!(reader.try_wait(), None);
    for _ in 0..3 {
        let reopened = daemon.log_lines("supervisord logreopen").len();
        let pid = daemon.read("supervisord.pid").trim().to_owned();
        daemon.start_script(&format!("kill -USR2 {pid}")).wait_for_end();
        until("the logs are reopened", || (daemon.log_lines("supervisord logreopen").len() > reopened).then_some(()));
    }
    let cleared = daemon.call("supervisor.clearProcessLogs", &["late".into()]);
    assert!(cleared.is_err(), "it cannot be said that the log is empty now");
    everything_else_goes_on(&daemon);
    assert_eq!(with_backups(&daemon.path("store"), "flood.log"), numbers_to(100), "it hangs indeed");
    answer_again(&daemon);
    assert_eq!(reader.wait_for_end().status, 0);
    let last = format!("\n{LINES}\n");
    until("every line is there", || with_backups(&daemon.path("store"), "flood.log").ends_with(&last).then_some(()));
    assert!(with_backups(&daemon.path("store"), "flood.log") == numbers_to(LINES), "every line, in order");
    assert!(daemon.files("flood.log").is_empty());
    daemon.wait_for_log("answers again");
    daemon.stop();
}

#[test]
fn log_that_is_cleared_while_its_thread_is_behind_is_written_on() {
    if testing_the_original() || !can_mount_fuse() {
        return; // the original has no threads
    }
    let mut daemon = started_with_hanging_file_system(
        "[program:flood]
command=/usr/bin/yes
stdout_logfile={dir}/mnt/flood.log
stdout_logfile_maxbytes=0
startsecs=0
",
    );
    let length = || fs::metadata(daemon.path("store/flood.log")).map_or(0, |file| file.len());
    for _ in 0..10 {
        // A machine that is busy may refuse it and do it later.
        daemon.call("supervisor.clearProcessLogs", &["flood".into()]).ok();
        // More than can have waited when the log was emptied.
        let enough = length() + (1 << 20);
        until("the program is read on", || (length() > enough).then_some(()));
    }
    daemon.stop();
}

#[test]
fn shutdown_ends_though_a_file_system_hangs_and_says_what_is_lost() {
    if testing_the_original() || !can_mount_fuse() {
        return; // the original never ends
    }
    let mut daemon = started_with_hanging_file_system(
        "[program:last]
command=/bin/sh -c \"echo first; read line; echo 12345; exec sleep 1000\"
stdout_logfile={dir}/mnt/last.log
",
    );
    daemon.wait_for_text("store/last.log", "first\n");
    hang(&daemon);
    daemon.call("supervisor.sendProcessStdin", &["last".into(), "\n".into()]).expect("it reads");
    daemon.wait_for_log("has not answered for 1 s");
    daemon.stop();
    let path = daemon.path("mnt/last.log").display().to_string();
    let lost = format!(
        "ERRO the last 6 bytes for {path} were not written within 2 s and are lost: its file system does not answer"
    );
    assert_eq!(daemon.log_lines("were not written"), [lost]);
    assert_eq!(daemon.read("store/last.log"), "first\n");
}

#[test]
fn main_log_on_a_file_system_that_hangs_delays_nothing() {
    if testing_the_original() || !can_mount_fuse() {
        return; // the original waits with all that it does
    }
    let mut daemon = started_with_hanging_file_system(&format!(
        "[supervisord]\nlogfile={{dir}}/mnt/main.log\nsilent=true\n[program:late]\ncommand=/bin/cat\nautostart=false\n
startsecs=0\n{NEIGHBOURS}"
    ));
    daemon.wait_for_text("store/main.log", "spawned: 'other'");
    hang(&daemon);
    let ticks = daemon.read("other.log").lines().count();
    for _ in 0..20 {
        daemon.call("supervisor.startProcess", &["late".into()]).expect("it starts");
        daemon.call("supervisor.stopProcess", &["late".into()]).expect("it ends");
    }
    until("the other program is heard", || (daemon.read("other.log").lines().count() > ticks + 20).then_some(()));
    let lines = |daemon: &TestDaemon| daemon.read("store/main.log").matches("spawned: 'late'").count();
    let before = lines(&daemon);
    answer_again(&daemon);
    until("every line is there", || (lines(&daemon) == before + 20).then_some(()));
    daemon.stop();
}

#[test]
fn standard_output_on_a_file_system_that_hangs_delays_nothing() {
    if testing_the_original() || !can_mount_fuse() {
        return; // the original waits with all that it does
    }
    let mut daemon = TestDaemon::prepared("[program:late]\ncommand=/bin/cat\nautostart=false\nstartsecs=0\n");
    daemon.write("server.py", SERVER);
    for folder in ["store", "mnt"] {
        fs::create_dir(daemon.path(folder)).expect("the folder is ours");
    }
    let served = ["unshare", "-m", "python3", "{dir}/server.py", "{dir}/store", "{dir}/mnt", "{dir}/hang"];
    let redirected = ["sh", "-c", "out=$1; shift; exec \"$@\" >> $out", "sh", "{dir}/mnt/boot.log"];
    daemon.launch_by(&[&served[..], &redirected].concat());
    daemon.wait_until_it_answers();
    hang(&daemon);
    for _ in 0..20 {
        daemon.call("supervisor.startProcess", &["late".into()]).expect("it starts");
        daemon.call("supervisor.stopProcess", &["late".into()]).expect("it ends");
    }
    let lines = |daemon: &TestDaemon| daemon.read("store/boot.log").matches("spawned: 'late'").count();
    assert!(lines(&daemon) < 20, "it hangs indeed");
    answer_again(&daemon);
    until("every line is there", || (lines(&daemon) == 20).then_some(()));
    daemon.stop();
}

#[test]
fn file_system_that_is_mounted_later_is_known_by_the_next_start() {
    if testing_the_original() || !can_mount_fuse() {
        return; // the original waits with all that it does
    }
    let mut daemon = TestDaemon::prepared(&format!(
        "[program:late]
command=/bin/sh -c \"echo late; exec sleep 1000\"
stdout_logfile={{dir}}/mnt/late.log
autostart=false
startsecs=0
{NEIGHBOURS}"
    ));
    daemon.write("server.py", SERVER);
    for folder in ["store", "mnt"] {
        fs::create_dir(daemon.path(folder)).expect("the folder is ours");
    }
    daemon.launch_by(&["unshare", "-m"]);
    daemon.wait_for_log("spawned: 'other'");
    daemon.call("supervisor.startProcess", &["late".into()]).expect("it starts");
    daemon.call("supervisor.stopProcess", &["late".into()]).expect("it ends");
    let pid = daemon.read("supervisord.pid").trim().to_owned();
    let mut server = daemon.start_script(&daemon.filled_in(&format!(
        "exec nsenter -t {pid} -m python3 {{dir}}/server.py {{dir}}/store {{dir}}/mnt {{dir}}/hang sleep 1000"
    )));
    until("it is mounted", || {
        let mounts = fs::read_to_string(format!("/proc/{pid}/mountinfo")).ok()?;
        mounts.contains(&daemon.filled_in("{dir}/mnt ")).then_some(())
    });
    hang(&daemon);
    everything_else_goes_on(&daemon);
    answer_again(&daemon);
    until("it is written", || (!daemon.read("store/late.log").is_empty()).then_some(()));
    server.signal("TERM");
    server.wait_for_end();
    daemon.stop();
}

#[test]
fn local_disk_that_has_hung_once_never_holds_supervision_again() {
    if testing_the_original() || !can_freeze() {
        return; // the original waits with all that it does
    }
    let mut daemon = TestDaemon::prepared(&format!(
        "[program:writer]
command=/bin/sh -c \"while read line; do echo $line; done\"
stdout_logfile={{dir}}/mnt/writer.log
[program:late]
command=/bin/sh -c \"echo late; exec sleep 1000\"
stdout_logfile={{dir}}/mnt/late.log
autostart=false
startsecs=0
{NEIGHBOURS}"
    ));
    fs::create_dir(daemon.path("mnt")).expect("the folder is ours");
    daemon.launch_by(&["unshare", "-m", "sh", "-c", FREEZABLE, "sh", "{dir}"]);
    daemon.wait_until_it_answers();
    // Only then its log is open.
    daemon.wait_for_log("spawned: 'writer'");
    let pid = daemon.read("supervisord.pid").trim().to_owned();
    let freeze = |daemon: &TestDaemon, how: &str| {
        let mut frozen =
            daemon.start_script(&format!("nsenter -t {pid} -m fsfreeze {how} {}", daemon.path("mnt").display()));
        assert_eq!(frozen.wait_for_end().status, 0, "fsfreeze {how}");
    };
    let say = |daemon: &TestDaemon, text: &str| {
        daemon.call("supervisor.sendProcessStdin", &["writer".into(), text.into()]).expect("it reads");
    };
    freeze(&daemon, "-f");
    say(&daemon, "once\n");
    let mut looks = 0;
    until("the loop waits for the disk, and for longer than it may", || {
        looks = if fs::read_to_string(format!("/proc/{pid}/stat")).ok()?.contains(") D ") { looks + 1 } else { 0 };
        (looks == 20).then_some(())
    });
    freeze(&daemon, "-u");
    daemon.wait_for_log("kept supervision waiting for");
    freeze(&daemon, "-f");
    say(&daemon, "never again\n");
    daemon.wait_for_log("has not answered for 1 s");
    everything_else_goes_on(&daemon);
    freeze(&daemon, "-u");
    let log = format!("/proc/{pid}/root{}", daemon.path("mnt/writer.log").display());
    until("all is written", || (fs::read_to_string(&log).ok()? == "once\nnever again\n").then_some(()));
    daemon.stop();
}

/// A file system that can be frozen, on the folder `mnt`: `sh -c … sh FOLDER COMMAND…`
const FREEZABLE: &str =
    "cd $1 && truncate -s 16M disk && mkfs.ext4 -q disk && mount -o loop disk mnt && shift && exec \"$@\"";

/// Whether a file system can be made, mounted and frozen here; says why not.
fn can_freeze() -> bool {
    if !can_unshare(&["-m"]) {
        return false;
    }
    let daemon = TestDaemon::prepared("");
    fs::create_dir(daemon.path("mnt")).expect("the folder is ours");
    let mut command = std::process::Command::new("unshare");
    command.args(["-m", "sh", "-c", FREEZABLE, "sh"]).arg(daemon.path("")).args(["sh", "-c"]);
    command.arg("fsfreeze -f $0 && fsfreeze -u $0").arg(daemon.path("mnt"));
    let ended = Program::run(&mut command, daemon.mark(), &daemon.path(""), "freeze");
    if ended.status != 0 {
        not_tested(&format!("no file system can be frozen here: {}", ended.stderr));
    }
    ended.status == 0
}
