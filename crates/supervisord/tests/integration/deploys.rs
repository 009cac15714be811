//! Several deploys at once: whatever they come in between, each ends well when what it wanted is so, and no group is
//! lost.

use std::fmt::Write as _;

use crate::support::{TestDaemon, supervisorctl, testing_the_original};

/// How often they meet; a round in which nobody comes in between is rare.
const ROUNDS: u32 = 6;

/// Groups that the configuration has in every round.
const GROUPS: [&str; 4] = ["a", "b", "c", "d"];

/// The programs of a round: all of the others have changed, and one comes or goes. The first takes its time to stop.
fn programs(round: u32) -> String {
    const HERE: &str = "a String takes all";
    let slow = "/bin/sh -c 'trap \"sleep 0.3; exit\" TERM; while :; do sleep 0.1; done'";
    let mut text = String::new();
    for group in GROUPS {
        let command = if group == "a" { slow } else { "/bin/sleep 1000" };
        writeln!(text, "[program:{group}]\ncommand={command}\nstartsecs=0\nenvironment=ROUND={round}").expect(HERE);
        text += "stopasgroup=true\n";
    }
    if round % 2 == 1 {
        text += "[program:odd]\ncommand=/bin/sleep 1000\nstartsecs=0\n";
    }
    text
}

/// Lets three clients do these at once, again and again.
fn deploy_at_once(commands: [&str; 3]) {
    if testing_the_original() {
        return; // N101: all but the first may end in an error
    }
    let mut daemon = TestDaemon::started(&programs(0));
    let client = supervisorctl();
    for round in 1..=ROUNDS {
        daemon.configure(&programs(round));
        let one =
            |command: &str| format!("({} -c supervisord.conf {command}; echo \"status $?\") &\n", client.display());
        let script: String = commands.map(one).concat() + "wait";
        let ended = daemon.start_script(&script).wait_for_end();
        assert_eq!(ended.stdout.matches("status 0\n").count(), 3, "round {round}: {ended:?}");
        assert_eq!(ended.stderr, "");
        let updated = commands.contains(&"update");
        let expected = if updated { GROUPS.len() + usize::from(round % 2 == 1) } else { GROUPS.len() };
        let avail = daemon.ctl(&["avail"]).stdout;
        assert_eq!(avail.matches("in use").count(), expected, "round {round}: {ended:?}");
        for group in GROUPS {
            daemon.wait_for_state(group, "RUNNING");
        }
    }
    daemon.stop();
}

#[test]
fn updates_at_once_all_succeed() {
    deploy_at_once(["update", "update", "update all"]);
}

#[test]
fn restarts_at_once_all_succeed() {
    deploy_at_once(["restart all", "restart all", "restart a b"]);
}

#[test]
fn updates_and_restarts_at_once_all_succeed() {
    deploy_at_once(["update", "restart all", "update"]);
}
