//! `/help`: what the symbols mean, what a filter understands, which keys there are, and where more is written.

use askama::Template;
use hyper::StatusCode;
use supervisor_protocol::SUPERVISOR_VERSION;

use super::NewVisit;
use super::frame::{self, Frame};
use super::words::Shown;
use crate::control::response::Response;

#[derive(Template)]
#[template(path = "help.html")]
struct Page {
    frame: Frame,
    version: &'static str,
    states: Vec<(Shown, &'static str)>,
}

/// Shows the page.
pub(super) fn answer(visit: &NewVisit<'_>) -> Response {
    let frame = Frame::new(visit.view, "Help", visit.section, visit.context);
    let states = Shown::ALL.into_iter().map(|shown| (shown, meaning(shown))).collect();
    frame::page(StatusCode::OK, &Page { frame, version: SUPERVISOR_VERSION, states }, visit.context)
}

fn meaning(shown: Shown) -> &'static str {
    match shown {
        Shown::Running => "It has been up for its startsecs.",
        Shown::Starting => "It was spawned and is not up for startsecs yet.",
        Shown::Stopping => "It was asked to end.",
        Shown::Backoff => "A start has failed, and another one follows by itself.",
        Shown::Fatal => "Starts have failed startretries times in a row; somebody has to look.",
        Shown::Unexpected => "It has ended, and not as its exitcodes expect.",
        Shown::Unknown => "A signal could not be sent to it.",
        Shown::Exited => "It has ended as expected.",
        Shown::Stopped => "Somebody has stopped it, or it was never started.",
    }
}
