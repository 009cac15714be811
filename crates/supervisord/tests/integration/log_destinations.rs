//! Log destinations that are no files of ours: what blocks delays nobody else, what fails costs no program, and
//! `/dev/stdout` stays what it is.

use std::fs::{self, OpenOptions};
use std::io::Read;
use std::os::unix::fs::FileTypeExt;

use crate::support::{Program, TestDaemon, is_root, not_tested, testing_the_original, until};

/// Gives the daemon fd 1 of a kind: `KIND OUTPUT COMMAND…`. What arrives there goes to the file OUTPUT.
const STDOUT_OF_A_KIND: &str = r"
import os, pty, select, signal, socket, sys, tty
kind, output = sys.argv[1:3]
out = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
if kind == 'file':
    reader, writer = None, os.dup(out)
elif kind == 'pipe':
    reader, writer = os.pipe()
elif kind == 'tty':
    reader, writer = pty.openpty()
    tty.setraw(writer)
else:
    reader, writer = (end.detach() for end in socket.socketpair())
pid = os.fork()
if pid == 0:
    os.dup2(writer, 1)
    os.execvp(sys.argv[3], sys.argv[3:])
os.close(writer)
signal.signal(signal.SIGTERM, lambda *_: os.kill(pid, signal.SIGTERM))
ended = os.pidfd_open(pid)
while True:
    # Not without an end: a signal that comes right before a wait is looked at after it.
    ready = select.select([ended, reader] if reader else [ended], [], [], 0.1)[0]
    if reader in ready:
        try:
            chunk = os.read(reader, 65536)
        except OSError:
            chunk = b''
        os.write(out, chunk)
        reader = reader if chunk else None
    elif ended in ready:
        break
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
";

/// A /dev of its own, so that a daemon which renames or removes something there harms nobody, and a user:
/// `sh -c … sh USER`.
const PRIVATE_DEV: &str =
    "mount -t tmpfs none /dev && mknod -m 666 /dev/null c 1 3 && mknod -m 666 /dev/urandom c 1 9 &&
ln -s /proc/self/fd /dev/fd && ln -s /proc/self/fd/1 /dev/stdout && ln -s /proc/self/fd/2 /dev/stderr && user=$1 && shift && exec setpriv --reuid $user --regid $user --clear-groups \"$@\"";

/// Whether namespaces can be made here; says why not.
pub(crate) fn can_unshare(options: &[&str]) -> bool {
    let daemon = TestDaemon::prepared("");
    let mut command = std::process::Command::new("unshare");
    command.args(options).arg("true");
    let ended = Program::run(&mut command, daemon.mark(), &daemon.path(""), "unshare");
    if ended.status != 0 {
        not_tested(&format!("unshare {options:?} is not permitted here: {}", ended.stderr));
    }
    ended.status == 0
}

#[test]
fn rotation_never_touches_dev_stdout_whatever_it_is() {
    if testing_the_original() || !can_unshare(&["-m"]) {
        return; // the original renames it: pain P1
    }
    for (kind, user) in ["file", "pipe", "tty", "socket"].into_iter().flat_map(|kind| [(kind, "0"), (kind, "65534")]) {
        let mut daemon = TestDaemon::prepared(
            "[supervisord]\nsilent=true\n[program:counter]
command=/bin/sh -c \"seq 1 5000; exec sleep 1000\"
stdout_logfile=/dev/stdout
stdout_logfile_maxbytes=1KB
stdout_logfile_backups=3
startsecs=0
",
        );
        daemon.write("kind.py", STDOUT_OF_A_KIND);
        let folder = fs::metadata(daemon.path("")).expect("it is ours").permissions();
        fs::set_permissions(daemon.path(""), {
            let mut open = folder;
            std::os::unix::fs::PermissionsExt::set_mode(&mut open, 0o777);
            open
        })
        .expect("it is ours");
        let python = ["python3", "{dir}/kind.py", kind, "{dir}/output"];
        daemon.launch_by(&[&python[..], &["unshare", "-m", "sh", "-c", PRIVATE_DEV, "sh", user]].concat());
        daemon.wait_until_it_answers();
        daemon.wait_for_text("output", "\n5000\n");
        assert_eq!(daemon.read("output"), numbers_to(5000), "{kind} of {user}");
        let dev = format!("/proc/{}/root/dev", daemon.read("supervisord.pid").trim());
        assert_eq!(fs::read_link(format!("{dev}/stdout")).expect("a link still").to_str(), Some("/proc/self/fd/1"));
        let mut names: Vec<_> = fs::read_dir(dev).expect("it is there").flatten().map(|it| it.file_name()).collect();
        names.sort();
        assert_eq!(names, ["fd", "null", "stderr", "stdout", "urandom"], "{kind} of {user}");
        daemon.stop();
    }
}

