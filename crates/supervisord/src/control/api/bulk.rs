//! `POST /api/v1/actions` and `POST /api/v1/groups/{group}/…`: the same with many processes (reference/web.md §11.5).
//!
//! Each process goes its own way: one that is restarted is started as soon as it has stopped, not when all have. They
//! are begun in the order of their priorities, that of the group first, as everywhere: ascending to start, descending
//! to stop.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use hyper::StatusCode;
use supervisor_core::{FaultCode, ProcessInfo};
use supervisor_protocol::api::{Action, ProblemCode};
use supervisor_protocol::json::{self, Object};
use supervisor_protocol::name_pattern::NamePattern;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::spawn_local;
use tokio::time::{Instant, timeout_at};

use super::body::Body;
use super::document;
use super::groups::members;
use super::order::{Order, Outcome};
use super::problem::Problem;
use super::processes::{full_name, listing};
use crate::boundary::requests::GetGroup;
use crate::control::context::Context;

use crate::control::response::Response;
use crate::control::{limits, published_processes};

/// With processes by patterns.
pub(super) async fn act(body: &Body, context: &Rc<Context>) -> Result<Response, Problem> {
    let name = body.text("action")?.unwrap_or_default();
    let bulk = |action: &Action| *action != Action::Stdin;
    let action = Action::ALL.into_iter().filter(bulk).find(|action| action.name() == name).ok_or_else(|| {
        let known: Vec<&str> = Action::ALL.into_iter().filter(bulk).map(Action::name).collect();
        let nearest = supervisor_config::nearest(name, known.iter().copied()).map(str::to_owned);
        let detail = format!("there is no action '{name}'; there are {}", known.join(", "));
        Problem::new(ProblemCode::BadRequest, detail).with_nearest(nearest)
    })?;
    let order = Order::read(action, body)?;
    let meant = meant(&body.texts("processes")?, &listing(context).await?.infos)?;
    perform(order, meant, body.is_set("dry_run")?, context).await
}

/// With the processes of a group.
pub(super) async fn act_on_group(
    action: Action,
    group: &str,
    body: &Body,
    context: &Rc<Context>,
) -> Result<Response, Problem> {
    let order = Order::read(action, body)?;
    let meant = members(group, &listing(context).await?.infos)?.to_vec();
    perform(order, meant, body.is_set("dry_run")?, context).await
}

/// The processes that patterns mean, each once. `all` leaves out what lists leave out.
fn meant(patterns: &[&str], infos: &[Arc<ProcessInfo>]) -> Result<Vec<Arc<ProcessInfo>>, Problem> {
    let mut meant: Vec<Arc<ProcessInfo>> = Vec::new();
    let mut is_in = vec![false; infos.len()];
    if patterns.is_empty() {
        return Err(Problem::new(ProblemCode::BadRequest, "processes names none"));
    }
    for text in patterns {
        let pattern = NamePattern::new(text);
        let mut matched = false;
        for (info, is_in) in infos.iter().zip(&mut is_in) {
            let is_meant = if *text == "all" {
                published_processes::is_listed(info)
            } else {
                pattern.means(&info.group, &info.config.name)
            };
            matched |= is_meant;
            if is_meant && !std::mem::replace(is_in, true) {
                meant.push(Arc::clone(info));
            }
        }
        if !matched && *text != "all" {
            let known: Vec<String> = infos.iter().map(|info| full_name(info)).collect();
            let nearest = supervisor_config::nearest(text, known.iter().map(String::as_str)).map(str::to_owned);
            return Err(Problem::new(ProblemCode::NoSuchProcess, format!("Nothing is called {text}."))
                .with_fault(FaultCode::BadName)
                .with_process(*text)
                .with_nearest(nearest));
        }
    }
    if meant.len() > limits::ACTION_TARGETS {
        let detail = format!("{} processes are more than {}", meant.len(), limits::ACTION_TARGETS);
        return Err(Problem::new(ProblemCode::TooLarge, detail));
    }
    Ok(meant)
}

async fn perform(
    order: Order,
    mut meant: Vec<Arc<ProcessInfo>>,
    dry_run: bool,
    context: &Rc<Context>,
) -> Result<Response, Problem> {
    put_in_order(order.action, &mut meant, context).await;
    if dry_run {
        return Ok(document(StatusCode::OK, foretold(&order, &meant)));
    }
    let deadline = Instant::now() + order.wait;
    let mut running = begin(order, &meant, context).await;
    let mut results = Vec::with_capacity(meant.len());
    while let Ok(Some(result)) = timeout_at(deadline, running.recv()).await {
        results.push(result);
    }
    // What is not done in time goes on, and is told as it is now.
    let infos = listing(context).await?.infos;
    Ok(answer(&results, &meant, &infos))
}

