//! `overflow=spill`: what waits on disk comes back in its order, after a crash too.

mod histories;

use std::sync::Arc;

use supervisor_core::{Command, DaemonSignal, EventType, ExitStatus, GroupConfig, Overflow};

use crate::sim::Sim;
use crate::sim::config::{alone, program};
use crate::sim::listeners::{pool, with_options};

const REMOTE: &[EventType] = &[EventType::RemoteCommunication];

fn spilling(buffer_size: usize, members: &[&str]) -> Arc<GroupConfig> {
    with_options(&pool("l", buffer_size, REMOTE, members), |config| config.overflow = Overflow::Spill)
}

fn groups(buffer_size: usize) -> Vec<Arc<GroupConfig>> {
    vec![spilling(buffer_size, &["a", "b"]), pool("m", 10, REMOTE, &["m"])]
}

/// Members `l:a` and `l:b`, RUNNING, that have said nothing yet.
fn running(buffer_size: usize) -> Sim {
    let mut sim = Sim::with(groups(buffer_size));
    sim.advance(2.0);
    sim.take();
    sim
}

fn send(sim: &mut Sim, numbers: std::ops::Range<usize>) {
    for number in numbers {
        sim.send_event(&number.to_string());
    }
}

/// The listener answers all there is: serial, poolserial and data of each event.
fn work(sim: &mut Sim) -> Vec<(u64, u64, String)> {
    let mut done = Vec::new();
    sim.say("l:a", "READY\n");
    loop {
        let sent = sim.deliveries();
        if sent.is_empty() {
            return done;
        }
        for sent in sent {
            let data = sent.payload.split_once('\n').map(|(_, data)| data.to_owned()).unwrap_or_default();
            done.push((sent.serial(), sent.poolserial(), data));
        }
        sim.say_done("l:a");
    }
}

/// Of events that were sent from the first one on.
fn numbered(numbers: std::ops::Range<u64>) -> Vec<(u64, u64, String)> {
    numbers.map(|number| (number, number, number.to_string())).collect()
}

fn journal_of(sim: &Sim) -> Vec<u64> {
    sim.host.journals["l"].left().collect()
}

#[test]
fn what_memory_does_not_hold_comes_back_in_its_order() {
    let mut sim = running(3);
    send(&mut sim, 0..100);
    let statistics = sim.statistics("l");
    assert_eq!((statistics.waiting, statistics.spilled, statistics.spilled_bytes), (3, 97, 97 * 10 + 7 + 2 * 90));
    assert_eq!(work(&mut sim), numbered(0..100));
    let statistics = sim.statistics("l");
    assert_eq!((statistics.delivered, statistics.spilled, statistics.spilled_bytes), (100, 0, 0));
    assert_eq!(journal_of(&sim), []);
    assert_eq!(sim.take().with("ERRO").with("pool l").lines(), Vec::<String>::new());
}

#[test]
fn a_crash_loses_nothing_and_serials_go_on() {
    let mut sim = running(3);
    send(&mut sim, 0..10);
    for listener in ["l:a", "l:b"] {
        sim.say(listener, "READY\n");
    }
    sim.say_done("l:b");
    assert_eq!(sim.serials_sent(), ["a 0", "b 1", "b 2"], "0 and 2 are under way");
    sim.crash(groups(3));
    assert_eq!(sim.take().with("journal").log().lines(), ["INFO pool l goes on with 9 events of its journal"]);
    sim.advance(2.0);
    sim.send_event("10");
    let mut expected = numbered(0..11);
    expected.remove(1);
    assert_eq!(work(&mut sim), expected, "the listener that had them never said that they are done");
    assert_eq!(sim.statistics("l").accepted, 10);
    sim.say("m", "READY\n");
    assert_eq!(sim.serials_sent(), ["m 10"], "no other pool has used a serial of the journal");
}

#[test]
fn a_restart_keeps_what_waits() {
    let mut sim = running(3);
    send(&mut sim, 0..10);
    sim.say("l:a", "READY\n");
    sim.signal(DaemonSignal::Hup);
    sim.advance(30.0);
    assert!(sim.supervisor.is_finished());
    assert_eq!(
        sim.take().with("pool l wait").log().lines(),
        ["INFO 10 events of pool l wait in its journal for the next start"]
    );
    sim.crash(groups(5));
    sim.deliveries();
    sim.advance(2.0);
    assert_eq!(work(&mut sim), numbered(0..10));
}

#[test]
fn what_came_back_from_a_listener_comes_first_and_is_never_dropped_for_it() {
    let mut sim = running(1);
    send(&mut sim, 0..5);
    for listener in ["l:a", "l:b"] {
        sim.say(listener, "READY\n");
    }
    sim.exit("l:b", ExitStatus::Exited(1));
    sim.say("l:a", "RESULT 4\nFAIL");
    sim.deliveries();
    assert_eq!(work(&mut sim), numbered(0..5));
    assert_eq!(sim.statistics("l").dropped_by_count, 0);
}

