//! `/api/v1/stream`: everything that a page shows, over one connection (reference/web.md §12).
//!
//! States are told by their level: a client has a version of the processes, and gets the newest row of each that has
//! changed since. Events are told from the ring, logs from their files, both from the client's place. So nothing is
//! queued for anybody: while a client does not take what it has got, nothing is read or rendered for it, and what it
//! misses is made up for by newer rows, or told as lost, or as a gap.
//!
//! Invariants: a row is never older than an event that was sent before it; the id of a frame is a place from which
//! nothing of that frame comes again and nothing behind it is missing; without clients nothing here wakes.

mod client;
mod cursor;
mod frames;
mod log;
mod table;
mod wanted;

use std::rc::Rc;

use hyper::body::Incoming;
use hyper::{Method, Request, StatusCode};
use supervisor_core::{FaultCode, OwnEventType};
use supervisor_protocol::api::ProblemCode;
use tokio::sync::mpsc;
use tokio::task::spawn_local;

use self::client::{Client, Sources};
use self::log::StreamedLog;
pub(in crate::control) use self::table::SharedTable;
use self::wanted::Wanted;
use super::events::with_headers;
use super::parameters::Parameters;
use super::problem::{Problem, as_problem};
use crate::boundary::followers::FollowedChanges;
use crate::boundary::inbox::FollowedLog;
use crate::control::context::Context;
use crate::control::limits;
use crate::control::listener::Section;
use crate::control::log_stream::no_place;
use crate::control::response::{Response, full, stream};
use crate::control::rpc;

/// Answers with a stream.
pub(super) async fn follow(
    request: &Request<Incoming>,
    parameters: &Parameters,
    section: &Section,
    context: &Rc<Context>,
) -> Result<Response, Problem> {
    let understood = |own: &[OwnEventType]| Wanted::read(parameters, request.headers(), own);
    // Extensions are waited for by those alone who may mean a type of theirs.
    let wanted = match understood(&[]) {
        Ok(wanted) => Ok(wanted),
        Err(_) if parameters.get("events").is_some() => understood(&context.extensions.event_types(context).await),
        Err(text) => Err(text),
    };
    let wanted = wanted.map_err(|text| Problem::new(ProblemCode::BadRequest, text))?;
    if *request.method() == Method::HEAD {
        return Ok(with_headers(full(StatusCode::OK, "")));
    }
    let Some(place) = section.streams.take() else {
        return Ok(as_problem(ProblemCode::TooManyStreams, no_place(section)));
    };
    let Some(page_place) = section.page_streams.take() else {
        let text = format!("{} streams are open already", section.page_streams.count());
        return Err(Problem::new(ProblemCode::TooManyStreams, text));
    };
    let logs = find_logs(&wanted, context).await?;
    // Registered before the first reading, so that nothing happens between the two.
    let sources = register(&wanted, context).await;
    let (pieces, body) = mpsc::channel(limits::STREAM_PIECES);
    let place = (place, page_place, Rc::clone(&context.page_streams));
    spawn_local(Client::new(Rc::clone(context), wanted, logs, pieces, place).serve(sources));
    Ok(with_headers(stream(body)))
}

/// The logs that are asked for, from where the client has been.
async fn find_logs(wanted: &Wanted, context: &Context) -> Result<Vec<StreamedLog>, Problem> {
    let mut logs = Vec::new();
    for (number, log) in wanted.logs.iter().enumerate() {
        let path = match &log.log {
            FollowedLog::Main => Ok(context.main_log.clone()),
            FollowedLog::Process { name, channel } => rpc::log_file(name.clone(), *channel, context).await,
        };
        let none = |text: String| Problem::new(ProblemCode::NoLog, text);
        let path = match path {
            Ok(Some(path)) => path,
            Ok(None) => return Err(none(format!("{} is not logged to a file", log.name))),
            Err(fault) if fault.code == FaultCode::ShutdownState => return Err(Problem::ending()),
            Err(_) => return Err(none(format!("there is no log {}", log.name))),
        };
        let place = wanted.cursor.as_ref().filter(|cursor| cursor.logs.len() == wanted.logs.len());
        let place = place.and_then(|cursor| cursor.logs.get(number).copied().flatten());
        logs.push(StreamedLog::new(log.name.clone(), path, log.from, place));
    }
    Ok(logs)
}

/// Has the client told of everything that it wants to follow.
async fn register(wanted: &Wanted, context: &Context) -> Sources {
    let (processes, process_follower) = FollowedChanges::new();
    if wanted.processes.is_some() {
        context.sender.follow_processes(process_follower).await;
    }
    let (events, event_follower) = FollowedChanges::new();
    if wanted.events.is_some() || wanted.supervisor {
        context.sender.follow_events(event_follower).await;
    }
    let (logs, log_follower) = FollowedChanges::new();
    for log in &wanted.logs {
        context.sender.follow(log.log.clone(), log_follower.clone()).await;
    }
    Sources { processes, events, logs }
}
