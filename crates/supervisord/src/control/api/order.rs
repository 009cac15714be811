//! Something that is done with one process, and what became of it (reference/web.md §11.4).
//!
//! What has begun is carried to its end, whether its client is still there or not: a restart that was given up between
//! its two halves would leave a process stopped. Where the goal holds already nothing is done, and that is no failure
//! unless it is to be one.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use supervisor_core::{Command, Fault, FaultCode, Pid, ProcessInfo, ProcessState};
use supervisor_protocol::api::{Action, ProblemCode};

use super::body::Body;
use super::problem::Problem;
use crate::boundary::requests::{MethodAnswer, OnlyWithPid};
use crate::control::context::Context;
use crate::control::last_output::last_output;
use crate::control::published_processes;
use crate::control::{limits, rpc};

/// What is to be done.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) action: Action,
    /// How long the outcome is waited for.
    pub(super) wait: Duration,
    signal: String,
    data: Vec<u8>,
    if_pid: Option<Pid>,
    strict: bool,
}

/// What became of it.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    /// Something had to be done.
    pub(super) changed: bool,
    /// The goal is reached.
    pub(super) done: bool,
    /// As it is then.
    pub(super) info: Arc<ProcessInfo>,
}

impl Order {
    /// What a body asks for.
    pub(super) fn read(action: Action, body: &Body) -> Result<Self, Problem> {
        let signal = body.text_or_number("signal")?;
        if action == Action::Signal && signal.is_none() {
            return Err(Problem::new(ProblemCode::BadRequest, "signal is missing"));
        }
        let data = match (body.text("data")?, body.bytes("base64")?) {
            (Some(_), Some(_)) => return Err(Problem::new(ProblemCode::BadRequest, "either data or base64")),
            (Some(text), None) => text.as_bytes().to_vec(),
            (None, bytes) => bytes.unwrap_or_default(),
        };
        let if_pid = body.integer("if_pid")?.map(|pid| {
            let pid = i32::try_from(pid).ok().and_then(Pid::new).filter(|pid| pid.get() > 0);
            pid.ok_or_else(|| Problem::new(ProblemCode::BadRequest, "if_pid takes a pid"))
        });
        Ok(Self {
            action,
            wait: body.seconds("wait")?.unwrap_or(limits::ACTION_USUAL_WAIT),
            signal: signal.unwrap_or_default(),
            data,
            if_pid: if_pid.transpose()?,
            strict: body.is_set("strict")?,
        })
    }

    /// The state that it leads to; `None`: it leads to none.
    pub(super) fn goal(&self) -> Option<ProcessState> {
        match self.action {
            Action::Start | Action::Restart => Some(ProcessState::Running),
            Action::Stop => Some(ProcessState::Stopped),
            Action::Signal | Action::ClearLogs | Action::Stdin => None,
        }
    }

    /// Whether something has to be done with a process that is in this state.
    pub(super) fn has_to_act(&self, state: ProcessState) -> bool {
        match self.action {
            Action::Start => !state.is_running(),
            Action::Stop => state.is_running() || state == ProcessState::Stopping,
            Action::Signal => state.is_signallable(),
            Action::Restart | Action::ClearLogs | Action::Stdin => true,
        }
    }

    /// What the name service has to be asked before.
    pub(super) async fn prepare(&self, context: &Context) {
        match self.action {
            Action::Start | Action::Restart => rpc::refresh_names(context).await,
            Action::Stop | Action::Signal | Action::ClearLogs | Action::Stdin => {}
        }
    }

    /// Does it with a process, `group:process`, to its end.
    pub(super) async fn carry_out(&self, name: &str, context: &Rc<Context>) -> Result<Outcome, Problem> {
        let done = match self.action {
            Action::Restart => self.restart(name, context).await,
            Action::Start | Action::Stop | Action::Signal | Action::ClearLogs | Action::Stdin => {
                self.command(self.action, name, context).await
            }
        };
        let changed = match done {
            Ok(()) => true,
            Err(Refusal::OtherPid) => return Err(self.other_pid(name, context).await?),
            Err(Refusal::Fault(fault)) if self.is_fine(fault.code) => false,
            Err(Refusal::Fault(fault)) => return Err(self.problem(&fault, name, context).await),
        };
        let info = look(name, context).await?;
        let done = match self.action {
            Action::Start | Action::Restart => info.state == ProcessState::Running || !changed,
            Action::Stop => info.state.is_stopped(),
            Action::Signal | Action::ClearLogs | Action::Stdin => true,
        };
        Ok(Outcome { changed, done, info })
    }

    /// Whether a fault says only that the goal holds already.
    fn is_fine(&self, code: FaultCode) -> bool {
        !self.strict
            && match self.action {
                Action::Start => code == FaultCode::AlreadyStarted,
                Action::Stop => code == FaultCode::NotRunning,
                Action::Restart | Action::Signal | Action::ClearLogs | Action::Stdin => false,
            }
    }

