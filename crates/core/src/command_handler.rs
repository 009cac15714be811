//! Commands: how each is checked and carried out, in the order of the contract's checks (contract/rpc.md §4).

use crate::clock::Now;
use crate::command::Command;
use crate::deferred::{Outstanding, Until, Waiter, namespec_of, process_result};
use crate::event::Event;
use crate::fault::{Fault, FaultCode};
use crate::host::{BadCommand, Host, StdinError};
use crate::log_level::LogLevel;
use crate::namespec::Namespec;
use crate::process::Phase;
use crate::process_config::Channel;
use crate::process_group::ProcessGroup;
use crate::process_id::{ProcessId, RequestId};
use crate::process_state::{ProcessState, SupervisorState};
use crate::reply::{ProcessResult, Reply};
use crate::signal::Signal;
use crate::supervisor::Supervisor;

/// Where a command on one process stands after it was begun.
enum Begun {
    /// It is done.
    Done,
    /// It is done when the process has come so far.
    Waits(Until),
}

/// In which order an operation on several processes goes through them.
#[derive(Clone, Copy)]
enum Order {
    Forward,
    Backward,
}

impl Order {
    /// Puts what is in forward order into this one, and back.
    fn apply<T>(self, items: &mut [T]) {
        match self {
            Self::Forward => {}
            Self::Backward => items.reverse(),
        }
    }
}

/// What a namespec was found to name.
enum Target {
    Process(ProcessId),
    /// All members of a group, by ascending priority.
    Group(Vec<ProcessId>),
}

impl Supervisor {
    /// Carries out a command, and answers it now or when what it waits for has happened.
    pub(crate) fn command(&mut self, now: Now, request: RequestId, command: Command, host: &mut impl Host) {
        if let Some(answer) = self.dispatch(now, request, command, host) {
            host.reply(request, answer);
        }
    }

    /// The answer, or `None` when it comes later (or was given already).
    fn dispatch(
        &mut self,
        now: Now,
        request: RequestId,
        command: Command,
        host: &mut impl Host,
    ) -> Option<Result<Reply, Fault>> {
        // Messages still reach listeners, and a log can still be followed; the control plane refuses the calls that
        // read logs (contract/rpc.md §3.2).
        let in_shutdown = matches!(command, Command::SendRemoteCommEvent { .. } | Command::GetLogFile { .. });
        if self.shutdown.is_some() && !in_shutdown {
            return Some(Err(Fault::bare(FaultCode::ShutdownState)));
        }
        match command {
            Command::StartProcess { name, wait } => self.start_process(now, request, name, wait, host),
            Command::StartProcessGroup { name, wait } => {
                self.in_group(&name, |this, ids| this.start_all(now, request, &ids, wait, host))
            }
            Command::StartAllProcesses { wait } => {
                let ids = self.all_by_priority();
                self.start_all(now, request, &ids, wait, host)
            }
            Command::StopProcess { name, wait } => self.stop_process(now, request, name, wait, host),
            Command::StopProcessGroup { name, wait } => {
                self.in_group(&name, |this, ids| this.stop_all(now, request, ids, wait, host))
            }
            Command::StopAllProcesses { wait } => {
                let ids = self.all_by_priority();
                self.stop_all(now, request, ids, wait, host)
            }
            Command::SignalProcess { name, signal } => Some(self.signal_process(&name, &signal, host)),
            Command::SignalProcessGroup { name, signal } => {
                self.in_group(&name, |this, ids| Some(Ok(this.signal_all(&ids, &signal, host))))
            }
            Command::SignalAllProcesses { signal } => {
                let ids = self.all_by_priority();
                Some(Ok(self.signal_all(&ids, &signal, host)))
            }
            Command::SendProcessStdin { name, chars } => Some(self.send_stdin(&name, &chars, host)),
            Command::SendRemoteCommEvent { kind, data } => {
                self.notify(&Event::RemoteCommunication { kind: &kind, data: &data }, host);
                Some(Ok(Reply::Done))
            }
            Command::GetProcessInfo { name } => Some(self.process_info(&name)),
            Command::GetAllProcessInfo => Some(Ok(self.all_process_info())),
            Command::GetAllConfigInfo => Some(Ok(Reply::AllConfigInfo(self.config_info()))),
            Command::GetLogFile { name, channel } => Some(self.log_file(&name, channel)),
            Command::ClearProcessLogs { name } => Some(self.clear_logs(&name, host)),
            Command::ClearAllProcessLogs => Some(Ok(self.clear_all_logs(host))),
            Command::ClearLog => Some(host.clear_main_log().map(|()| Reply::Done)),
            Command::ReloadConfig { groups } => Some(Ok(Reply::Reloaded(self.reload(groups)))),
            Command::AddProcessGroup { name } => Some(self.add_process_group(&name, host)),
            Command::RemoveProcessGroup { name } => Some(self.remove_process_group(&name, host)),
            Command::Shutdown => {
                host.reply(request, Ok(Reply::Done));
                self.begin_shutdown(SupervisorState::Shutdown, now, host);
                None
            }
            Command::Restart => {
                host.read_restart_config();
                Some(Ok(Reply::Done))
            }
        }
    }

