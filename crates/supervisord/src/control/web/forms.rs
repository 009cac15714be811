//! `POST /actions`: what the forms of our pages send, and the message that they lead to (reference/web.md §6.1, §8.4).
//!
//! Requests of other sites are refused before. Besides, an order without the proof that a page of ours has made the
//! form is not carried out but asked about, and so is one that ends something and was not confirmed. What follows is a
//! 303 to a page of ours, with numbers and names of ours: no link can put words into our mouth.

use std::sync::Arc;

use hyper::StatusCode;
use hyper::header::{CACHE_CONTROL, HeaderValue, LOCATION};
use supervisor_core::{ProcessInfo, Signal, SupervisorState, make_namespec};

use super::frame::Message;
use super::house_orders::{self, HouseOrder};
use super::orders::{Order, Outcome, Targets, Verb, carry_out};
use super::query::{Query, link};
use super::rows::Process;
use super::view::{View, group_path, process_path};
use super::{NewVisit, error_pages, question_page, words};
use crate::clock;
use crate::control::error_page::error_page;
use crate::control::response::{Response, full};
use crate::control::{limits, published_processes};

/// What a link to one of our pages may say of what is shown.
const KEPT: [&str; 8] = ["q", "show", "sort", "page", "log", "view", "types", "before"];

/// Answers a form.
pub(super) async fn answer(visit: &NewVisit<'_>, form: &Query) -> Response {
    if visit.context.notices.state() != SupervisorState::Running {
        return error_pages::ending(visit);
    }
    if let Some(order) = HouseOrder::read(form) {
        return house_orders::answer(order, form, visit).await;
    }
    let Some(order) = Order::read(form) else {
        return error_pages::plain(visit, StatusCode::BAD_REQUEST, "This order is not known.", "Go back to the page.");
    };
    let Ok(infos) = published_processes::listed(visit.context).await else { return error_pages::ending(visit) };
    let from = form.get("from");
    let meant = order.meant(&infos);
    if meant.is_empty() {
        return redirect(from, &[("done", "none"), ("of", name_of(&order.targets))]);
    }
    let has_token = visit.context.form_tokens.is_one(form.get("token"), visit.section, clock::wall_clock());
    let note = if has_token { changed_since(form, &meant) } else { NO_TOKEN.to_owned() };
    let is_confirmed = form.get("confirmed") == "yes" && has_token && note.is_empty();
    let lacks_signal = order.verb == Verb::Signal && Signal::parse(&order.signal).is_none();
    if lacks_signal || !has_token || !note.is_empty() || (!is_confirmed && order.verb.asks(&meant)) {
        // Whoever comes for the first time is told nothing but the question.
        let note = if form.get("confirmed") == "yes" { note } else { String::new() };
        return question_page::ask(visit, &order, &meant, from, &note);
    }
    let outcome = carry_out(order.verb, &meant, &order.signal, visit.context).await;
    let one = meant.first().filter(|_| meant.len() == 1).map(|info| name(info)).unwrap_or_default();
    lead_back(from, order.verb.key(), &outcome, &one)
}

/// To the page that a form was sent from, which tells how it went. `of`: the one that it was about, if it was one.
pub(super) fn lead_back(from: &str, done: &str, outcome: &Outcome, of: &str) -> Response {
    let number = |count: usize| if count == 0 { String::new() } else { count.to_string() };
    let Outcome { done: n, failed, waiting } = *outcome;
    redirect(
        from,
        &[("done", done), ("n", &number(n)), ("failed", &number(failed)), ("waiting", &number(waiting)), ("of", of)],
    )
}

const NO_TOKEN: &str = "The page was opened too long ago, or before supervisord was started.";

fn name(info: &ProcessInfo) -> String {
    make_namespec(&info.group, &info.config.name)
}

fn name_of(targets: &Targets) -> &str {
    match targets {
        Targets::Process(name) => name,
        Targets::Group(_) | Targets::All | Targets::Selected(_) => "",
    }
}

/// A sentence where one of them is another life than the one that was asked about: `pid=4121 web:cat`.
fn changed_since(form: &Query, meant: &[Arc<ProcessInfo>]) -> String {
    let changed = form.all("pid").filter_map(|pid| pid.split_once(' ')).find(|(pid, asked)| {
        let is_other = |info: &Arc<ProcessInfo>| info.pid.is_some_and(|now| now.to_string() != *pid);
        meant.iter().any(|info| name(info) == *asked && is_other(info))
    });
    changed.map(|(_, name)| format!("{name} was started anew meanwhile.")).unwrap_or_default()
}