/// Begins it with each of them; what became of each, in the order in which they are done.
async fn begin(
    order: Order,
    meant: &[Arc<ProcessInfo>],
    context: &Rc<Context>,
) -> mpsc::UnboundedReceiver<(String, Result<Outcome, Problem>)> {
    order.prepare(context).await;
    let (done, results) = mpsc::unbounded_channel();
    let (order, places) = (Rc::new(order), Rc::new(Semaphore::new(limits::ACTIONS_AT_A_TIME)));
    for info in meant {
        let (done, order, places) = (done.clone(), Rc::clone(&order), Rc::clone(&places));
        let (name, context) = (full_name(info), Rc::clone(context));
        drop(spawn_local(async move {
            let _place = places.acquire().await;
            let outcome = order.carry_out(&name, &context).await;
            // Nobody may listen any more.
            drop(done.send((name, outcome)));
        }));
    }
    results
}

/// By the priority of the group, then their own; descending for a stop.
async fn put_in_order(action: Action, meant: &mut [Arc<ProcessInfo>], context: &Context) {
    let mut groups: HashMap<Arc<str>, i64> = HashMap::new();
    for info in &*meant {
        if !groups.contains_key(&info.group) {
            let group = context.sender.call(GetGroup { name: info.group.to_string() }).await;
            // A group that has just gone has no place.
            groups.insert(Arc::clone(&info.group), group.map_or(i64::MAX, |group| group.priority));
        }
    }
    meant.sort_by_key(|info| (groups.get(&info.group).copied(), info.config.priority));
    if action == Action::Stop {
        meant.reverse();
    }
}

/// Who is meant, and whether something has to be done with each.
fn foretold(order: &Order, meant: &[Arc<ProcessInfo>]) -> String {
    let mut text = String::new();
    json::object(&mut text, |object| {
        object.boolean("dry_run", true);
        object.string("action", order.action.name());
        object.objects("results", meant, |object, info| {
            object.string("process", &full_name(info));
            object.boolean("changed", order.has_to_act(info.state));
            push_state(object, info);
        });
    });
    text
}

fn answer(
    results: &[(String, Result<Outcome, Problem>)],
    meant: &[Arc<ProcessInfo>],
    now: &[Arc<ProcessInfo>],
) -> Response {
    let finished: HashSet<&str> = results.iter().map(|(name, _)| name.as_str()).collect();
    let names = meant.iter().map(|info| full_name(info));
    let waiting: Vec<String> = names.filter(|name| !finished.contains(name.as_str())).collect();
    let is_done = waiting.is_empty() && results.iter().all(|(_, result)| result.as_ref().map_or(true, |it| it.done));
    let now: HashMap<String, &Arc<ProcessInfo>> = now.iter().map(|info| (full_name(info), info)).collect();
    let mut text = String::new();
    json::object(&mut text, |object| {
        let waiting = waiting.iter().map(|name| (name, None));
        let all = results.iter().map(|(name, result)| (name, Some(result))).chain(waiting);
        object.objects("results", all, |object, (name, result)| push_result(object, name, result, &now));
        object.number("failed", results.iter().filter(|(_, result)| result.is_err()).count());
    });
    document(if is_done { StatusCode::OK } else { StatusCode::ACCEPTED }, text)
}

/// `result`: none yet.
fn push_result(
    object: &mut Object<'_>,
    name: &str,
    result: Option<&Result<Outcome, Problem>>,
    now: &HashMap<String, &Arc<ProcessInfo>>,
) {
    object.string("process", name);
    match result {
        Some(Ok(Outcome { changed, done, info })) => {
            object.boolean("changed", *changed);
            object.boolean("done", *done);
            push_state(object, info);
        }
        Some(Err(problem)) => object.object("problem", |object| problem.push(object)),
        None => {
            object.boolean("changed", true);
            object.boolean("done", false);
            if let Some(info) = now.get(name) {
                push_state(object, info);
            }
        }
    }
}

fn push_state(object: &mut Object<'_>, info: &ProcessInfo) {
    object.string("state", info.state.name());
    if let Some(pid) = info.pid {
        object.number("pid", pid);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_data::process_info;

    #[test]
    fn patterns_mean_each_process_once_and_one_without_a_match_is_said() {
        let infos: Vec<_> = ["cat", "dog"].map(|name| Arc::new(process_info(name))).into();
        let names = |patterns: &[&str]| {
            let found = meant(patterns, &infos).map_err(|problem| problem.detail().to_owned())?;
            Ok::<_, String>(found.iter().map(|info| full_name(info)).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(names(&["dog", "*", "all"]), Ok("dog:dog cat:cat".to_owned()));
        assert_eq!(names(&["cat:*"]), Ok("cat:cat".to_owned()));
        assert_eq!(names(&["cat", "cta:cat"]), Err("Nothing is called cta:cat.".to_owned()));
        assert_eq!(names(&[]), Err("processes names none".to_owned()));
    }
}
