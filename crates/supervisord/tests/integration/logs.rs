//! What programs print: captured in files, rotated, passed through to a container's stdout, and never lost.

use std::fs;

use crate::support::{TestDaemon, supervisorctl, testing_the_original, until};

#[test]
fn output_goes_to_the_named_files() {
    let mut daemon = TestDaemon::started(
        "[program:talker]
command=/bin/sh -c \"echo out; echo err >&2; exec sleep 1000\"
stdout_logfile={dir}/talker.out
stderr_logfile={dir}/talker.err
startsecs=0
",
    );
    daemon.wait_for_text("talker.out", "out\n");
    daemon.wait_for_text("talker.err", "err\n");
    daemon.stop();
    assert_eq!((daemon.read("talker.out"), daemon.read("talker.err")), ("out\n".to_owned(), "err\n".to_owned()));
}

#[test]
fn redirect_stderr_keeps_the_order_in_one_file() {
    let mut daemon = TestDaemon::started(
        "[program:talker]
command=/bin/sh -c \"echo 1; echo 2 >&2; echo 3; exec sleep 1000\"
redirect_stderr=true
stdout_logfile={dir}/talker.log
startsecs=0
",
    );
    daemon.wait_for_text("talker.log", "3\n");
    assert_eq!(daemon.read("talker.log"), "1\n2\n3\n");
    daemon.stop();
}

#[test]
fn last_words_before_an_exit_are_kept() {
    let mut daemon = TestDaemon::started(
        "[program:dying]
command=/bin/sh -c \"i=0; while [ $i -lt 5000 ]; do echo line $i; i=$((i+1)); done; echo last words; exit 1\"
stdout_logfile={dir}/dying.log
autorestart=false
startsecs=0
",
    );
    daemon.wait_for_state("dying", "EXITED");
    let text = daemon.read("dying.log");
    let expected: String = (0..5000).map(|number| format!("line {number}\n")).collect::<Vec<_>>().concat();
    assert!(text == expected + "last words\n", "{} lines, ending in {:?}", text.lines().count(), text.lines().last());
    daemon.stop();
}

#[test]
fn last_words_without_a_newline_are_kept_with_capture_on() {
    if testing_the_original() {
        return; // it loses them: quirk F08
    }
    let mut daemon = TestDaemon::started(
        "[program:dying]
command=/usr/bin/printf 'no newline'
stdout_logfile={dir}/dying.log
stdout_capture_maxbytes=1MB
autorestart=false
startsecs=0
",
    );
    daemon.wait_for_state("dying", "EXITED");
    assert_eq!(daemon.read("dying.log"), "no newline");
    daemon.stop();
}

#[test]
fn log_that_grows_too_big_is_rotated() {
    let mut daemon = TestDaemon::started(
        "[program:chatty]
command=/bin/sh -c \"i=0; while [ $i -lt 40 ]; do echo 0123456789 $i; sleep 0.02; i=$((i+1)); done; exec sleep 1000\"
stdout_logfile={dir}/chatty.log
stdout_logfile_maxbytes=100
stdout_logfile_backups=2
startsecs=0
",
    );
    // Output comes to the main log when it is in its file and that is rotated.
    daemon.wait_for_log("0123456789 39\n");
    assert_eq!(daemon.files("chatty.log"), ["chatty.log", "chatty.log.1", "chatty.log.2"]);
    let kept = daemon.read("chatty.log.2") + &daemon.read("chatty.log.1") + &daemon.read("chatty.log");
    let lines: Vec<&str> = kept.lines().collect();
    let first: usize = lines[0].rsplit(' ').next().and_then(|word| word.parse().ok()).expect("a whole line");
    let expected: Vec<String> = (first..40).map(|number| format!("0123456789 {number}")).collect();
    assert_eq!(lines, expected, "no line is lost or torn");
    assert!(daemon.read("chatty.log.1").len() >= 100, "a file is full before it is put away");
    daemon.stop();
}

