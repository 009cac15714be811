//! `/healthz` and `/readyz`: whether supervisord works, and whether what it runs does (reference/web.md §14).
//!
//! The first says nothing of programs: that one of them fails is no reason to end its supervisor. The second may be
//! asked to wait, which costs a place among those who follow something, and no time of anybody's: it looks again when a
//! process has changed.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use hyper::StatusCode;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use supervisor_core::{ProcessInfo, ProcessState, SupervisorState, make_namespec};
use supervisor_protocol::json::{self, Object};
use supervisor_protocol::name_pattern::NamePattern;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::context::Context;
use super::error_page::plain_text;
use super::listener::Section;
use super::log_stream::no_place;
use super::percent::decode;
use super::response::{Response, full};
use super::{limits, published_processes};
use crate::boundary::followers::FollowedChanges;
use crate::boundary::requests::ReadEvents;

/// `/healthz`: 200 while the supervision loop answers in time.
pub(super) async fn health(context: &Context) -> Response {
    let asked_at = Instant::now();
    // Answered to the very end of a shutdown, and cheap.
    let answer = timeout(limits::HEALTH_PATIENCE, context.sender.call(ReadEvents { after: None })).await;
    match answer {
        Ok(Ok(_)) => document(StatusCode::OK, |object| {
            object.string("status", "ok");
            object.number("loop", format_args!("{:.6}", asked_at.elapsed().as_secs_f64()));
        }),
        Ok(Err(_)) => failing("supervision has ended"),
        Err(_) => failing("the supervision loop has not answered within 1 s"),
    }
}

fn failing(why: &str) -> Response {
    document(StatusCode::SERVICE_UNAVAILABLE, |object| {
        object.string("status", "failing");
        object.string("detail", why);
    })
}

/// `/readyz?processes=…&wait=…`: 200 when what is asked for runs.
pub(super) async fn readiness(query: Option<&str>, section: &Section, context: &Rc<Context>) -> Response {
    let Wanted { processes, wait } = match Wanted::read(query) {
        Ok(wanted) => wanted,
        Err(text) => return plain_text(StatusCode::BAD_REQUEST, text + "\n"),
    };
    let first = look(&processes, context).await;
    if first.is_ready() || wait.is_zero() {
        return first.answer();
    }
    let Some(_place) = section.streams.take() else { return no_place(section) };
    let deadline = Instant::now() + wait;
    let (changes, follower) = FollowedChanges::new();
    context.sender.follow_events(follower).await;
    let mut stopped = context.stopped.clone();
    loop {
        // Looked at once more after the follower was registered, so that nothing is missed in between.
        let found = look(&processes, context).await;
        if found.is_ready() || Instant::now() >= deadline {
            context.sender.unfollow_events(changes);
            return found.answer();
        }
        tokio::select! {
            () = changes.changed() => sleep(limits::EVENT_STREAM_PAUSE).await,
            () = sleep_until(deadline) => {}
            _ = stopped.wait_for(|stopped| *stopped) => return found.answer(),
        }
    }
}

/// What a client asks for.
#[derive(Debug, PartialEq, Eq)]
struct Wanted {
    processes: Processes,
    wait: Duration,
}

/// Which processes have to be how.
#[derive(Debug, PartialEq, Eq)]
enum Processes {
    /// Every one with `autostart` has left its first start behind.
    Started,
    /// Every one with `autostart` runs, or has ended as expected.
    All,
    /// All of these run.
    Named(Vec<NamePattern>),
}

impl Wanted {
    fn read(query: Option<&str>) -> Result<Self, String> {
        let mut wanted = Self { processes: Processes::Started, wait: Duration::ZERO };
        for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decode(value);
            match &*decode(name) {
                "processes" if value == "all" => wanted.processes = Processes::All,
                "processes" => wanted.processes = Processes::Named(NamePattern::list(&value)),
                "wait" => {
                    let seconds = value.parse().ok().filter(|seconds| *seconds <= limits::READY_WAIT_SECONDS);
                    let most = limits::READY_WAIT_SECONDS;
                    let seconds = seconds.ok_or_else(|| format!("wait takes seconds, 0 to {most}, not '{value}'"))?;
                    wanted.wait = Duration::from_secs(seconds);
                }
                other => return Err(format!("unknown parameter '{other}'; there are processes and wait")),
            }
        }
        Ok(wanted)
    }
}

/// What a look has found.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Ready,
    /// For these.
    Waiting(Vec<String>),
    /// Nothing has such a name.
    NoMatch,
    /// Everything stops, for good or to be started anew.
    Ending(&'static str),
}

async fn look(processes: &Processes, context: &Context) -> Found {
    match context.notices.state() {
        SupervisorState::Running => {}
        SupervisorState::Restarting => return Found::Ending("restarting"),
        SupervisorState::Shutdown => return Found::Ending("shutting down"),
    }
    match published_processes::listed(context).await {
        Ok(infos) => judge(processes, &infos),
        Err(_) => Found::Ending("shutting down"),
    }
}

