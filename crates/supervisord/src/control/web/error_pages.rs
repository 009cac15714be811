//! What a person reads where there is no page: a sentence what, a sentence what to do, and the way back
//! (reference/web.md §7.6). Whoever does not ask for HTML by name gets the error pages of the contract.

use askama::Template;
use hyper::StatusCode;
use hyper::header::CONTENT_LENGTH;
use supervisor_config::nearest;
use supervisor_core::make_namespec;

use super::frame::{self, Frame};
use super::rows::Process;
use super::view::{View, group_path, process_path};
use super::{NewVisit, look};
use crate::control::context::Context;
use crate::control::listener::Section;
use crate::control::response::{Response, ResponseBody, try_again_later};

#[derive(Template)]
#[template(path = "error.html")]
struct Page {
    frame: Frame,
    what: String,
    remedy: String,
    /// Names that were probably meant, with their paths.
    nearest: Vec<(String, String)>,
}

/// supervisord shuts down or restarts.
pub(super) fn ending(visit: &NewVisit<'_>) -> Response {
    let response = plain(
        visit,
        StatusCode::SERVICE_UNAVAILABLE,
        "supervisord is shutting down or restarting.",
        "Try again in a few seconds.",
    );
    try_again_later(response)
}

/// A sentence of ours.
pub(super) fn plain(visit: &NewVisit<'_>, status: StatusCode, what: &str, remedy: &str) -> Response {
    let frame = Frame::new(visit.view, what.trim_end_matches('.'), visit.section, visit.context);
    let page = Page { frame, what: what.to_owned(), remedy: remedy.to_owned(), nearest: Vec::new() };
    frame::page(status, &page, visit.context)
}

/// There is no process or group of this name; `kind` is which of them.
pub(super) async fn no_such(visit: &NewVisit<'_>, kind: &str, name: &str) -> Response {
    let processes = look::processes(visit.context).await.unwrap_or_default();
    let is_group = kind == "group";
    let name_of = |process: &Process| {
        let info = &process.info;
        if is_group { info.group.to_string() } else { make_namespec(&info.group, &info.config.name) }
    };
    let names: Vec<String> = processes.iter().map(name_of).collect();
    let found = nearest(name, names.iter().map(String::as_str));
    let path = |name: &str| if is_group { group_path(name) } else { process_path(name) };
    let what = format!("There is no {kind} {name}.");
    let page = Page {
        frame: Frame::new(visit.view, &format!("No such {kind}"), visit.section, visit.context),
        what,
        remedy: "It may have been removed by an update, or it was never there.".to_owned(),
        nearest: found.map(|name| (name.to_owned(), path(name))).into_iter().collect(),
    };
    frame::page(StatusCode::NOT_FOUND, &page, visit.context)
}

/// A refusal of the contract as a page for people: the same status and headers, and a text that was one stays.
pub(in crate::control) fn for_people(refusal: Response, path: &str, section: &Section, context: &Context) -> Response {
    let (mut head, body) = refusal.into_parts();
    let status = head.status;
    let said = match body {
        ResponseBody::Full(Some(bytes)) if !bytes.starts_with(b"<") => {
            String::from_utf8_lossy(&bytes).trim().to_owned()
        }
        ResponseBody::Full(_) | ResponseBody::Measured(_) | ResponseBody::Stream(_) => String::new(),
    };
    let (what, remedy) = words(status);
    let mut frame = Frame::new(View::Help, what.trim_end_matches('.'), section, context);
    frame.root = root_of(path);
    // Who is not admitted learns no name of ours.
    if status == StatusCode::UNAUTHORIZED {
        "supervisord".clone_into(&mut frame.identifier);
        "Log in".clone_into(&mut frame.title);
        frame.user.clear();
    }
    let remedy = if said.is_empty() { remedy.to_owned() } else { sentence(&said) };
    let page = Page { frame, what: what.to_owned(), remedy, nearest: Vec::new() };
    let (own, body) = frame::page(status, &page, context).into_parts();
    head.headers.extend(own.headers);
    head.headers.remove(CONTENT_LENGTH);
    Response::from_parts(head, body)
}

/// From a path that is nothing of ours to where our pages begin.
fn root_of(path: &str) -> &'static str {
    const ROOTS: [&str; 6] = ["./", "../", "../../", "../../../", "../../../../", "../../../../../"];
    let depth = path.trim_start_matches('/').matches('/').count();
    ROOTS.get(depth).copied().unwrap_or("/")
}

fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let text: String =
        characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default();
    if text.ends_with('.') { text } else { format!("{text}.") }
}

fn words(status: StatusCode) -> (&'static str, &'static str) {
    match status.as_u16() {
        400 => ("This cannot be understood.", "Go back and try it from the page."),
        401 => ("A name and a password are needed.", "Load the page again and your browser asks for them."),
        403 => ("This is refused.", "Open the page itself and try it there."),
        404 => ("There is no such page.", "The address may be misspelt, or of another version."),
        405 => ("This can only be read.", "Open it by its link."),
        413 => ("This is too much at once.", "Select fewer and try again."),
        429 | 503 => ("Too many ask at once.", "Try again in a few seconds."),
        _ => ("Something went wrong here.", "The main log of supervisord says more."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_is_relative() {
        for (path, root) in
            [("/", "./"), ("/nosuch", "./"), ("/a/b", "../"), ("/a/b/c?x", "../../"), ("/a/b/c/d/e/f/g", "/")]
        {
            assert_eq!(root_of(path), root, "{path}");
        }
    }

    #[test]
    fn a_reason_becomes_a_sentence() {
        assert_eq!(sentence("another web site has asked"), "Another web site has asked.");
        assert_eq!(sentence("'x' is not known."), "'x' is not known.");
    }
}