#[test]
fn full_fifo_holds_back_its_program_alone_and_loses_nothing() {
    const LINES: usize = 500_000;
    if testing_the_original() {
        return; // it waits for a reader before it starts the program
    }
    let mut daemon = TestDaemon::prepared(&format!(
        "[program:flood]
command=/bin/sh -c \"seq 1 {LINES}; exec sleep 1000\"
stdout_logfile={{dir}}/fifo
stdout_logfile_maxbytes=1KB
startsecs=0
[program:other]
command=/bin/sh -c \"while :; do echo tick; sleep 0.02; done\"
stdout_logfile={{dir}}/other.log
startsecs=0
"
    ));
    nix::unistd::mkfifo(&daemon.path("fifo"), nix::sys::stat::Mode::S_IRWXU).expect("the folder is ours");
    daemon.start();
    until("seq waits in its write", || {
        let seq = daemon.mark().processes().into_iter().find(|process| process.command_line.starts_with("seq"))?;
        fs::read_to_string(format!("/proc/{}/stat", seq.pid)).ok()?.contains(") S ").then_some(())
    });
    let ticks = daemon.read("other.log").lines().count();
    let (before, pid) = (processor_ticks(daemon.program().pid()), daemon.program().pid());
    until("the other program is heard", || (daemon.read("other.log").lines().count() > ticks + 20).then_some(()));
    let spent = processor_ticks(pid) - before;
    assert!(spent <= 5, "nothing polls the fifo: {spent} hundredths of a second for 20 lines");
    let mut fifo = OpenOptions::new().read(true).open(daemon.path("fifo")).expect("it is there");
    let (mut text, mut chunk) = (Vec::new(), vec![0; 1 << 16]);
    let last = format!("\n{LINES}\n").into_bytes();
    while !text.ends_with(&last) {
        let count = fifo.read(&mut chunk).expect("the daemon writes");
        text.extend_from_slice(&chunk[..count]);
    }
    assert!(text == numbers_to(LINES).into_bytes(), "every line, in order");
    assert!(fs::metadata(daemon.path("fifo")).expect("it is there").file_type().is_fifo());
    assert_eq!(daemon.files("fifo"), ["fifo"]);
    daemon.stop();
}

#[test]
fn programs_that_share_a_full_fifo_all_go_on_once_it_is_read() {
    if testing_the_original() {
        return; // it waits for a reader before it starts the programs
    }
    // Some end while others are held: their last words are written by whoever finds room.
    let mut daemon = TestDaemon::prepared(
        "[program:p]
command=/bin/sh -c \"seq 1 30000; sleep 0.%(process_num)d; seq 30001 40000\"
process_name=%(process_num)d
numprocs=8
stdout_logfile={dir}/fifo
autorestart=false
startsecs=0
",
    );
    nix::unistd::mkfifo(&daemon.path("fifo"), nix::sys::stat::Mode::S_IRWXU).expect("the folder is ours");
    daemon.start();
    let mut fifo = OpenOptions::new().read(true).open(daemon.path("fifo")).expect("it is there");
    let (mut text, mut chunk) = (Vec::new(), [0; 3000]);
    let bytes = numbers_to(40_000).len() * 8;
    while text.len() < bytes {
        let count = fifo.read(&mut chunk).expect("the daemon writes");
        text.extend_from_slice(&chunk[..count]);
    }
    assert_eq!(text.len(), bytes);
    (0..8).for_each(|number| daemon.wait_for_state(&format!("p:{number}"), "EXITED"));
    let mut numbers: Vec<&str> = std::str::from_utf8(&text).expect("digits").lines().collect();
    numbers.sort_unstable();
    numbers.dedup_by(|a, b| a == b);
    assert!(numbers.len() >= 40_000, "every number was written");
    daemon.stop();
}

