//! `restart_supervisor`: a program that cannot do without a new beginning.

use supervisor_core::{Aftermath, Autorestart, EndingConfig, EssentialConfig, Input, ProcessConfig, SupervisorState};

use super::{outcome, sim};
use crate::sim::config::{alone, program, with};
use crate::sim::{Script, Sim};

fn restarts_supervisor(name: &str) -> ProcessConfig {
    with(program(name), |it| {
        it.restart.autorestart = Autorestart::Never;
        it.essential =
            EssentialConfig { on_exit: Aftermath::RestartSupervisor, on_fatal: Aftermath::RestartSupervisor };
    })
}

/// The next generation of a supervisord that has ended for a restart.
fn next_generation(before: Sim) -> Sim {
    assert_eq!((before.supervisor.state(), before.supervisor.is_finished()), (SupervisorState::Restarting, true));
    let mut next = before.clone();
    let mut supervisor = Sim::new(supervisor_core::Settings::default()).supervisor;
    supervisor.take_over(before.supervisor.hand_over());
    next.supervisor = supervisor;
    next.host.witness = crate::sim::SimHost::new().witness;
    let groups = vec![alone(restarts_supervisor("web"))];
    next.supervisor.configure(groups, &mut next.host).expect("there are no sockets");
    next.feed(Input::Boot);
    next
}

#[test]
fn three_times_a_minute_and_then_it_is_the_end() {
    let mut sim =
        sim(EndingConfig::default(), vec![alone(restarts_supervisor("web"))], [("web", Script::exits(5.0, 3))]);
    for _ in 0..3 {
        sim.run_until_quiet();
        let told = sim.take().with("essential").lines();
        assert_eq!(told, ["WARN essential program web has exited (exit status 3), restarting"]);
        sim = next_generation(sim);
    }
    sim.run_until_quiet();
    assert_eq!(sim.supervisor.state(), SupervisorState::Shutdown);
    assert_eq!(
        sim.take().with("essential").lines(),
        [
            "WARN essential program web has exited (exit status 3), shutting down: there were 3 restarts for it within 60 \
          seconds"
        ]
    );
    assert_eq!(outcome(&sim), Some(3));
}

#[test]
fn restarts_that_are_further_apart_go_on() {
    let mut sim =
        sim(EndingConfig::default(), vec![alone(restarts_supervisor("web"))], [("web", Script::exits(20.0, 3))]);
    for _ in 0..10 {
        sim.run_until_quiet();
        sim = next_generation(sim);
    }
}

#[test]
fn a_configuration_that_cannot_be_used_makes_it_the_end() {
    let mut sim = sim(
        EndingConfig::default(),
        vec![alone(restarts_supervisor("web")), alone(program("db"))],
        [("web", Script::exits(5.0, 3))],
    );
    sim.restart_config = Err("File contains no section headers.".to_owned());
    sim.run_until_quiet();
    assert_eq!(sim.supervisor.state(), SupervisorState::Shutdown);
    assert_eq!(outcome(&sim), Some(3));
}
