//! A shutdown that may take no longer than `shutdown_timeout`, and signals that count as others (`signal_rewrite`).

use std::time::Duration;

use supervisor_core::{DaemonSignal, Settings, SignalRewrite};

use crate::sim::config::{alone, group, program, with};
use crate::sim::{Script, Sim, seconds};

/// Programs that ignore SIGTERM, and a shutdown with this bound.
fn stubborn(script: &Script, bound: Duration, names: &[&str]) -> Sim {
    let mut sim = Sim::new(Settings { shutdown_timeout: bound, ..Settings::default() });
    let patient = |name: &&str| alone(with(program(name), |it| it.stop.stopwaitsecs = 600));
    for name in names {
        sim.script(name, [script.clone()]);
    }
    let groups = names.iter().map(patient).collect();
    sim.supervisor.configure(groups, &mut sim.host).expect("there is no socket to be refused");
    sim.feed(supervisor_core::Input::Boot);
    sim.advance(5.0);
    sim.take();
    sim
}

#[test]
fn what_is_left_when_the_time_is_over_is_killed_in_no_order() {
    let mut sim = stubborn(&Script::stubborn(), seconds(25), &["db", "web"]);
    sim.signal(DaemonSignal::Term);
    sim.run_until_quiet();
    let trace = sim.take();
    assert_eq!(
        trace.calls().with("kill").timed(),
        ["5.000 kill 101 SIGTERM", "30.000 kill 100 SIGTERM", "30.000 kill -100 SIGKILL", "30.000 kill -101 SIGKILL",]
    );
    assert_eq!(
        trace.with("shutdown_timeout").timed(),
        ["30.000 WARN shutdown has taken 25 seconds, killing db, web (shutdown_timeout)"]
    );
    assert!(sim.supervisor.is_finished());
    assert_eq!(sim.deadline(), None);
}

#[test]
fn what_cannot_be_killed_is_left_behind_after_two_seconds() {
    let mut sim = stubborn(&Script::stubborn().outliving_kills(9), Duration::from_millis(1_500), &["web"]);
    sim.signal(DaemonSignal::Term);
    sim.run_until_quiet();
    let trace = sim.take();
    assert_eq!(
        trace.with("shutdown_timeout").timed(),
        ["6.500 WARN shutdown has taken 1.5 seconds, killing web (shutdown_timeout)"]
    );
    assert_eq!(trace.with("left behind").timed(), ["8.500 WARN web (pid 100) has not ended, it is left behind"]);
    assert!(sim.supervisor.is_finished());
}

#[test]
fn a_shutdown_in_time_sets_no_deadline_that_stays() {
    let mut sim = Sim::new(Settings { shutdown_timeout: seconds(25), ..Settings::default() });
    sim.supervisor
        .configure(vec![group("g", 1, [program("a"), program("b")])], &mut sim.host)
        .expect("there is no socket to be refused");
    sim.feed(supervisor_core::Input::Boot);
    sim.advance(5.0);
    sim.signal(DaemonSignal::Term);
    sim.run_until_quiet();
    assert!(sim.supervisor.is_finished());
    assert_eq!(sim.take().with("shutdown_timeout").lines(), [""; 0]);
    assert_eq!(sim.supervisor.deadlines().count(), 0);
}

#[test]
fn signals_count_as_others_before_anything_else() {
    let rewrite = |from, to| SignalRewrite { from, to };
    let signal_rewrite = [
        rewrite(DaemonSignal::Hup, None),
        rewrite(DaemonSignal::Other(10), Some(DaemonSignal::Term)),
        rewrite(DaemonSignal::Term, Some(DaemonSignal::Usr2)),
    ];
    let mut sim = Sim::new(Settings { signal_rewrite: signal_rewrite.into(), ..Settings::default() });
    for (signal, told) in [
        (DaemonSignal::Hup, &["INFO SIGHUP is ignored (signal_rewrite)"][..]),
        (
            DaemonSignal::Term,
            &["INFO SIGTERM counts as SIGUSR2 (signal_rewrite)", "INFO received SIGUSR2 indicating log reopen request"],
        ),
        // What it counts as is not looked up again.
        (
            DaemonSignal::Other(10),
            &["INFO SIGUSR1 counts as SIGTERM (signal_rewrite)", "WARN received SIGTERM indicating exit request"],
        ),
    ] {
        sim.signal(signal);
        assert_eq!(sim.take().with("SIG").lines(), told, "{signal:?}");
    }
    assert!(sim.supervisor.is_finished());
}