#[test]
fn full_stdout_delays_nothing_and_tells_how_much_of_the_main_log_it_missed() {
    if testing_the_original() {
        return; // it hangs
    }
    let mut daemon = TestDaemon::prepared(
        "[program:flood]
command=/bin/sh -c \"seq 1 200000; exec sleep 1000\"
stdout_logfile={dir}/flood.log
startsecs=0
",
    );
    nix::unistd::mkfifo(&daemon.path("fifo"), nix::sys::stat::Mode::S_IRWXU).expect("the folder is ours");
    daemon.launch_by(&["sh", "-c", "exec \"$@\" 1<>{dir}/fifo", "sh"]);
    daemon.wait_until_it_answers();
    daemon.wait_for_text("flood.log", "\n200000\n");
    daemon.wait_for_text("supervisord.log", "\n    200000\n");
    let reader = OpenOptions::new().read(true).open(daemon.path("fifo")).expect("it is there");
    let reading = std::thread::spawn(move || {
        let (mut reader, mut text, mut chunk) = (reader, Vec::new(), vec![0; 1 << 16]);
        while !String::from_utf8_lossy(&text).contains("bytes of this log were lost before this line\n") {
            let count = reader.read(&mut chunk).expect("the daemon writes");
            text.extend_from_slice(&chunk[..count]);
        }
        text
    });
    until("the daemon has told what was lost", || {
        // Something to say, for which there is room again.
        daemon.call("supervisor.getState", &[]).expect("it answers");
        daemon.call("supervisor.signalProcess", &["flood".into(), "CONT".into()]).expect("it runs");
        reading.is_finished().then_some(())
    });
    let text = String::from_utf8_lossy(&reading.join().expect("it has read")).into_owned();
    assert_eq!(text.matches("were lost before this line").count(), 1);
    assert!(!daemon.log().contains("were lost"), "the file has all of it");
    daemon.stop();
}

#[test]
fn full_disk_costs_lines_and_is_told_twice() {
    if testing_the_original() || !can_unshare(&["-m"]) {
        return; // it writes a traceback for each chunk
    }
    let mut daemon = TestDaemon::prepared(
        "[program:chatty]
command=/bin/sh -c \"i=0; while :; do i=$((i+1)); printf '%%099d\\n' $i; sleep 0.001; done\"
stdout_logfile={dir}/small/chatty.log
startsecs=0
[program:other]
command=/bin/sh -c \"while :; do echo tick; sleep 0.02; done\"
stdout_logfile={dir}/other.log
startsecs=0
",
    );
    fs::create_dir(daemon.path("small")).expect("the folder is ours");
    let script =
        "mount -t tmpfs -o size=64k none {dir}/small && head -c 40960 /dev/zero > {dir}/small/filler && exec \"$@\"";
    daemon.launch_by(&["unshare", "-m", "sh", "-c", script, "sh"]);
    daemon.wait_until_it_answers();
    daemon.wait_for_log("cannot be written");
    let ticks = daemon.read("other.log").len();
    until("others go on", || (daemon.read("other.log").len() > ticks + 50).then_some(()));
    let root = format!("/proc/{}/root", daemon.program().pid());
    fs::remove_file(format!("{root}{}", daemon.path("small/filler").display())).expect("it is there");
    daemon.wait_for_log("can be written again");
    assert_eq!(daemon.log_lines("cannot be written").len(), 1);
    let told = daemon.log_lines("can be written again").remove(0);
    let dropped: usize = told.split(' ').find_map(|word| word.parse().ok()).expect("a count");
    assert!(dropped >= 100, "{told}");
    assert_eq!(daemon.state("chatty"), "RUNNING");
    fs::write(format!("{root}{}", daemon.path("small/filler").display()), vec![0; 40960]).ok();
    until("it is full again", || (daemon.log_lines("cannot be written").len() == 2).then_some(()));
    daemon.stop();
    assert_eq!(daemon.log_lines("could not be written to its end").len(), 1, "{}", daemon.log());
}

