//! Starts that nobody waits for, so many at a time (`limits::SPAWNS_PER_TURN`), so that whoever asks for something
//! does not wait for a storm. A client that starts all gets all at once.
//!
//! The queue knows processes by their ids and nothing else of them. Invariants: first come, first served; an entry may
//! be stale, since a start can be taken back and a process removed: whoever takes one out looks at it again.

use std::collections::VecDeque;

use crate::limits;
use crate::process_id::ProcessId;

/// Processes whose start is due, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct StartQueue {
    waiting: VecDeque<ProcessId>,
    batch: Batch,
}

/// Processes that began to wait together, at the front of the queue. What need not stay up is RUNNING when all of them
/// are STARTING, which is the order that listeners know (contract/processes.md §1.4).
#[derive(Clone, Debug, Default)]
struct Batch {
    /// How many still wait.
    left: usize,
    /// Those that were started, and are RUNNING when it ends.
    started: Vec<ProcessId>,
}

impl StartQueue {
    pub(crate) fn push(&mut self, id: ProcessId) {
        self.waiting.push_back(id);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Nothing is to be started any more. What the batch has started is RUNNING with the next turn.
    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
    }

    /// Takes out those whose turn it is.
    pub(crate) fn take_turn(&mut self) -> Vec<ProcessId> {
        let waiting = self.waiting.len();
        let left = if self.batch.left == 0 { waiting } else { self.batch.left.min(waiting) };
        let turn = left.min(limits::SPAWNS_PER_TURN);
        self.batch.left = left - turn;
        self.waiting.drain(..turn).collect()
    }

    /// A process of this turn was started, and is to be RUNNING when its batch ends.
    pub(crate) fn wait_for_batch(&mut self, id: ProcessId) {
        self.batch.started.push(id);
    }

    /// Those that have waited for the end of their batch, when it has come. Not when the queue is empty, which it may
    /// never be while programs end at once again and again.
    pub(crate) fn end_batch(&mut self) -> Vec<ProcessId> {
        if self.batch.left == 0 { std::mem::take(&mut self.batch.started) } else { Vec::new() }
    }
}