    async fn restart(&self, name: &str, context: &Rc<Context>) -> Result<(), Refusal> {
        match self.command(Action::Stop, name, context).await {
            Ok(()) | Err(Refusal::Fault(Fault { code: FaultCode::NotRunning, .. })) => {}
            Err(refusal) => return Err(refusal),
        }
        let start = Self { if_pid: None, ..self.clone() };
        match start.command(Action::Start, name, context).await {
            // Somebody else was faster.
            Err(Refusal::Fault(Fault { code: FaultCode::AlreadyStarted, .. })) => Ok(()),
            started => started,
        }
    }

    async fn command(&self, action: Action, name: &str, context: &Context) -> Result<(), Refusal> {
        let name = name.to_owned();
        // A restart has two halves, of which the second has to follow the first.
        let wait = !self.wait.is_zero() || self.action == Action::Restart;
        let command = match action {
            Action::Start => Command::StartProcess { name: name.clone(), wait },
            Action::Stop | Action::Restart => Command::StopProcess { name: name.clone(), wait },
            Action::Signal => Command::SignalProcess { name: name.clone(), signal: self.signal.clone() },
            Action::ClearLogs => Command::ClearProcessLogs { name: name.clone() },
            Action::Stdin => Command::SendProcessStdin { name: name.clone(), chars: self.data.clone() },
        };
        let answer = match self.if_pid {
            None => context.sender.call(command).await.map(Some),
            Some(pid) => context.sender.call(OnlyWithPid { name, pid, command }).await,
        };
        match answer {
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err(Refusal::OtherPid),
            Err(fault) => Err(Refusal::Fault(fault)),
        }
    }

    async fn other_pid(&self, name: &str, context: &Context) -> Result<Problem, Problem> {
        let info = look(name, context).await?;
        let known = self.if_pid.map_or(0, Pid::get);
        let now = info.pid.map_or_else(|| "has no pid now".to_owned(), |pid| format!("is {pid} now"));
        let detail = format!("{name} is not {known} any more, it {now}");
        Ok(Problem::new(ProblemCode::Changed, detail).with_process(name).with_current(info))
    }

    async fn problem(&self, fault: &Fault, name: &str, context: &Context) -> Problem {
        let detail = match (fault.code, self.action) {
            (FaultCode::ShutdownState, _) => return Problem::ending(),
            (FaultCode::NoFile, Action::Stdin) => {
                let detail = format!("{name} has closed its standard input");
                return Problem::new(ProblemCode::StdinClosed, detail).with_fault(fault.code).with_process(name);
            }
            (FaultCode::Failed, Action::Stdin) => {
                let detail = fault.extra.clone().unwrap_or_else(|| fault.to_string());
                return Problem::new(ProblemCode::TooLarge, detail).with_fault(fault.code).with_process(name);
            }
            (FaultCode::NoFile | FaultCode::NotExecutable, _) => {
                format!("{name} could not be started: {}", fault.extra.as_deref().unwrap_or("there is no such program"))
            }
            (FaultCode::SpawnError, _) => format!("{name} could not be started"),
            (FaultCode::AbnormalTermination, _) => format!("{name} ended before it counted as started"),
            (FaultCode::AlreadyStarted, _) => format!("{name} was started already"),
            (FaultCode::NotRunning, _) => format!("{name} does not run"),
            (FaultCode::BadSignal, _) => format!("there is no signal {}", self.signal),
            (FaultCode::BadName, _) => format!("There is no process {name}."),
            (_, _) => fault.to_string(),
        };
        let code = ProblemCode::of_fault(fault.code);
        let problem = Problem::new(code, detail).with_fault(fault.code).with_process(name);
        if code != ProblemCode::CannotStart {
            return problem;
        }
        let Ok(info) = look(name, context).await else { return problem };
        let output = last_output(&info, context).await;
        problem.with_reason(info.spawnerr.as_deref(), output)
    }
}

/// Why a command was not carried out.
enum Refusal {
    Fault(Fault),
    OtherPid,
}

/// A process as it is now.
pub(super) async fn look(name: &str, context: &Context) -> Result<Arc<ProcessInfo>, Problem> {
    let command = Command::GetProcessInfo { name: name.to_owned() };
    let answer = match published_processes::answer(&command, context) {
        Some(answer) => answer,
        None => context.sender.call(command).await,
    };
    match answer {
        Ok(MethodAnswer::ProcessInfo(info)) => Ok(info),
        Ok(_) => Err(Problem::new(ProblemCode::Failed, "supervision has answered something else")),
        Err(fault) if fault.code == FaultCode::ShutdownState => Err(Problem::ending()),
        Err(fault) => Err(Problem::new(ProblemCode::of_fault(fault.code), format!("There is no process {name}."))
            .with_fault(fault.code)
            .with_process(name)),
    }
}
