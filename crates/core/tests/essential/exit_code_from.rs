//! `exit_code_from`: whose exit status is ours.

use supervisor_core::{DaemonSignal, EndingConfig, ExitStatus, ExitWhen};

use super::{essential, once, outcome_in_an_hour, sim};
use crate::sim::Script;
use crate::sim::config::{alone, group, program};

fn from(exit_when: ExitWhen, names: &[(&str, &str)]) -> EndingConfig {
    let names = names.iter().map(|(group, process)| ((*group).into(), (*process).into()));
    EndingConfig { exit_when, exit_code_from: names.collect() }
}

#[test]
fn it_is_that_of_its_end_whoever_ends_supervisord() {
    let groups = vec![alone(once("job")), alone(program("db"))];
    let mut told = sim(from(ExitWhen::Never, &[("job", "job")]), groups.clone(), [("job", Script::exits(2.0, 9))]);
    told.advance(5.0);
    told.signal(DaemonSignal::Term);
    assert_eq!(outcome_in_an_hour(&mut told), Some(9));
    assert_eq!(told.take().with("ends with").lines(), ["INFO supervisord ends with status 9 (job)"]);
    // One that we stopped has no say in it.
    let mut stopped = sim(from(ExitWhen::Never, &[("job", "job")]), groups, []);
    stopped.advance(5.0);
    stopped.signal(DaemonSignal::Term);
    assert_eq!(outcome_in_an_hour(&mut stopped), Some(0));
    assert_eq!(stopped.take().with("ends with").lines(), ["INFO supervisord ends with status 0"]);
}

#[test]
fn it_outweighs_the_cause_if_it_ended_by_itself() {
    let names = &[("job", "job")];
    let groups = || vec![alone(once("job")), alone(essential("web"))];
    let mut both =
        sim(from(ExitWhen::Never, names), groups(), [("job", Script::exits(2.0, 9)), ("web", Script::exits(4.0, 0))]);
    assert_eq!(outcome_in_an_hour(&mut both), Some(9));
    let mut alone = sim(from(ExitWhen::Never, names), groups(), [("web", Script::exits(0.5, 3))]);
    assert_eq!(outcome_in_an_hour(&mut alone), Some(3), "the cause decides, for `job` was stopped");
}

#[test]
fn the_last_own_end_counts_of_all_that_are_named() {
    let pair = group("g", 1, [once("a"), once("b")]);
    let names = &[("g", "a"), ("g", "b")];
    let scripts = [("a", Script::exits(3.0, 5)), ("b", Script::exits(2.0, 6))];
    let mut sim = sim(from(ExitWhen::AllExited, names), vec![pair], scripts);
    assert_eq!(outcome_in_an_hour(&mut sim), Some(5));
}

#[test]
fn it_is_remembered_over_later_lives_and_removals() {
    let mut sim = sim(from(ExitWhen::Never, &[("job", "job")]), vec![alone(once("job"))], []);
    sim.advance(2.0);
    sim.exit("job", ExitStatus::Exited(8));
    sim.start("job");
    sim.advance(2.0);
    sim.stop("job");
    sim.request(supervisor_core::Command::RemoveProcessGroup { name: "job".to_owned() });
    sim.signal(DaemonSignal::Term);
    assert_eq!(outcome_in_an_hour(&mut sim), Some(8));
}

#[test]
fn fatal_ones_have_the_status_of_what_failed() {
    for (script, expected) in [(Script::exits(0.5, 0), 1), (Script::exits(0.5, 3), 3)] {
        let mut sim = sim(from(ExitWhen::Never, &[("job", "job")]), vec![alone(once("job"))], [("job", script)]);
        sim.advance(60.0);
        sim.signal(DaemonSignal::Term);
        assert_eq!(outcome_in_an_hour(&mut sim), Some(expected));
    }
}