/// Leads to a page of ours; whatever else `from` says leads home.
pub(super) fn redirect(from: &str, said: &[(&str, &str)]) -> Response {
    let location = format!("./{}", location(from, said));
    let Ok(location) = HeaderValue::try_from(location) else { return error_page(StatusCode::BAD_REQUEST) };
    let mut response = full(StatusCode::SEE_OTHER, "");
    response.headers_mut().insert(LOCATION, location);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The page that a form was sent from, below the root.
pub(super) fn back(from: &str) -> String {
    location(from, &[])
}

fn location(from: &str, said: &[(&str, &str)]) -> String {
    let (path, query) = from.split_once('?').unwrap_or((from, ""));
    let query = Query::read(query);
    let (view, name) = View::of(&format!("/{path}")).unwrap_or((View::Home, String::new()));
    let pairs: Vec<(&str, &str)> = KEPT.iter().map(|key| (*key, query.get(key))).chain(said.iter().copied()).collect();
    format!("{}{}", path_of(view, &name), link(&pairs))
}

/// The path of a page below the root.
pub(super) fn path_of(view: View, name: &str) -> String {
    match view {
        View::Home => String::new(),
        View::Processes => "processes".to_owned(),
        View::Process => process_path(name),
        View::Group => group_path(name),
        View::Events => "events".to_owned(),
        View::Configuration => "configuration".to_owned(),
        View::Daemon => "daemon".to_owned(),
        View::Help => "help".to_owned(),
    }
}

/// Where a form leads back to: this page, with what is shown on it.
pub(super) fn place(view: View, name: &str, query: &Query) -> String {
    let pairs: Vec<(&str, &str)> = KEPT.iter().map(|key| (*key, query.get(key))).collect();
    let link = link(&pairs);
    format!("{}{}", path_of(view, name), if link == "?" { "" } else { &link })
}

/// What came of the form that has led to a page, or the message of a link of the classic pages.
pub(super) fn message(visit: &NewVisit<'_>, processes: &[Process]) -> Option<Message> {
    let query = &visit.query;
    let done = query.get("done");
    if done.is_empty() {
        let text: String = query.get("message").chars().take(limits::LINK_MESSAGE_CHARACTERS).collect();
        return (!text.is_empty()).then_some(Message { kind: "link", text });
    }
    let one = processes.iter().find(|process| name(&process.info) == query.get("of"));
    if done == "none" {
        let text = match one {
            Some(process) => format!("There was nothing to do for {}.", name(&process.info)),
            None => "Nothing is selected that this could be done with.".to_owned(),
        };
        return Some(Message { kind: "failed", text });
    }
    let number = |key: &str| query.number(key).and_then(|number| usize::try_from(number).ok()).unwrap_or(0);
    let outcome = Outcome { done: number("n"), failed: number("failed"), waiting: number("waiting") };
    match Verb::read(done) {
        Some(verb) => Some(told(verb, &outcome, one)),
        None => HouseOrder::of(done).map(|order| order.told(&outcome)),
    }
}

fn told(verb: Verb, outcome: &Outcome, one: Option<&Process>) -> Message {
    let Outcome { done, failed, waiting } = *outcome;
    let whom = |count: usize| match one {
        Some(process) => name(&process.info),
        None => words::processes(count),
    };
    let mut sentences = Vec::new();
    if done > 0 {
        sentences.push(format!("{}.", verb.done_to(&whom(done))));
    }
    if failed > 0 {
        let why = one.and_then(|process| process.info.spawnerr.as_deref()).filter(|_| verb != Verb::Stop);
        let why = why.map(|why| format!(": {why}")).unwrap_or_default();
        sentences.push(format!("{} failed{why}.", verb.of(&whom(failed))));
    }
    if waiting > 0 {
        sentences.push(format!("{} goes on.", verb.of(&whom(waiting))));
    }
    Message { kind: if failed > 0 { "failed" } else { "done" }, text: sentences.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_data::process_info;

    #[test]
    fn a_form_leads_to_pages_of_ours_alone() {
        let said = [("done", "stop"), ("n", "3"), ("failed", "")];
        for (from, expected) in [
            ("", "?done=stop&n=3"),
            ("processes?q=a%20b&show=down&evil=1&message=x", "processes?q=a%20b&show=down&done=stop&n=3"),
            ("processes/web:cat?log=stderr", "processes/web:cat?log=stderr&done=stop&n=3"),
            ("https://evil.example/", "?done=stop&n=3"),
            ("//evil.example", "?done=stop&n=3"),
            ("/evil.example/../x", "?done=stop&n=3"),
            ("processes\r\nX: y", "?done=stop&n=3"),
        ] {
            assert_eq!(location(from, &said), expected, "{from}");
        }
    }

    #[test]
    fn what_was_done_is_told_in_our_words() {
        let outcome = |done, failed, waiting| Outcome { done, failed, waiting };
        let text = |verb, outcome| told(verb, &outcome, None).text;
        assert_eq!(text(Verb::Stop, outcome(3, 0, 0)), "Stopped 3 processes.");
        assert_eq!(text(Verb::Start, outcome(1, 2, 0)), "Started 1 process. Start 2 processes failed.");
        assert_eq!(text(Verb::Restart, outcome(0, 0, 4)), "Restart 4 processes goes on.");
        let spawnerr = Some("can't find command '/nosuch'".into());
        let info = Arc::new(ProcessInfo { spawnerr, ..process_info("cat") });
        let one = Process { info, used: None };
        let told = told(Verb::Start, &outcome(0, 1, 0), Some(&one));
        assert_eq!((told.kind, told.text.as_str()), ("failed", "Start cat failed: can't find command '/nosuch'."));
    }
}
