//! The protocol of a listener's stdout, from outside: every row of contract/events.md §4.1, every split, every death.

use supervisor_core::{EventType, ExitStatus, limits};

use crate::sim::Sim;
use crate::sim::config::{alone, program};
use crate::sim::listeners::pool;

const UNKNOWN: &str = "WARN l: has entered the UNKNOWN state and will no longer receive events, this usually indicates \
                       the process violated the eventlistener protocol";

/// A RUNNING listener `l` that has said nothing yet.
fn listener() -> Sim {
    let mut sim = Sim::with(vec![pool("l", 10, &[EventType::RemoteCommunication], &["l"]), alone(program("cat"))]);
    sim.advance(2.0);
    sim.take();
    sim
}

/// The same, at work on event 0.
fn busy() -> Sim {
    let mut sim = listener();
    sim.say("l", "READY\n");
    sim.send_event("work");
    assert_eq!(sim.serials_sent(), ["l 0"]);
    sim.take();
    sim
}

/// What the main log said of the protocol, without the listener's output itself.
fn said(sim: &mut Sim) -> Vec<String> {
    let protocol =
        |line: &String| (line.starts_with("DEBG ") || line.starts_with("WARN ")) && !line.contains(" stdout output:\n");
    sim.take().lines().into_iter().filter(protocol).collect()
}

#[test]
fn ready_is_understood_however_it_is_split() {
    for size in 1..=6 {
        let mut sim = listener();
        for chunk in "READY\n".as_bytes().chunks(size) {
            sim.say("l", str::from_utf8(chunk).expect("it is ASCII"));
        }
        assert_eq!(said(&mut sim), ["DEBG l: ACKNOWLEDGED -> READY"], "chunks of {size}");
    }
}

#[test]
fn fewer_than_six_bytes_are_waited_for() {
    let mut sim = listener();
    sim.say("l", "READX");
    assert_eq!(said(&mut sim), Vec::<String>::new());
    sim.say("l", "\n");
    assert_eq!(
        said(&mut sim),
        ["DEBG l: ACKNOWLEDGED -> UNKNOWN", UNKNOWN, r"WARN l: it wrote 'READX\n' in the place of READY",]
    );
}

#[test]
fn any_byte_while_ready_breaks_the_protocol() {
    for text in ["x", "READY\n", "RESULT 2\nOK", "\n"] {
        let mut sim = listener();
        sim.say("l", "READY\n");
        sim.take();
        sim.say("l", text);
        let wrote = format!("WARN l: it wrote '{}' before it was sent an event", text.escape_debug());
        assert_eq!(said(&mut sim), ["DEBG l: READY -> UNKNOWN", UNKNOWN, &wrote], "{text:?}");
    }
}

#[test]
fn ok_is_understood_at_any_two_splits_and_the_next_ready_with_it() {
    let text = "RESULT 2\nOKREADY\n";
    for first in 0..=text.len() {
        for second in first..=text.len() {
            let mut sim = busy();
            for part in [&text.as_bytes()[..first], &text.as_bytes()[first..second], &text.as_bytes()[second..]] {
                if !part.is_empty() {
                    sim.say("l", str::from_utf8(part).expect("it is ASCII"));
                }
            }
            assert_eq!(
                said(&mut sim),
                ["DEBG l: event was processed", "DEBG l: BUSY -> ACKNOWLEDGED", "DEBG l: ACKNOWLEDGED -> READY"],
                "split at {first} and {second}"
            );
        }
    }
}

#[test]
fn any_other_result_is_a_rejection() {
    for text in ["RESULT 4\nFAIL", "RESULT 5\nHELLO", "RESULT 0\n", "RESULT 2\nok", "RESULT 3\nOK\n", "RESULT 002\nNO"]
    {
        let mut sim = busy();
        sim.say("l", text);
        assert_eq!(
            said(&mut sim),
            [
                "WARN l: event was rejected",
                "DEBG l: BUSY -> ACKNOWLEDGED",
                "DEBG rebuffering event 0 for pool l (buf size=0, max=10)",
            ],
            "{text:?}"
        );
    }
}

