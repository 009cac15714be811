//! What cannot be tested on this machine, and why: told to whoever runs `./check`, which counts it.

use std::env;
use std::fs::OpenOptions;
use std::io::Write as _;

/// Says why a test has nothing to do: on standard error, and as a line of the file `SUPERVISOR_UNTESTED`, if that is
/// set, since nobody sees what a test prints that passes.
#[expect(clippy::print_stderr, reason = "for whoever runs this one test")]
pub(crate) fn not_tested(reason: &str) {
    eprintln!("not tested: {reason}");
    if let Some(path) = env::var_os("SUPERVISOR_UNTESTED") {
        let mut file = OpenOptions::new().create(true).append(true).open(path).expect("its folder is there");
        let line = reason.split_whitespace().collect::<Vec<_>>().join(" ") + "\n";
        file.write_all(line.as_bytes()).expect("the file takes a line");
    }
}

/// Whether the tests run as root; says what is not tested if they do not.
pub(crate) fn is_root(what: &str) -> bool {
    let root = nix::unistd::geteuid().is_root();
    if !root {
        not_tested(&format!("{what} needs root"));
    }
    root
}
