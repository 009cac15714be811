//! What a person is asked whose browser has asked for an action and cannot say from where: the action, and a button
//! that sends it as a form of ours.

use std::fmt::Write as _;

use super::super::Visit;
use super::super::html::{push_attribute, push_text};
use super::actions::{Action, Verb};
use super::{DOCTYPE, VIEWPORT, page};
use crate::clock;
use crate::control::context::Context;
use crate::control::listener::Section;
use crate::control::response::Response;

/// The question.
pub(super) fn ask(action: &Action, visit: &Visit, section: &Section, context: &Context) -> Response {
    let mut text = String::new();
    let token = context.form_tokens.make(section, clock::wall_clock()).unwrap_or_default();
    write(&mut text, action, visit, &token);
    page(text, visit, context)
}

fn write(text: &mut String, action: &Action, visit: &Visit, token: &str) {
    let words = in_words(action);
    text.push_str(DOCTYPE);
    text.push_str("<html>\n<head>\n  <title>");
    push_text(text, &words);
    text.push_str("?</title>\n");
    text.push_str(VIEWPORT);
    text.push_str(
        "  <link href=\"stylesheets/supervisor.css\" rel=\"stylesheet\" type=\"text/css\" />\n</head>\n<body>\n\
         <div id=\"wrapper\">\n<form action=\"index.html\" method=\"post\">\n<h1>",
    );
    push_text(text, &words);
    text.push_str(
        "?</h1>\n<p>Your browser was sent here by a link and does not say on which page, so it may be one that you did \
         not mean to follow.</p>\n",
    );
    let form = &visit.form;
    for (name, value) in
        [("processname", &form.processname), ("action", &form.action), ("token", &Some(token.to_owned()))]
    {
        if let Some(value) = value {
            write!(text, "<input type=\"hidden\" name=\"{name}\" value=\"").expect("a String takes everything");
            push_attribute(text, value);
            text.push_str("\" />\n");
        }
    }
    text.push_str("<p><input type=\"submit\" value=\"");
    push_attribute(text, &words);
    text.push_str("\" /> <a href=\"index.html\">No, show all processes</a></p>\n</form>\n</div>\n</body>\n</html>\n");
}

fn in_words(action: &Action) -> String {
    match action {
        Action::Refresh => "Refresh the page".to_owned(),
        Action::StopAll => "Stop all processes".to_owned(),
        Action::RestartAll => "Restart all processes".to_owned(),
        Action::Of(Verb::Start, name) => format!("Start {name}"),
        Action::Of(Verb::Stop, name) => format!("Stop {name}"),
        Action::Of(Verb::Restart, name) => format!("Restart {name}"),
        Action::Of(Verb::ClearLog, name) => format!("Clear the log of {name}"),
    }
}
