//! What reaches the system's log: whole lines, in the form that Supervisor gives them.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::time::Duration;

use crate::log_destinations::can_unshare;
use crate::support::{TestDaemon, testing_the_original};

/// A /dev of its own whose log is a socket of the test: `sh -c … sh SOCKET COMMAND…`
const PRIVATE_LOG: &str =
    "mount -t tmpfs none /dev && mknod -m 666 /dev/null c 1 3 && mknod -m 666 /dev/urandom c 1 9 &&
ln -s $1 /dev/log && shift && exec \"$@\"";

/// A daemon, and the system's log that it sees.
fn started(configuration: &str) -> (TestDaemon, UnixDatagram) {
    let mut daemon = TestDaemon::prepared(configuration);
    let log = UnixDatagram::bind(daemon.path("log")).expect("the folder is ours");
    log.set_read_timeout(Some(Duration::from_mins(1))).expect("a time");
    daemon.launch_by(&["unshare", "-m", "sh", "-c", PRIVATE_LOG, "sh", "{dir}/log"]);
    daemon.wait_until_it_answers();
    (daemon, log)
}

/// The next message, without its head: priority (facility USER, severity INFO), time and sender.
#[track_caller]
fn message(log: &UnixDatagram) -> String {
    let mut bytes = vec![0; 64 * 1024];
    let count = log.recv(&mut bytes).expect("a message comes");
    let text = String::from_utf8(bytes[..count].to_vec()).expect("bytes that are no text have been replaced");
    let (head, message) = text.split_once(" supervisord: ").expect("who says it");
    let time = head.strip_prefix("<14>").expect("USER, INFO");
    let shape: String = time.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (month, rest) = shape.split_once(' ').expect("a month");
    assert!(months.contains(&month) && [" 0 00:00:00", "00 00:00:00"].contains(&rest), "{time}");
    message.to_owned()
}

#[test]
fn syslog_has_whole_lines_and_every_byte_of_them() {
    if testing_the_original() || !can_unshare(&["-m"]) {
        return; // it cuts lines and loses what is no UTF-8: quirk F40
    }
    let (mut daemon, log) = started(
        "[program:p]
command=/bin/sh -c \"printf 'one two '; read x; printf 'three\\nfour\\n'; printf 'caf\\351\\n' >&2; printf last; exec sleep 1000\"
stdout_logfile={dir}/p.log
stdout_syslog=true
stderr_syslog=true
startsecs=0
",
    );
    daemon.wait_for_text("p.log", "one two ");
    daemon.call("supervisor.sendProcessStdin", &["p".into(), "\n".into()]).expect("it reads");
    let mut messages = [message(&log), message(&log), message(&log)];
    messages.sort();
    assert_eq!(messages, ["p caf\u{fffd}", "p four", "p one two three"]);
    daemon.wait_for_text("p.log", "last");
    daemon.call("supervisor.stopProcess", &["p".into()]).expect("it ends");
    assert_eq!(message(&log), "p last");
    assert_eq!(daemon.read("p.log"), "one two three\nfour\nlast");
    daemon.stop();
}

#[test]
fn neither_names_nor_output_order_a_terminal_about_that_shows_syslog() {
    if testing_the_original() || !can_unshare(&["-m"]) {
        return; // it sends them as they are
    }
    let (mut daemon, log) = started(
        "[program:p]
command=/bin/sh -c \"printf 'a\\033[2Jb\\rc\\342\\200\\250d\\te\\n'; exec sleep 1000\"
stdout_syslog=true
startsecs=0
",
    );
    assert_eq!(message(&log), "p a\\x1b[2Jb\\x0dc\\u{2028}d\te");
    daemon.stop();
}

#[test]
fn main_log_can_be_the_systems() {
    if testing_the_original() || !can_unshare(&["-m"]) {
        return; // it sends the same, and needs a /dev/shm for it
    }
    let (mut daemon, log) = started("[supervisord]\nlogfile=syslog\nloglevel=info\n");
    let started = loop {
        let message = message(&log);
        if message.contains("supervisord started with pid") {
            break message;
        }
    };
    let (stamp, line) = started.split_once(" INFO ").expect("a level");
    let shape: String = stamp.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(shape, "0000-00-00 00:00:00,000");
    let pid = daemon.read("supervisord.pid");
    assert_eq!(line, format!("supervisord started with pid {pid}"), "and the end of the line, as Supervisor sends it");
    let refused = daemon.call("supervisor.readLog", &[0_i64.into(), 0_i64.into()]).expect_err("there is no file");
    assert_eq!(refused.code, 20);
    daemon.stop();
}

#[test]
fn log_that_was_restarted_or_is_a_stream_is_reached_and_what_was_lost_is_told() {
    if testing_the_original() || !can_unshare(&["-m"]) {
        return; // N72: it loses the lines in silence
    }
    let (mut daemon, log) = started(
        "[program:p]
command=/bin/sh -c \"while read line; do echo $line; done\"
stdout_syslog=true
startsecs=0
",
    );
    let say = |line: &str| {
        let line = format!("{line}\n");
        daemon.call("supervisor.sendProcessStdin", &["p".into(), line.as_str().into()]).expect("it reads");
    };
    say("before");
    assert_eq!(message(&log), "p before");
    drop(log);
    fs::remove_file(daemon.path("log")).expect("it is there");
    say("lost");
    daemon.wait_for_log("the log /dev/log cannot be written, output is dropped from now on");
    let log = UnixDatagram::bind(daemon.path("log")).expect("the name is free");
    say("after");
    assert_eq!(message(&log), "p after");
    daemon.wait_for_log("the log /dev/log can be written again, 6 bytes were dropped");
    drop(log);
    fs::remove_file(daemon.path("log")).expect("it is there");
    let log = UnixListener::bind(daemon.path("log")).expect("the name is free");
    say("to a stream");
    let mut bytes = Vec::new();
    BufReader::new(log.accept().expect("it connects").0).read_until(0, &mut bytes).expect("a message comes");
    assert!(bytes.ends_with(b" supervisord: p to a stream\0"), "{}", String::from_utf8_lossy(&bytes));
    daemon.stop();
}
