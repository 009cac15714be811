//! The short form of bench/chaos.py: what happens to a supervisord in years, in a quarter of a minute.

use std::process::Command;
use std::time::Duration;

use crate::support::{Program, TestDaemon, project_root, supervisord, testing_the_original};

#[test]
fn quarter_of_a_minute_of_chaos_leaves_everything_sound() {
    if testing_the_original() {
        return; // it loses lines when a renamed log is rotated
    }
    let daemon = TestDaemon::prepared("");
    let mut command = Command::new("python3");
    command.arg(project_root().join("bench/chaos.py")).arg(supervisord()).args(["--seconds", "15", "--programs", "30"]);
    let mut chaos = Program::start(&mut command, daemon.mark(), &daemon.path(""), "chaos");
    let ended = chaos.wait_for_end_at_most(Duration::from_mins(4));
    assert_eq!(ended.status, 0, "{}{}", ended.stdout, ended.stderr);
}
