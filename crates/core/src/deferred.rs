//! Requests that wait for a process to reach a state.
//!
//! An entry here is settled by the state change itself: nothing polls, and a client that has gone costs
//! nothing but its entry until then. A request on several processes is one batch, answered when its last
//! member is settled, with results in order of completion (contract/quirks.md K42).

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::fault::{Fault, FaultCode};
use crate::limits;
use crate::process::Process;
use crate::process_id::{ProcessId, RequestId};
use crate::process_state::ProcessState;
use crate::reply::{ProcessResult, Reply};

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
    /// A member of a batch.
    Batch(RequestId),
}

/// An answer that is due.
#[derive(Debug)]
pub(crate) struct Settled {
    pub(crate) request: RequestId,
    pub(crate) answer: Result<Reply, Fault>,
}

/// The table of waiting requests.
#[derive(Debug, Default)]
pub(crate) struct Deferred {
    waiting: BTreeMap<ProcessId, Vec<(Until, Waiter)>>,
    batches: BTreeMap<RequestId, Batch>,
    count: usize,
}

#[derive(Debug, Default)]
struct Batch {
    results: Vec<ProcessResult>,
    outstanding: usize,
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
        results: Vec<ProcessResult>,
        outstanding: Vec<(ProcessId, Until)>,
    ) -> Option<Settled> {
        if outstanding.is_empty() {
            return Some(Settled { request, answer: Ok(Reply::Results(results)) });
        }
        self.count += 1;
        self.batches.insert(request, Batch { results, outstanding: outstanding.len() });
        for (id, until) in outstanding {
            self.wait(id, until, Waiter::Batch(request));
        }
        None
    }

    /// A process changed its state: the answers that are due now.
    pub(crate) fn settle(&mut self, id: ProcessId, process: &Process) -> Vec<Settled> {
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
                Waiter::Batch(request) => {
                    let fault = fault.map(|code| Fault::new(code, namespec_of(process)));
                    settled.extend(self.complete(request, process_result(process, fault)));
                }
            }
        }
        if !still.is_empty() {
            self.waiting.insert(id, still);
        }
        settled
    }

    fn complete(&mut self, request: RequestId, result: ProcessResult) -> Option<Settled> {
        let batch = self.batches.get_mut(&request)?;
        batch.results.push(result);
        batch.outstanding -= 1;
        if batch.outstanding > 0 {
            return None;
        }
        self.count -= 1;
        let batch = self.batches.remove(&request)?;
        Some(Settled { request, answer: Ok(Reply::Results(batch.results)) })
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
