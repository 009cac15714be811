//! `POST /api/v1/processes/{process}/…`: something is done with one process, and the outcome waited for.

use std::rc::Rc;

use hyper::StatusCode;
use hyper::header::{HeaderValue, LOCATION};
use supervisor_core::ProcessState;
use supervisor_protocol::api::{Action, ProblemCode, ROOT};
use supervisor_protocol::json;
use tokio::task::spawn_local;
use tokio::time::{Instant, timeout};

use super::body::Body;
use super::document;
use super::order::{Order, Outcome, look};
use super::problem::Problem;
use super::processes::{find, full_name, listing};
use crate::control::context::Context;
use crate::control::percent::encode;
use crate::control::response::Response;

pub(super) async fn act(action: Action, name: &str, body: &Body, context: &Rc<Context>) -> Result<Response, Problem> {
    let order = Order::read(action, body)?;
    // Whoever abbreviates a name means it as long as the answer takes.
    let name = full_name(find(name, &listing(context).await?.infos)?.1);
    let begun_at = Instant::now();
    let goal = order.goal();
    let wait = order.wait;
    let does_not_wait = wait.is_zero() && action == Action::Restart;
    let task = {
        let (name, context) = (name.clone(), Rc::clone(context));
        spawn_local(async move {
            order.prepare(&context).await;
            order.carry_out(&name, &context).await
        })
    };
    // Without a restart it is over as soon as supervision has heard of it.
    let outcome = if wait.is_zero() && !does_not_wait { Ok(task.await) } else { timeout(wait, task).await };
    let outcome = match outcome {
        Ok(joined) => joined.unwrap_or_else(|_| {
            Err(Problem::new(ProblemCode::Failed, "a defect has ended it; the main log says where"))
        })?,
        Err(_) => Outcome { changed: true, done: false, info: look(&name, context).await? },
    };
    Ok(answer(&name, action, goal, &outcome, begun_at))
}

fn answer(name: &str, action: Action, goal: Option<ProcessState>, outcome: &Outcome, begun_at: Instant) -> Response {
    let Outcome { changed, done, info } = outcome;
    let mut text = String::new();
    json::object(&mut text, |object| {
        object.string("process", name);
        object.string("action", action.name());
        object.boolean("changed", *changed);
        object.boolean("done", *done);
        object.number("took", format_args!("{:.3}", begun_at.elapsed().as_secs_f64()));
        object.string("state", info.state.name());
        if let Some(pid) = info.pid {
            object.number("pid", pid);
        }
    });
    let mut response = document(if *done { StatusCode::OK } else { StatusCode::ACCEPTED }, text);
    if let Some(goal) = goal.filter(|_| !done) {
        let location = format!("{ROOT}/processes/{}?until={}", encode(name), goal.name());
        let location = HeaderValue::from_str(&location).expect("what is encoded is printable");
        response.headers_mut().insert(LOCATION, location);
    }
    response
}
