//! The state of the core is plain data (S-7 in the small): a history that is continued on a copy does not differ from
//! the original, and neither hears of the other.

use supervisor_core::Input;

use super::history::History;
use crate::sim::{Sim, Trace};

/// Histories that are continued on a copy.
const COPIES: u64 = 400;

/// All that a supervisor was seen to do from now on, and all that it knows at the end.
fn rest_of(history: &History, from: usize, mut sim: Sim) -> (Vec<String>, String) {
    history.act(&mut sim, from..).expect("the first histories are good");
    History::end(&mut sim).expect("the first histories are good");
    (sim.take().timed(), format!("{:?}", sim.supervisor))
}

#[test]
fn a_history_that_is_continued_on_a_copy_does_not_differ() {
    for seed in 0..COPIES {
        let history = History::random(seed);
        let mut sim = history.simulation();
        sim.host.trace = Some(Trace::default());
        sim.feed(Input::Boot);
        let fork = usize::try_from(seed).unwrap_or(0) % history.actions.len();
        history.act(&mut sim, ..fork).expect("the first histories are good");
        sim.take();
        let mut copy = sim.clone();
        // Each input finds another copy: nothing may be left behind in the one before.
        copy.copies_itself = true;
        let (copied, copys_end) = rest_of(&history, fork, copy);
        let (original, end) = rest_of(&history, fork, sim);
        assert_eq!(copied, original, "history {seed}, copied after {fork} actions");
        assert!(copys_end == end, "history {seed} ends in another state on a copy made after {fork} actions");
    }
}