#[test]
fn without_backups_a_full_log_starts_anew() {
    let mut daemon = TestDaemon::started(
        "[program:chatty]
command=/bin/sh -c \"i=0; while [ $i -lt 40 ]; do echo 0123456789 $i; sleep 0.02; i=$((i+1)); done; exec sleep 1000\"
stdout_logfile={dir}/chatty.log
stdout_logfile_maxbytes=100
stdout_logfile_backups=0
startsecs=0
",
    );
    daemon.wait_for_log("0123456789 39\n");
    assert_eq!(daemon.files("chatty.log"), ["chatty.log"]);
    assert!(daemon.read("chatty.log").len() < 200);
    daemon.stop();
}

/// A program with AUTO logs.
const AUTO: &str = "[program:auto]
command=/bin/sh -c \"echo hello; exec sleep 1000\"
startsecs=0
";

#[test]
fn auto_logs_have_a_name_of_their_own_and_vanish_at_the_next_start() {
    let mut daemon = TestDaemon::started(AUTO);
    daemon.wait_for_state("auto", "RUNNING");
    let first = daemon.files("auto-stdout---test-");
    assert_eq!(first.len(), 1);
    let random = first[0].strip_prefix("auto-stdout---test-").and_then(|rest| rest.strip_suffix(".log"));
    let random = random.expect("the name ends in .log");
    assert_eq!(random.len(), 8);
    assert!(random.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'), "{random}");
    daemon.wait_for_text(&first[0], "hello\n");
    daemon.stop();
    assert_eq!(daemon.files("auto-stdout"), first, "they outlive the daemon");
    daemon.start();
    daemon.wait_for_state("auto", "RUNNING");
    let second = daemon.files("auto-stdout");
    assert_eq!(second.len(), 1, "the old one is gone: {second:?}");
    assert_ne!(second, first);
    daemon.stop();
}

#[test]
fn nocleanup_keeps_the_auto_logs() {
    let mut daemon = TestDaemon::started(&format!("[supervisord]\nnocleanup=true\n{AUTO}"));
    daemon.wait_for_state("auto", "RUNNING");
    daemon.stop();
    daemon.start();
    assert_eq!(daemon.files("auto-stdout").len(), 2);
    daemon.stop();
}

#[test]
fn auto_logs_are_private() {
    use std::os::unix::fs::PermissionsExt;

    let mut daemon = TestDaemon::started(AUTO);
    daemon.wait_for_state("auto", "RUNNING");
    let name = daemon.files("auto-stdout").remove(0);
    let mode = fs::metadata(daemon.path(&name)).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    daemon.stop();
}

#[test]
fn containers_read_the_programs_on_the_daemons_stdout() {
    for file in ["/dev/stdout", "/dev/fd/1"] {
        let mut daemon = TestDaemon::started(&format!(
            "[supervisord]\nsilent=true\n[program:talker]
command=/bin/sh -c \"echo to the container; exec sleep 1000\"
stdout_logfile={file}
stdout_logfile_maxbytes=0
startsecs=0
"
        ));
        daemon.wait_for_text("daemon.out", "to the container\n");
        daemon.stop();
        assert_eq!(daemon.read("daemon.out"), "to the container\n", "{file}: nothing else, and no prefix");
    }
}

#[test]
fn foreground_shows_the_main_log_on_stdout() {
    let mut daemon = TestDaemon::started(AUTO);
    daemon.wait_for_state("auto", "RUNNING");
    daemon.stop();
    assert_eq!(daemon.read("daemon.out"), daemon.log());
    assert_eq!(daemon.read("daemon.err"), "");
}

#[test]
fn main_log_that_is_standard_output_has_each_line_once() {
    if testing_the_original() {
        return; // N111
    }
    for logfile in ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "{dir}/daemon.out"] {
        let mut daemon = TestDaemon::prepared(&format!("[supervisord]\nlogfile={logfile}\nlogfile_maxbytes=0\n"));
        daemon.launch(&["-n"]);
        daemon.wait_until_it_answers();
        daemon.signal("HUP");
        until("both starts", || (starts(&daemon.read("daemon.out")) >= 2).then_some(()));
        daemon.signal("TERM");
        assert_eq!(daemon.program().wait_for_end().status, 0);
        assert_eq!(starts(&daemon.read("daemon.out")), 2, "{logfile}: {}", daemon.read("daemon.out"));
    }
}

