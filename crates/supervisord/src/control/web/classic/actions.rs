//! What the links of the status page do, and the sentences that tell how it went (contract/rpc.md §8.3).
//!
//! An action that has begun is carried to its end, whether its client is still there or not: a restart that was given
//! up between its two halves would leave a process stopped. It waits for a change of state and holds nobody up.

use std::rc::Rc;

use supervisor_core::{Command, Fault, FaultCode};
use tokio::task::{JoinError, spawn_local};

use super::super::form::Form;
use crate::clock;
use crate::control::context::Context;
use crate::control::rpc::answer_to;

/// What a link asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Shows the page again.
    Refresh,
    StopAll,
    RestartAll,
    /// Of one process, by its name as it was given.
    Of(Verb, String),
}

/// What can be done with one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Start,
    Stop,
    Restart,
    ClearLog,
}

impl Action {
    /// `None`: nobody knows it, or it lacks the name of a process.
    pub(super) fn read(form: &Form) -> Option<Self> {
        let verb = match form.action.as_deref()? {
            "refresh" => return Some(Self::Refresh),
            "stopall" => return Some(Self::StopAll),
            "restartall" => return Some(Self::RestartAll),
            "start" => Verb::Start,
            "stop" => Verb::Stop,
            "restart" => Verb::Restart,
            "clearlog" => Verb::ClearLog,
            _ => return None,
        };
        Some(Self::Of(verb, form.processname.clone()?))
    }
}

/// Carries it out, and tells how it went.
///
/// # Errors
/// A defect has ended it; the main log says where.
pub(super) async fn perform(action: Action, context: &Rc<Context>) -> Result<String, JoinError> {
    let context = Rc::clone(context);
    spawn_local(async move { outcome(action, &context).await }).await
}

async fn outcome(action: Action, context: &Context) -> String {
    let done = |command| async { drop(answer_to(command, context).await) };
    match action {
        Action::Refresh => format!("Page refreshed at {}", ctime()),
        Action::StopAll => {
            done(Command::StopAllProcesses { wait: true }).await;
            format!("All stopped at {}", ctime())
        }
        Action::RestartAll => {
            done(Command::StopAllProcesses { wait: true }).await;
            done(Command::StartAllProcesses { wait: true }).await;
            format!("All restarted at {}", ctime())
        }
        Action::Of(verb, name) => match answer_to(Command::GetProcessInfo { name: name.clone() }, context).await {
            Ok(_) => outcome_of(verb, name, context).await,
            Err(Fault { code: FaultCode::BadName, .. }) => format!("No such process named {name}"),
            Err(fault) => unexpected(&fault),
        },
    }
}

async fn outcome_of(verb: Verb, name: String, context: &Context) -> String {
    let start = || answer_to(Command::StartProcess { name: name.clone(), wait: true }, context);
    let stop = || answer_to(Command::StopProcess { name: name.clone(), wait: true }, context);
    match verb {
        Verb::Start => match start().await {
            Ok(_) => format!("Process {name} started"),
            Err(fault) => format!("ERROR: Process {name}: {}", why_not_started(&fault)),
        },
        Verb::Stop => match stop().await {
            Ok(_) => format!("Process {name} stopped"),
            Err(fault) => unexpected(&fault),
        },
        Verb::Restart => {
            // Said to have worked whatever came of it, as bookmarks know it.
            drop(stop().await);
            drop(start().await);
            format!("Process {name} restarted")
        }
        Verb::ClearLog => match answer_to(Command::ClearProcessLogs { name: name.clone() }, context).await {
            Ok(_) => format!("Log for {name} cleared"),
            Err(fault) => unexpected(&fault),
        },
    }
}

fn why_not_started(fault: &Fault) -> String {
    let words = match fault.code {
        FaultCode::NoFile => "no such file",
        FaultCode::NotExecutable => "file not executable",
        FaultCode::AlreadyStarted => "already started",
        FaultCode::SpawnError => "spawn error",
        FaultCode::AbnormalTermination => "abnormal termination",
        FaultCode::Success
        | FaultCode::UnknownMethod
        | FaultCode::IncorrectParameters
        | FaultCode::BadArguments
        | FaultCode::SignatureUnsupported
        | FaultCode::ShutdownState
        | FaultCode::BadName
        | FaultCode::BadSignal
        | FaultCode::Failed
        | FaultCode::NotRunning
        | FaultCode::AlreadyAdded
        | FaultCode::StillRunning
        | FaultCode::CantReread => return unexpected(fault),
    };
    words.to_owned()
}

/// A fault that no sentence was made for.
pub(super) fn unexpected(fault: &Fault) -> String {
    format!("unexpected rpc fault [{}] {fault}", fault.code.number())
}

/// The local time as `ctime(3)` writes it: `Sun Nov 22 08:21:47 2026`.
fn ctime() -> String {
    let now = clock::local_time(clock::wall_clock(), clock::local_zone().zone.clone());
    now.strftime("%a %b %e %H:%M:%S %Y").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_the_words_of_the_links() {
        let read = |query: &str| Action::read(&Form::of_query(Some(query)));
        let of = |verb, name: &str| Some(Action::Of(verb, name.to_owned()));
        for (query, action) in [
            ("action=refresh&processname=x", Some(Action::Refresh)),
            ("action=stopall", Some(Action::StopAll)),
            ("action=restartall", Some(Action::RestartAll)),
            ("action=start&processname=g:p", of(Verb::Start, "g:p")),
            ("action=stop&processname=p", of(Verb::Stop, "p")),
            ("action=restart&processname=p", of(Verb::Restart, "p")),
            ("action=clearlog&processname=p", of(Verb::ClearLog, "p")),
            ("action=start", None),
            ("action=Start&processname=p", None),
            ("action=nosuch&processname=p", None),
            ("processname=p", None),
        ] {
            assert_eq!(read(query), action, "{query}");
        }
    }

    #[tokio::test]
    async fn a_restart_is_carried_to_its_end_though_its_client_has_gone() {
        use std::task::Poll;

        use supervisor_core::Reply;

        use crate::boundary::inbox::Message;

        let (context, _stop, inbox) = Context::for_tests();
        let context = Rc::new(context);
        tokio::task::LocalSet::new()
            .run_until(async {
                let next = async |expected: &Command| loop {
                    match inbox.try_recv() {
                        Some(Message::Request { command, reply }) => {
                            assert_eq!(command, *expected);
                            break reply.send(Ok(Reply::Done));
                        }
                        Some(_) => {}
                        None => tokio::task::yield_now().await,
                    }
                };
                let name = || "cat".to_owned();
                let mut asked = Box::pin(perform(Action::Of(Verb::Restart, name()), &context));
                let is_pending = std::future::poll_fn(|cx| Poll::Ready(asked.as_mut().poll(cx).is_pending())).await;
                assert!(is_pending);
                next(&Command::GetProcessInfo { name: name() }).await;
                drop(asked);
                next(&Command::StopProcess { name: name(), wait: true }).await;
                next(&Command::StartProcess { name: name(), wait: true }).await;
            })
            .await;
    }

    #[test]
    fn time_is_as_the_c_library_writes_it() {
        let text = ctime();
        assert_eq!(text.len(), "Sun Nov 22 08:21:47 2026".len(), "{text}");
        assert_eq!(text.as_bytes()[3], b' ');
    }
}
