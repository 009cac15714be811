//! Pools: who gets which event in which order, what comes back, what is dropped (contract/events.md §3, §5; quirks.md
//! F01, F13, F47, K31, K32, K33).

use std::sync::Arc;
use std::time::Duration;

use supervisor_core::{Command, DaemonSignal, EventType, ExitStatus, GroupConfig, Input, Settings, StdinError, limits};

use crate::sim::Sim;
use crate::sim::config::{alone, program, with};
use crate::sim::listeners::pool;

const REMOTE: &[EventType] = &[EventType::RemoteCommunication];

/// RUNNING listeners that have said nothing yet.
fn running(groups: Vec<Arc<GroupConfig>>) -> Sim {
    let mut sim = Sim::with(groups);
    sim.advance(2.0);
    sim.take();
    sim
}

/// One listener `l` that is ready.
fn ready(buffer_size: usize) -> Sim {
    let mut sim = running(vec![pool("l", buffer_size, REMOTE, &["l"])]);
    sim.say("l", "READY\n");
    sim
}

fn send(sim: &mut Sim, count: usize) {
    for number in 0..count {
        sim.send_event(&number.to_string());
    }
}

#[test]
fn the_events_of_the_start_are_more_than_a_default_buffer_holds() {
    let programs = (0..8).map(|number| alone(program(&format!("p{number}"))));
    let mut sim = Sim::with([pool("l", 10, &[EventType::Event], &["l"])].into_iter().chain(programs).collect());
    let told = sim.take().with("pool l ");
    let first = (0..5).map(|n| format!("ERRO pool l event buffer overflowed, discarding event {n}"));
    let dropped: Vec<String> = first.chain((5..9).map(|n| format!("DEBG pool l discards event {n}"))).collect();
    assert_eq!(told.lines(), dropped, "9 ADDED, RUNNING and 9 STARTING are 19");
    sim.advance(0.9);
    sim.say("l", "READY\n");
    assert_eq!(sim.serials_sent(), Vec::<String>::new(), "it is STARTING");
    sim.advance(0.1);
    let oldest = sim.deliveries();
    assert_eq!((oldest.len(), oldest[0].poolserial()), (1, oldest[0].serial()));
    assert!(oldest[0].serial() >= 9, "the oldest were dropped");
}

#[test]
fn with_room_for_all_of_them_a_listener_reads_the_whole_story_from_serial_0() {
    let mut sim = Sim::with(vec![pool("l", 1_000, &[EventType::Event], &["l"]), alone(program("cat"))]);
    sim.advance(1.0);
    sim.say("l", "READY\n");
    let mut names = Vec::new();
    while let Some(sent) = sim.deliveries().pop() {
        assert_eq!((sent.serial(), sent.poolserial()), (names.len() as u64, names.len() as u64));
        names.push(format!("{} {}", sent.name(), sent.payload.split([' ', '\n']).next().unwrap_or_default()));
        sim.say_done("l");
    }
    assert_eq!(
        names,
        [
            "PROCESS_GROUP_ADDED groupname:l",
            "PROCESS_GROUP_ADDED groupname:cat",
            "SUPERVISOR_STATE_CHANGE_RUNNING ",
            "PROCESS_STATE_STARTING processname:l",
            "PROCESS_STATE_STARTING processname:cat",
            "PROCESS_STATE_RUNNING processname:l",
            "PROCESS_STATE_RUNNING processname:cat",
        ]
    );
}

#[test]
fn what_nobody_wants_takes_no_serial_and_pools_count_for_themselves() {
    let state = pool("state", 10, &[EventType::ProcessState], &["s"]);
    let mut sim = running(vec![state, pool("l", 10, REMOTE, &["l"]), pool("m", 10, REMOTE, &["m"])]);
    let before = sim.supervisor.next_event_serial();
    sim.request(Command::ReloadConfig { groups: vec![] });
    sim.request(Command::AddProcessGroup { name: "none".to_owned() });
    assert_eq!(sim.supervisor.next_event_serial(), before);
    for listener in ["l", "m"] {
        sim.say(listener, "READY\n");
    }
    sim.send_event("one");
    let sent = sim.deliveries();
    let serials: Vec<_> = sent.iter().map(|sent| (sent.to.as_str(), sent.serial(), sent.poolserial())).collect();
    assert_eq!(serials, [("l", before, 0), ("m", before, 0)], "one event, one serial, a copy for each pool");
}

#[test]
fn an_event_goes_to_a_pool_once_whatever_it_subscribes_to() {
    let events = [EventType::Event, EventType::RemoteCommunication];
    let mut sim = running(vec![pool("l", 10, &events, &["l", "m"])]);
    sim.say("l", "READY\n");
    sim.say("l:m", "READY\n");
    sim.deliveries();
    let before = sim.statistics("l");
    sim.send_event("once");
    assert_eq!(sim.statistics("l").accepted, before.accepted + 1);
}

