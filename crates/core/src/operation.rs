//! Starting and stopping for a client: one process, or several as one request (contract/rpc.md §4.2).
//!
//! What starting and stopping do to a process is [`crate::lifecycle`]'s. Invariants: a request is answered once, now or
//! by [`crate::deferred`]; one that is refused has done nothing.

use crate::clock::Now;
use crate::deferred::{Outstanding, Until, Waiter, namespec_of, process_result};
use crate::fault::{Fault, FaultCode};
use crate::goal::{DownCause, Goal, UpCause};
use crate::host::{BadCommand, Host};
use crate::log_level::LogLevel;
use crate::planner;
use crate::process_group::Target;
use crate::process_id::{ProcessId, RequestId};
use crate::process_state::ProcessState;
use crate::reply::{ProcessResult, Reply};
use crate::supervisor::Supervisor;

/// What a client wants done.
#[derive(Clone, Copy)]
pub(crate) struct Operation {
    pub(crate) kind: OperationKind,
    /// Answer when it is done, not when it is begun.
    pub(crate) wait: bool,
    pub(crate) now: Now,
    pub(crate) request: RequestId,
}

#[derive(Clone, Copy)]
pub(crate) enum OperationKind {
    /// Several are begun by ascending priority.
    Start,
    /// Several are begun by descending priority; the answer stays in ascending order (contract/quirks.md D4).
    Stop,
}

impl OperationKind {
    /// Puts what is in ascending order of priority into the order of this operation, and back.
    fn arrange<T>(self, items: &mut [T]) {
        match self {
            Self::Start => {}
            Self::Stop => items.reverse(),
        }
    }
}

/// Where an operation on one process stands after it was begun.
enum Begun {
    /// It is done.
    Done,
    /// It is done when the process has come so far.
    Waits(Until),
}

impl Supervisor {
    /// On the process, or the members of the group, that a namespec names.
    pub(crate) fn operate_on(
        &mut self,
        name: &str,
        operation: Operation,
        host: &mut impl Host,
    ) -> Option<Result<Reply, Fault>> {
        let id = match self.groups.find(name, &self.processes) {
            Ok(Target::Process(id)) => id,
            Ok(Target::Group(ids)) => return self.operate_on_all(ids, operation, host),
            Err(fault) => return Some(Err(fault)),
        };
        match self.may_wait(operation).and_then(|()| self.begin(id, name, operation, host)) {
            Err(fault) => Some(Err(fault)),
            Ok(Begun::Done) => Some(Ok(Reply::Done)),
            Ok(Begun::Waits(until)) => {
                let waiter = Waiter::Request { request: operation.request, name: name.to_owned() };
                self.deferred.wait(id, until, waiter);
                self.report_stopping(operation.now, id, host);
                None
            }
        }
    }

    /// On those of several processes, given by ascending priority, that it concerns; answered when all are done.
    pub(crate) fn operate_on_all(
        &mut self,
        ids: Vec<ProcessId>,
        operation: Operation,
        host: &mut impl Host,
    ) -> Option<Result<Reply, Fault>> {
        if let Err(fault) = self.may_wait(operation) {
            return Some(Err(fault));
        }
        let Operation { kind, now, request, .. } = operation;
        let concerned = ids.into_iter().filter(|id| self.is_concerned(*id, kind));
        let mut places: Vec<(usize, ProcessId)> = concerned.enumerate().collect();
        kind.arrange(&mut places);
        let mut results: Vec<ProcessResult> = Vec::new();
        let mut outstanding: Vec<Outstanding> = Vec::new();
        for (place, id) in places {
            let name = namespec_of(&self.processes[id]);
            match self.begin(id, &name, operation, host) {
                Ok(Begun::Waits(until)) => outstanding.push(Outstanding { place, id, until }),
                Ok(Begun::Done) => results.push(process_result(&self.processes[id], None)),
                Err(fault) => results.push(process_result(&self.processes[id], Some(fault))),
            }
        }
        kind.arrange(&mut results);
        kind.arrange(&mut outstanding);
        let waiting: Vec<ProcessId> = outstanding.iter().map(|outstanding| outstanding.id).collect();
        let settled = self.deferred.begin_batch(request, results, outstanding);
        for id in waiting {
            self.report_stopping(now, id, host);
        }
        settled.map(|settled| settled.answer)
    }

