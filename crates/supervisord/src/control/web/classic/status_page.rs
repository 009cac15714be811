//! `/` and `/index.html`: all processes, and links to what can be done with them (contract/rpc.md §8.3).
//!
//! Each state, name and link stands on a line of its own, since people count them with grep.

use std::borrow::Borrow;
use std::fmt::Write as _;
use std::rc::Rc;

use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use supervisor_core::{ProcessInfo, ProcessState, SupervisorState, make_namespec};
use supervisor_protocol::SUPERVISOR_VERSION;

use super::super::Visit;
use super::super::base_url::base_url;
use super::super::html::{push_quoted, push_text, quoted};
use super::actions::{Action, perform};
use super::{DOCTYPE, VIEWPORT, consent, never_keep, page, question_page};
use crate::clock;
use crate::control::context::Context;
use crate::control::error_page::error_page;
use crate::control::limits;
use crate::control::listener::Section;
use crate::control::process_info::ProcessInfoWriter;
use crate::control::published_processes;
use crate::control::response::Response;

/// What a process takes; a guess too low costs a copy.
const ROW_BYTES: usize = 1_000;

/// Shows the page, or carries out what is asked for and leads to it.
pub(in super::super) async fn answer(visit: &Visit, section: &Section, context: &Rc<Context>) -> Response {
    if visit.form.action.is_none() {
        return match published_processes::listed(context).await {
            Ok(infos) if is_running(context) => page(write(&infos, visit, context), visit, context),
            // Nothing is told of processes in a shutdown.
            Ok(_) | Err(_) => error_page(StatusCode::INTERNAL_SERVER_ERROR),
        };
    }
    let Some(action) = Action::read(&visit.form).filter(|_| is_running(context)) else {
        return error_page(StatusCode::INTERNAL_SERVER_ERROR);
    };
    if action != Action::Refresh && !consent::is_given(visit, section, context) {
        return question_page::ask(&action, visit, section, context);
    }
    match perform(action, context).await {
        Ok(message) if is_running(context) => redirect(&message, visit, section),
        Ok(_) | Err(_) => error_page(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

fn is_running(context: &Context) -> bool {
    context.notices.state() == SupervisorState::Running
}

/// Leads to the page, with a message on it. Programs are told a whole URL, as ever; people's browsers one that holds
/// behind any proxy, unless it is said how we are reached.
fn redirect(message: &str, visit: &Visit, section: &Section) -> Response {
    let base = match &section.web.base_url {
        None if visit.for_people => ".".to_owned(),
        Some(_) | None => base_url(&visit.head.headers, section),
    };
    let message: String = message.chars().take(limits::PAGE_MESSAGE_CHARACTERS).collect();
    let location = format!("{base}/?message={}", quoted(&message));
    let Ok(location) = HeaderValue::try_from(location) else { return error_page(StatusCode::BAD_REQUEST) };
    let mut response = error_page(StatusCode::MOVED_PERMANENTLY);
    let headers = response.headers_mut();
    headers.clear();
    headers.insert(LOCATION, location);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
    never_keep(headers);
    response
}

fn write<T: Borrow<ProcessInfo>>(infos: &[T], visit: &Visit, context: &Context) -> String {
    let mut text = String::with_capacity(2_000 + infos.len() * ROW_BYTES);
    text.push_str(DOCTYPE);
    text.push_str("<html>\n<head>\n  <title>Supervisor Status</title>\n");
    if visit.for_people {
        text.push_str(VIEWPORT);
    }
    text.push_str(concat!(
        "  <link href=\"stylesheets/supervisor.css\" rel=\"stylesheet\" type=\"text/css\" />\n",
        "  <link href=\"images/icon.png\" rel=\"icon\" type=\"image/png\" />\n",
        "</head>\n<body>\n<div id=\"wrapper\">\n",
        "<div id=\"header\">\n<img alt=\"Supervisor status\" src=\"images/supervisor.gif\" />\n</div>\n<div>\n",
    ));
    match &visit.form.message {
        Some(message) => {
            text.push_str("<div class=\"status_msg\">");
            push_text(&mut text, message);
            text.push_str("</div>\n");
        }
        None => text.push_str("<div class=\"hidden\">#</div>\n"),
    }
    text.push_str("<form action=\"index.html\" method=\"post\">\n<ul class=\"clr\" id=\"buttons\">\n");
    for (action, label) in [("refresh", "Refresh"), ("restartall", "Restart All"), ("stopall", "Stop All")] {
        writeln!(text, "<li class=\"action-button\"><a href=\"index.html?action={action}\">{label}</a></li>")
            .expect("a String takes everything");
    }
    text.push_str("</ul>\n");
    push_table(&mut text, infos);
    text.push_str("</form>\n</div>\n<div class=\"push\"></div>\n</div>\n");
    push_footer(&mut text, visit.for_people && context.main_log.is_some());
    text.push_str("</body>\n</html>\n");
    text
}

fn push_table<T: Borrow<ProcessInfo>>(text: &mut String, infos: &[T]) {
    if infos.is_empty() {
        text.push_str("No programs to manage\n");
        return;
    }
    text.push_str("<table cellspacing=\"0\">\n<thead>\n<tr>\n");
    for (class, label) in [("state", "State"), ("desc", "Description"), ("name", "Name"), ("action", "Action")] {
        writeln!(text, "<th class=\"{class}\">{label}</th>").expect("a String takes everything");
    }
    text.push_str("</tr>\n</thead>\n<tbody>\n");
    let mut descriptions = ProcessInfoWriter::new();
    for (info, shade) in infos.iter().zip(["", "shade"].into_iter().cycle()) {
        let info = info.borrow();
        push_row(text, info, descriptions.description(info), shade);
    }
    text.push_str("</tbody>\n</table>\n");
}

fn push_row(text: &mut String, info: &ProcessInfo, description: &str, shade: &str) {
    let name = make_namespec(&info.group, &info.config.name);
    let state = info.state.name().to_lowercase();
    write!(
        text,
        "<tr class=\"{shade}\">\n<td class=\"status\"><span class=\"{}\">{state}</span></td>\n<td><span>",
        class_of(info.state)
    )
    .expect("a String takes everything");
    push_text(text, description);
    text.push_str("</span></td>\n<td><a href=\"tail.html?processname=");
    push_quoted(text, &name);
    text.push_str("\" target=\"_blank\">");
    push_text(text, &name);
    text.push_str("</a></td>\n<td class=\"action\">\n<ul>\n");
    let name = quoted(&name);
    for action in actions_in(info.state) {
        match action {
            Some((action, label)) => writeln!(
                text,
                "<li><a href=\"index.html?processname={name}&amp;action={action}\" name=\"{label}\">{label}</a></li>"
            ),
            None => text.write_str("<li><a class=\"hidden\" href=\"#\" name=\"#\">Action</a></li>\n"),
        }
        .expect("a String takes everything");
    }
    for (end, label) in [("", "Tail -f Stdout"), ("/stderr", "Tail -f Stderr")] {
        writeln!(text, "<li><a href=\"logtail/{name}{end}\" name=\"{label}\" target=\"_blank\">{label}</a></li>")
            .expect("a String takes everything");
    }
    text.push_str("</ul>\n</td>\n</tr>\n");
}

/// The first three of the five places; what cannot be done now leaves its place empty.
fn actions_in(state: ProcessState) -> [Option<(&'static str, &'static str)>; 3] {
    let clear = Some(("clearlog", "Clear Log"));
    match state {
        ProcessState::Running => [Some(("restart", "Restart")), Some(("stop", "Stop")), clear],
        ProcessState::Stopped | ProcessState::Exited | ProcessState::Fatal => [Some(("start", "Start")), None, clear],
        ProcessState::Starting | ProcessState::Backoff | ProcessState::Stopping | ProcessState::Unknown => {
            [None, None, clear]
        }
    }
}

fn class_of(state: ProcessState) -> &'static str {
    match state {
        ProcessState::Running => "statusrunning",
        ProcessState::Fatal | ProcessState::Backoff => "statuserror",
        ProcessState::Stopped
        | ProcessState::Starting
        | ProcessState::Stopping
        | ProcessState::Exited
        | ProcessState::Unknown => "statusnominal",
    }
}

fn push_footer(text: &mut String, with_main_log: bool) {
    let main_log = if with_main_log { " <a href=\"mainlogtail\">Main log</a>" } else { "" };
    let year = clock::local_time(clock::wall_clock(), clock::local_zone().zone.clone()).year();
    write!(
        text,
        "<div class=\"clr\" id=\"footer\">\n<div class=\"left\">\n<a href=\"http://supervisord.org\">Supervisor</a> \
         <span>{SUPERVISOR_VERSION}</span>{main_log}\n</div>\n<div class=\"right\">\n&copy; 2006-<span>{year}</span> \
         <strong>Supervisor and its contributors</strong>\n</div>\n</div>\n"
    )
    .expect("a String takes everything");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_data::process_info;

    fn row(info: &ProcessInfo) -> String {
        let mut text = String::new();
        push_row(&mut text, info, "a <b> & c", "shade");
        text
    }

    #[test]
    fn a_row_has_what_readers_of_the_page_hold_on_to() {
        let running = ProcessInfo { group: "web".into(), state: ProcessState::Running, ..process_info("cat") };
        let expected = concat!(
            "<tr class=\"shade\">\n",
            "<td class=\"status\"><span class=\"statusrunning\">running</span></td>\n",
            "<td><span>a &lt;b> &amp; c</span></td>\n",
            "<td><a href=\"tail.html?processname=web%3Acat\" target=\"_blank\">web:cat</a></td>\n",
            "<td class=\"action\">\n<ul>\n",
            "<li><a href=\"index.html?processname=web%3Acat&amp;action=restart\" name=\"Restart\">Restart</a></li>\n",
            "<li><a href=\"index.html?processname=web%3Acat&amp;action=stop\" name=\"Stop\">Stop</a></li>\n",
            "<li><a href=\"index.html?processname=web%3Acat&amp;action=clearlog\" name=\"Clear Log\">Clear Log</a></li>\n",
            "<li><a href=\"logtail/web%3Acat\" name=\"Tail -f Stdout\" target=\"_blank\">Tail -f Stdout</a></li>\n",
            "<li><a href=\"logtail/web%3Acat/stderr\" name=\"Tail -f Stderr\" target=\"_blank\">Tail -f Stderr</a></li>\n",
            "</ul>\n</td>\n</tr>\n",
        );
        assert_eq!(row(&running), expected);
    }

    #[test]
    fn each_state_has_its_class_and_its_links() {
        for (state, class, links) in [
            (ProcessState::Running, "statusrunning\">running", [true, true, false]),
            (ProcessState::Stopped, "statusnominal\">stopped", [false, false, true]),
            (ProcessState::Exited, "statusnominal\">exited", [false, false, true]),
            (ProcessState::Fatal, "statuserror\">fatal", [false, false, true]),
            (ProcessState::Backoff, "statuserror\">backoff", [false; 3]),
            (ProcessState::Starting, "statusnominal\">starting", [false; 3]),
            (ProcessState::Stopping, "statusnominal\">stopping", [false; 3]),
            (ProcessState::Unknown, "statusnominal\">unknown", [false; 3]),
        ] {
            let row = row(&ProcessInfo { state, ..process_info("cat") });
            assert!(row.contains(class), "{row}");
            let shown = ["restart", "stop", "start"].map(|action| row.contains(&format!("action={action}\"")));
            assert_eq!(shown, links, "{state:?}");
            let hidden = 2 - links.iter().filter(|shown| **shown).count();
            assert_eq!(row.matches("class=\"hidden\"").count(), hidden, "{state:?}");
        }
    }

    #[test]
    fn no_name_is_markup() {
        let row = row(&process_info("x\"><script>alert(1)</script>&amp;"));
        assert!(!row.contains("<script"), "{row}");
        assert!(row.contains(">x\">&lt;script>alert(1)&lt;/script>&amp;amp;</a>"), "{row}");
        assert!(row.contains("processname=x%22%3E%3Cscript%3Ealert%281%29%3C/script%3E%26amp%3B\""), "{row}");
    }
}
