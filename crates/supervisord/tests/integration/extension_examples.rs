//! The extensions in `examples/extensions`, in every language: each keeps to the protocol, and does what it says.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::listener_programs::example;
use crate::support::{Program, TestDaemon, not_tested, project_root, supervisorctl};

/// The command of an example; `None`, which is said, where its language is not there.
fn command_of(file: &str) -> Option<Vec<PathBuf>> {
    let path = project_root().join("examples/extensions").join(file);
    let interpreter = match Path::new(file).extension().and_then(|ending| ending.to_str()) {
        Some("rs") => return Some(vec![example(file.trim_end_matches(".rs"))]),
        Some("js") => "node",
        Some("py") => "python3",
        Some("sh") => "sh",
        Some(_) | None => panic!("{file} is in no language that is known here"),
    };
    let search_path = std::env::var_os("PATH").unwrap_or_default();
    if std::env::split_paths(&search_path).any(|folder| folder.join(interpreter).exists()) {
        return Some(vec![interpreter.into(), path]);
    }
    not_tested(&format!("examples/extensions/{file}: {interpreter} is not installed"));
    None
}

/// What `extension-test` says of an example, given options of its own.
fn tried(daemon: &TestDaemon, file: &str, options: &[&str]) {
    let Some(words) = command_of(file) else { return };
    let mut client = Command::new(supervisorctl());
    client.arg("extension-test").args(options).args(words);
    let ended = Program::run(&mut client, daemon.mark(), &daemon.path("run"), "extension-test");
    assert!(ended.stdout.ends_with("\n11 ok, 0 wrong\n"), "{file}: {ended:?}");
    assert_eq!(ended.status, 0, "{file}");
}

#[test]
fn a_method_that_takes_its_time_keeps_to_the_protocol_in_four_languages() {
    let daemon = TestDaemon::of_example("extensions");
    for file in ["slow.py", "slow.rs", "slow.js", "slow.sh"] {
        tried(&daemon, file, &["--call", "wait(0.05)"]);
    }
}

#[test]
fn autoscalers_keep_to_the_protocol_and_survive_that_nothing_is_there() {
    let daemon = TestDaemon::of_example("extensions");
    let spool = format!("spool={}", daemon.path("run/spool").display());
    let further = ["group=none", "worker=cat", "jobs_per_worker=1", "max=1"].map(|option| ["--set", option]).concat();
    for file in ["autoscaler.py", "queue_autoscaler.rs"] {
        tried(&daemon, file, &[&["--call", "depth", "--set", &spool], further.as_slice()].concat());
    }
}

#[test]
fn the_page_beside_them_names_every_file() {
    let folder = project_root().join("examples/extensions");
    let page = std::fs::read_to_string(folder.join("README.md")).expect("it is part of the repository");
    for entry in std::fs::read_dir(&folder).expect("it is part of the repository").flatten() {
        let name = entry.file_name().into_string().expect("our names are UTF-8");
        assert!(page.contains(&name) || name == "README.md" || entry.path().is_dir(), "{name}");
    }
}
