//! What a form of a page orders, and what carrying it out comes to.
//!
//! An order that has begun is carried to its end, whether its client is still there or not.

use std::rc::Rc;
use std::sync::Arc;

use supervisor_core::{Command, Fault, FaultCode, ProcessInfo, make_namespec};
use tokio::task::{JoinHandle, spawn_local};
use tokio::time::{Instant, timeout_at};

use super::query::Query;
use super::words::Shown;
use crate::control::context::Context;
use crate::control::limits;
use crate::control::rpc::answer_to;

/// What is to be done with processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Start,
    Stop,
    Restart,
    Signal,
    ClearLogs,
}

/// With which of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Targets {
    Process(String),
    Group(String),
    All,
    /// Those that are ticked.
    Selected(Vec<String>),
}

/// See above.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) verb: Verb,
    pub(super) targets: Targets,
    /// As it was chosen; empty: not yet.
    pub(super) signal: String,
}

/// How many of what was ordered went how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) done: usize,
    pub(super) failed: usize,
    /// Not known yet.
    pub(super) waiting: usize,
}

impl Verb {
    pub(super) const ALL: [Self; 5] = [Self::Start, Self::Stop, Self::Restart, Self::Signal, Self::ClearLogs];

    pub(super) fn read(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| verb.key() == key)
    }

    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Signal => "signal",
            Self::ClearLogs => "clear-logs",
        }
    }

    /// `Stop 4 processes`.
    pub(super) fn of(self, whom: &str) -> String {
        match self {
            Self::Start => format!("Start {whom}"),
            Self::Stop => format!("Stop {whom}"),
            Self::Restart => format!("Restart {whom}"),
            Self::Signal => format!("Send a signal to {whom}"),
            Self::ClearLogs => format!("Clear the logs of {whom}"),
        }
    }

    /// `Stopped 4 processes`.
    pub(super) fn done_to(self, whom: &str) -> String {
        match self {
            Self::Start => format!("Started {whom}"),
            Self::Stop => format!("Stopped {whom}"),
            Self::Restart => format!("Restarted {whom}"),
            Self::Signal => format!("Sent the signal to {whom}"),
            Self::ClearLogs => format!("Cleared the logs of {whom}"),
        }
    }

    /// Whether a person is asked first. A start never is; nor is a restart or a stop of what does not run.
    pub(super) fn asks(self, infos: &[Arc<ProcessInfo>]) -> bool {
        match self {
            Self::Start => false,
            Self::Stop | Self::Restart => infos.iter().any(|info| info.pid.is_some()),
            Self::Signal | Self::ClearLogs => true,
        }
    }

    /// Whether something of a process ends with it.
    pub(super) fn ends(self) -> bool {
        match self {
            Self::Start => false,
            Self::Stop | Self::Restart | Self::Signal | Self::ClearLogs => true,
        }
    }

    /// Whether it means a process that is like this.
    fn means(self, info: &ProcessInfo) -> bool {
        let shown = Shown::of(info);
        match self {
            Self::Start => shown.can_start(),
            Self::Stop | Self::Signal => shown.can_stop() || info.pid.is_some(),
            Self::Restart | Self::ClearLogs => true,
        }
    }
}

impl Order {
    /// `do=stop process web:cat`, `do=restart group web`, `do=stop all`, `do=start selected&process=…`. `None`: nobody
    /// knows it.
    pub(super) fn read(form: &Query) -> Option<Self> {
        let mut words = form.get("do").splitn(3, ' ');
        let verb = Verb::read(words.next()?)?;
        let targets = match (words.next()?, words.next()) {
            ("process", Some(name)) => Targets::Process(name.to_owned()),
            ("group", Some(name)) => Targets::Group(name.to_owned()),
            ("all", None) => Targets::All,
            ("selected", None) => Targets::Selected(form.all("process").map(str::to_owned).collect()),
            (_, _) => return None,
        };
        Some(Self { verb, targets, signal: form.get("signal").to_owned() })
    }

    /// The processes that it means now, of all of them. Of several those that need it.
    pub(super) fn meant(&self, all: &[Arc<ProcessInfo>]) -> Vec<Arc<ProcessInfo>> {
        let is_named = |info: &ProcessInfo| match &self.targets {
            Targets::Process(name) => is_called(info, name),
            Targets::Group(name) => *info.group == **name,
            Targets::All => true,
            Targets::Selected(names) => names.iter().any(|name| is_called(info, name)),
        };
        let is_single = matches!(self.targets, Targets::Process(_));
        all.iter().filter(|info| is_named(info) && (is_single || self.verb.means(info))).cloned().collect()
    }
}