#[test]
fn a_restart_goes_on_counting_and_a_pool_that_is_added_again_begins_anew() {
    let groups = vec![pool("l", 10, REMOTE, &["l"])];
    let mut sim = Sim::new(Settings::default());
    sim.count_events_from(7);
    sim.supervisor.configure(groups, &mut sim.host).expect("there are no sockets");
    sim.feed(Input::Boot);
    sim.advance(2.0);
    send(&mut sim, 2);
    sim.stop("l");
    sim.advance(1.0);
    sim.request(Command::RemoveProcessGroup { name: "l".to_owned() });
    assert_eq!(sim.supervisor.pool_statistics().count(), 0);
    sim.request(Command::AddProcessGroup { name: "l".to_owned() });
    sim.advance(2.0);
    sim.say("l", "READY\n");
    assert_eq!(sim.serials_sent(), Vec::<String>::new(), "what waited went with the pool");
    sim.send_event("again");
    let sent = sim.deliveries();
    assert_eq!((sent[0].serial(), sent[0].poolserial()), (9, 0));
}

#[test]
fn what_fails_comes_again_before_all_others_with_the_same_serials() {
    let mut sim = ready(10);
    send(&mut sim, 3);
    for _ in 0..5 {
        sim.say("l", "RESULT 4\nFAILREADY\n");
    }
    sim.say_done("l");
    sim.say_done("l");
    sim.say_done("l");
    assert_eq!(sim.serials_sent(), ["l 0", "l 0", "l 0", "l 0", "l 0", "l 0", "l 1", "l 2"]);
    let statistics = sim.statistics("l");
    assert_eq!((statistics.delivered, statistics.rejected, statistics.waiting), (3, 5, 0));
}

#[test]
fn a_rejection_is_no_business_of_other_pools() {
    let mut sim = running(vec![pool("l", 10, REMOTE, &["l"]), pool("m", 10, &[EventType::Event], &["m"])]);
    sim.say("l", "READY\n");
    sim.send_event("bad");
    let before = sim.statistics("m");
    for _ in 0..20 {
        sim.say("l", "RESULT 4\nFAILREADY\n");
    }
    assert_eq!(sim.statistics("m"), before);
    assert_eq!(sim.take().with("for pool m").lines(), Vec::<String>::new());
}

#[test]
fn members_share_the_work_in_their_order() {
    let mut sim = running(vec![pool("p", 10, REMOTE, &["a", "b", "c"])]);
    for listener in ["p:c", "p:a", "p:b"] {
        sim.say(listener, "READY\n");
    }
    send(&mut sim, 5);
    assert_eq!(sim.serials_sent(), ["a 0", "b 1", "c 2"]);
    sim.say_done("p:b");
    sim.say_done("p:a");
    assert_eq!(sim.serials_sent(), ["b 3", "a 4"]);
    assert_eq!(sim.statistics("p").in_progress, 3);
}

#[test]
fn what_one_member_dies_over_another_gets() {
    let mut sim = running(vec![pool("p", 10, REMOTE, &["a", "b"])]);
    sim.say("p:a", "READY\n");
    send(&mut sim, 2);
    sim.say("p:b", "READY\n");
    assert_eq!(sim.serials_sent(), ["a 0", "b 1"]);
    sim.say_done("p:b");
    sim.exit("p:a", ExitStatus::Signaled { signal: 9, core_dumped: false });
    assert_eq!(sim.serials_sent(), ["b 0"]);
}

#[test]
fn an_event_that_kills_every_listener_is_never_lost_and_holds_up_nobody_else() {
    let mut sim = running(vec![pool("l", 10, REMOTE, &["l"]), pool("m", 10, REMOTE, &["m"]), alone(program("cat"))]);
    sim.say("m", "READY\n");
    send(&mut sim, 2);
    sim.say_done("m");
    assert_eq!(sim.serials_sent(), ["m 0", "m 1"]);
    for _ in 0..500 {
        sim.say("l", "READY\n");
        assert_eq!(sim.serials_sent(), ["l 0"]);
        sim.exit("l", ExitStatus::Exited(1));
        sim.advance(2.0);
    }
    let statistics = sim.statistics("l");
    assert_eq!((statistics.rejected, statistics.waiting, statistics.dropped_by_count), (500, 2, 0));
    assert_eq!(sim.state("cat"), supervisor_core::ProcessState::Running);
}

