//! `/`, `/processes` and `/groups/{group}`: what needs attention, and all processes (reference/web.md §7.1).

use askama::Template;
use hyper::StatusCode;
use supervisor_config::nearest;
use supervisor_core::make_namespec;

use super::frame::{self, Frame};
use super::look;
use super::query::{Query, link};
use super::rows::{self, Counts, Process, Rows, Show, Sort, Wanted};
use super::view::{View, process_path};
use super::words::{self, Shown};
use super::{NewVisit, error_pages, forms};
use crate::control::attention::needs_attention;
use crate::control::limits;
use crate::control::response::Response;

#[derive(Template)]
#[template(path = "processes.html")]
struct Page {
    frame: Frame,
    /// The page that forms lead back to.
    from: String,
    group: Option<String>,
    counts: Counts,
    all: String,
    groups: String,
    running: String,
    cpu: String,
    memory: String,
    config_file: String,
    spectrum: Vec<Part>,
    spectrum_label: String,
    cards: Vec<Card>,
    more_cards: usize,
    wanted: Wanted,
    choices: Vec<Choice>,
    columns: Vec<Column>,
    rows: Vec<Rows>,
    pages: Vec<PageLink>,
    /// What was probably meant, and as a value of a link.
    nearest: Option<(String, String)>,
}

/// A part of the bar, of a thousand.
struct Part {
    fill: &'static str,
    x: usize,
    width: usize,
}

/// A process that needs attention.
struct Card {
    name: String,
    path: String,
    pid: String,
    shown: Shown,
    why: String,
    last_line: String,
}

struct Choice {
    label: &'static str,
    href: String,
    count: String,
    is_current: bool,
}

struct Column {
    label: &'static str,
    class: &'static str,
    href: String,
    sorted: &'static str,
}

struct PageLink {
    number: usize,
    href: String,
    is_current: bool,
}

/// Shows the page.
pub(super) async fn answer(visit: &NewVisit<'_>) -> Response {
    let Ok(mut processes) = look::processes(visit.context).await else { return error_pages::ending(visit) };
    let group = (visit.view == View::Group).then(|| visit.name.clone());
    if let Some(group) = &group {
        processes.retain(|process| *process.info.group == **group);
        if processes.is_empty() {
            return error_pages::no_such(visit, "group", group).await;
        }
    }
    let wanted = wanted(&visit.query, group.clone());
    let page = build(visit, &processes, wanted).await;
    frame::page(StatusCode::OK, &page, visit.context)
}

fn wanted(query: &Query, group: Option<String>) -> Wanted {
    Wanted {
        q: query.get("q").chars().take(limits::PAGE_QUERY_CHARACTERS).collect(),
        show: Show::read(query.get("show")),
        sort: Sort::read(query.get("sort")),
        page: query.number("page").and_then(|page| usize::try_from(page).ok()).unwrap_or(1),
        group,
    }
}

async fn build(visit: &NewVisit<'_>, processes: &[Process], wanted: Wanted) -> Page {
    let now = &visit.now;
    let counts = Counts::of(processes);
    let (rows, pages) = rows::rows(processes, &wanted, limits::PAGE_ROWS, now);
    let (cpu, memory) = rows::sums(processes.iter());
    let title = match counts.attention {
        0 => "Processes".to_owned(),
        1 => "1 needs attention".to_owned(),
        several => format!("{} need attention", words::count(several as u64)),
    };
    let mut frame = Frame::new(visit.view, &title, visit.section, visit.context);
    frame.needs_attention = counts.attention > 0;
    "processes=*&samples=2".clone_into(&mut frame.topics);
    frame.message = forms::message(visit, processes);
    let cards = cards(visit, processes).await;
    let groups = if counts.groups == 1 { "1 group".to_owned() } else { format!("{} groups", counts.groups) };
    let (spectrum, spectrum_label) = spectrum(processes);
    Page {
        frame,
        from: visit.place(),
        group: wanted.group.clone(),
        counts,
        all: words::count(counts.all as u64),
        groups,
        running: words::count(counts.running as u64),
        cpu: cpu.map(|share| words::cpu(share, true)).unwrap_or_default(),
        memory: memory.map(words::size).unwrap_or_default(),
        config_file: visit.context.place.config_file.clone(),
        spectrum,
        spectrum_label,
        more_cards: counts.attention - cards.len(),
        cards,
        choices: choices(&wanted, &counts),
        columns: columns(&wanted),
        pages: page_links(&wanted, pages),
        nearest: if rows.is_empty() { nearest_name(&wanted.q, processes) } else { None },
        rows,
        wanted,
    }
}