fn starts(text: &str) -> usize {
    text.matches("supervisord started with pid").count()
}

#[test]
fn usr2_opens_moved_logs_anew() {
    let mut daemon = TestDaemon::started(
        "[program:chatty]
command=/bin/sh -c \"while :; do echo tick; sleep 0.1; done\"
stdout_logfile={dir}/chatty.log
startsecs=0
",
    );
    daemon.wait_for_text("chatty.log", "tick\n");
    fs::rename(daemon.path("chatty.log"), daemon.path("chatty.old")).expect("the folder is ours");
    fs::rename(daemon.path("supervisord.log"), daemon.path("supervisord.old")).expect("the folder is ours");
    daemon.signal("USR2");
    daemon.wait_for_text("chatty.log", "tick\n");
    daemon.wait_for_text("supervisord.log", "chatty");
    assert!(daemon.read("supervisord.old").contains("INFO supervisord logreopen\n"));
    daemon.stop();
}

#[test]
fn capture_makes_an_event_and_keeps_the_rest_in_the_log() {
    let mut daemon = TestDaemon::prepared(
        "[program:sender]
command=/bin/sh {dir}/sender.sh
stdout_logfile={dir}/sender.log
stdout_capture_maxbytes=1MB
startsecs=0
[eventlistener:ear]
command=python3 -u {dir}/ear.py
events=PROCESS_COMMUNICATION
",
    );
    daemon.write(
        "ear.py",
        "
import sys
while True:
    print('READY', flush=True)
    head = dict(word.split(':') for word in sys.stdin.readline().split())
    body = sys.stdin.read(int(head['len']))
    with open('{dir}/heard.txt', 'a') as file:
        file.write(head['eventname'] + ' ' + body.partition(chr(10))[2] + chr(10))
    print('RESULT 2\\nOK', end='', flush=True)
",
    );
    daemon.write(
        "sender.sh",
        "while [ ! -e {dir}/go ]; do sleep 0.05; done
echo before
printf '<!--XSUPERVISOR:BEGIN-->news<!--XSUPERVISOR:END-->'
echo after, with some more text behind it
exec sleep 1000
",
    );
    daemon.start();
    daemon.wait_for_state("ear", "RUNNING");
    daemon.write("go", "");
    daemon.wait_for_text("heard.txt", "PROCESS_COMMUNICATION_STDOUT news\n");
    daemon.wait_for_text("sender.log", "after");
    assert_eq!(daemon.read("sender.log"), "before\nafter, with some more text behind it\n");
    daemon.stop();
}

#[test]
fn cleared_log_starts_anew() {
    let mut daemon = TestDaemon::started(
        "[program:chatty]
command=/bin/sh -c \"echo before; while [ ! -e {dir}/go ]; do sleep 0.05; done; echo after; exec sleep 1000\"
stdout_logfile={dir}/chatty.log
startsecs=0
",
    );
    daemon.wait_for_text("chatty.log", "before\n");
    assert_eq!(daemon.call("supervisor.clearProcessLogs", &["chatty".into()]), Ok(true.into()));
    daemon.write("go", "");
    daemon.wait_for_text("chatty.log", "after\n");
    assert_eq!(daemon.read("chatty.log"), "after\n");
    daemon.stop();
}

#[test]
fn log_of_a_stopped_program_can_be_cleared() {
    if testing_the_original() {
        return; // it reports success and does nothing: quirk F06
    }
    let mut daemon = TestDaemon::started(
        "[program:once]\ncommand=/bin/echo text\nstdout_logfile={dir}/once.log\nautorestart=false\nstartsecs=0\n",
    );
    daemon.wait_for_state("once", "EXITED");
    assert_eq!(daemon.read("once.log"), "text\n");
    assert_eq!(daemon.call("supervisor.clearProcessLogs", &["once".into()]), Ok(true.into()));
    assert_eq!(daemon.read("once.log"), "");
    daemon.stop();
}

