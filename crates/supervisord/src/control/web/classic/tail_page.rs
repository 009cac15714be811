//! `/tail.html`: the end of what a process has printed (contract/rpc.md §8.4).

use std::fmt::Write as _;
use std::rc::Rc;

use supervisor_core::{Channel, Fault, FaultCode, SupervisorState};

use super::super::Visit;
use super::super::html::{push_quoted, push_text};
use super::actions::unexpected;
use super::{DOCTYPE, VIEWPORT, page};
use crate::control::context::Context;
use crate::control::log_reader;
use crate::control::response::Response;
use crate::control::{limits, rpc};

/// Shows the page.
pub(in super::super) async fn answer(visit: &Visit, context: &Rc<Context>) -> Response {
    let Some(name) = visit.form.processname.as_deref() else {
        return page(write(None, "No process name found", 0, visit.for_people), visit, context);
    };
    let limit = limit_of(visit.form.limit.as_deref());
    let text = match read(name, limit, context).await {
        Ok(text) => text,
        Err(Fault { code: FaultCode::NoFile, .. }) => format!("No file for {name}"),
        Err(fault) => format!("ERROR: {}", unexpected(&fault)),
    };
    page(write(Some(name), &text, limit, visit.for_people), visit, context)
}

/// How many bytes are asked for; less than a kilobyte is one.
fn limit_of(given: Option<&str>) -> u64 {
    let given = given.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    // More digits than a number has are as much as there is.
    given.map_or(0, |digits| digits.parse().unwrap_or(u64::MAX)).max(limits::SHORTEST_TAIL_BYTES)
}

/// The end of a log, at most so many bytes.
async fn read(name: &str, limit: u64, context: &Context) -> Result<String, Fault> {
    if context.notices.state() != SupervisorState::Running {
        return Err(Fault::bare(FaultCode::ShutdownState));
    }
    let path = rpc::log_file(name.to_owned(), Channel::Stdout, context).await?;
    let bytes = i64::try_from(limit.min(limits::LONGEST_TAIL_BYTES as u64)).unwrap_or(i64::MAX);
    let read = move || {
        let mut found = log_reader::read(path.as_deref(), -bytes, 0)?;
        let mut text = String::new();
        loop {
            match found.next_piece(|piece| text.push_str(piece)) {
                Ok(true) => {}
                // A log that has become shorter ends where it does.
                Ok(false) | Err(_) => return Ok(text),
            }
        }
    };
    rpc::done_by(&context.files, read).await
}

fn write(name: Option<&str>, log: &str, limit: u64, for_people: bool) -> String {
    let mut text = String::with_capacity(1_000 + log.len());
    text.push_str(DOCTYPE);
    text.push_str("<html>\n<head>\n  <title>Supervisor tail of process ");
    push_text(&mut text, name.unwrap_or("None"));
    text.push_str("</title>\n");
    if for_people {
        text.push_str(VIEWPORT);
    }
    text.push_str("</head>\n<body>\n<div>\n<pre>");
    push_text(&mut text, log);
    text.push_str("</pre>\n<form action=\"index.html\" method=\"POST\">\n<div>\n");
    if let Some(name) = name {
        text.push_str("<a href=\"tail.html?processname=");
        push_quoted(&mut text, name);
        write!(text, "&amp;limit={limit}\">").expect("a String takes everything");
        text.push_str("<input name=\"refresh\" type=\"button\" value=\" Refresh \" /></a>\n");
    }
    if let Some(name) = name.filter(|_| for_people) {
        text.push_str("<a href=\"logtail/");
        push_quoted(&mut text, name);
        text.push_str("\">Follow</a>\n");
    }
    text.push_str("</div>\n</form>\n</div>\n</body>\n</html>\n");
    text
}
