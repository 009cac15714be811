//! What transitions lead to, in a queue: the other half of the two phases of [`crate::pursuit`].

use std::collections::VecDeque;

use crate::process_id::{Life, ProcessId};

/// What is yet to be drawn from what has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Consequence {
    /// The process has entered a state: it may have a next step.
    NextStep(ProcessId),
    /// It has ended: what it held is let go.
    Release(Life),
}

/// Consequences in the order of what they follow from; none between inputs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Consequences(VecDeque<Consequence>);

impl Consequences {
    /// A process has entered a state.
    pub(crate) fn note_transition(&mut self, id: ProcessId) {
        self.0.push_back(Consequence::NextStep(id));
    }

    /// A life has ended, after its transitions.
    pub(crate) fn note_end(&mut self, life: Life) {
        self.0.push_back(Consequence::Release(life));
    }

    /// The next one that is to be drawn.
    pub(crate) fn next(&mut self) -> Option<Consequence> {
        self.0.pop_front()
    }
}
