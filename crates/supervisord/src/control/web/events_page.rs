//! `/events`: what has happened, newest first, and how event listeners keep up (reference/web.md §7.3).

use askama::Template;
use hyper::StatusCode;
use supervisor_core::PoolStatistics;

use super::frame::{self, Frame};
use super::happenings::{self, Happening, Kind};
use super::query::link;
use super::words::{self, Shown};
use super::{NewVisit, error_pages};
use crate::boundary::requests::GetEventStatistics;
use crate::control::limits;
use crate::control::response::Response;

#[derive(Template)]
#[template(path = "events.html")]
struct Page {
    frame: Frame,
    kept: String,
    oldest: String,
    q: String,
    types: &'static str,
    choices: Vec<Choice>,
    days: Vec<Day>,
    /// To those before; empty: there are none.
    older: String,
    newest: String,
    lost: String,
    pools: Vec<Pool>,
    terminal: String,
    address: String,
}

struct Choice {
    label: &'static str,
    href: String,
    is_current: bool,
}

/// The events of one day.
struct Day {
    name: String,
    events: Vec<Line>,
}

struct Line {
    clock: String,
    shown: Option<Shown>,
    icon: &'static str,
    name: String,
    text: String,
    said: String,
    code: String,
}

struct Pool {
    name: String,
    overflow: String,
    waiting: String,
    delivered: String,
    dropped: String,
    /// Of 300.
    width: usize,
    is_full: bool,
}

/// What is chosen: its name in addresses, what it is called, and the types that it stands for elsewhere.
const CHOICES: [(&str, &str, &str, Option<Kind>); 5] = [
    ("", "All", "", None),
    ("states", "Process states", "PROCESS_STATE", Some(Kind::States)),
    ("messages", "Messages", "PROCESS_COMMUNICATION,PROCESS_LOG,REMOTE_COMMUNICATION", Some(Kind::Messages)),
    ("ticks", "Ticks", "TICK", Some(Kind::Ticks)),
    ("other", "Else", "SUPERVISOR_STATE_CHANGE,PROCESS_GROUP", Some(Kind::Other)),
];

/// Shows the page.
pub(super) async fn answer(visit: &NewVisit<'_>) -> Response {
    let (Some(history), Ok(statistics)) =
        (happenings::read(visit.context).await, visit.context.sender.call(GetEventStatistics).await)
    else {
        return error_pages::ending(visit);
    };
    let query = &visit.query;
    let (types, _, families, kind) =
        CHOICES.into_iter().find(|(key, ..)| *key == query.get("types")).unwrap_or(CHOICES[0]);
    let q: String = query.get("q").chars().take(limits::PAGE_QUERY_CHARACTERS).collect();
    let before = query.number("before").unwrap_or(u64::MAX);
    let is_wanted = |event: &Happening| kind.is_none_or(|kind| event.kind == kind) && matches(event, &q);
    let found = history.events.iter().rev().filter(|event| event.serial < before);
    let mut found = found.map(|event| (event.serial, Happening::of(event))).filter(|(_, event)| is_wanted(event));
    let shown: Vec<(u64, Happening)> = found.by_ref().take(limits::EVENTS_ROWS).collect();
    let last = shown.last().filter(|_| found.next().is_some()).map(|(serial, _)| serial.to_string());
    let events: Vec<Happening> = shown.into_iter().map(|(_, event)| event).collect();
    let oldest = history.events.first().map(|event| visit.now.moment(event.time));
    let mut frame = Frame::new(visit.view, "Events", visit.section, visit.context);
    if before == u64::MAX {
        let wanted = if families.is_empty() { "EVENT" } else { families };
        frame.topics = format!("events={wanted}");
    }
    let page = Page {
        frame,
        kept: words::count(history.events.len() as u64),
        oldest: oldest.unwrap_or_default(),
        choices: choices(types, &q),
        days: days(events, visit),
        older: last.map(|last| link(&[("types", types), ("q", &q), ("before", &last)])).unwrap_or_default(),
        newest: if before == u64::MAX { String::new() } else { link(&[("types", types), ("q", &q)]) },
        lost: if history.lost > 0 { words::count(history.lost) } else { String::new() },
        pools: statistics.pools.iter().map(pool).collect(),
        terminal: format!("supervisorctl events {families}").trim_end().to_owned(),
        address: if families.is_empty() { String::new() } else { format!("?types={families}") },
        q,
        types,
    };
    frame::page(StatusCode::OK, &page, visit.context)
}

/// Whether each word is in what is shown of it.
fn matches(event: &Happening, q: &str) -> bool {
    let Happening { name, text, said, code, .. } = event;
    let all = format!("{name} {text} {said} {code}").to_lowercase();
    q.to_lowercase().split_whitespace().all(|word| all.contains(word))
}

fn choices(current: &str, q: &str) -> Vec<Choice> {
    let choice = |(key, label, _, _): (&str, &'static str, &str, Option<Kind>)| Choice {
        label,
        href: link(&[("types", key), ("q", q)]),
        is_current: key == current,
    };
    CHOICES.into_iter().map(choice).collect()
}

fn days(events: Vec<Happening>, visit: &NewVisit<'_>) -> Vec<Day> {
    let mut days: Vec<Day> = Vec::new();
    for event in events {
        let name = event.day(&visit.now);
        if days.last().is_none_or(|day| day.name != name) {
            days.push(Day { name, events: Vec::new() });
        }
        let clock = event.clock(&visit.now);
        let Happening { shown, icon, name, text, said, code, .. } = event;
        if let Some(day) = days.last_mut() {
            day.events.push(Line { clock, shown, icon, name, text, said, code });
        }
    }
    days
}

fn pool(pool: &PoolStatistics) -> Pool {
    let dropped = pool.dropped_by_count + pool.dropped_by_bytes;
    let waiting = pool.waiting + pool.in_progress;
    Pool {
        name: pool.name.to_string(),
        overflow: pool.overflow.name().to_owned(),
        waiting: format!("{} waiting", words::count(waiting as u64)),
        delivered: format!("{} delivered", words::count(pool.delivered)),
        dropped: if dropped > 0 { format!("{} dropped", words::count(dropped)) } else { String::new() },
        width: (waiting * 3).min(300),
        is_full: dropped > 0 || pool.blocked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_narrow_the_events() {
        let event = Happening {
            at: std::time::Duration::ZERO,
            shown: None,
            icon: "log",
            name: "web:cat".to_owned(),
            text: "said on stdout".to_owned(),
            said: "disk 91 %".to_owned(),
            code: "PROCESS_COMMUNICATION_STDOUT".to_owned(),
            kind: Kind::Messages,
        };
        for (q, expected) in [("", true), ("WEB disk", true), ("communication", true), ("web nosuch", false)] {
            assert_eq!(matches(&event, q), expected, "{q}");
        }
    }

    #[test]
    fn what_is_chosen_is_kept_in_links() {
        let current: Vec<_> = choices("ticks", "a b").into_iter().filter(|choice| choice.is_current).collect();
        assert_eq!(current.iter().map(|choice| choice.href.as_str()).collect::<Vec<_>>(), ["?types=ticks&q=a%20b"]);
    }
}