#[test]
fn a_journal_that_is_full_drops_the_oldest_with_a_line() {
    let mut sim = running(2);
    sim.host.journals.get_mut("l").expect("it was opened").max_events = Some(5);
    send(&mut sim, 0..8);
    let lines = sim.take().with("ERRO").lines();
    let expected: Vec<String> =
        (0..3).map(|serial| format!("ERRO pool l event buffer overflowed, discarding event {serial}")).collect();
    assert_eq!(lines, expected);
    assert_eq!(sim.statistics("l").dropped_by_bytes, 3);
    assert_eq!(work(&mut sim), numbered(3..8));
}

#[test]
fn a_disk_that_is_full_leaves_events_in_memory_and_goes_on_when_there_is_room() {
    let mut sim = running(2);
    send(&mut sim, 0..5);
    sim.host.journals.get_mut("l").expect("it is open").trouble = Some("ENOSPC".to_owned());
    send(&mut sim, 5..9);
    assert_eq!(
        sim.take().with("pool l").log().lines(),
        [
            "ERRO the journal of pool l cannot be written, further events wait in memory alone, the oldest of them are \
             dropped when there are too many: ENOSPC",
            "ERRO pool l event buffer overflowed, discarding event 5",
            "ERRO pool l event buffer overflowed, discarding event 6",
        ]
    );
    sim.host.journals.get_mut("l").expect("it is open").trouble = None;
    send(&mut sim, 9..11);
    assert_eq!(sim.take().with("pool l").log().lines(), ["INFO the journal of pool l can be written again"]);
    assert_eq!(journal_of(&sim), [0, 1, 2, 3, 4, 7, 8, 9, 10]);
    let done: Vec<u64> = work(&mut sim).into_iter().map(|(serial, _, _)| serial).collect();
    assert_eq!(done, [0, 1, 2, 3, 4, 7, 8, 9, 10]);
}

#[test]
fn a_pool_that_drains_takes_what_only_memory_has_in_its_turn() {
    let mut sim = running(2);
    send(&mut sim, 0..5);
    sim.host.journals.get_mut("l").expect("it is open").trouble = Some("ENOSPC".to_owned());
    send(&mut sim, 5..7);
    assert_eq!(work(&mut sim), numbered(0..7));
    send(&mut sim, 7..9);
    sim.say("l:b", "READY\n");
    let statistics = sim.statistics("l");
    assert_eq!((statistics.waiting, statistics.spilled), (0, 0));
}

#[test]
fn events_that_cannot_be_read_back_are_counted_and_the_rest_comes() {
    let mut sim = running(2);
    send(&mut sim, 0..10);
    sim.host.journals.get_mut("l").expect("it is open").bad_places = vec![4, 5];
    let done: Vec<u64> = work(&mut sim).into_iter().map(|(serial, _, _)| serial).collect();
    assert_eq!(done, [0, 1, 2, 3, 6, 7, 8, 9]);
    let statistics = sim.statistics("l");
    assert_eq!((statistics.unreadable, statistics.delivered, statistics.spilled), (2, 8, 0));
}

#[test]
fn a_journal_that_another_has_leaves_a_pool_that_drops_the_oldest() {
    let mut sim = Sim::new(supervisor_core::Settings::default());
    sim.host.journals.entry("l".to_owned()).or_default().open();
    sim.supervisor.configure(groups(3), &mut sim.host).expect("there are no sockets");
    sim.feed(supervisor_core::Input::Boot);
    sim.advance(2.0);
    assert_eq!(sim.take().with("open journal").lines().len(), 1, "it is tried once");
    send(&mut sim, 0..5);
    let statistics = sim.statistics("l");
    assert_eq!((statistics.dropped_by_count, statistics.overflow), (2, Overflow::DropOldest));
    assert_eq!(work(&mut sim), numbered(2..5));
}

#[test]
fn a_pool_that_is_removed_leaves_its_journal_to_the_one_that_comes_again() {
    let mut sim = running(2);
    send(&mut sim, 0..5);
    sim.request(Command::ReloadConfig { groups: groups(4) });
    sim.stop("l:*");
    sim.advance(1.0);
    sim.take();
    sim.ask(Command::RemoveProcessGroup { name: "l".to_owned() });
    assert_eq!(
        sim.take().with("pool l").log().lines(),
        ["INFO pool l was removed; 5 events wait in its journal until it is there again"]
    );
    sim.ask(Command::AddProcessGroup { name: "l".to_owned() });
    sim.advance(2.0);
    assert_eq!(work(&mut sim), numbered(0..5));
}

#[test]
fn a_pool_that_is_configured_no_more_takes_its_journal_with_it_and_says_so() {
    for left in [vec![], vec![pool("l", 10, REMOTE, &["a"])]] {
        let mut sim = running(2);
        send(&mut sim, 0..5);
        sim.request(Command::ReloadConfig { groups: left });
        sim.stop("l:*");
        sim.advance(1.0);
        sim.take();
        sim.ask(Command::RemoveProcessGroup { name: "l".to_owned() });
        assert_eq!(
            sim.take().with("pool l").log().lines(),
            ["WARN pool l was removed with 5 events that nobody has got"]
        );
        assert!(sim.host.journals.is_empty());
    }
}

#[test]
fn pools_without_the_option_have_no_journal() {
    let mut sim = Sim::with(vec![pool("l", 2, REMOTE, &["a"]), alone(program("cat"))]);
    send(&mut sim, 0..5);
    assert!(sim.host.journals.is_empty());
}