/// What needs attention, the worst first, with the last that it has said.
async fn cards(visit: &NewVisit<'_>, processes: &[Process]) -> Vec<Card> {
    let mut bad: Vec<&Process> = processes.iter().filter(|process| needs_attention(&process.info)).collect();
    bad.sort_by_key(|process| Shown::of(&process.info));
    let mut cards = Vec::new();
    for process in bad.into_iter().take(limits::PAGE_CARDS) {
        let info = &process.info;
        let name = make_namespec(&info.group, &info.config.name);
        cards.push(Card {
            path: process_path(&name),
            name,
            pid: info.pid.map(|pid| pid.to_string()).unwrap_or_default(),
            shown: Shown::of(info),
            why: words::why(info, &visit.now),
            last_line: look::last_line(info, visit.context).await,
        });
    }
    cards
}

/// The shares of the states, and the same in words.
fn spectrum(processes: &[Process]) -> (Vec<Part>, String) {
    /// Between two parts, and what a part has at least.
    const GAP: usize = 2;
    let counted: Vec<(Shown, usize)> = Shown::ALL
        .into_iter()
        .map(|shown| (shown, processes.iter().filter(|process| Shown::of(&process.info) == shown).count()))
        .filter(|(_, count)| *count > 0)
        .collect();
    let room = 1_000 - GAP * counted.len();
    let mut x = 0;
    let mut parts = Vec::new();
    for (shown, count) in &counted {
        let width = (room * count / processes.len().max(1)).max(GAP);
        parts.push(Part { fill: shown.fill(), x, width });
        x += width + GAP;
    }
    let label = |(shown, count): &(Shown, usize)| format!("{count} {}", shown.key());
    (parts, counted.iter().map(label).collect::<Vec<_>>().join(", "))
}

fn choices(wanted: &Wanted, counts: &Counts) -> Vec<Choice> {
    let choice = |(show, key, label): (Show, &str, &'static str)| Choice {
        label,
        href: link(&[("q", &wanted.q), ("show", key), ("sort", sort_key(wanted.sort))]),
        count: words::count(counts.of_choice(show) as u64),
        is_current: show == wanted.show,
    };
    Show::ALL.into_iter().map(choice).collect()
}

/// Empty for the usual order, which links need not name.
fn sort_key(sort: Sort) -> &'static str {
    if sort == Sort::Name { "" } else { sort.key() }
}

fn columns(wanted: &Wanted) -> Vec<Column> {
    let column = |label, class, sort: Option<Sort>| Column {
        label,
        class,
        href: sort.map(|sort| own_link(wanted, sort, "")).unwrap_or_default(),
        sorted: match sort {
            Some(Sort::Name) if wanted.sort == Sort::Name => "ascending",
            Some(sort) if wanted.sort == sort => "descending",
            Some(_) | None => "",
        },
    };
    vec![
        column("State", "", Some(Sort::State)),
        column("Name", "", Some(Sort::Name)),
        column("Since", "", None),
        column("Restarts", "num", Some(Sort::Restarts)),
        column("CPU", "num", Some(Sort::Cpu)),
        column("Memory", "num", Some(Sort::Memory)),
        column("Last 24 hours", "opt", None),
    ]
}

fn page_links(wanted: &Wanted, pages: usize) -> Vec<PageLink> {
    let current = wanted.page.clamp(1, pages);
    let page = |number: usize| PageLink {
        number,
        href: own_link(wanted, wanted.sort, &number.to_string()),
        is_current: number == current,
    };
    (1..=pages).map(page).collect()
}

fn own_link(wanted: &Wanted, sort: Sort, page: &str) -> String {
    link(&[("q", &wanted.q), ("show", wanted.show.key()), ("sort", sort_key(sort)), ("page", page)])
}

fn nearest_name(q: &str, processes: &[Process]) -> Option<(String, String)> {
    let names: Vec<&str> =
        processes.iter().flat_map(|process| [&*process.info.config.name, &*process.info.group]).collect();
    let found = nearest(q, names.into_iter())?;
    Some((found.to_owned(), super::html::quoted(found)))
}