fn is_called(info: &ProcessInfo, name: &str) -> bool {
    name == make_namespec(&info.group, &info.config.name)
        || name.split_once(':').is_some_and(|(group, name)| group == &*info.group && name == &*info.config.name)
}

/// Carries it out, on all processes at the same time; those that take longer than a person waits go on.
pub(super) async fn carry_out(verb: Verb, infos: &[Arc<ProcessInfo>], signal: &str, context: &Rc<Context>) -> Outcome {
    let begin = |info: &Arc<ProcessInfo>| {
        let name = make_namespec(&info.group, &info.config.name);
        let (signal, context) = (signal.to_owned(), Rc::clone(context));
        spawn_local(async move { perform(verb, name, signal, &context).await })
    };
    let running: Vec<JoinHandle<Result<(), Fault>>> = infos.iter().map(begin).collect();
    let deadline = Instant::now() + limits::FORM_PATIENCE;
    let mut outcome = Outcome::default();
    for task in running {
        match timeout_at(deadline, task).await {
            Ok(Ok(Ok(()))) => outcome.done += 1,
            Ok(Ok(Err(_)) | Err(_)) => outcome.failed += 1,
            Err(_) => outcome.waiting += 1,
        }
    }
    outcome
}

async fn perform(verb: Verb, name: String, signal: String, context: &Context) -> Result<(), Fault> {
    let start = || answer_to(Command::StartProcess { name: name.clone(), wait: true }, context);
    let stop = || answer_to(Command::StopProcess { name: name.clone(), wait: true }, context);
    match verb {
        Verb::Start => unless(FaultCode::AlreadyStarted, start().await.map(drop)),
        Verb::Stop => unless(FaultCode::NotRunning, stop().await.map(drop)),
        Verb::Restart => {
            unless(FaultCode::NotRunning, stop().await.map(drop))?;
            unless(FaultCode::AlreadyStarted, start().await.map(drop))
        }
        Verb::Signal => answer_to(Command::SignalProcess { name: name.clone(), signal }, context).await.map(drop),
        Verb::ClearLogs => answer_to(Command::ClearProcessLogs { name: name.clone() }, context).await.map(drop),
    }
}

/// What holds already is as good as done.
fn unless(harmless: FaultCode, outcome: Result<(), Fault>) -> Result<(), Fault> {
    match outcome {
        Err(fault) if fault.code == harmless => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use supervisor_core::{Pid, ProcessState};

    use super::*;
    use crate::test_data::process_info;

    fn process(group: &str, name: &str, state: ProcessState) -> Arc<ProcessInfo> {
        let pid = Pid::new(7).filter(|_| state.is_running() && state != ProcessState::Backoff);
        Arc::new(ProcessInfo { group: group.into(), state, pid, ..process_info(name) })
    }

    fn meant(form: &str) -> Option<String> {
        let all = [
            process("cat", "cat", ProcessState::Running),
            process("web", "a", ProcessState::Fatal),
            process("web", "b c", ProcessState::Running),
        ];
        let order = Order::read(&Query::read(form))?;
        let names = order.meant(&all);
        Some(names.iter().map(|info| info.config.name.to_string()).collect::<Vec<_>>().join(","))
    }

    #[test]
    fn an_order_means_those_that_it_names_and_that_need_it() {
        for (form, expected) in [
            ("do=stop+process+cat", Some("cat")),
            ("do=stop+process+cat%3Acat", Some("cat")),
            ("do=stop+process+web:b%20c", Some("b c")),
            ("do=start+process+cat", Some("cat")),
            ("do=start+group+web", Some("a")),
            ("do=stop+group+web", Some("b c")),
            ("do=restart+group+web", Some("a,b c")),
            ("do=stop+all", Some("cat,b c")),
            ("do=clear-logs+selected&process=cat&process=web:a&process=nosuch", Some("cat,a")),
            ("do=stop+selected", Some("")),
            ("do=stop+process+nosuch", Some("")),
            ("do=stop", None),
            ("do=stop+process", None),
            ("do=stop+all+of+it", None),
            ("do=Stop+all", None),
            ("process=cat", None),
        ] {
            assert_eq!(meant(form).as_deref(), expected, "{form}");
        }
    }

    #[test]
    fn what_ends_something_is_asked_about() {
        let (running, stopped) =
            ([process("a", "a", ProcessState::Running)], [process("a", "a", ProcessState::Stopped)]);
        for verb in Verb::ALL {
            assert_eq!(verb.asks(&running), verb.ends(), "{verb:?}");
            assert_eq!(Verb::read(verb.key()), Some(verb));
        }
        assert!(!Verb::Stop.asks(&stopped) && !Verb::Restart.asks(&stopped));
    }
}
