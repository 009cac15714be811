//! The completion scripts, run by the shells that they are for.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use crate::server::serve_unix;
use crate::terminal::Session;
use crate::untested::not_tested;
use crate::{Folder, all_processes, run};

/// What bash would offer for each line, blanks between the candidates; `None` where there is no bash.
fn bash_offers(folder: &Folder, lines: &[&str]) -> Option<Vec<String>> {
    has_shell("bash")?;
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
    for offers in [bash_offers(&folder, &lines), fish_offers(&folder, &lines)].into_iter().flatten() {
        for ((line, expected), offered) in table.iter().zip(&offers) {
            assert_eq!(offered, expected, "{line}");
        }
    }
}

/// What fish would offer for each line: as above. It offers a whole word where bash offers what is behind its `=`.
fn fish_offers(folder: &Folder, lines: &[&str]) -> Option<Vec<String>> {
    has_shell("fish")?;
    let program = env!("CARGO_BIN_EXE_supervisorctl");
    let file = folder.0.join("s.conf");
    let mut script = format!("{program} completion fish | source\n");
    for line in lines {
        let line = line.replace("CTL", &format!("{program} -c {}", file.display()));
        let bare = "cut -f 1 | sed 's/^-.*=\\(.\\)/\\1/'";
        writeln!(script, "echo (complete -C '{line}' | {bare})").unwrap();
    }
    let (out, err, status) = run(Command::new("fish").args(["-N", "-c", &script]).env("HOME", &folder.0));
    assert_eq!((err.as_str(), status), ("", 0));
    Some(out.lines().map(str::to_owned).collect())
}

/// `None`, and a word about it, for a shell that is not installed.
fn has_shell(name: &str) -> Option<()> {
    let there = ["/bin", "/usr/bin"].iter().any(|folder| Path::new(folder).join(name).exists());
    if !there {
        not_tested(&format!("completion in {name}, which is not installed"));
    }
    there.then_some(())
}

#[test]
fn actions_and_options() {
    check(&[
        ("CTL sh", "shutdown"),
        ("CTL re", "reload remove reread reset_failed restart"),
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
        ("CTL events --si", "--since="),
        ("CTL status --format t", "table"),
        ("CTL maintail -", "-f -n --help"),
        ("CTL signal SIGUS", "SIGUSR1 SIGUSR2"),
        ("CTL signal T", "TRAP TERM TSTP TTIN TTOU"),
        ("CTL hash", "hash-password"),
    ]);
}

#[test]
fn names_come_from_the_server() {
    check(&[
        ("CTL start ", "cat all"),
        ("CTL start c", "cat"),
        ("CTL start x", ""),
        ("CTL update ", "cat all"),
        ("CTL remove ", "cat"),
        ("CTL signal HUP ", "cat all"),
        ("CTL tail -f ", "cat"),
        ("CTL tail -n 5 ", "cat"),
        ("CTL tail cat ", "stdout stderr"),
        ("CTL tail cat stderr ", ""),
        ("CTL fg ", "cat"),
        ("CTL fg cat ", ""),
    ]);
}

/// What is typed, and the word that stands at the end of the line after Tab.
const TYPED: [(&str, &str); 10] = [
    ("CTL shut", "shutdown"),
    ("CTL -c FOLDER/s.co", "FOLDER/s.conf"),
    ("CTL --configuration=FOLDER/s.co", "--configuration=FOLDER/s.conf"),
    ("CTL -c FOLDER/s.conf stat", "status"),
    ("CTL -c FOLDER/s.conf status --format j", "json"),
    ("CTL -c FOLDER/s.conf status --format=w", "--format=wide"),
    ("CTL -c FOLDER/s.conf signal HU", "HUP"),
    ("CTL -c FOLDER/s.conf stop ca", "cat"),
    ("CTL -c FOLDER/s.conf stop --timeout 5 al", "all"),
    ("CTL -c FOLDER/s.conf tail cat stde", "stderr"),
];

/// Types each line into the shell, with Tab behind it, and lets the shell show the words that came of it.
fn type_into(shell: &str, arguments: &[&str], setup: &str) {
    if has_shell(shell).is_none() {
        return;
    }
    let folder = Folder::new();
    let _requests = serve_unix(&folder.socket(), vec![all_processes()]);
    drop(folder.client(&folder.url(), &[]));
    let program = env!("CARGO_BIN_EXE_supervisorctl");
    let place = folder.0.to_str().unwrap();
    // A shell wants a terminal of its own.
    let mut command = Command::new("setsid");
    command.arg("--ctty").arg(shell).args(arguments).env("HOME", place).env_remove("ENV");
    let mut session = Session::start_as("dumb", &mut command);
    session.type_in(&format!("{}; printf 'rea%s\\n' dy\r", setup.replace("CTL", program)));
    session.expect("\nready\r\n");
    for (line, word) in TYPED {
        let (line, word) = (line.replace("FOLDER", place).replace("CTL", program), word.replace("FOLDER", place));
        session.type_in(&format!("{line}\t\x01printf '<%s>\\n' \r"));
        session.expect(&format!("<{word}>\r\n"));
    }
    session.type_in("exit\r");
    session.end();
}

#[test]
fn tab_in_bash() {
    type_into("bash", &["--norc", "--noprofile", "-i"], "eval \"$(CTL completion bash)\"");
}

#[test]
fn tab_in_zsh() {
    let setup = "autoload -U compinit; compinit -u -D; eval \"$(CTL completion zsh)\"";
    type_into("zsh", &["-f", "-i"], setup);
}

#[test]
fn tab_in_fish() {
    type_into("fish", &["-N", "-i"], "CTL completion fish | source");
}

#[test]
fn without_a_server_there_are_no_names_and_no_errors() {
    let folder = Folder::new();
    for (line, words) in [(&["start", ""][..], "all\n"), (&["fg", ""], ""), (&["-s", "nonsense", "add", ""], "")] {
        let arguments = [&["completion", "words"], line].concat();
        let (out, err, status) = run(&mut folder.client(&folder.url(), &arguments));
        assert_eq!((out.as_str(), err.as_str(), status), (words, "", 0));
    }
}

#[test]
fn other_shells() {
    let folder = Folder::new();
    for (arguments, words) in [
        (&["completion", "tcsh"][..], "Error: completion knows bash, zsh and fish\n"),
        (&["completion"], "Error: completion requires the name of a shell\n"),
        (&["hash-password", "x"], "Error: hash-password accepts no arguments\n"),
        (&["extension-test"], "Error: extension-test requires the command of an extension\n"),
    ] {
        let (out, err, status) = run(&mut folder.client(&folder.url(), arguments));
        assert!(err.starts_with(words), "{err}");
        assert_eq!((out.as_str(), status), ("", 2));
    }
}