#[test]
fn log_that_is_syslog_alone_can_be_cleared() {
    if testing_the_original() {
        return; // it answers HTTP 500: quirk F06
    }
    let mut daemon = TestDaemon::started(
        "[program:cat]\ncommand=/bin/cat\nstdout_logfile=NONE\nstderr_logfile=NONE\nstdout_syslog=true\nstartsecs=0\n",
    );
    daemon.wait_for_state("cat", "RUNNING");
    assert_eq!(daemon.call("supervisor.clearProcessLogs", &["cat".into()]), Ok(true.into()));
    daemon.stop();
}

#[test]
fn bound_below_zero_is_none() {
    if testing_the_original() {
        return; // it empties the file at each write: quirk N52
    }
    let mut daemon = TestDaemon::started(
        "[program:cat]\ncommand=/bin/cat\nstdout_logfile={dir}/cat.log\nstdout_logfile_maxbytes=-1\nstartsecs=0\n",
    );
    daemon.wait_for_state("cat", "RUNNING");
    for line in ["one\n", "two\n"] {
        assert_eq!(daemon.call("supervisor.sendProcessStdin", &["cat".into(), line.into()]), Ok(true.into()));
    }
    daemon.wait_for_text("cat.log", "two\n");
    assert_eq!(daemon.read("cat.log"), "one\ntwo\n");
    daemon.stop();
}

#[test]
fn main_log_is_empty_once_it_is_cleared() {
    let mut daemon = TestDaemon::started("");
    assert_eq!(daemon.call("supervisor.clearLog", &[]), Ok(true.into()));
    assert_eq!(daemon.call("supervisor.readLog", &[0.into(), 0.into()]), Ok("".into()));
    assert_eq!(daemon.log(), "");
    daemon.stop();
}

#[test]
fn main_log_that_is_a_device_is_read_as_it_is() {
    let mut daemon = TestDaemon::started("[supervisord]\nlogfile=/dev/null\nlogfile_maxbytes=0\n");
    assert_eq!(daemon.call("supervisor.readLog", &[0.into(), 0.into()]), Ok("".into()));
    daemon.stop();
}

#[test]
fn strip_ansi_takes_the_colours_out() {
    let mut daemon = TestDaemon::started(
        "[supervisord]\nstrip_ansi=true\n[program:colourful]
command=/usr/bin/printf '\\033[31mred\\033[0m plain\\n'
stdout_logfile={dir}/colourful.log
autorestart=false
startsecs=0
",
    );
    daemon.wait_for_text("colourful.log", "plain\n");
    assert_eq!(daemon.read("colourful.log"), "red plain\n");
    daemon.stop();
}

#[test]
fn closed_descriptors_are_not_told() {
    if testing_the_original() {
        return; // `fd 7 closed, stopped monitoring …`, for each of them
    }
    let mut daemon = TestDaemon::started(
        "[program:closer]
command=/bin/sh -c \"echo out; echo err >&2; exec >&- 2>&-; read line\"
autorestart=false
startsecs=0
",
    );
    daemon.wait_for_log("'closer' stderr output:\n    err\n");
    daemon.call("supervisor.sendProcessStdin", &["closer".into(), "\n".into()]).expect("it reads");
    daemon.wait_for_state("closer", "EXITED");
    assert_eq!(daemon.log_lines("stopped monitoring"), Vec::<String>::new());
    daemon.stop();
}

#[test]
fn log_of_a_program_of_any_name_is_followed() {
    for name in ["load_100%%20fast", "a%%41", "what?now#1", "é", "a+b&c"] {
        let mut daemon = TestDaemon::prepared(&format!(
            "[program:p]\nprocess_name={name}\ncommand=/bin/sh -c \"echo ready; exec sleep 1000\"\n\
             stdout_logfile={{dir}}/out.log\n"
        ));
        daemon.start();
        daemon.wait_for_text("out.log", "ready\n");
        let name = format!("p:{}", name.replace("%%", "%"));
        let mut tail = daemon.start_ctl_of(&supervisorctl(), &["tail", "-f", &name]);
        until("the log is shown", || tail.stdout().contains("ready\n").then_some(()));
        tail.signal("INT");
        assert_eq!(tail.wait_for_end().status, 0, "{name}");
        daemon.stop();
    }
}
