//! The event stream: every event once, numbered without a gap, to the very end.

use std::time::Duration;

use supervisor_core::{Command, DaemonSignal, EventBatch, EventStatistics, EventType, Input, Reply, Settings};

use crate::sim::config::{alone, program};
use crate::sim::listeners::pool;
use crate::sim::{Sim, WALL_BEGIN};

fn read(sim: &mut Sim, after: Option<u64>) -> EventBatch {
    let request = sim.request(Command::ReadEvents { after });
    match sim.host.answers.remove(&request) {
        Some(Ok(Reply::Events(batch))) => *batch,
        other => panic!("a piece of the stream, not {other:?}"),
    }
}

fn statistics(sim: &mut Sim) -> EventStatistics {
    let request = sim.request(Command::GetEventStatistics);
    match sim.host.answers.remove(&request) {
        Some(Ok(Reply::EventStatistics(statistics))) => *statistics,
        other => panic!("statistics, not {other:?}"),
    }
}

fn started_at(started: u64) -> Sim {
    Sim::new(Settings { started: Duration::from_secs(started), ..Settings::default() })
}

fn told(batch: &EventBatch) -> Vec<String> {
    let event = |event: &supervisor_core::StreamEvent| format!("{} {}", event.event_type.name(), event.payload.trim());
    batch.events.iter().map(event).collect()
}

#[test]
fn it_tells_everything_from_the_start_though_nobody_subscribes() {
    let mut sim = started_at(WALL_BEGIN.unsigned_abs());
    sim.supervisor.configure(vec![alone(program("cat"))], &mut sim.host).expect("there are no sockets");
    sim.step_wall_clock(5);
    sim.feed(Input::Boot);
    sim.advance(2.0);
    let batch = read(&mut sim, Some(0));
    assert_eq!(
        told(&batch),
        [
            "PROCESS_GROUP_ADDED groupname:cat",
            "SUPERVISOR_STATE_CHANGE_RUNNING ",
            "PROCESS_STATE_STARTING processname:cat groupname:cat from_state:STOPPED tries:0",
            "PROCESS_STATE_RUNNING processname:cat groupname:cat from_state:STARTING pid:100",
        ]
    );
    let first = WALL_BEGIN.unsigned_abs() * 1_000_000 + 1;
    let serials: Vec<u64> = batch.events.iter().map(|event| event.serial).collect();
    assert_eq!(serials, [first, first + 1, first + 2, first + 3]);
    let seconds: Vec<u64> = batch.events.iter().map(|event| event.time.as_secs() - WALL_BEGIN.unsigned_abs()).collect();
    assert_eq!(seconds, [0, 5, 5, 6]);
    assert_eq!((batch.restarted, batch.lost, batch.position), (false, None, first + 3));
    assert_eq!(sim.supervisor.next_event_serial(), 0, "the serial of listeners is another matter");
}

#[test]
fn it_is_read_on_without_a_gap_or_a_double() {
    let mut sim = Sim::with(vec![alone(program("cat"))]);
    let mut position = read(&mut sim, None).position;
    let begin = position;
    let mut seen = Vec::new();
    for number in 0..20 {
        for _ in 0..number {
            sim.send_event(&number.to_string());
        }
        let batch = read(&mut sim, Some(position));
        assert_eq!((batch.restarted, batch.lost, batch.is_ended), (false, None, false));
        seen.extend(batch.events.iter().map(|event| event.serial));
        position = batch.position;
    }
    assert_eq!(seen, (begin + 1..=begin + 190).collect::<Vec<_>>());
}

#[test]
fn what_a_pool_gets_and_what_the_stream_tells_is_one_text() {
    let mut sim = Sim::with(vec![pool("l", 10, &[EventType::RemoteCommunication], &["l"])]);
    sim.advance(2.0);
    sim.say("l", "READY\n");
    let position = read(&mut sim, None).position;
    sim.send_event("é\nü");
    let payload = sim.deliveries().remove(0).payload;
    assert_eq!(*read(&mut sim, Some(position)).events[0].payload, *payload);
}

#[test]
fn ticks_are_told_while_a_pool_wants_them_and_wake_nobody_else() {
    let mut sim = Sim::with(vec![alone(program("cat"))]);
    sim.advance(20.0);
    assert_eq!(sim.deadline(), None, "an idle supervisor asks for no wake-up");
    assert!(!told(&read(&mut sim, Some(0))).iter().any(|line| line.starts_with("TICK")));
    let mut sim = Sim::with(vec![pool("l", 10, &[EventType::Tick5], &["l"])]);
    sim.advance(5.0);
    assert!(told(&read(&mut sim, Some(0))).contains(&"TICK_5 when:1700000005".to_owned()));
}

#[test]
fn it_can_be_read_during_a_shutdown_and_says_when_it_has_ended() {
    let mut sim = Sim::with(vec![alone(program("cat"))]);
    sim.advance(2.0);
    let position = read(&mut sim, None).position;
    sim.signal(DaemonSignal::Term);
    let batch = read(&mut sim, Some(position));
    assert!(!batch.is_ended);
    assert_eq!(told(&batch).len(), 2, "supervisord is STOPPING, and so is cat: {batch:?}");
    sim.advance(1.0);
    assert!(sim.supervisor.is_finished());
    let batch = read(&mut sim, Some(batch.position));
    assert!(batch.is_ended);
    assert_eq!(told(&batch), ["PROCESS_STATE_STOPPED processname:cat groupname:cat from_state:STOPPING pid:100"]);
}

#[test]
fn it_goes_on_after_a_restart() {
    let mut sim = started_at(1_000);
    sim.feed(Input::Boot);
    let position = read(&mut sim, None).position;
    let mut next = started_at(2_000);
    next.supervisor.take_over(sim.supervisor.hand_over());
    next.feed(Input::Boot);
    let batch = read(&mut next, Some(position));
    assert_eq!((batch.restarted, batch.position), (false, position + 1));
    assert_eq!(told(&read(&mut next, Some(0))).len(), 2);
}

#[test]
fn statistics_tell_of_every_pool_and_of_the_ring() {
    let mut sim = Sim::with(vec![pool("l", 10, &[EventType::RemoteCommunication], &["l"]), alone(program("cat"))]);
    sim.send_event("one");
    let EventStatistics { pools, ring } = statistics(&mut sim);
    assert_eq!(pools.len(), 1);
    assert_eq!((&*pools[0].name, pools[0].accepted, pools[0].waiting), ("l", 1, 1));
    assert_eq!((ring.first, ring.oldest), (1, 1));
    assert_eq!(ring.newest, read(&mut sim, None).newest);
    assert!(ring.bytes > 0);
    sim.signal(DaemonSignal::Term);
    assert_eq!(statistics(&mut sim).pools.len(), 1, "during a shutdown too");
}
