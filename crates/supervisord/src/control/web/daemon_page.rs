//! `/daemon`: supervisord itself, its main log, and how it is ended (reference/web.md §7.5).

use std::time::Duration;

use askama::Template;
use hyper::StatusCode;
use supervisor_protocol::SUPERVISOR_VERSION;

use super::NewVisit;
use super::facts::{Fact, Pair};
use super::frame::{self, Frame};
use super::log_view::{self, LogView};
use super::{look, rows, words};
use crate::control::metrics::OwnProcess;
use crate::control::response::Response;

#[derive(Template)]
#[template(path = "daemon.html")]
struct Page {
    frame: Frame,
    state: &'static str,
    is_running: bool,
    facts: Vec<Fact>,
    log: LogView,
    log_label: &'static str,
    here: Vec<Pair>,
    limits: Vec<Pair>,
}

/// Shows the page.
pub(super) async fn answer(visit: &NewVisit<'_>) -> Response {
    let context = visit.context;
    let processes = look::processes(context).await.unwrap_or_default();
    let own = context.files.run(OwnProcess::read).await.ok().flatten();
    let none = "There is no main log: it is turned off, or it goes to standard output.";
    let log = log_view::read(context.main_log.clone(), none, &visit.query, &[], context).await;
    let mut frame = Frame::new(visit.view, "Daemon", visit.section, context);
    "log=supervisor&log_from=-1".clone_into(&mut frame.topics);
    frame.message = super::forms::message(visit, &processes);
    let page = Page {
        frame,
        state: context.notices.state().name(),
        is_running: context.notices.state() == supervisor_core::SupervisorState::Running,
        facts: facts(visit, own.as_ref()),
        log,
        log_label: "Main log",
        here: here(visit),
        limits: limits(own.as_ref(), rows::Counts::of(&processes).all),
    };
    frame::page(StatusCode::OK, &page, context)
}

fn facts(visit: &NewVisit<'_>, own: Option<&OwnProcess>) -> Vec<Fact> {
    let context = visit.context;
    let started = Duration::try_from(context.started.as_duration()).unwrap_or_default();
    let dash = || "–".to_owned();
    let up = visit.now.since(started);
    let cpu = own.map(|own| (own.cpu_seconds, own.cpu_seconds / up.as_secs_f64().max(1.0)));
    vec![
        Fact::new("Uptime", words::uptime(up), format!("since {}", visit.now.moment(started))),
        Fact::new("Version", SUPERVISOR_VERSION.to_owned(), "as clients are told".to_owned()),
        Fact::new("Process", format!("pid {}", context.pid), String::new()),
        Fact::new("Own memory", own.map_or_else(dash, |own| words::size(own.resident)), "resident".to_owned()),
        Fact::new(
            "Own CPU",
            cpu.map_or_else(dash, |(_, share)| format!("{:.2} %", share * 100.0)),
            "of one core, since its start".to_owned(),
        ),
        Fact::new("CPU time", cpu.map_or_else(dash, |(seconds, _)| format!("{seconds:.1} s")), "in all".to_owned()),
    ]
}

fn here(visit: &NewVisit<'_>) -> Vec<Pair> {
    let place = &visit.context.place;
    let mut pairs = vec![Pair::code("Main file", place.config_file.clone(), "")];
    if !place.server_url.is_empty() {
        pairs.push(Pair::code("Server", place.server_url.clone(), "as programs are told"));
    }
    let guard = if visit.section.asks_for_credentials() { "with a password" } else { "without a password" };
    let tls = if visit.section.certificate.is_some() { "HTTPS" } else { "HTTP" };
    pairs.push(Pair::code("You are at", visit.section.name.clone(), &format!("{tls}, {guard}")));
    pairs.retain(|pair| !pair.value.is_empty());
    pairs
}

fn limits(own: Option<&OwnProcess>, processes: usize) -> Vec<Pair> {
    let mut pairs = vec![Pair::text("Processes", words::count(processes as u64), "configured")];
    if let Some(own) = own {
        let open = own.open_fds.map_or_else(|| "?".to_owned(), |open| words::count(open as u64));
        let text = format!("{open} of {}", words::count(own.max_fds));
        pairs.push(Pair::text("Descriptors", text, ""));
        pairs.push(Pair::text("Threads", own.threads.to_string(), ""));
    }
    pairs
}
