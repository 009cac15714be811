//! Commands: how each is checked and carried out, in the order of the contract's checks (contract/rpc.md §4).
//! Starting and stopping, which may take time, stand in [`crate::operation`].

use std::sync::Arc;

use crate::channel::Channel;
use crate::clock::Now;
use crate::command::Command;
use crate::deferred::{namespec_of, process_result};
use crate::event_ring::EventBatch;
use crate::fault::{Fault, FaultCode};
use crate::goal::{Goal, PendingStart, UpCause};
use crate::host::{Host, StdinError};
use crate::log_level::LogLevel;
use crate::operation::{Operation, OperationKind};
use crate::process::{Phase, Process};
use crate::process_group::Target;
use crate::process_id::{Life, Pid, ProcessId, RequestId};
use crate::reply::{EventStatistics, ProcessDetails, Reply};
use crate::signal::Signal;
use crate::supervisor::Supervisor;

impl Supervisor {
    /// Carries out a command, and answers it now or when what it waits for has happened.
    pub(crate) fn command(&mut self, now: Now, request: RequestId, command: Command, host: &mut impl Host) {
        let answer = self.dispatch(now, request, command, host);
        self.draw_consequences(now, host);
        if let Some(answer) = answer {
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
        if self.shutdown.is_some() && !is_done_in_shutdown(&command) {
            return Some(Err(Fault::bare(FaultCode::ShutdownState)));
        }
        let operation = |kind, wait| Operation { kind, wait, now, request };
        match command {
            Command::StartProcess { name, wait } => self.operate_on(&name, operation(OperationKind::Start, wait), host),
            Command::StartProcessGroup { name, wait } => {
                self.in_group(&name, |this, ids| this.operate_on_all(ids, operation(OperationKind::Start, wait), host))
            }
            Command::StartAllProcesses { wait } => {
                let ids = self.all_by_priority();
                self.operate_on_all(ids, operation(OperationKind::Start, wait), host)
            }
            Command::StopProcess { name, wait } => self.operate_on(&name, operation(OperationKind::Stop, wait), host),
            Command::StopProcessGroup { name, wait } => {
                self.in_group(&name, |this, ids| this.operate_on_all(ids, operation(OperationKind::Stop, wait), host))
            }
            Command::StopAllProcesses { wait } => {
                let ids = self.all_by_priority();
                self.operate_on_all(ids, operation(OperationKind::Stop, wait), host)
            }
            Command::SignalProcess { name, signal } => Some(self.signal_process(&name, &signal, host)),
            Command::SignalProcessGroup { name, signal } => {
                self.in_group(&name, |this, ids| Some(Ok(this.signal_all(&ids, &signal, host))))
            }
            Command::SignalAllProcesses { signal } => {
                let ids = self.all_by_priority();
                Some(Ok(self.signal_all(&ids, &signal, host)))
            }
            Command::JudgeResult { life, serial, verdict } => Some(Ok(self.judge(now, life, serial, verdict, host))),
            Command::SendProcessStdin { name, chars } => Some(self.send_stdin(&name, &chars, host)),
            Command::ReadEvents { after } => Some(Ok(self.read_events(after))),
            Command::GetEventStatistics => Some(Ok(self.event_statistics())),
            Command::SendRemoteCommEvent { kind, data } => self.send_remote_event(request, kind, data, host),
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
            Command::GetGroupNames => Some(Ok(self.group_names())),
            Command::AddProcesses { group, processes } => Some(self.add_processes(&group, processes, host)),
            Command::RemoveProcess { group, process } => Some(self.remove_process(&group, &process, host)),
            Command::GetGroup { name } => Some(self.group_config(&name)),
            Command::GetProcessDetails { name } => Some(self.process_details(now, &name)),
            Command::GetAllProcessDetails => Some(Ok(self.all_process_details(now))),
            Command::ResetFailed { name } => Some(self.reset_failed(&name, host)),
            Command::Kill { pid, as_group, signal } => Some(self.kill_by_pid(pid, as_group, &signal, host)),
            Command::OnlyWithPid { name, pid, command } => match self.groups.find_process(&name, &self.processes) {
                Err(fault) => Some(Err(fault)),
                Ok(id) if self.processes[id].phase.pid() == Some(pid) => self.dispatch(now, request, *command, host),
                Ok(_) => Some(Ok(Reply::OtherPid)),
            },
            Command::StartAnew { life } => Some(Ok(self.start_anew(now, life, host))),
            Command::SendOwnEvent { name, payload } => self.send_own_event(request, name, payload, host),
            Command::WatchTicks { life } => Some(Ok(self.watch_ticks(life))),
            Command::Log { level, message } => {
                host.log(level, format_args!("{message}"));
                Some(Ok(Reply::Done))
            }
            Command::Shutdown => self.ask_for_shutdown(now, request, host),
            Command::Restart => self.ask_for_restart(request, host),
        }
    }

    fn read_events(&self, after: Option<u64>) -> Reply {
        Reply::Events(Box::new(EventBatch { is_ended: self.is_finished(), ..self.events.read(after) }))
    }

    fn event_statistics(&self) -> Reply {
        let pools = self.pool_statistics().collect();
        Reply::EventStatistics(Box::new(EventStatistics { pools, ring: self.events.statistics() }))
    }

    fn process_info(&self, name: &str) -> Result<Reply, Fault> {
        let id = self.groups.find_process(name, &self.processes)?;
        Ok(Reply::ProcessInfo(Box::new(self.processes[id].info())))
    }

    fn group_config(&self, name: &str) -> Result<Reply, Fault> {
        let group = self.groups.get(name).ok_or_else(|| Fault::new(FaultCode::BadName, name))?;
        Ok(Reply::Group(Arc::clone(&group.config)))
    }

    fn process_details(&self, now: Now, name: &str) -> Result<Reply, Fault> {
        let process = &self.processes[self.groups.find_process(name, &self.processes)?];
        Ok(Reply::ProcessDetails(Box::new(details(process, now))))
    }

    fn all_process_details(&self, now: Now) -> Reply {
        Reply::AllProcessDetails(self.groups.members_by_name().map(|id| details(&self.processes[id], now)).collect())
    }

    fn reset_failed(&mut self, name: &str, host: &mut impl Host) -> Result<Reply, Fault> {
        let ids = match self.groups.find(name, &self.processes)? {
            Target::Process(id) => vec![id],
            Target::Group(ids) => ids,
        };
        for id in &ids {
            self.forget_failures(*id, host);
        }
        Ok(Reply::Results(ids.into_iter().map(|id| process_result(&self.processes[id], None)).collect()))
    }

    /// The pid is looked for, so that nobody but a process of ours is signalled.
    fn kill_by_pid(&mut self, pid: Pid, as_group: bool, signal: &str, host: &mut impl Host) -> Result<Reply, Fault> {
        let parsed = Signal::parse(signal).ok_or_else(|| Fault::new(FaultCode::BadSignal, signal))?;
        let has_it = |id: &ProcessId| self.processes[*id].phase.pid() == Some(pid);
        let Some(id) = self.groups.members_by_name().find(has_it) else {
            return Err(Fault::new(FaultCode::NotRunning, pid.to_string()));
        };
        let signalled = if as_group { self.signal_group(id, parsed, host) } else { self.signal(id, parsed, host) };
        signalled.map(|()| Reply::Done).map_err(|error| Fault::new(FaultCode::Failed, error))
    }

    fn start_anew(&mut self, now: Now, life: Life, host: &mut impl Host) -> Reply {
        let id = life.process;
        if self.life(id) == Some(life)
            && let Some(process) = self.processes.get_mut(id)
            && let Phase::Starting { .. } | Phase::Running { .. } = process.phase
            && process.goal.is_up()
        {
            process.goal = Goal::Again { cause: UpCause::ProtocolError };
            // What cannot be signalled has become UNKNOWN, and is logged.
            self.pursue(now, id, host).unwrap_or_default();
        }
        Reply::Done
    }

    fn watch_ticks(&mut self, life: Life) -> Reply {
        if self.life(life.process) == Some(life) {
            self.tick_watchers.insert(life);
        }
        Reply::Done
    }

    fn all_process_info(&self) -> Reply {
        Reply::AllProcessInfo(self.process_infos().collect())
    }

    fn log_file(&self, name: &str, channel: Channel) -> Result<Reply, Fault> {
        let logs = &self.processes[self.groups.find_process(name, &self.processes)?].logs;
        let path = match channel {
            Channel::Stdout => &logs.stdout,
            Channel::Stderr => &logs.stderr,
        };
        Ok(Reply::LogFile(path.clone()))
    }

    fn signal_process(&mut self, name: &str, signal: &str, host: &mut impl Host) -> Result<Reply, Fault> {
        match self.groups.find(name, &self.processes)? {
            Target::Process(id) => self.signal_one(id, name, signal, host).map(|()| Reply::Done),
            Target::Group(ids) => Ok(self.signal_all(&ids, signal, host)),
        }
    }

    fn signal_one(&mut self, id: ProcessId, name: &str, signal: &str, host: &mut impl Host) -> Result<(), Fault> {
        let parsed = Signal::parse(signal).ok_or_else(|| Fault::new(FaultCode::BadSignal, signal))?;
        if !self.processes[id].state().is_signallable() {
            return Err(Fault::new(FaultCode::NotRunning, name));
        }
        if let Some(process) = self.processes.get_mut(id) {
            process.is_signalled = true;
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
        let id = self.groups.find_process(name, &self.processes)?;
        let life = match self.processes[id].phase {
            Phase::Starting { .. } | Phase::Running { .. } => self.life(id),
            Phase::Stopped
            | Phase::Backoff
            | Phase::Stopping { .. }
            | Phase::Exited
            | Phase::Fatal
            | Phase::Unknown { .. } => None,
        };
        let Some(life) = life else { return Err(Fault::new(FaultCode::NotRunning, name)) };
        match host.write_stdin(life, chars) {
            Ok(()) => Ok(Reply::Done),
            Err(StdinError::Closed) => Err(Fault::new(FaultCode::NoFile, name)),
            Err(StdinError::Full) => {
                Err(Fault::new(FaultCode::Failed, format!("{name} does not read its stdin, its buffer is full")))
            }
        }
    }

    fn clear_logs(&mut self, name: &str, host: &mut impl Host) -> Result<Reply, Fault> {
        let id = self.groups.find_process(name, &self.processes)?;
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
}

/// All that is known of a process.
fn details(process: &Process, now: Now) -> ProcessDetails {
    let pending = process.goal.pending();
    let not_before = pending.and_then(PendingStart::not_before);
    let since = now.monotonic.saturating_sub(process.config.restart.limit.interval);
    ProcessDetails {
        info: process.info(),
        backoff: process.backoff,
        goal: process.goal,
        next_start: not_before.map(|at| now.wall.saturating_add(at.saturating_sub(now.monotonic))),
        gates: pending.into_iter().flat_map(|pending| pending.unmet_gates(now.monotonic)).collect(),
        now: now.monotonic,
        lives: process.lives,
        restarts_counted: process.restarts.count(since),
        history: process.history.iter().copied().collect(),
    }
}

/// Messages still reach listeners, and events and logs can still be followed; the control plane refuses the calls that
/// read logs (contract/rpc.md §3.2).
fn is_done_in_shutdown(command: &Command) -> bool {
    matches!(
        command,
        Command::SendRemoteCommEvent { .. }
            | Command::JudgeResult { .. }
            | Command::ReadEvents { .. }
            | Command::GetEventStatistics
            | Command::GetLogFile { .. }
    )
}