    fn process_info(&self, name: &str) -> Result<Reply, Fault> {
        let id = self.find_process(name)?;
        Ok(Reply::ProcessInfo(Box::new(self.processes[id].info())))
    }

    fn all_process_info(&self) -> Reply {
        let members = self.groups.by_name().flat_map(ProcessGroup::by_name);
        Reply::AllProcessInfo(members.map(|id| self.processes[*id].info()).collect())
    }

    fn log_file(&self, name: &str, channel: Channel) -> Result<Reply, Fault> {
        let logs = &self.processes[self.find_process(name)?].logs;
        let path = match channel {
            Channel::Stdout => &logs.stdout,
            Channel::Stderr => &logs.stderr,
        };
        Ok(Reply::LogFile(path.clone()))
    }

    fn start_process(
        &mut self,
        now: Now,
        request: RequestId,
        name: String,
        wait: bool,
        host: &mut impl Host,
    ) -> Option<Result<Reply, Fault>> {
        let id = match self.find(&name) {
            Ok(Target::Process(id)) => id,
            Ok(Target::Group(ids)) => return self.start_all(now, request, &ids, wait, host),
            Err(fault) => return Some(Err(fault)),
        };
        let begun = self.may_wait(wait).and_then(|()| self.begin_start(now, id, &name, wait, host));
        self.conclude(now, request, id, name, begun, host)
    }

