//! Starts by `autostart` that wait: `start_delay` and `start_stagger` (programs.md §1.1).

use std::sync::Arc;
use std::time::Duration;

use supervisor_core::{Command, DaemonSignal, GroupConfig, Input, ProcessConfig, ProcessState, Settings};

use crate::sim::config::{alone, group, program, with};
use crate::sim::{Script, Sim};

fn delayed(name: &str, seconds: u64) -> ProcessConfig {
    with(program(name), |it| it.start.delay = Duration::from_secs(seconds))
}

/// With this long between starts that nobody asks for.
fn staggered(seconds: u64, groups: Vec<Arc<GroupConfig>>) -> Sim {
    let settings = Settings { start_stagger: Duration::from_secs(seconds), ..Settings::default() };
    let mut sim = Sim::new(settings);
    sim.supervisor.configure(groups, &mut sim.host).expect("there are no sockets");
    sim.feed(Input::Boot);
    sim
}

fn spawns(sim: &mut Sim) -> Vec<String> {
    sim.take().calls().with("spawn").timed()
}

#[test]
fn a_start_by_autostart_waits_for_its_delay_from_the_boot_on() {
    let mut sim = Sim::configured(vec![alone(delayed("cat", 5)), alone(program("dog"))]);
    // Since when it is the time of the first input, was not known before.
    sim.feed(Input::Boot);
    sim.advance(10.0);
    assert_eq!(spawns(&mut sim), ["0.000 spawn dog", "5.000 spawn cat"]);
}

#[test]
fn a_group_that_is_added_later_counts_from_then() {
    let mut sim = Sim::with(vec![]);
    sim.advance(50.0);
    sim.ask(Command::ReloadConfig { groups: vec![alone(delayed("cat", 5))] });
    assert_eq!(sim.ask(Command::AddProcessGroup { name: "cat".to_owned() }), "True");
    sim.advance(10.0);
    assert_eq!(spawns(&mut sim), ["55.000 spawn cat"]);
}

#[test]
fn starts_by_clients_retries_and_restarts_have_no_delay() {
    let config = with(delayed("cat", 5), |it| it.start.startsecs = 1);
    let mut sim = Sim::of_scripted(config, [Script::exits(0.5, 1), Script::exits(2.0, 1), Script::lives()]);
    sim.advance(1.0);
    sim.start("cat");
    sim.advance(20.0);
    assert_eq!(spawns(&mut sim), ["1.000 spawn cat", "2.500 spawn cat", "4.500 spawn cat"]);
}

#[test]
fn a_client_or_a_shutdown_takes_a_delayed_start_back() {
    let mut sim = Sim::of(delayed("cat", 5));
    let request = sim.stop("cat");
    assert_eq!((sim.answer(request).as_str(), sim.state("cat")), ("True", ProcessState::Stopped));
    sim.advance(20.0);
    assert_eq!((spawns(&mut sim).len(), sim.deadline()), (0, None));
    let mut sim = Sim::of(delayed("cat", 5));
    sim.signal(DaemonSignal::Term);
    assert!(sim.supervisor.is_finished());
    assert_eq!(sim.deadline(), None);
}

#[test]
fn starts_that_nobody_asks_for_are_kept_apart_in_their_order() {
    let member = |name, priority| with(program(name), |it| it.priority = priority);
    let groups = || vec![group("g", 1, [member("c", 3), member("a", 1), member("b", 2)]), alone(program("z"))];
    let mut sim = staggered(2, groups());
    sim.advance(20.0);
    assert_eq!(spawns(&mut sim), ["0.000 spawn a", "2.000 spawn b", "4.000 spawn c", "6.000 spawn z"]);
    // What was kept from its work does not make up for it at once.
    let mut sim = staggered(2, groups());
    sim.stall(9.0);
    sim.advance(20.0);
    let late: Vec<String> =
        spawns(&mut sim).iter().map(|line| line.split(' ').next().unwrap_or_default().to_owned()).collect();
    assert_eq!(late, ["0.000", "9.000", "11.000", "13.000"]);
}

#[test]
fn a_client_and_a_restart_do_not_wait_for_others() {
    let config = with(program("cat"), |it| it.start.startsecs = 1);
    let mut sim = staggered(10, vec![alone(config), alone(program("dog")), alone(program("fox"))]);
    sim.start("fox");
    sim.advance(3.0);
    sim.exit("cat", supervisor_core::ExitStatus::Exited(1));
    sim.advance(20.0);
    assert_eq!(spawns(&mut sim), ["0.000 spawn cat", "0.000 spawn fox", "3.000 spawn cat", "10.000 spawn dog"]);
}
