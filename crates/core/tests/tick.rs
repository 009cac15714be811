//! TICK events: on the slices of the wall clock, wherever that jumps (contract/events.md §2.1).

use supervisor_core::{EventType, Input, Settings};

use crate::sim::config::{alone, program};
use crate::sim::listeners::pool;
use crate::sim::{Sim, WALL_BEGIN};

const ALL: &[EventType] = &[EventType::Tick];

/// A supervisor whose pool wants these, begun so many seconds after a slice of five began.
fn ticking(events: &[EventType], into_slice: i64) -> Sim {
    assert_eq!(WALL_BEGIN % 5, 0, "the simulation begins with a slice of five seconds");
    let mut sim = Sim::new(Settings::default());
    sim.step_wall_clock(into_slice);
    let groups = vec![pool("l", 1_000, events, &["l"]), alone(program("cat"))];
    sim.supervisor.configure(groups, &mut sim.host).expect("there are no sockets");
    sim.feed(Input::Boot);
    sim
}

fn ticks(sim: &mut Sim) -> Vec<String> {
    sim.take().with("TICK_").events().timed()
}

fn ticks_of_5(sim: &mut Sim) -> Vec<String> {
    sim.take().with("TICK_5 ").events().timed()
}

#[test]
fn a_tick_comes_at_the_beginning_of_each_slice_and_none_at_the_start() {
    let mut sim = ticking(&[EventType::Tick5], 3);
    sim.advance(1.0);
    assert_eq!(ticks(&mut sim), Vec::<String>::new());
    sim.advance(12.0);
    assert_eq!(
        ticks(&mut sim),
        ["2.000 TICK_5 when:1700000005", "7.000 TICK_5 when:1700000010", "12.000 TICK_5 when:1700000015",]
    );
}

#[test]
fn the_periods_come_in_their_order() {
    // 1699999200 is a whole hour; 13 minutes and 20 seconds later the simulation begins.
    let mut sim = ticking(ALL, 3_599 - 800);
    sim.advance(1.0);
    assert_eq!(
        ticks(&mut sim),
        ["1.000 TICK_5 when:1700002800", "1.000 TICK_60 when:1700002800", "1.000 TICK_3600 when:1700002800"]
    );
}

#[test]
fn a_late_one_tells_only_of_the_newest_slice() {
    let mut sim = ticking(ALL, 0);
    sim.stall(119.0);
    assert_eq!(ticks(&mut sim), ["119.000 TICK_5 when:1700000115", "119.000 TICK_60 when:1700000100"]);
}

#[test]
fn a_clock_that_is_set_forward_skips_slices() {
    let mut sim = ticking(&[EventType::Tick5], 0);
    sim.step_wall_clock(86_401);
    sim.advance(9.0);
    assert_eq!(ticks_of_5(&mut sim), ["5.000 TICK_5 when:1700086405", "9.000 TICK_5 when:1700086410"]);
}

#[test]
fn a_clock_that_is_set_back_ticks_on() {
    let mut sim = ticking(&[EventType::Tick5], 0);
    sim.advance(5.0);
    sim.take();
    sim.step_wall_clock(-3_602);
    sim.advance(12.0);
    assert_eq!(
        ticks_of_5(&mut sim),
        ["10.000 TICK_5 when:1699996405", "12.000 TICK_5 when:1699996410", "17.000 TICK_5 when:1699996415"]
    );
}

#[test]
fn ticks_reach_those_who_subscribe_to_them_or_above_and_wake_nobody_else() {
    for (events, count) in [
        (&[EventType::Event][..], 12 + 1),
        (&[EventType::Tick], 12 + 1),
        (&[EventType::Tick60], 1),
        (&[EventType::Tick3600], 0),
        (&[EventType::ProcessState], 0),
    ] {
        let mut sim = ticking(events, 20);
        sim.advance(2.0);
        sim.say("l", "READY\n");
        let mut seen = 0;
        for _ in 0..58 {
            sim.advance(1.0);
            loop {
                let sent = sim.deliveries();
                if sent.is_empty() {
                    break;
                }
                seen += sent.iter().filter(|sent| sent.name().starts_with("TICK_")).count();
                sim.say_done("l");
            }
        }
        assert_eq!(seen, count, "{events:?}");
        let asleep = !events.iter().any(|event| event.is_a(EventType::Tick) || *event == EventType::Event);
        assert_eq!(sim.deadline().is_none(), asleep, "{events:?}");
    }
}
