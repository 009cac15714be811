//! Pools whose results a plug-in judges (contract/platform.md §6): the verdict comes late, and until then the listener
//! works on its event.

use supervisor_core::{
    Command, EventListenerPoolConfig, EventType, ExitStatus, OnProtocolError, ResultHandler, Verdict, limits,
};

use crate::sim::listeners::{pool, with_options};
use crate::sim::{Sim, Trace};

fn plugin(config: &mut EventListenerPoolConfig) {
    config.result_handler = ResultHandler::Plugin("mine:judge".into());
}

/// One listener `l` that has an event, and another event waits.
fn busy(change: impl FnOnce(&mut EventListenerPoolConfig)) -> Sim {
    let pool = with_options(&pool("l", 10, &[EventType::RemoteCommunication], &["l"]), |config| {
        plugin(config);
        change(config);
    });
    let mut sim = Sim::with(vec![pool]);
    sim.advance(2.0);
    sim.say("l", "READY\n");
    sim.send_event("one");
    sim.send_event("two");
    assert_eq!(sim.serials_sent(), ["l 0"]);
    sim.take();
    sim
}

/// The verdict on the result that waits for one.
fn judge(sim: &mut Sim, verdict: Verdict) -> Trace {
    let (life, serial) = sim.host.to_judge.pop().expect("a result waits");
    assert_eq!(sim.host.to_judge, []);
    sim.request(Command::JudgeResult { life, serial, verdict });
    sim.take()
}

#[test]
fn a_result_waits_for_its_verdict_and_what_follows_waits_with_it() {
    let mut sim = busy(|_| {});
    sim.say("l", "RESULT 5\nstuffREADY\n");
    assert_eq!(sim.take().with("judge").lines(), ["judge l of l: 0 \"stuff\""]);
    assert_eq!(sim.statistics("l").in_progress, 1);
    sim.advance(1000.0);
    assert_eq!(sim.serials_sent(), [""; 0]);
    judge(&mut sim, Verdict::Processed);
    assert_eq!(sim.serials_sent(), ["l 1"], "READY had come already");
    assert_eq!((sim.statistics("l").delivered, sim.statistics("l").rejected), (1, 0));
}

#[test]
fn what_is_rejected_comes_again() {
    let mut sim = busy(|_| {});
    sim.say("l", "RESULT 2\nOK");
    let seen = judge(&mut sim, Verdict::Rejected);
    assert_eq!(seen.with("WARN").lines(), ["WARN l: event was rejected"]);
    sim.say("l", "READY\n");
    assert_eq!(sim.serials_sent(), ["l 0"]);
}

#[test]
fn a_handler_that_fails_leaves_the_listener_unknown_and_the_event_to_others() {
    let mut sim = busy(|_| {});
    sim.say("l", "RESULT 2\nOKREADY\n");
    let seen = judge(&mut sim, Verdict::Failed);
    let words = [
        "WARN l: event caused an error",
        "WARN l: has entered the UNKNOWN state and will no longer receive events, this usually indicates the process \
         violated the eventlistener protocol",
    ];
    assert_eq!(seen.with("WARN").lines(), words);
    assert_eq!((sim.statistics("l").unknown, sim.statistics("l").waiting), (1, 2));
    sim.exit("l", ExitStatus::Exited(0));
    sim.advance(2.0);
    sim.say("l", "READY\n");
    assert_eq!(sim.serials_sent(), ["l 0"]);
}

#[test]
fn with_restart_a_listener_whose_handler_fails_is_started_again() {
    let mut sim = busy(|config| config.on_protocol_error = OnProtocolError::Restart);
    sim.say("l", "RESULT 2\nOK");
    judge(&mut sim, Verdict::Failed);
    sim.advance(3.0);
    sim.say("l", "READY\n");
    assert_eq!(sim.serials_sent(), ["l 0"]);
}

#[test]
fn a_verdict_for_another_life_or_event_is_nobodys() {
    let mut sim = busy(|_| {});
    sim.say("l", "RESULT 2\nOK");
    let (life, serial) = sim.host.to_judge.pop().unwrap();
    sim.exit("l", ExitStatus::Exited(0));
    sim.advance(2.0);
    sim.say("l", "READY\n");
    assert_eq!(sim.serials_sent(), ["l 0"], "its event came back when it ended");
    sim.say("l", "RESULT 2\nOK");
    let verdict = Verdict::Processed;
    sim.request(Command::JudgeResult { life, serial, verdict });
    let (life, serial) = sim.host.to_judge.pop().unwrap();
    sim.request(Command::JudgeResult { life, serial: serial + 1, verdict });
    assert_eq!(sim.statistics("l").delivered, 0);
    for _ in 0..2 {
        sim.request(Command::JudgeResult { life, serial, verdict });
    }
    assert_eq!(sim.statistics("l").delivered, 1);
}

#[test]
fn what_a_listener_says_while_it_is_judged_is_bounded() {
    let mut sim = busy(|_| {});
    sim.say("l", "RESULT 2\nOK");
    let flood = "x".repeat(limits::LISTENER_RESULT_LINE_BYTES + 1);
    sim.say("l", &flood);
    assert_eq!(sim.statistics("l").unknown, 1);
    let told = sim.take();
    assert!(told.lines().iter().any(|line| line.starts_with("WARN l: it wrote 'xxx")));
    let (life, serial) = sim.host.to_judge.pop().unwrap();
    sim.request(Command::JudgeResult { life, serial, verdict: Verdict::Processed });
    assert_eq!((sim.statistics("l").delivered, sim.statistics("l").waiting), (0, 2), "the event went back before");
}
