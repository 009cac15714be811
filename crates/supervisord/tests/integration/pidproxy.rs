//! pidproxy and echo_supervisord_conf, the small programs beside the daemon.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::support::{Ended, Program, TestDaemon, supervisord, testing_the_original, until};

fn beside_the_daemon(name: &str) -> PathBuf {
    supervisord().with_file_name(name)
}

fn run(daemon: &TestDaemon, words: &[&str]) -> Ended {
    let mut command = Command::new(beside_the_daemon("pidproxy"));
    command.current_dir(daemon.path("")).args(words);
    Program::run(&mut command, daemon.mark(), &daemon.path(""), "proxy")
}

#[test]
fn pidproxy_without_a_command_shows_its_usage() {
    let daemon = TestDaemon::prepared("");
    for words in [&[][..], &["pidfile"]] {
        let ended = run(&daemon, words);
        assert_eq!(ended.status, 1);
        assert!(ended.stdout.contains("Usage: "), "{ended:?}");
    }
}

#[test]
fn pidproxy_ends_with_its_command_and_has_its_status() {
    if testing_the_original() {
        return; // it ends with 0, up to five seconds later: quirk F38
    }
    let daemon = TestDaemon::prepared("");
    let ended = run(&daemon, &["none", "/bin/sh", "-c", "echo $0 $1; exit 7", "first", "second"]);
    assert_eq!(ended, Ended { status: 7, stdout: "first second\n".to_owned(), stderr: String::new() });
    assert_eq!(run(&daemon, &["none", "sh", "-c", "kill -9 $$"]).status, 137, "found in PATH");
    assert_eq!(run(&daemon, &["none", "no-such-command"]).status, 127);
}

#[test]
fn pidproxy_prefers_the_command_in_the_current_directory() {
    let daemon = TestDaemon::prepared("");
    daemon.write("true", "#!/bin/sh\necho the one here as $0\n");
    fs::set_permissions(daemon.path("true"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("it is ours");
    assert!(run(&daemon, &["none", "true"]).stdout.starts_with("the one here"));
}

#[test]
fn signals_go_to_the_pid_in_the_file_and_a_stop_ends_both() {
    let mut daemon = TestDaemon::prepared(&format!(
        "[program:background]
command={} {{dir}}/background.number /bin/sh {{dir}}/start.sh
stdout_logfile={{dir}}/background.log
startsecs=0
",
        beside_the_daemon("pidproxy").display()
    ));
    // The command waits, as mysqld_safe does, but the process to be signalled is another one.
    daemon.write(
        "start.sh",
        "(trap 'echo HUP' HUP; trap 'echo USR1' USR1; trap 'echo TERM; exit' TERM; echo up; while :; do sleep 0.05; done) &
echo $! > {dir}/background.number
trap '' HUP USR1 TERM
wait
",
    );
    daemon.start();
    until("the pidfile is there", || (!daemon.read("background.number").is_empty()).then_some(()));
    daemon.wait_for_text("background.log", "up\n");
    for signal in ["HUP", "USR1"] {
        assert_eq!(daemon.call("supervisor.signalProcess", &["background".into(), signal.into()]), Ok(true.into()));
        daemon.wait_for_text("background.log", &format!("{signal}\n"));
    }
    let pidfile = daemon.read("background.number");
    fs::remove_file(daemon.path("background.number")).expect("it is there");
    assert_eq!(daemon.call("supervisor.signalProcess", &["background".into(), "HUP".into()]), Ok(true.into()));
    daemon.wait_for_text("background.log", "Can't read child pidfile");
    daemon.write("background.number", &pidfile);
    assert_eq!(daemon.call("supervisor.stopProcess", &["background".into()]), Ok(true.into()));
    assert!(daemon.log_lines("stopped: background")[0].contains("(exit status 0)"), "{}", daemon.log());
    daemon.stop();
}

#[test]
fn sample_configuration_starts_a_daemon_as_it_is() {
    let daemon = TestDaemon::prepared("");
    let mut command = Command::new(beside_the_daemon("echo_supervisord_conf"));
    let sample = Program::run(&mut command, daemon.mark(), &daemon.path(""), "sample");
    assert_eq!((sample.status, sample.stderr.as_str()), (0, ""));
    assert!(sample.stdout.starts_with("; Sample supervisor config file."));
    let text = sample.stdout.replace("/tmp/", &daemon.filled_in("{dir}/"));
    let text = text.replace(&daemon.filled_in("{dir}/supervisor.sock"), &daemon.filled_in("{dir}/s.sock"));
    daemon.write("supervisord.conf", &text);
    let mut daemon = daemon;
    daemon.start();
    daemon.stop();
}
