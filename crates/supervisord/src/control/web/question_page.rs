//! What a person is asked before something ends: who is meant, what will happen, and a way not to
//! (reference/web.md §8.4). The focus of the page is on nothing; its harmless way says what it keeps.

use std::sync::Arc;

use askama::Template;
use hyper::StatusCode;
use supervisor_core::{ProcessInfo, make_namespec};

use super::frame::{self, Frame};
use super::orders::{Order, Targets, Verb};
use super::words::{self, Now, Shown};
use super::{NewVisit, forms};
use crate::control::response::Response;

#[derive(Template)]
#[template(path = "question.html")]
pub(super) struct Page {
    pub(super) frame: Frame,
    pub(super) from: String,
    pub(super) title: String,
    /// What is new since it was asked before.
    pub(super) note: String,
    pub(super) effect: String,
    pub(super) targets: Vec<Target>,
    pub(super) groups: Vec<String>,
    /// Of the files that groups are of.
    pub(super) digest: String,
    pub(super) asks_signal: bool,
    /// Each with whether it is chosen.
    pub(super) signals: Vec<(&'static str, bool)>,
    /// What has to be typed; empty: nothing.
    pub(super) typed: String,
    pub(super) command: String,
    pub(super) back: String,
    pub(super) keep: &'static str,
    pub(super) is_end: bool,
    pub(super) order: String,
    pub(super) button: String,
}

/// One of those that are meant.
pub(super) struct Target {
    pub(super) name: String,
    pub(super) small: String,
    pub(super) pid: String,
    /// It is a part of the order, not only told of.
    pub(super) is_sent: bool,
}

impl Target {
    /// One that is told of and not sent.
    pub(super) fn told(name: String, small: String) -> Self {
        Self { name, small, pid: String::new(), is_sent: false }
    }
}

/// The signals that people send.
const SIGNALS: [&str; 8] = ["HUP", "USR1", "USR2", "INT", "QUIT", "TERM", "WINCH", "KILL"];

/// The question.
pub(super) fn ask(visit: &NewVisit<'_>, order: &Order, meant: &[Arc<ProcessInfo>], from: &str, note: &str) -> Response {
    let whom = whom(&order.targets, meant);
    let verb = order.verb;
    let title = format!("{}?", verb.of(&whom));
    let page = Page {
        frame: Frame::new(visit.view, &title, visit.section, visit.context),
        from: from.to_owned(),
        title,
        note: note.to_owned(),
        effect: effect(verb, meant),
        targets: meant.iter().map(|info| target(info, &visit.now)).collect(),
        groups: Vec::new(),
        digest: String::new(),
        asks_signal: verb == Verb::Signal,
        signals: SIGNALS.into_iter().map(|signal| (signal, signal == order.signal)).collect(),
        typed: String::new(),
        command: command(order, meant),
        back: forms::back(from),
        keep: keep(verb),
        is_end: verb.ends(),
        order: format!("{} selected", verb.key()),
        button: if verb == Verb::Signal { "Send it".to_owned() } else { verb.of(&whom) },
    };
    frame::page(StatusCode::OK, &page, visit.context)
}

fn whom(targets: &Targets, meant: &[Arc<ProcessInfo>]) -> String {
    match (targets, meant) {
        (_, [info]) => name(info),
        (Targets::Group(group), several) => format!("{} of group {group}", words::processes(several.len())),
        (Targets::All, several) => format!("all {}", words::processes(several.len())),
        (Targets::Process(_) | Targets::Selected(_), several) => words::processes(several.len()),
    }
}

fn name(info: &ProcessInfo) -> String {
    make_namespec(&info.group, &info.config.name)
}

fn target(info: &ProcessInfo, now: &Now) -> Target {
    let shown = Shown::of(info);
    let since = words::since(info, now);
    let small = match info.pid {
        Some(pid) if shown == Shown::Running => format!("pid {pid}, up {since}"),
        Some(pid) => format!("pid {pid}, {}", shown.key()),
        None => format!("{}, {since}", shown.key()),
    };
    let pid = info.pid.map(|pid| pid.to_string()).unwrap_or_default();
    Target { name: name(info), small, pid, is_sent: true }
}

/// What will happen, with the longest time that it may take.
fn effect(verb: Verb, meant: &[Arc<ProcessInfo>]) -> String {
    let mut signals: Vec<&str> = meant.iter().map(|info| info.config.stop.stopsignal.name()).collect();
    signals.sort_unstable();
    signals.dedup();
    let longest = meant.iter().map(|info| info.config.stop.stopwaitsecs).max().unwrap_or(0);
    let (it, gets, is, stays) =
        if meant.len() == 1 { ("It", "gets", "it is", "It stays") } else { ("They", "get", "they are", "They stay") };
    let end = format!("{it} {gets} {}, and SIGKILL after {longest} s if {is} still there.", signals.join(" or "));
    match verb {
        Verb::Start => format!("{it} will run."),
        Verb::Stop => {
            format!("{end} {stays} stopped until somebody starts {}.", if meant.len() == 1 { "it" } else { "them" })
        }
        Verb::Restart => format!("{end} Each is started again as soon as it has stopped."),
        Verb::Signal => "What the signal does is the program's own affair; SIGKILL ends it at once.".to_owned(),
        Verb::ClearLogs => "What is in the log files is gone for good, of stdout and of stderr.".to_owned(),
    }
}

fn keep(verb: Verb) -> &'static str {
    match verb {
        Verb::Stop | Verb::Restart => "Keep running",
        Verb::ClearLogs => "Keep the logs",
        Verb::Start | Verb::Signal => "Do nothing",
    }
}

/// The same as a line for a terminal; empty where there is none, or where it would be too long to read.
fn command(order: &Order, meant: &[Arc<ProcessInfo>]) -> String {
    let verb = match order.verb {
        Verb::Start => "start",
        Verb::Stop => "stop",
        Verb::Restart => "restart",
        Verb::Signal => "signal HUP",
        Verb::ClearLogs => "clear",
    };
    let whom = match &order.targets {
        Targets::All => "all".to_owned(),
        Targets::Group(group) if order.verb != Verb::ClearLogs => format!("{group}:*"),
        Targets::Group(_) | Targets::Process(_) | Targets::Selected(_) if meant.len() <= 3 => {
            meant.iter().map(|info| name(info)).collect::<Vec<_>>().join(" ")
        }
        Targets::Group(_) | Targets::Process(_) | Targets::Selected(_) => return String::new(),
    };
    format!("supervisorctl {verb} {whom}")
}

#[cfg(test)]
mod tests {
    use supervisor_core::Signal;

    use super::*;

    #[test]
    fn each_signal_that_is_offered_is_one() {
        for signal in SIGNALS {
            assert!(Signal::parse(signal).is_some(), "{signal}");
        }
    }
}
