//! Executables `supervisorctl-NAME` in `PATH`: the command NAME, in any language.

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::server::serve_unix;
use crate::terminal::Session;
use crate::{Folder, STATUS, all_processes, run, version};

/// A command, in a folder of its own that `PATH` begins with.
fn add(folder: &Folder, name: &str, script: &str) -> PathBuf {
    let bin = folder.0.join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    let file = bin.join(format!("supervisorctl-{name}"));
    std::fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    file
}

fn client(folder: &Folder, arguments: &[&str]) -> Command {
    let mut command = folder.client(&folder.url(), arguments);
    let path = std::env::var("PATH").unwrap();
    command.env("PATH", format!("{}:{path}", folder.0.join("bin").display()));
    command
}

#[test]
fn an_executable_gets_its_words_as_they_are_and_its_exit_status_is_ours() {
    let folder = Folder::new();
    add(&folder, "deploy", "printf '<%s>' \"$0\" \"$@\" | sed 's,[^<]*/,,'; exit 9");
    let words = "<supervisorctl-deploy><two words><$x><>".to_owned();
    let (out, err, status) = run(&mut client(&folder, &["deploy", "two words", "$x", ""]));
    assert_eq!((out, err.as_str(), status), (words, "", 9));
    add(&folder, "end-it", "kill -TERM $$");
    assert_eq!(run(&mut client(&folder, &["end-it"])), (String::new(), String::new(), 128 + 15));
}

#[test]
fn an_executable_finds_the_server_and_no_password_of_another() {
    let folder = Folder::new();
    add(&folder, "show", "env | grep -E '^SUPERVISOR(CTL|_SERVER_URL|_USERNAME|_PASSWORD)=' | sort");
    let program = env!("CARGO_BIN_EXE_supervisorctl");
    let url = folder.url();
    let with = run(&mut client(&folder, &["-u", "me", "-p", "secret", "show"])).0;
    let expected = format!(
        "SUPERVISORCTL={program}\nSUPERVISOR_PASSWORD=secret\nSUPERVISOR_SERVER_URL={url}\nSUPERVISOR_USERNAME=me\n"
    );
    assert_eq!(with, expected);
    let mut command = client(&folder, &["show"]);
    let without = run(command.env("SUPERVISOR_USERNAME", "you").env("SUPERVISOR_PASSWORD", "of another")).0;
    assert_eq!(without, format!("SUPERVISORCTL={program}\nSUPERVISOR_SERVER_URL={url}\n"));
}

#[test]
fn tab_knows_executables() {
    let folder = Folder::new();
    for name in ["deploy", "status"] {
        add(&folder, name, "true");
    }
    let file = folder.0.join("s.conf").display().to_string();
    drop(client(&folder, &[]));
    for (words, expected) in [(["-c", &file, "de"], "deploy\n"), (["-c", &file, "stat"], "status")] {
        let (out, err, status) = run(&mut client(&folder, &[&["completion", "words"], &words[..]].concat()));
        assert!(out.starts_with(expected) && out.lines().count() == 1, "{out}");
        assert_eq!((err.as_str(), status), ("", 0));
    }
}

#[test]
fn help_lists_executables_and_ours_win() {
    let folder = Folder::new();
    serve_unix(&folder.socket(), vec![version(), all_processes()]);
    let deploy = add(&folder, "deploy", "echo never");
    add(&folder, "status", "echo never");
    add(&folder, "scale-up", "");
    let (out, err, status) = run(&mut client(&folder, &["help"]));
    let list = "\n\ncommands in PATH (type help <topic>):\n=====================================\ndeploy  scale-up\n\n";
    assert!(out.ends_with(list), "{out}");
    assert_eq!((err.as_str(), status), ("", 0));
    let words = format!("deploy\t\tRun {} (it may tell more with deploy --help)\n", deploy.display());
    assert_eq!(run(&mut client(&folder, &["help", "deploy"])).0, words);
    assert_eq!(run(&mut client(&folder, &["status"])).0, STATUS);
    let without = run(&mut folder.client(&folder.url(), &["help"])).0;
    assert!(!without.contains("PATH"), "{without}");
}

#[test]
fn an_executable_that_everybody_may_replace_is_not_run_and_the_reason_is_told() {
    let folder = Folder::new();
    let file = add(&folder, "deploy", "echo never");
    let bin = folder.0.join("bin");
    std::fs::set_permissions(&bin, std::fs::Permissions::from_mode(0o777)).unwrap();
    let why = format!("{} is not run: everybody may write to it, or to its folder\n", file.display());
    let words = "*** Unknown syntax: deploy now\n".to_owned();
    assert_eq!(run(&mut client(&folder, &["deploy", "now"])), (words.clone(), why, 1));
    let mut relative = client(&folder, &["deploy", "now"]);
    std::fs::set_permissions(&bin, std::fs::Permissions::from_mode(0o755)).unwrap();
    let why = "bin/supervisorctl-deploy is not run: its entry of PATH is relative\n".to_owned();
    assert_eq!(run(relative.env("PATH", "bin").current_dir(&folder.0)), (words, why, 1));
}

#[test]
fn in_the_shell_words_are_quoted_as_in_a_shell() {
    let folder = Folder::new();
    serve_unix(&folder.socket(), vec![version(), all_processes()]);
    add(&folder, "deploy", "printf '<%s>' \"$@\"; echo");
    let mut session = Session::start(&mut client(&folder, &[]));
    session.expect("test> ");
    session.type_in("deploy 'two words' $x\r");
    session.expect("<two words><$x>\r\n");
    session.expect("test> ");
    session.type_in("deploy 'half\r");
    session.expect("error: deploy 'half: No closing quotation\r\n");
    session.expect("test> ");
    session.type_in("exit\r");
    session.finish();
}

#[test]
fn ctrl_c_ends_an_executable_and_not_the_shell() {
    let folder = Folder::new();
    serve_unix(&folder.socket(), vec![version(), all_processes()]);
    add(&folder, "wait", "echo waits; exec sleep 1000");
    let mut session = Session::start(client(&folder, &[]).process_group(0));
    session.expect("test> ");
    session.type_in("wait\r");
    session.expect("waits\r\n");
    killpg(Pid::from_raw(session.pid()), Signal::SIGINT).unwrap();
    session.expect("test> ");
    session.type_in("help quit\r");
    session.expect("Exit the supervisor shell.\r\n");
    session.expect("test> ");
    session.type_in("exit\r");
    session.finish();
}
