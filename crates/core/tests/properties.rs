//! Random histories: whatever happens to a supervisor in whatever order, its promises hold.
//!
//! A history is made from its seed alone. `HISTORIES` says how many are run (5,000 unless said), `HISTORY_SEED` which
//! is the first. One that breaks a rule is made shorter as long as it still does, and printed with its transcript and
//! the command that repeats it.

mod copies;
mod history;
mod rules;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

use self::history::History;
use crate::sim::Sim;
use crate::sim::random::seeds;

/// Histories that are run unless `HISTORIES` says how many.
const HISTORIES: u64 = 5_000;

/// Lines of the transcript that are shown of a history that breaks a rule.
const LINES_SHOWN: usize = 80;

#[test]
fn random_histories_keep_every_promise() {
    for seed in seeds("HISTORIES", HISTORIES) {
        let history = History::random(seed);
        if let Err(objection) = attempt(&history) {
            panic!("{}", report(seed, &history, &objection));
        }
    }
}

/// Runs a history; the error says which rule it breaks. A panic of the core is a broken rule too.
fn attempt(history: &History) -> Result<(), String> {
    attempt_in(&mut history.simulation(), history)
}

fn attempt_in(sim: &mut Sim, history: &History) -> Result<(), String> {
    match catch_unwind(AssertUnwindSafe(|| history.run(sim))) {
        Ok(outcome) => outcome,
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
            Err(format!("panic: {}", text.unwrap_or("without a text")))
        }
    }
}

fn report(seed: u64, history: &History, objection: &str) -> String {
    let shortest = shorten(history);
    let mut sim = shortest.simulation();
    sim.host.trace = Some(crate::sim::Trace::default());
    let its_objection = attempt_in(&mut sim, &shortest).err().unwrap_or_default();
    let lines = sim.take().timed();
    let shown = &lines[lines.len().saturating_sub(LINES_SHOWN)..];
    let actions: Vec<String> = shortest.actions.iter().map(|action| format!("  {action:?}")).collect();
    format!(
        "history {seed} breaks a rule: {objection}\n\
         repeat it: HISTORY_SEED={seed} HISTORIES=1 cargo test -p supervisor-core --test behaviour random_histories\n\
         {} of its {} actions are enough for: {its_objection}\n{}\nlast lines:\n{}",
        shortest.actions.len(),
        history.actions.len(),
        actions.join("\n"),
        shown.join("\n")
    )
}

/// Leaves out actions, many at a time and then fewer, as long as what remains still breaks a rule.
fn shorten(history: &History) -> History {
    let mut shortest = history.clone();
    let mut size = shortest.actions.len().div_ceil(2);
    while size > 0 {
        let mut from = 0;
        while from < shortest.actions.len() {
            let mut shorter = shortest.clone();
            shorter.actions.drain(from..(from + size).min(shortest.actions.len()));
            if attempt(&shorter).is_err() {
                shortest = shorter;
            } else {
                from += size;
            }
        }
        size /= 2;
    }
    shortest
}

#[test]
fn a_history_is_made_from_its_seed_alone() {
    assert_eq!(format!("{:?}", History::random(7)), format!("{:?}", History::random(7)));
    assert_ne!(format!("{:?}", History::random(7)), format!("{:?}", History::random(8)));
}

#[test]
fn histories_come_through_every_state() {
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..100 {
        let history = History::random(seed);
        let mut sim = history.simulation();
        sim.host.trace = Some(crate::sim::Trace::default());
        attempt_in(&mut sim, &history).expect("the first histories are good");
        for line in sim.take().events().lines() {
            seen.extend(line.split(' ').next().map(str::to_owned));
        }
    }
    let states = supervisor_core::ProcessState::ALL.map(|state| format!("PROCESS_STATE_{}", state.name()));
    for event in states.iter().map(String::as_str).chain(["PROCESS_GROUP_REMOVED", "PROCESS_COMMUNICATION_STDOUT"]) {
        assert!(seen.contains(event), "no history has come to {event}: {seen:?}");
    }
}
