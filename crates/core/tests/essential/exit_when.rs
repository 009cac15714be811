//! `exit_when`: ends that are nobody's in particular.

use supervisor_core::{EndingConfig, EventType, ExitWhen, GroupKind};

use super::{KILLED, once, outcome, outcome_in_an_hour, sim};
use crate::sim::config::{alone, group, program, with};
use crate::sim::listeners::pool;
use crate::sim::{Script, Sim};

fn when(exit_when: ExitWhen) -> EndingConfig {
    EndingConfig { exit_when, ..EndingConfig::default() }
}

#[test]
fn any_fatal() {
    let groups = || vec![alone(program("a")), alone(program("b"))];
    let mut fatal = sim(when(ExitWhen::AnyFatal), groups(), [("a", Script::exits(0.5, 5))]);
    assert_eq!(outcome_in_an_hour(&mut fatal), Some(5));
    let lines = fatal.take();
    assert_eq!(lines.with("shutting").lines(), ["WARN program a is FATAL, shutting down (exit_when=any_fatal)"]);
    assert_eq!(lines.with("ends with").lines(), ["INFO supervisord ends with status 5 (a)"]);
    let mut missing = Sim::new(supervisor_core::Settings { ending: when(ExitWhen::AnyFatal), ..Default::default() });
    missing.supervisor.configure(groups(), &mut missing.host).expect("there are no sockets");
    missing.hide("b");
    missing.feed(supervisor_core::Input::Boot);
    assert_eq!(outcome_in_an_hour(&mut missing), Some(127));
    // An exit is none, expected or not.
    for script in [Script::exits(2.0, 0), Script::ends(2.0, KILLED)] {
        let mut exited = sim(when(ExitWhen::AnyFatal), vec![alone(once("a"))], [("a", script)]);
        assert_eq!(outcome_in_an_hour(&mut exited), None);
    }
    for other in [ExitWhen::Never, ExitWhen::EssentialExited] {
        let mut fatal = sim(when(other), groups(), [("a", Script::exits(0.5, 5))]);
        assert_eq!(outcome_in_an_hour(&mut fatal), None, "{other:?}");
    }
}

#[test]
fn all_exited_is_the_first_failure_or_success() {
    for (a, b, expected) in [
        (Script::exits(2.0, 0), Script::exits(3.0, 0), (0, "")),
        (Script::exits(2.0, 0), Script::exits(3.0, 4), (4, " (b)")),
        (Script::exits(3.0, 3), Script::exits(2.0, 4), (4, " (b)")),
        (Script::exits(2.0, 3), Script::exits(3.0, 4), (3, " (a)")),
        (Script::ends(2.0, KILLED), Script::exits(3.0, 0), (137, " (a)")),
        // It is FATAL after its last retry, which is after the end of the other one.
        (Script::exits(0.5, 3), Script::exits(2.0, 4), (4, " (b)")),
        (Script::exits(0.5, 0), Script::exits(2.0, 0), (1, " (a)")),
    ] {
        let case = format!("{a:?} {b:?}");
        let groups = vec![alone(once("a")), alone(once("b"))];
        let mut sim = sim(when(ExitWhen::AllExited), groups, [("a", a), ("b", b)]);
        let (status, name) = expected;
        assert_eq!(outcome_in_an_hour(&mut sim), Some(status), "{case}");
        let lines = sim.take();
        let told = lines.with("exit_when").lines();
        assert_eq!(told, ["INFO all programs have exited, shutting down (exit_when=all_exited)"], "{case}");
        assert_eq!(lines.with("ends with").lines(), [format!("INFO supervisord ends with status {status}{name}")]);
    }
}

#[test]
fn all_exited_waits_for_what_runs_or_is_to_run() {
    let again = with(program("again"), |it| it.restart.autorestart = supervisor_core::Autorestart::Always);
    let never = with(once("never"), |it| it.start.autostart = false);
    let groups = vec![alone(once("a")), alone(again), alone(never)];
    let mut sim =
        sim(when(ExitWhen::AllExited), groups, [("a", Script::exits(2.0, 0)), ("again", Script::exits(7.0, 0))]);
    assert_eq!(outcome_in_an_hour(&mut sim), None, "one is started again and again");
    // Its client stops it, which ends nothing: neither now …
    sim.stop("again");
    sim.advance(5.0);
    assert_eq!(outcome(&sim), None);
    // … nor does what never ran hinder the end, once another one has ended by itself.
    sim.start("a");
    assert_eq!(outcome_in_an_hour(&mut sim), Some(0));
}

#[test]
fn all_exited_means_programs() {
    let groups = vec![alone(once("a")), pool("l", 1, &[EventType::Tick5], &["l"])];
    assert!(matches!(groups[1].kind, GroupKind::EventListeners(_)));
    let mut sim = sim(when(ExitWhen::AllExited), groups, [("a", Script::exits(2.0, 0))]);
    assert_eq!(outcome_in_an_hour(&mut sim), Some(0), "a listener listens to nobody");
}

#[test]
fn all_that_failed_to_start_have_exited_too() {
    let mut sim = Sim::new(supervisor_core::Settings { ending: when(ExitWhen::AllExited), ..Default::default() });
    let pair = group("g", 1, [once("a"), once("b")]);
    sim.supervisor.configure(vec![pair], &mut sim.host).expect("there are no sockets");
    sim.hide("a");
    sim.hide("b");
    sim.feed(supervisor_core::Input::Boot);
    assert_eq!(outcome_in_an_hour(&mut sim), Some(127));
}
