//! Requests that wait for a process to reach a state.
//!
//! An entry here is settled by the state change itself: nothing polls, and a client that has gone costs
//! nothing but its entry until then. A request on several processes is one batch, answered when its last
//! member is settled, with results in order of completion (contract/quirks.md K42). Upstream polls, so that what
//! ends about the same time stands in the order of the operation; scripts see that, and so it is here.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::fault::{Fault, FaultCode};
use crate::limits;
use crate::process::Process;
use crate::process_id::{ProcessId, RequestId};
use crate::process_state::ProcessState;
use crate::reply::{ProcessResult, Reply};

/// Completions closer together than this count as at the same time.
const SAME_TIME: Duration = Duration::from_millis(100);

/// A member of a batch that is not done at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outstanding {
    /// Its place in the order of the operation.
    pub(crate) place: usize,
    pub(crate) id: ProcessId,
    pub(crate) until: Until,
}

/// What a waiting request waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// RUNNING, or a failed start.
    Started,
    /// Any stopped state.
    Stopped,
}

/// Who is told of the outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Waiter {
    /// The request for this one process, by the name it gave.
    Request { request: RequestId, name: String },
    /// A member of a batch, by its place in the order of the operation.
    Batch(RequestId, usize),
}

/// An answer that is due.
#[derive(Clone, Debug)]
pub(crate) struct Settled {
    pub(crate) request: RequestId,
    pub(crate) answer: Result<Reply, Fault>,
}

/// The table of waiting requests.
#[derive(Clone, Debug, Default)]
pub(crate) struct Deferred {
    waiting: BTreeMap<ProcessId, Vec<(Until, Waiter)>>,
    batches: BTreeMap<RequestId, Batch>,
    count: usize,
}

#[derive(Clone, Debug, Default)]
struct Batch {
    /// What was there at once.
    immediate: Vec<ProcessResult>,
    /// What came later, in order of completion.
    late: Vec<Late>,
    outstanding: usize,
}

#[derive(Clone, Debug)]
struct Late {
    /// Monotonic time of the completion.
    at: Duration,
    /// Place in the order of the operation.
    place: usize,
    result: ProcessResult,
}

impl Deferred {
    /// No more requests may wait (`limits::DEFERRED_REQUESTS`).
    pub(crate) fn is_full(&self) -> bool {
        self.count >= limits::DEFERRED_REQUESTS
    }

    /// Whether somebody waits for the end of this process.
    pub(crate) fn awaits_stop(&self, id: ProcessId) -> bool {
        self.waiting.get(&id).is_some_and(|waits| waits.iter().any(|(until, _)| *until == Until::Stopped))
    }

    /// Lets a request wait.
    pub(crate) fn wait(&mut self, id: ProcessId, until: Until, waiter: Waiter) {
        if matches!(waiter, Waiter::Request { .. }) {
            self.count += 1;
        }
        self.waiting.entry(id).or_default().push((until, waiter));
    }

    /// Begins a batch with the results that were there at once; answered at once when nothing is outstanding.
    pub(crate) fn begin_batch(
        &mut self,
        request: RequestId,
        immediate: Vec<ProcessResult>,
        outstanding: Vec<Outstanding>,
    ) -> Option<Settled> {
        if outstanding.is_empty() {
            return Some(Settled { request, answer: Ok(Reply::Results(immediate)) });
        }
        self.count += 1;
        self.batches.insert(request, Batch { immediate, late: Vec::new(), outstanding: outstanding.len() });
        for Outstanding { place, id, until } in outstanding {
            self.wait(id, until, Waiter::Batch(request, place));
        }
        None
    }

    /// A process changed its state at this monotonic time: the answers that are due now.
    pub(crate) fn settle(&mut self, now: Duration, id: ProcessId, process: &Process) -> Vec<Settled> {
        let Some(waits) = self.waiting.remove(&id) else { return Vec::new() };
        let mut settled = Vec::new();
        let mut still = Vec::new();
        for (until, waiter) in waits {
            let fault = match outcome(until, process) {
                Outcome::Pending => {
                    still.push((until, waiter));
                    continue;
                }
                Outcome::Done => None,
                Outcome::Failed(code) => Some(code),
            };
            match waiter {
                Waiter::Request { request, name } => {
                    self.count -= 1;
                    let answer = fault.map_or(Ok(Reply::Done), |code| Err(Fault::new(code, name)));
                    settled.push(Settled { request, answer });
                }
                Waiter::Batch(request, place) => {
                    let fault = fault.map(|code| Fault::new(code, namespec_of(process)));
                    let result = process_result(process, fault);
                    settled.extend(self.complete(request, Late { at: now, place, result }));
                }
            }
        }
        if !still.is_empty() {
            self.waiting.insert(id, still);
        }
        settled
    }

    fn complete(&mut self, request: RequestId, late: Late) -> Option<Settled> {
        let batch = self.batches.get_mut(&request)?;
        batch.late.push(late);
        batch.outstanding -= 1;
        if batch.outstanding > 0 {
            return None;
        }
        self.count -= 1;
        let batch = self.batches.remove(&request)?;
        Some(Settled { request, answer: Ok(Reply::Results(batch.into_results())) })
    }
}

impl Batch {
    fn into_results(self) -> Vec<ProcessResult> {
        let Self { mut immediate, mut late, outstanding: _ } = self;
        for about_the_same_time in late.chunk_by_mut(|one, next| next.at.saturating_sub(one.at) < SAME_TIME) {
            about_the_same_time.sort_by_key(|late| late.place);
        }
        immediate.extend(late.into_iter().map(|late| late.result));
        immediate
    }
}

/// What a wait has come to.
enum Outcome {
    Pending,
    Done,
    Failed(FaultCode),
}

/// Judges a wait by the state of its process (contract/rpc.md §4.2, startProcess and stopProcess).
fn outcome(until: Until, process: &Process) -> Outcome {
    let state = process.state();
    match until {
        Until::Stopped if state.is_stopped() => Outcome::Done,
        Until::Stopped => Outcome::Pending,
        Until::Started if process.spawnerr.is_some() => Outcome::Failed(FaultCode::SpawnError),
        Until::Started => match state {
            ProcessState::Running => Outcome::Done,
            ProcessState::Starting => Outcome::Pending,
            ProcessState::Stopped
            | ProcessState::Backoff
            | ProcessState::Stopping
            | ProcessState::Exited
            | ProcessState::Fatal
            | ProcessState::Unknown => Outcome::Failed(FaultCode::AbnormalTermination),
        },
    }
}

/// The struct of one process in the answer to an operation on several.
pub(crate) fn process_result(process: &Process, fault: Option<Fault>) -> ProcessResult {
    ProcessResult { name: process.config.name.clone(), group: Arc::clone(&process.group), fault }
}

pub(crate) fn namespec_of(process: &Process) -> String {
    crate::namespec::make_namespec(&process.group, &process.config.name)
}
