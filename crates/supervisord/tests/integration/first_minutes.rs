//! What somebody meets who has nothing yet: no configuration, no server, no idea which words to type.
//!
//! The original has none of it but the first words of the refusal.

use std::fs;
use std::process::Command;

use crate::support::{Ended, Program, TestDaemon, supervisorctl, supervisord, testing_the_original, until};

/// A binary in an empty folder, with no file of this machine to be found.
fn in_folder(daemon: &TestDaemon, command: &mut Command, words: &[&str]) -> Ended {
    command.current_dir(daemon.path("empty")).args(words);
    Program::run(command, daemon.mark(), &daemon.path(""), "first")
}

fn empty_folder() -> TestDaemon {
    let daemon = TestDaemon::prepared("");
    fs::create_dir(daemon.path("empty")).expect("the folder is ours");
    daemon
}

#[test]
fn without_a_configuration_one_is_offered() {
    let daemon = empty_folder();
    if testing_the_original() || fs::exists("/etc/supervisord.conf").unwrap_or(true) {
        return; // it has no --init; where there is a configuration nothing is missing
    }
    let ended = in_folder(&daemon, &mut Command::new(supervisord()), &["-n"]);
    let line = ended.stderr.lines().find(|line| line.starts_with("Error: ")).unwrap_or_default().to_owned();
    assert!(line.starts_with("Error: No config file found at default paths ("), "{}", ended.stderr);
    let end = "; use the -c option to specify a config file at a different path, or --init to write one to begin with";
    assert!(line.ends_with(end), "{line}");
    assert_eq!(ended.status, 2);
}

#[test]
fn what_init_writes_passes_the_check_and_runs() {
    if testing_the_original() {
        return;
    }
    let daemon = empty_folder();
    let told = in_folder(&daemon, &mut Command::new(supervisord()), &["--init"]);
    assert_eq!((told.status, told.stderr.as_str()), (0, ""));
    let steps: Vec<&str> = told.stdout.lines().filter_map(|line| line.strip_prefix("    ")).collect();
    let [start, _, status, _, check, _] = steps.as_slice() else {
        panic!("three commands, each with its use: {told:?}")
    };
    let words = |line: &str| line.split(' ').skip(1).map(ToOwned::to_owned).collect::<Vec<_>>();

    let checked = in_folder(&daemon, Command::new(supervisord()).args(words(check)), &["--strict"]);
    assert_eq!((checked.status, checked.stdout.as_str()), (0, "0 errors, 0 warnings\n"));

    let mut command = Command::new(supervisord());
    command.current_dir(daemon.path("empty")).args(words(start));
    let mut running = Program::start(&mut command, daemon.mark(), &daemon.path(""), "running");
    until("hello runs", || {
        let told = in_folder(&daemon, Command::new(supervisorctl()).args(words(status)), &[]);
        (told.stdout.starts_with("hello ") && told.stdout.contains(" RUNNING ")).then_some(())
    });
    until("it has said the time", || fs::read(daemon.path("empty/hello.log")).ok().filter(|text| !text.is_empty()));
    running.signal("INT");
    assert_eq!(running.wait_for_end().status, 0);
    daemon.mark().assert_gone();
}

#[test]
fn init_writes_over_nothing() {
    if testing_the_original() {
        return;
    }
    let daemon = empty_folder();
    daemon.write("empty/supervisord.conf", "mine");
    let ended = in_folder(&daemon, &mut Command::new(supervisord()), &["--init"]);
    let message = "Error: supervisord.conf is there already, and --init writes over nothing\n";
    assert!(ended.stderr.starts_with(message), "{}", ended.stderr);
    assert_eq!((ended.status, ended.stdout.as_str()), (2, ""));
    assert_eq!(daemon.read("empty/supervisord.conf"), "mine");
}