    /// Whether an operation on several processes has anything to do with this one.
    fn is_concerned(&self, id: ProcessId, kind: OperationKind) -> bool {
        match kind {
            OperationKind::Start => !self.processes[id].state().is_running(),
            OperationKind::Stop => planner::can_be_stopped(&self.processes[id]),
        }
    }

    /// Refuses a request that would wait when too many do, before it has done anything (`limits::DEFERRED_REQUESTS`).
    fn may_wait(&self, operation: Operation) -> Result<(), Fault> {
        if operation.wait && self.deferred.is_full() {
            return Err(Fault::new(FaultCode::Failed, "too many requests are waiting for a process"));
        }
        Ok(())
    }

    fn begin(&mut self, id: ProcessId, name: &str, operation: Operation, host: &mut impl Host) -> Result<Begun, Fault> {
        match operation.kind {
            OperationKind::Start => self.begin_start(id, name, operation, host),
            OperationKind::Stop => self.begin_stop(id, name, operation, host),
        }
    }

    /// Checks and spawns (contract/rpc.md §4.2, startProcess; quirks.md K23, F29).
    fn begin_start(
        &mut self,
        id: ProcessId,
        name: &str,
        Operation { wait, now, .. }: Operation,
        host: &mut impl Host,
    ) -> Result<Begun, Fault> {
        let process = &self.processes[id];
        host.find_program(&process.config).map_err(|bad| match bad {
            BadCommand::NoFile(text) => Fault::new(FaultCode::NoFile, text),
            BadCommand::NotExecutable(text) => Fault::new(FaultCode::NotExecutable, text),
        })?;
        match process.state() {
            ProcessState::Running | ProcessState::Starting | ProcessState::Backoff => {
                return Err(Fault::new(FaultCode::AlreadyStarted, name));
            }
            ProcessState::Unknown => {
                return Err(Fault::new(FaultCode::Failed, format!("{name} is in an unknown process state")));
            }
            ProcessState::Stopped | ProcessState::Stopping | ProcessState::Exited | ProcessState::Fatal => {}
        }
        if process.state() == ProcessState::Stopping {
            host.log(LogLevel::Warn, format_args!("process '{}' already running", process.config.name));
        } else {
            self.processes[id].forget_failures();
            self.spawn(now, id, UpCause::Client, host);
            // What need not stay up is RUNNING before the next one is started.
            self.pursue(now, id, host).map_err(|error| Fault::new(FaultCode::Failed, error))?;
        }
        let process = &self.processes[id];
        if process.spawnerr.is_some() {
            return Err(Fault::new(FaultCode::SpawnError, name));
        }
        match process.state() {
            ProcessState::Running => Ok(Begun::Done),
            ProcessState::Starting if wait => Ok(Begun::Waits(Until::Started)),
            ProcessState::Stopped
            | ProcessState::Starting
            | ProcessState::Backoff
            | ProcessState::Stopping
            | ProcessState::Exited
            | ProcessState::Fatal
            | ProcessState::Unknown => {
                if wait {
                    Err(Fault::new(FaultCode::AbnormalTermination, name))
                } else {
                    Ok(Begun::Done)
                }
            }
        }
    }

    fn begin_stop(
        &mut self,
        id: ProcessId,
        name: &str,
        Operation { wait, now, .. }: Operation,
        host: &mut impl Host,
    ) -> Result<Begun, Fault> {
        let process = &mut self.processes[id];
        if !planner::can_be_stopped(process) {
            return Err(Fault::new(FaultCode::NotRunning, name));
        }
        process.goal = Goal::Down(DownCause::Client);
        if process.state() != ProcessState::Stopping {
            self.pursue(now, id, host).map_err(|error| Fault::new(FaultCode::Failed, error))?;
        }
        if wait && !self.processes[id].state().is_stopped() {
            return Ok(Begun::Waits(Until::Stopped));
        }
        Ok(Begun::Done)
    }
}