#[test]
fn a_full_buffer_drops_the_oldest_for_a_new_one() {
    let mut sim = running(vec![pool("l", 3, REMOTE, &["l"])]);
    send(&mut sim, 5);
    assert_eq!(
        sim.take().with("pool l ").lines(),
        [
            "ERRO pool l event buffer overflowed, discarding event 0",
            "ERRO pool l event buffer overflowed, discarding event 1",
        ]
    );
    sim.say("l", "READY\n");
    sim.say_done("l");
    sim.say_done("l");
    assert_eq!(sim.serials_sent(), ["l 2", "l 3", "l 4"]);
}

#[test]
fn a_flood_of_drops_is_told_once_a_second_and_then_nothing_is_waited_for() {
    let mut sim = running(vec![pool("l", 1, REMOTE, &["l"]), pool("m", 2, REMOTE, &["m"])]);
    let overflows = |sim: &mut Sim| sim.take().with("event buffer overflowed").timed();
    send(&mut sim, 1_000);
    let first = overflows(&mut sim);
    assert_eq!(first.len(), 10, "five of each pool: {first:?}");
    for serial in 0..5 {
        for pool in ["l", "m"] {
            let line = format!("2.000 ERRO pool {pool} event buffer overflowed, discarding event {serial}");
            assert!(first.contains(&line), "{line}: {first:?}");
        }
    }
    sim.advance(0.5);
    send(&mut sim, 10);
    sim.advance(1.0);
    assert_eq!(
        overflows(&mut sim),
        [
            "3.000 ERRO pool l event buffer overflowed, discarding 1004 more events within a second",
            "3.000 ERRO pool m event buffer overflowed, discarding 1003 more events within a second",
        ]
    );
    send(&mut sim, 1);
    sim.advance(10.0);
    assert_eq!(
        overflows(&mut sim),
        [
            "4.000 ERRO pool l event buffer overflowed, discarding 1 more events within a second",
            "4.000 ERRO pool m event buffer overflowed, discarding 1 more events within a second",
        ]
    );
    assert_eq!(sim.supervisor.next_deadline(), None, "an idle supervisor asks for no wake-up");
    // The next one is the first of a flood again, and what is untold at the end is told there.
    send(&mut sim, 7);
    sim.take();
    sim.signal(DaemonSignal::Term);
    sim.advance(1_000.0);
    let told = overflows(&mut sim);
    assert!(told.iter().any(|line| line.ends_with("discarding 2 more events within a second")), "{told:?}");
}

#[test]
fn a_full_buffer_drops_its_oldest_for_one_that_comes_back_too() {
    let mut sim = ready(2);
    send(&mut sim, 3);
    sim.take();
    sim.say("l", "RESULT 4\nFAIL");
    let lines = sim.take();
    assert_eq!(lines.with("rebuffering").lines(), ["DEBG rebuffering event 0 for pool l (buf size=2, max=2)"]);
    assert_eq!(lines.with("overflowed").lines(), ["ERRO pool l event buffer overflowed, discarding event 1"]);
    sim.say("l", "READY\n");
    sim.say_done("l");
    assert_eq!(sim.serials_sent(), ["l 0", "l 0", "l 2"]);
}

#[test]
fn a_member_that_does_not_read_is_passed_over_and_gets_its_event_when_it_does() {
    let mut sim = running(vec![pool("p", 10, REMOTE, &["a", "b"])]);
    sim.host.stdin_errors.insert("a".to_owned(), StdinError::Full);
    sim.say("p:a", "READY\n");
    sim.send_event("waits");
    assert_eq!(sim.serials_sent(), Vec::<String>::new());
    sim.say("p:b", "READY\n");
    assert_eq!(sim.serials_sent(), ["b 0"]);
    sim.send_event("waits");
    sim.read_stdin("p:a");
    assert_eq!(sim.serials_sent(), ["a 1"], "without any other event");
}

#[test]
fn a_member_that_has_closed_its_stdin_stays_ready_and_another_gets_the_event() {
    let mut sim = running(vec![pool("p", 10, REMOTE, &["a", "b"])]);
    sim.host.stdin_errors.insert("a".to_owned(), StdinError::Closed);
    sim.say("p:a", "READY\n");
    sim.say("p:b", "READY\n");
    sim.take();
    sim.send_event("0");
    assert_eq!(
        sim.take().with("event 0").lines(),
        [
            "DEBG epipe occurred while sending event 0 to listener a, listener state unchanged",
            "DEBG event 0 sent to listener b",
        ]
    );
}

