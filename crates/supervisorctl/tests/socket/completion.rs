//! The completion script for bash, run by bash.

use std::path::Path;
use std::process::Command;

use crate::server::serve_unix;
use crate::{Folder, all_processes, run};

/// What bash would offer for each line, blanks between the candidates; `None` where there is no bash.
fn offers(folder: &Folder, lines: &[&str]) -> Option<Vec<String>> {
    if !["/bin/bash", "/usr/bin/bash"].iter().any(|path| Path::new(path).exists()) {
        return None;
    }
    let program = env!("CARGO_BIN_EXE_supervisorctl");
    let file = folder.0.join("s.conf");
    let mut script = format!("eval \"$({program} completion bash)\"\n");
    for line in lines {
        let line = line.replace("CTL", &format!("{program} -c {}", file.display()));
        script.push_str("COMP_LINE='");
        script.push_str(&line);
        script.push_str("'; COMP_POINT=${#COMP_LINE}; _supervisorctl; echo \"${COMPREPLY[*]}\"\n");
    }
    let (out, err, status) = run(Command::new("bash").args(["--norc", "-c", &script]));
    assert_eq!((err.as_str(), status), ("", 0));
    Some(out.lines().map(str::to_owned).collect())
}

fn check(table: &[(&str, &str)]) {
    let folder = Folder::new();
    let _requests = serve_unix(&folder.socket(), vec![all_processes()]);
    drop(folder.client(&folder.url(), &[]));
    let lines: Vec<&str> = table.iter().map(|(line, _)| *line).collect();
    if let Some(offers) = offers(&folder, &lines) {
        let expected: Vec<&str> = table.iter().map(|(_, offers)| *offers).collect();
        assert_eq!(offers, expected);
    }
}

#[test]
fn actions_and_options() {
    check(&[
        ("CTL sh", "shutdown"),
        ("CTL re", "reload remove reread restart"),
        ("CTL -i st", "start status stop"),
        ("CTL help sta", "start status"),
        ("CTL --conf", "--configuration"),
        ("CTL -u na", ""),
        ("CTL status --format=j", "json"),
        ("CTL stop --no", "--no-wait"),
        ("CTL completion b", "bash"),
        ("CTL version ", ""),
        ("CTL events PROCESS_STATE_F", "PROCESS_STATE_FATAL"),
        ("CTL events TICK TICK_6", "TICK_60"),
        ("CTL events --st", "--stats"),
    ]);
}

#[test]
fn names_come_from_the_server() {
    check(&[
        ("CTL start ", "cat"),
        ("CTL start c", "cat"),
        ("CTL start x", ""),
        ("CTL update ", "cat"),
        ("CTL tail -f ", "cat"),
    ]);
}

#[test]
fn without_a_server_there_are_no_names_and_no_errors() {
    let folder = Folder::new();
    for kind in ["processes", "groups"] {
        let (out, err, status) = run(&mut folder.client(&folder.url(), &["completion", kind]));
        assert_eq!((out.as_str(), err.as_str(), status), ("", "", 1));
    }
}

#[test]
fn other_shells() {
    let folder = Folder::new();
    for (arguments, words) in [
        (&["completion", "tcsh"][..], "Error: completion knows bash, zsh and fish\n"),
        (&["completion"], "Error: completion requires the name of a shell\n"),
        (&["hash-password", "x"], "Error: hash-password accepts no arguments\n"),
    ] {
        let (out, err, status) = run(&mut folder.client(&folder.url(), arguments));
        assert!(err.starts_with(words), "{err}");
        assert_eq!((out.as_str(), status), ("", 2));
    }
    for shell in ["zsh", "fish"] {
        let (out, err, status) = run(&mut folder.client(&folder.url(), &["completion", shell]));
        assert!(out.contains("shutdown") && err.is_empty() && status == 0, "{out}");
    }
}
