//! `/processes/{process}`: one process, its log, and how it is configured (reference/web.md §7.2).

use std::time::Duration;

use askama::Template;
use hyper::StatusCode;
use supervisor_core::{Channel, LogFile, ProcessInfo, find_process, make_namespec};

use super::facts::{self, Fact, Pair};
use super::frame::{self, Frame};
use super::happenings::{self, Happening};
use super::html::quoted;
use super::log_view::{self, LogView};
use super::look;
use super::rows::Process;
use super::strip::Strip;
use super::view::group_path;
use super::words::{self, Now, Shown};
use super::{NewVisit, error_pages, forms};
use crate::control::attention::needs_attention;
use crate::control::limits;
use crate::control::response::Response;

#[derive(Template)]
#[template(path = "process.html")]
struct Page {
    frame: Frame,
    from: String,
    name: String,
    /// Its group and the path of that; `None`: it is alone there.
    group: Option<(String, String)>,
    shown: Shown,
    why: String,
    facts: Vec<Fact>,
    strip: Strip,
    strip_begin: String,
    /// Each with its link, and whether it is the one that is shown.
    channels: Vec<(&'static str, String, bool)>,
    is_stderr: bool,
    log: LogView,
    log_label: String,
    raw: String,
    events: Vec<EventLine>,
    settings: Vec<Pair>,
    /// Its name as a value of a link.
    name_quoted: String,
    /// Empty: it has none.
    pid: String,
}

/// An event of this process.
struct EventLine {
    clock: String,
    shown: Option<Shown>,
    icon: &'static str,
    text: String,
}

/// Shows the page.
pub(super) async fn answer(visit: &NewVisit<'_>) -> Response {
    let Ok(processes) = look::processes(visit.context).await else { return error_pages::ending(visit) };
    let found = find_process(&visit.name, |group, name| {
        processes.iter().find(|process| (&*process.info.group, &*process.info.config.name) == (group, name)).cloned()
    });
    match found {
        Ok(process) => {
            let page = build(visit, &process, &processes).await;
            frame::page(StatusCode::OK, &page, visit.context)
        }
        Err(_) => error_pages::no_such(visit, "process", &visit.name).await,
    }
}

async fn build(visit: &NewVisit<'_>, process: &Process, processes: &[Process]) -> Page {
    let (info, now) = (&process.info, &visit.now);
    let name = make_namespec(&info.group, &info.config.name);
    let mut frame = Frame::new(visit.view, &name, visit.section, visit.context);
    frame.needs_attention = needs_attention(info);
    frame.message = forms::message(visit, processes);
    let full_name = quoted(&format!("{}:{}", info.group, info.config.name));
    let channel = if visit.query.get("log") == "stderr" { Channel::Stderr } else { Channel::Stdout };
    let channel_name = channel_name(channel);
    frame.topics = format!("processes={full_name}&samples=2&log={full_name}/{channel_name}&log_from=-1");
    let kept = [("log", if channel == Channel::Stderr { "stderr" } else { "" })];
    let path = match channel {
        Channel::Stdout => &info.logs.stdout,
        Channel::Stderr => &info.logs.stderr,
    };
    let path = path.as_deref().map(look::log_path);
    let log = log_view::read(path, &without_file(info, channel), &visit.query, &kept, visit.context).await;
    let is_stderr = channel == Channel::Stderr;
    let is_member = *info.group != *info.config.name;
    Page {
        frame,
        from: visit.place(),
        group: is_member.then(|| (info.group.to_string(), group_path(&info.group))),
        shown: Shown::of(info),
        why: if needs_attention(info) { words::why(info, now) } else { String::new() },
        facts: of_process(process, now),
        strip: Strip::of(info, now),
        strip_begin: now.moment(now.wall.saturating_sub(Duration::from_hours(24))),
        channels: vec![
            ("stdout", "?".to_owned(), !is_stderr),
            ("stderr", super::query::link(&[("log", "stderr")]), is_stderr),
        ],
        is_stderr,
        log,
        log_label: format!("{channel_name} of {name}"),
        raw: format!(
            "logtail/{}/{channel_name}",
            super::view::segment(&format!("{}:{}", info.group, info.config.name))
        ),
        events: events(visit, &name).await,
        settings: facts::settings(&info.config),
        name_quoted: quoted(&name),
        pid: info.pid.map(|pid| pid.to_string()).unwrap_or_default(),
        name,
    }
}

fn channel_name(channel: Channel) -> &'static str {
    match channel {
        Channel::Stdout => "stdout",
        Channel::Stderr => "stderr",
    }
}

