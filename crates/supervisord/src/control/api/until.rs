//! `GET /api/v1/processes/{process}?until=STATE&wait=…`: a process as soon as it is in a state, or after a while as it
//! is then (reference/web.md §11.4).
//!
//! It costs a place among those who follow something, and no time of anybody's: it looks again when something has
//! happened.

use std::rc::Rc;
use std::time::Duration;

use hyper::StatusCode;
use supervisor_core::ProcessState;
use supervisor_protocol::api::ProblemCode;
use supervisor_protocol::json;
use tokio::time::{Instant, sleep, sleep_until};

use super::body::bounded_wait;
use super::document;
use super::order::look;
use super::parameters::Parameters;
use super::problem::{Problem, as_problem};
use super::processes::push_process;
use crate::boundary::followers::FollowedChanges;
use crate::control::context::Context;
use crate::control::limits;
use crate::control::listener::Section;
use crate::control::log_stream::no_place;
use crate::control::process_info::ProcessInfoWriter;
use crate::control::response::Response;

/// What is waited for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Until {
    states: Vec<ProcessState>,
    wait: Duration,
}

impl Until {
    /// `None`: nothing is waited for.
    pub(super) fn read(parameters: &Parameters) -> Result<Option<Self>, Problem> {
        let Some(list) = parameters.get("until") else {
            return match parameters.get("wait") {
                Some(_) => Err(Problem::new(ProblemCode::BadRequest, "wait needs until")),
                None => Ok(None),
            };
        };
        let states: Result<Vec<_>, Problem> = list
            .split(',')
            .map(|name| {
                ProcessState::ALL.into_iter().find(|state| state.name().eq_ignore_ascii_case(name)).ok_or_else(|| {
                    let known = ProcessState::ALL.map(ProcessState::name).join(", ");
                    Problem::new(ProblemCode::BadRequest, format!("unknown state '{name}'; there are {known}"))
                })
            })
            .collect();
        let wait = match parameters.get("wait") {
            None => limits::UNTIL_USUAL_WAIT,
            Some(text) => {
                let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
                bounded_wait("wait", seconds)?
            }
        };
        Ok(Some(Self { states: states?, wait }))
    }

    /// The process, when it is time.
    pub(super) async fn tell(&self, name: &str, section: &Section, context: &Rc<Context>) -> Result<Response, Problem> {
        let Some(_place) = section.streams.take() else {
            return Ok(as_problem(ProblemCode::TooManyStreams, no_place(section)));
        };
        let deadline = Instant::now() + self.wait;
        let (changes, follower) = FollowedChanges::new();
        context.sender.follow_events(follower).await;
        let mut stopped = context.stopped.clone();
        loop {
            let info = look(name, context).await?;
            let reached = self.states.contains(&info.state);
            if reached || Instant::now() >= deadline {
                context.sender.unfollow_events(changes);
                let mut text = String::new();
                json::object(&mut text, |object| {
                    push_process(object, &info, &mut ProcessInfoWriter::new());
                    object.boolean("reached", reached);
                });
                return Ok(document(StatusCode::OK, text));
            }
            tokio::select! {
                () = changes.changed() => sleep(limits::EVENT_STREAM_PAUSE).await,
                () = sleep_until(deadline) => {}
                _ = stopped.wait_for(|stopped| *stopped) => return Err(Problem::ending()),
            }
        }
    }
}