#[test]
fn a_pool_holds_no_more_bytes_than_its_bound_and_counts_what_it_drops() {
    let mut sim = running(vec![pool("l", 1_000_000, REMOTE, &["l"])]);
    sim.host.trace = None;
    let megabyte = "x".repeat(1 << 20);
    let count = (3 * limits::LISTENER_POOL_BYTES) >> 20;
    for _ in 0..count {
        sim.send_event(&megabyte);
        assert!(sim.statistics("l").waiting_bytes <= limits::LISTENER_POOL_BYTES);
    }
    let statistics = sim.statistics("l");
    assert_eq!(statistics.waiting, 31, "each takes a little more than its megabyte");
    assert_eq!((statistics.dropped_by_bytes, statistics.dropped_by_count), (count as u64 - 31, 0));
    sim.say("l", "READY\n");
    assert_eq!(sim.deliveries()[0].serial(), count as u64 - 31, "the oldest were dropped");
}

#[test]
fn an_event_larger_than_the_bound_is_not_refused_for_its_size() {
    let mut sim = running(vec![pool("l", 10, REMOTE, &["l"])]);
    sim.host.trace = None;
    send(&mut sim, 3);
    sim.send_event(&"x".repeat(limits::LISTENER_POOL_BYTES + 1));
    let statistics = sim.statistics("l");
    assert_eq!((statistics.waiting, statistics.dropped_by_bytes), (1, 3));
    sim.say("l", "READY\n");
    assert_eq!(sim.serials_sent(), ["l 3"]);
}

#[test]
fn a_hundred_thousand_events_wait_and_none_is_lost() {
    let mut sim = running(vec![pool("l", 100_000, REMOTE, &["l"])]);
    sim.host.trace = None;
    send(&mut sim, 100_000);
    let statistics = sim.statistics("l");
    assert_eq!((statistics.waiting, statistics.dropped_by_count, statistics.dropped_by_bytes), (100_000, 0, 0));
    assert!(statistics.waiting_bytes < limits::LISTENER_POOL_BYTES / 2, "{statistics:?}");
    sim.say("l", "READY\n");
    for number in 0..100_000_u64 {
        let sent = sim.deliveries().pop().expect("each waits for its turn");
        assert_eq!((sent.serial(), sent.poolserial()), (number, number));
        sim.say_done("l");
    }
    assert_eq!((sim.statistics("l").delivered, sim.statistics("l").waiting), (100_000, 0));
}

#[test]
fn listeners_that_stop_get_no_more_events() {
    let mut sim = running(vec![pool("l", 10, REMOTE, &["l"])]);
    sim.script("l", [crate::sim::Script::stubborn()]);
    sim.exit("l", ExitStatus::Exited(0));
    sim.advance(2.0);
    sim.say("l", "READY\n");
    sim.stop("l");
    sim.send_event("too late");
    assert_eq!((sim.serials_sent().len(), sim.statistics("l").waiting), (0, 1));
}

#[test]
fn the_order_of_events_is_that_in_which_they_happened() {
    let config = with(program("cat"), |it| {
        it.start.startsecs = 0;
        it.restart.delay = Some(Duration::ZERO);
    });
    let mut sim = running(vec![pool("l", 100, &[EventType::ProcessState], &["l"]), alone(config)]);
    sim.say("l", "READY\n");
    for _ in 0..10 {
        sim.exit("cat", ExitStatus::Exited(1));
    }
    let mut last = None;
    while let Some(sent) = sim.deliveries().pop() {
        assert!(last < Some(sent.serial()));
        last = Some(sent.serial());
        sim.say_done("l");
    }
    assert_eq!(last, Some(sim.supervisor.next_event_serial() - 1));
}

/// One listener of the stopping that is ready, when everything is to stop.
fn told_of_the_stopping() -> Sim {
    let mut sim = running(vec![pool("l", 10, &[EventType::SupervisorStateChangeStopping], &["l"])]);
    sim.say("l", "READY\n");
    sim.take();
    sim.signal(DaemonSignal::Term);
    assert_eq!(sim.take().with("stopped: l").lines(), Vec::<String>::new(), "it has not answered yet");
    sim
}

#[test]
fn a_listener_is_stopped_once_it_has_answered_the_event_that_tells_of_the_stopping() {
    let mut sim = told_of_the_stopping();
    sim.say("l", "RESULT 2\nOK");
    sim.advance(0.01);
    assert_eq!(sim.take().with("stopped: l").lines().len(), 1, "its answer lets it go");
}

#[test]
fn a_listener_that_does_not_answer_is_stopped_a_second_later() {
    let mut sim = told_of_the_stopping();
    sim.advance(0.9);
    assert_eq!(sim.take().with("stopped: l").lines().len(), 0);
    sim.advance(0.2);
    assert_eq!(sim.take().with("stopped: l").lines().len(), 1);
}
