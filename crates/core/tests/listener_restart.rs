//! `on_protocol_error=restart`: a listener that breaks the protocol is stopped and started again by itself.

use supervisor_core::{
    Command, DaemonSignal, EventListenerPoolConfig, EventType, ExitStatus, OnProtocolError, ProcessState, limits,
};

use crate::sim::listeners::{pool, with_options};
use crate::sim::{Script, Sim};

fn restart(config: &mut EventListenerPoolConfig) {
    config.on_protocol_error = OnProtocolError::Restart;
}

/// RUNNING listeners `p:a` and `p:b` that have said nothing yet.
fn listeners() -> Sim {
    let mut sim =
        Sim::with(vec![with_options(&pool("p", 10, &[EventType::RemoteCommunication], &["a", "b"]), restart)]);
    sim.advance(2.0);
    sim.take();
    sim
}

#[test]
fn a_listener_that_breaks_the_protocol_is_stopped_and_started_again() {
    let mut sim = listeners();
    sim.say("p:a", "READY\n");
    sim.send_event("work");
    assert_eq!(sim.serials_sent(), ["a 0"]);
    sim.take();
    sim.say("p:a", "Traceback\n");
    let seen = sim.take();
    assert_eq!(
        seen.with("WARN").lines(),
        ["WARN a: broke the event listener protocol of pool p with 'Traceback', and is restarted \
          (on_protocol_error=restart)"]
    );
    assert_eq!(seen.with("rebuffering").lines(), ["DEBG rebuffering event 0 for pool p (buf size=0, max=10)"]);
    assert_eq!(sim.state("p:a"), ProcessState::Stopping);
    sim.advance(0.9);
    assert_eq!(sim.state("p:a"), ProcessState::Stopped, "not at once");
    sim.advance(0.1);
    assert_eq!(sim.state("p:a"), ProcessState::Starting);
    sim.advance(1.0);
    let events = sim.take().events().with("p:a").lines();
    let states: Vec<_> = events.iter().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(states, ["PROCESS_STATE_STOPPED", "PROCESS_STATE_STARTING", "PROCESS_STATE_RUNNING"]);
    sim.say("p:a", "READY\n");
    assert_eq!(sim.serials_sent(), ["a 0"], "the event has waited for it");
    assert_eq!(sim.statistics("p").rejected, 1);
}

#[test]
fn its_event_goes_to_another_member_at_once() {
    let mut sim = listeners();
    sim.say("p:a", "READY\n");
    sim.send_event("work");
    sim.say("p:b", "READY\n");
    sim.say("p:a", "RESULT x\n");
    assert_eq!(sim.serials_sent(), ["a 0", "b 0"]);
}

#[test]
fn one_that_breaks_it_again_and_again_waits_longer_and_longer() {
    let mut sim = listeners();
    for times in 1..=limits::PROTOCOL_RESTART_SECONDS + 2 {
        sim.say("p:a", "garbage");
        sim.advance(0.0);
        assert_eq!(sim.state("p:a"), ProcessState::Stopped);
        let wait = f64::from(times.min(limits::PROTOCOL_RESTART_SECONDS));
        sim.advance(wait - 0.5);
        assert_eq!(sim.state("p:a"), ProcessState::Stopped, "{times} times");
        sim.advance(0.5);
        assert_eq!(sim.state("p:a"), ProcessState::Starting, "{times} times");
    }
    sim.advance(2.0);
    sim.send_event("work");
    sim.say("p:a", "READY\n");
    sim.say("p:a", "RESULT 4\nFAIL");
    sim.say("p:a", "garbage");
    sim.advance(1.0);
    assert_eq!(sim.state("p:a"), ProcessState::Starting, "a result, and all is forgiven");
}

#[test]
fn what_it_wrote_is_shown_in_a_line_with_a_bound() {
    let mut sim = listeners();
    sim.say("p:a", &format!("\x1b[31m\n{}", "x".repeat(5_000)));
    let lines = sim.take().with("WARN").lines();
    assert_eq!(lines.len(), 1);
    assert!(lines[0].contains("with '\\u{1b}[31m\\nxxx") && lines[0].contains("xxx...'"), "{lines:?}");
    assert!(lines[0].len() < 300);
}

#[test]
fn one_that_ignores_its_stop_signal_is_killed_and_started_again() {
    let mut sim = Sim::scripted(
        vec![with_options(&pool("p", 10, &[EventType::RemoteCommunication], &["a"]), restart)],
        [("a", Script::stubborn())],
    );
    sim.advance(2.0);
    sim.say("p:a", "garbage");
    sim.advance(10.5);
    assert_eq!(sim.state("p:a"), ProcessState::Stopped);
    sim.advance(1.0);
    assert_eq!(sim.state("p:a"), ProcessState::Starting);
}

#[test]
fn a_stop_by_hand_ends_it_before_and_after_it_has_stopped() {
    for stopped in [false, true] {
        let mut sim = Sim::scripted(
            vec![with_options(&pool("p", 10, &[EventType::RemoteCommunication], &["a"]), restart)],
            [("a", Script::lives().dying_slowly(0.5))],
        );
        sim.advance(2.0);
        sim.say("p:a", "garbage");
        sim.advance(if stopped { 0.6 } else { 0.1 });
        let request = sim.stop("p:a");
        sim.advance(100.0);
        assert_eq!(sim.answer(request), "True");
        assert_eq!(sim.state("p:a"), ProcessState::Stopped);
        assert_eq!(sim.ask(Command::StopAllProcesses { wait: true }), "[]");
        assert_eq!(sim.deadline(), None);
    }
}

#[test]
fn a_start_by_hand_does_not_wait() {
    let mut sim = listeners();
    sim.say("p:a", "garbage");
    sim.advance(0.1);
    let request = sim.start("p:a");
    assert_eq!(sim.state("p:a"), ProcessState::Starting);
    sim.advance(1.0);
    assert_eq!(sim.answer(request), "True");
    sim.advance(60.0);
    assert_eq!(sim.state("p:a"), ProcessState::Running);
}

#[test]
fn what_is_to_stop_anyway_is_not_started_again() {
    let mut sim = listeners();
    let request = sim.stop("p:b");
    sim.say("p:b", "garbage");
    sim.advance(60.0);
    assert_eq!((sim.answer(request).as_str(), sim.state("p:b")), ("True", ProcessState::Stopped));
    sim.say("p:a", "garbage");
    sim.advance(0.1);
    sim.signal(DaemonSignal::Term);
    sim.advance(0.0);
    assert!(sim.supervisor.is_finished());
}

#[test]
fn a_pool_that_is_removed_takes_the_restart_with_it() {
    let mut sim = listeners();
    sim.say("p:a", "garbage");
    sim.say("p:b", "garbage");
    sim.advance(0.1);
    assert_eq!(sim.ask(Command::RemoveProcessGroup { name: "p".to_owned() }), "True");
    assert_eq!(sim.deadline(), None);
}

#[test]
fn one_that_ends_while_it_is_asked_to_is_started_again() {
    let mut sim = listeners();
    sim.script("a", [Script::lives()]);
    sim.say("p:a", "garbage");
    let pid = sim.pid("p:a");
    assert!(pid.is_some());
    sim.exit("p:a", ExitStatus::Exited(3));
    sim.advance(1.0);
    assert_eq!(sim.state("p:a"), ProcessState::Starting);
}