#[test]
fn what_is_no_result_line_costs_the_listener_its_state_and_not_the_event() {
    let too_long = format!("RESULT {}", limits::LISTENER_RESULT_BYTES + 1);
    for line in
        ["RESULT", "RESULT ", "RESULT x", "RESULT -2", "RESULT +2", "RESULT 2 2", "result 2", "OK", "", &too_long]
    {
        let mut sim = busy();
        sim.say("l", &format!("{line}\nOKREADY\n"));
        let bad = format!("WARN l: bad result line: '{line}'");
        assert_eq!(
            said(&mut sim),
            [&bad, "DEBG l: BUSY -> UNKNOWN", UNKNOWN, "DEBG rebuffering event 0 for pool l (buf size=0, max=10)"],
            "{line:?}"
        );
        assert_eq!(sim.statistics("l").waiting, 1);
    }
}

#[test]
fn blanks_around_the_length_of_a_result_do_not_count() {
    for line in ["RESULT 2 ", "RESULT  2", "RESULT 2\r", "RESULT \t2\t"] {
        let mut sim = busy();
        sim.say("l", &format!("{line}\nOK"));
        assert_eq!(said(&mut sim), ["DEBG l: event was processed", "DEBG l: BUSY -> ACKNOWLEDGED"], "{line:?}");
    }
}

#[test]
fn a_line_without_end_is_not_waited_for_for_ever() {
    let mut sim = busy();
    sim.say("l", &"x".repeat(limits::LISTENER_RESULT_LINE_BYTES));
    assert_eq!(said(&mut sim), Vec::<String>::new());
    sim.say("l", "xx");
    assert_eq!(sim.statistics("l").waiting, 1);
    assert_eq!(sim.take().with(UNKNOWN).lines().len(), 1);
}

#[test]
fn the_largest_result_is_taken_in_any_pieces() {
    let mut sim = busy();
    sim.say("l", &format!("RESULT {}\n", limits::LISTENER_RESULT_BYTES));
    for _ in 0..16 {
        sim.say("l", &"x".repeat(limits::LISTENER_RESULT_BYTES / 16));
    }
    assert_eq!(sim.take().with("event was rejected").lines().len(), 1);
}

#[test]
fn a_listener_that_floods_is_not_listened_to_and_nothing_is_kept() {
    let mut sim = listener();
    let megabyte = "x".repeat(1 << 20);
    for _ in 0..64 {
        sim.say("l", &megabyte);
    }
    assert_eq!(sim.take().with(UNKNOWN).lines().len(), 1);
    sim.send_event("waits");
    assert_eq!((sim.serials_sent().len(), sim.statistics("l").waiting), (0, 1));
}

#[test]
fn a_death_at_any_byte_loses_no_event_and_repeats_none() {
    let text = "RESULT 2\nOKREADY\n";
    let done = "RESULT 2\nOK".len();
    for length in 0..=text.len() {
        let mut sim = busy();
        if length > 0 {
            sim.say("l", str::from_utf8(&text.as_bytes()[..length]).expect("it is ASCII"));
        }
        sim.exit("l", ExitStatus::Exited(1));
        sim.advance(2.0);
        sim.say("l", "READY\n");
        let expected: &[&str] = if length < done { &["l 0"] } else { &[] };
        assert_eq!(sim.serials_sent(), expected, "death after {length} bytes");
    }
}

#[test]
fn a_listener_that_broke_the_protocol_is_deaf_until_it_is_started_anew() {
    let mut sim = listener();
    sim.say("l", "hello, world\n");
    sim.send_event("0");
    sim.say("l", "READY\n");
    assert_eq!(sim.serials_sent(), Vec::<String>::new());
    sim.exit("l", ExitStatus::Exited(0));
    sim.say("l", "READY\n");
    assert_eq!(sim.serials_sent(), Vec::<String>::new(), "it is RUNNING only after startsecs");
    sim.advance(1.0);
    assert_eq!(sim.serials_sent(), ["l 0"]);
}

#[test]
fn what_one_life_left_unsaid_is_no_beginning_for_the_next() {
    let mut sim = listener();
    sim.say("l", "REA");
    sim.exit("l", ExitStatus::Exited(0));
    sim.say("l", "READY\n");
    assert!(sim.take().lines().contains(&"DEBG l: ACKNOWLEDGED -> READY".to_owned()));
}

#[test]
fn bytes_that_are_no_text_are_no_exception() {
    let mut sim = busy();
    sim.output("l", supervisor_core::Channel::Stdout, b"\xff\xfe\n");
    assert_eq!(said(&mut sim)[0], "WARN l: bad result line: '\u{fffd}\u{fffd}'");
}