/// Why there is no file of a channel.
fn without_file(info: &ProcessInfo, channel: Channel) -> String {
    let config = &info.config.log;
    let (settings, option) = match channel {
        Channel::Stdout => (&config.stdout, "stdout_logfile"),
        Channel::Stderr => (&config.stderr, "stderr_logfile"),
    };
    if channel == Channel::Stderr && config.redirect_stderr {
        return "What it writes to stderr is in its stdout log (redirect_stderr=true).".to_owned();
    }
    if settings.syslog {
        return format!("What it writes goes to syslog ({option}=syslog); there is nothing to read here.");
    }
    match &settings.logfile {
        LogFile::None => format!("What it writes is not kept ({option}=NONE)."),
        LogFile::Auto | LogFile::Path(_) => "It has not written yet.".to_owned(),
    }
}

fn of_process(process: &Process, now: &Now) -> Vec<Fact> {
    let Process { info, used } = process;
    let started = Duration::from_secs(u64::try_from(info.start).unwrap_or(0));
    let dash = || "–".to_owned();
    let (uptime, since) = match info.pid {
        Some(_) => (words::uptime(now.since(started)), format!("since {}", now.moment(started))),
        None => (dash(), words::since(info, now)),
    };
    let children = used.map_or(0, |used| used.processes.saturating_sub(1));
    let family = match (info.pid, children) {
        (None, _) => String::new(),
        (Some(_), 0) => "alone".to_owned(),
        (Some(_), 1) => "with 1 child".to_owned(),
        (Some(_), several) => format!("with {several} children"),
    };
    let tally = info.tally;
    let by_hand = tally.starts.saturating_sub(tally.restarts);
    let (exit, exit_small) = match info.last_exit {
        Some(last) => {
            let word = if last.expected { "expected" } else { "not expected" };
            let when = now.moment(last.at);
            (words::end(last.status), format!("{word}, {when}, after {}", words::length(last.ran_for)))
        }
        None => (dash(), "none yet".to_owned()),
    };
    let all = match used {
        Some(used) if used.processes > 1 => format!(", all {} processes", used.processes),
        Some(_) | None => String::new(),
    };
    vec![
        Fact::new("Uptime", uptime, since),
        Fact::new("PID", info.pid.map_or_else(dash, |pid| pid.to_string()), family),
        Fact::new(
            "Restarts",
            words::count(tally.restarts),
            match by_hand {
                1 => "1 other start".to_owned(),
                several => format!("{} other starts", words::count(several)),
            },
        ),
        Fact::new("Last exit", exit, exit_small),
        Fact::new(
            "CPU",
            used.and_then(|used| used.cpu).map_or_else(dash, |share| words::cpu(share, false)),
            format!("of one core{all}"),
        ),
        Fact::new("Memory", used.map_or_else(dash, |used| words::size(used.memory)), format!("resident{all}")),
    ]
}

/// The last events of this process, newest first.
async fn events(visit: &NewVisit<'_>, name: &str) -> Vec<EventLine> {
    let history = happenings::read(visit.context).await.unwrap_or_default();
    let own = history
        .events
        .iter()
        .rev()
        .map(Happening::of)
        .filter(|event| event.name == name && event.kind == happenings::Kind::States);
    let line = |event: Happening| EventLine {
        clock: visit.now.local(event.at).strftime("%H:%M:%S").to_string(),
        shown: event.shown,
        icon: event.icon,
        text: event.text,
    };
    own.take(limits::PROCESS_EVENTS).map(line).collect()
}