#[test]
fn programs_that_share_a_log_lose_nothing_when_it_rotates() {
    let mut daemon = TestDaemon::started(
        "[program:writer]
command=/bin/sh -c \"i=0; while [ $i -lt 500 ]; do i=$((i+1)); echo %(process_num)d out $i; echo %(process_num)d err $i >&2; done; exec sleep 1000\"
process_name=%(program_name)s%(process_num)d
numprocs=2
stdout_logfile={dir}/shared.log
stderr_logfile={dir}/shared.log
stdout_logfile_maxbytes=1000
stderr_logfile_maxbytes=1000
stdout_logfile_backups=100
stderr_logfile_backups=100
startsecs=0
",
    );
    if testing_the_original() {
        daemon.stop();
        return; // each of four rotates the file of the others
    }
    let all = || daemon.files("shared.log").iter().map(|name| daemon.read(name)).collect::<Vec<_>>().concat();
    until("every line is written", || (all().lines().count() >= 2000).then_some(()));
    let mut lines: Vec<String> = all().lines().map(str::to_owned).collect();
    lines.sort();
    let expected = (0..2).flat_map(|n| ["out", "err"].map(|channel| (n, channel)));
    let mut expected: Vec<String> =
        expected.flat_map(|(n, channel)| (1..=500).map(move |i| format!("{n} {channel} {i}"))).collect();
    expected.sort();
    assert_eq!(lines, expected);
    daemon.stop();
}

/// What seq(1) prints.
pub(crate) fn numbers_to(last: usize) -> String {
    (1..=last).map(|number| number.to_string() + "\n").collect()
}

/// Processor time that a process has used, in hundredths of a second (proc(5)).
pub(crate) fn processor_ticks(pid: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
    let fields = text.rsplit(") ").next().expect("a name in brackets comes before").split(' ');
    fields.skip(11).take(2).map(|field| field.parse::<u64>().expect("a number")).sum()
}

#[test]
fn programs_of_other_users_can_open_their_standard_streams_by_name() {
    if testing_the_original() || !is_root("a program of another user") {
        return; // they are root's there: EACCES
    }
    let mut daemon = TestDaemon::started(
        "[program:opener]
command=/bin/sh -c \"echo one > /dev/stdout; echo two > /dev/stderr; read line < /dev/stdin; echo $line > /proc/self/fd/1; exec sleep 1000\"
user=nobody
stdout_logfile={dir}/out.log
stderr_logfile={dir}/err.log
startsecs=0
[program:joined]
command=/bin/sh -c \"echo both > /dev/stderr; exec sleep 1000\"
user=nobody
redirect_stderr=true
stdout_logfile={dir}/joined.log
startsecs=0
",
    );
    daemon.wait_for_text("out.log", "one\n");
    daemon.wait_for_text("err.log", "two\n");
    daemon.call("supervisor.sendProcessStdin", &["opener".into(), "three\n".into()]).expect("it reads");
    daemon.wait_for_text("out.log", "one\nthree\n");
    daemon.wait_for_text("joined.log", "both\n");
    assert_eq!(daemon.read("err.log"), "two\n");
    daemon.stop();
}