fn judge(processes: &Processes, infos: &[Arc<ProcessInfo>]) -> Found {
    let mut matched = false;
    let mut waiting = Vec::new();
    for info in infos {
        let is_ready = match processes {
            Processes::Started => !info.config.start.autostart || has_started(info),
            Processes::All => !info.config.start.autostart || runs_or_is_done(info),
            Processes::Named(patterns) => {
                let is_meant = patterns.iter().any(|pattern| pattern.means(&info.group, &info.config.name));
                matched |= is_meant;
                !is_meant || info.state == ProcessState::Running
            }
        };
        if !is_ready && waiting.len() < limits::READY_NAMES {
            waiting.push(make_namespec(&info.group, &info.config.name));
        }
    }
    match processes {
        Processes::Named(_) if !matched => Found::NoMatch,
        Processes::Started | Processes::All | Processes::Named(_) if waiting.is_empty() => Found::Ready,
        Processes::Started | Processes::All | Processes::Named(_) => Found::Waiting(waiting),
    }
}

/// Whether its first start has come to something, good or bad.
fn has_started(info: &ProcessInfo) -> bool {
    match info.state {
        ProcessState::Running | ProcessState::Exited | ProcessState::Backoff | ProcessState::Fatal => true,
        ProcessState::Starting => info.tally.failed_starts > 0 || info.tally.starts > 1,
        ProcessState::Stopped | ProcessState::Stopping | ProcessState::Unknown => info.tally.starts > 0,
    }
}

fn runs_or_is_done(info: &ProcessInfo) -> bool {
    match info.state {
        ProcessState::Running => true,
        ProcessState::Exited => info.last_exit.is_some_and(|last| last.expected),
        ProcessState::Starting
        | ProcessState::Backoff
        | ProcessState::Stopping
        | ProcessState::Stopped
        | ProcessState::Fatal
        | ProcessState::Unknown => false,
    }
}

impl Found {
    fn is_ready(&self) -> bool {
        *self == Self::Ready
    }

    fn answer(self) -> Response {
        let not_now = StatusCode::SERVICE_UNAVAILABLE;
        match self {
            Self::Ready => document(StatusCode::OK, |object| object.string("status", "ready")),
            Self::Waiting(names) => document(not_now, |object| {
                object.string("status", "waiting");
                object.strings("for", &names);
            }),
            Self::NoMatch => document(not_now, |object| {
                object.string("status", "waiting");
                object.string("detail", "no process has such a name");
            }),
            Self::Ending(what) => document(not_now, |object| object.string("status", what)),
        }
    }
}

fn document(status: StatusCode, write: impl FnOnce(&mut Object<'_>)) -> Response {
    let mut text = String::new();
    json::object(&mut text, write);
    text.push('\n');
    let mut response = full(status, text);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use supervisor_core::{ExitStatus, LastExit, Tally};

    use super::*;
    use crate::test_data::process_info;

    fn process(name: &str, state: ProcessState, starts: u64) -> ProcessInfo {
        ProcessInfo { state, tally: Tally { starts, ..Tally::default() }, ..process_info(name) }
    }

    fn judged(query: &str, infos: impl IntoIterator<Item = ProcessInfo>) -> Found {
        let infos: Vec<_> = infos.into_iter().map(Arc::new).collect();
        judge(&Wanted::read(Some(query)).unwrap().processes, &infos)
    }

    fn waiting(names: &[&str]) -> Found {
        Found::Waiting(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn the_first_start_is_behind_when_it_has_come_to_something() {
        use ProcessState::{Backoff, Exited, Fatal, Running, Starting, Stopped, Stopping, Unknown};
        for (state, starts, expected) in [
            (Stopped, 0, false),
            (Starting, 1, false),
            (Starting, 2, true),
            (Running, 1, true),
            (Backoff, 1, true),
            (Fatal, 0, true),
            (Exited, 1, true),
            (Stopping, 1, true),
            (Stopped, 1, true),
            (Unknown, 1, true),
        ] {
            assert_eq!(judged("", [process("a", state, starts)]) == Found::Ready, expected, "{state:?} {starts}");
        }
        assert_eq!(judged("", []), Found::Ready);
    }

    #[test]
    fn all_run_or_are_done_and_those_that_are_named_run() {
        let ended = |expected| ProcessInfo {
            last_exit: Some(LastExit {
                at: Duration::ZERO,
                status: ExitStatus::Exited(0),
                expected,
                ran_for: Duration::ZERO,
            }),
            ..process("done", ProcessState::Exited, 1)
        };
        let running = || process("cat", ProcessState::Running, 1);
        let fatal = || process("bad", ProcessState::Fatal, 1);
        assert_eq!(judged("processes=all", [running(), ended(true)]), Found::Ready);
        assert_eq!(judged("processes=all", [running(), ended(false), fatal()]), waiting(&["done", "bad"]));
        assert_eq!(judged("processes=cat,x*", [running(), fatal()]), Found::Ready);
        assert_eq!(judged("processes=*", [running(), ended(true)]), waiting(&["done"]));
        assert_eq!(judged("processes=nosuch", [running()]), Found::NoMatch);
        assert_eq!(judged("processes=", [running()]), Found::NoMatch);
    }

    #[test]
    fn what_is_not_understood_is_said() {
        let wanted = |query| Wanted::read(Some(query));
        assert_eq!(wanted("wait=20").unwrap().wait, Duration::from_secs(20));
        assert_eq!(wanted("processes=a%3A*").unwrap().processes, Processes::Named(NamePattern::list("a:*")));
        for query in ["wait=301", "wait=-1", "wait=", "wait=x", "process=a"] {
            assert!(wanted(query).is_err(), "{query}");
        }
    }
}