    /// Checks and spawns (contract/rpc.md §4.2, startProcess; quirks.md K23, F29).
    fn begin_start(
        &mut self,
        now: Now,
        id: ProcessId,
        name: &str,
        wait: bool,
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
        self.processes[id].backoff = 0;
        self.spawn(now, id, host);
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

    fn stop_process(
        &mut self,
        now: Now,
        request: RequestId,
        name: String,
        wait: bool,
        host: &mut impl Host,
    ) -> Option<Result<Reply, Fault>> {
        let id = match self.find(&name) {
            Ok(Target::Process(id)) => id,
            Ok(Target::Group(ids)) => return self.stop_all(now, request, ids, wait, host),
            Err(fault) => return Some(Err(fault)),
        };
        let begun = self.may_wait(wait).and_then(|()| self.begin_stop(now, id, &name, wait, host));
        self.conclude(now, request, id, name, begun, host)
    }

    fn begin_stop(
        &mut self,
        now: Now,
        id: ProcessId,
        name: &str,
        wait: bool,
        host: &mut impl Host,
    ) -> Result<Begun, Fault> {
        if !self.processes[id].can_be_stopped() {
            return Err(Fault::new(FaultCode::NotRunning, name));
        }
        self.give_up_restart(id);
        if self.processes[id].state() == ProcessState::Stopped {
            return Ok(Begun::Done);
        }
        self.stop(now, id, host).map_err(|error| Fault::new(FaultCode::Failed, error))?;
        if wait && !self.processes[id].state().is_stopped() {
            return Ok(Begun::Waits(Until::Stopped));
        }
        Ok(Begun::Done)
    }

    /// Refuses a request that would wait when too many do, before it has done anything (`limits::DEFERRED_REQUESTS`).
    fn may_wait(&self, wait: bool) -> Result<(), Fault> {
        if wait && self.deferred.is_full() {
            return Err(Fault::new(FaultCode::Failed, "too many requests are waiting for a process"));
        }
        Ok(())
    }

    /// Answers a request on one process, or lets it wait.
    fn conclude(
        &mut self,
        now: Now,
        request: RequestId,
        id: ProcessId,
        name: String,
        begun: Result<Begun, Fault>,
        host: &mut impl Host,
    ) -> Option<Result<Reply, Fault>> {
        match begun {
            Err(fault) => Some(Err(fault)),
            Ok(Begun::Done) => Some(Ok(Reply::Done)),
            Ok(Begun::Waits(until)) => {
                self.deferred.wait(id, until, Waiter::Request { request, name });
                self.report_stopping(now, id, host);
                None
            }
        }
    }

    fn start_all(
        &mut self,
        now: Now,
        request: RequestId,
        ids: &[ProcessId],
        wait: bool,
        host: &mut impl Host,
    ) -> Option<Result<Reply, Fault>> {
        if let Err(fault) = self.may_wait(wait) {
            return Some(Err(fault));
        }
        let ids = ids.iter().copied().filter(|id| !self.processes[*id].state().is_running()).collect();
        let order = Order::Forward;
        self.batch(now, request, ids, order, host, |this, id, name, host| this.begin_start(now, id, name, wait, host))
    }

    /// Signals in descending order of priority; the answer stays in ascending order (contract/quirks.md D4).
    fn stop_all(
        &mut self,
        now: Now,
        request: RequestId,
        ids: Vec<ProcessId>,
        wait: bool,
        host: &mut impl Host,
    ) -> Option<Result<Reply, Fault>> {
        if let Err(fault) = self.may_wait(wait) {
            return Some(Err(fault));
        }
        let ids = ids.into_iter().filter(|id| self.processes[*id].can_be_stopped()).collect();
        let order = Order::Backward;
        self.batch(now, request, ids, order, host, |this, id, name, host| this.begin_stop(now, id, name, wait, host))
    }

    /// Begins the same on several processes, first to last or last to first, and answers when all are done.
    fn batch<H: Host>(
        &mut self,
        now: Now,
        request: RequestId,
        ids: Vec<ProcessId>,
        order: Order,
        host: &mut H,
        mut begin: impl FnMut(&mut Self, ProcessId, &str, &mut H) -> Result<Begun, Fault>,
    ) -> Option<Result<Reply, Fault>> {
        let mut results: Vec<ProcessResult> = Vec::new();
        let mut outstanding: Vec<Outstanding> = Vec::new();
        let mut places: Vec<(usize, ProcessId)> = ids.into_iter().enumerate().collect();
        order.apply(&mut places);
        for (place, id) in places {
            let name = namespec_of(&self.processes[id]);
            match begin(self, id, &name, host) {
                Ok(Begun::Waits(until)) => outstanding.push(Outstanding { place, id, until }),
                Ok(Begun::Done) => results.push(process_result(&self.processes[id], None)),
                Err(fault) => results.push(process_result(&self.processes[id], Some(fault))),
            }
        }
        order.apply(&mut results);
        order.apply(&mut outstanding);
        let waiting: Vec<ProcessId> = outstanding.iter().map(|outstanding| outstanding.id).collect();
        let settled = self.deferred.begin_batch(request, results, outstanding);
        for id in waiting {
            self.report_stopping(now, id, host);
        }
        settled.map(|settled| settled.answer)
    }

    fn signal_process(&mut self, name: &str, signal: &str, host: &mut impl Host) -> Result<Reply, Fault> {
        match self.find(name)? {
            Target::Process(id) => self.signal_one(id, name, signal, host).map(|()| Reply::Done),
            Target::Group(ids) => Ok(self.signal_all(&ids, signal, host)),
        }
    }

    fn signal_one(&mut self, id: ProcessId, name: &str, signal: &str, host: &mut impl Host) -> Result<(), Fault> {
        let parsed = Signal::parse(signal).ok_or_else(|| Fault::new(FaultCode::BadSignal, signal))?;
        if !self.processes[id].state().is_signallable() {
            return Err(Fault::new(FaultCode::NotRunning, name));
        }
        self.signal(id, parsed, host).map_err(|error| Fault::new(FaultCode::Failed, error))
    }

    fn signal_all(&mut self, ids: &[ProcessId], signal: &str, host: &mut impl Host) -> Reply {
        let signallable = ids.iter().copied().filter(|id| self.processes[*id].state().is_signallable());
        let ids: Vec<ProcessId> = signallable.collect();
        let results = ids.into_iter().map(|id| {
            let name = namespec_of(&self.processes[id]);
            let fault = self.signal_one(id, &name, signal, host).err();
            process_result(&self.processes[id], fault)
        });
        Reply::Results(results.collect())
    }

    fn send_stdin(&mut self, name: &str, chars: &[u8], host: &mut impl Host) -> Result<Reply, Fault> {
        let id = self.find_process(name)?;
        match self.processes[id].phase {
            Phase::Starting { .. } | Phase::Running { .. } => {}
            Phase::Stopped
            | Phase::Backoff { .. }
            | Phase::Stopping { .. }
            | Phase::Exited
            | Phase::Fatal
            | Phase::Unknown { .. } => return Err(Fault::new(FaultCode::NotRunning, name)),
        }
        match host.write_stdin(id, chars) {
            Ok(()) => Ok(Reply::Done),
            Err(StdinError::Closed) => Err(Fault::new(FaultCode::NoFile, name)),
            Err(StdinError::Full) => {
                Err(Fault::new(FaultCode::Failed, format!("{name} does not read its stdin, its buffer is full")))
            }
        }
    }

    fn clear_logs(&mut self, name: &str, host: &mut impl Host) -> Result<Reply, Fault> {
        let id = self.find_process(name)?;
        host.clear_logs(id).map_err(|error| {
            host.log(LogLevel::Error, format_args!("could not clear the logs of {name}: {error}"));
            Fault::new(FaultCode::Failed, name)
        })?;
        Ok(Reply::Done)
    }

    fn clear_all_logs(&mut self, host: &mut impl Host) -> Reply {
        let results = self.all_by_priority().into_iter().map(|id| {
            let name = namespec_of(&self.processes[id]);
            let fault = self.clear_logs(&name, host).err();
            process_result(&self.processes[id], fault)
        });
        Reply::Results(results.collect())
    }

    /// Runs an operation on the members of a group, or says that there is none of that name.
    fn in_group(
        &mut self,
        name: &str,
        operation: impl FnOnce(&mut Self, Vec<ProcessId>) -> Option<Result<Reply, Fault>>,
    ) -> Option<Result<Reply, Fault>> {
        let Some(group) = self.groups.get(name) else { return Some(Err(Fault::new(FaultCode::BadName, name))) };
        let ids = group.by_priority(&self.processes);
        operation(self, ids)
    }

    fn find(&self, name: &str) -> Result<Target, Fault> {
        let bad_name = || Fault::new(FaultCode::BadName, name);
        let spec = Namespec::parse(name);
        let group = self.groups.get(spec.group).ok_or_else(bad_name)?;
        match spec.process {
            None => Ok(Target::Group(group.by_priority(&self.processes))),
            Some(process) => group.find(process, &self.processes).map(Target::Process).ok_or_else(bad_name),
        }
    }

    pub(crate) fn find_process(&self, name: &str) -> Result<ProcessId, Fault> {
        match self.find(name)? {
            Target::Process(id) => Ok(id),
            Target::Group(_) => Err(Fault::new(FaultCode::BadName, name)),
        }
    }
}
