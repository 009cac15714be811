//! `/configuration`: how the files differ from what runs, and what an update would do (reference/web.md §7.4).

use askama::Template;
use hyper::StatusCode;
use supervisor_core::{Fault, FaultCode};

use super::facts::Pair;
use super::frame::{self, Frame};
use super::{NewVisit, error_pages, words};
use crate::control::config_changes::{self, ChangeKind, ConfigChanges, GroupChange};
use crate::control::response::Response;

#[derive(Template)]
#[template(path = "configuration.html")]
struct Page {
    frame: Frame,
    from: String,
    read: String,
    digest: String,
    groups: Vec<Group>,
    /// Why the files cannot be used; empty: they can.
    broken: String,
    warnings: Vec<String>,
    effect: Vec<Pair>,
    here: Vec<Pair>,
    update: String,
}

/// A group that an update would touch.
struct Group {
    sign: &'static str,
    class: &'static str,
    words: String,
    change: GroupChange,
}

/// Shows the page.
pub(super) async fn answer(visit: &NewVisit<'_>) -> Response {
    let (changes, broken) = match config_changes::read(visit.context).await {
        Ok(changes) => (changes, String::new()),
        Err(Fault { code: FaultCode::CantReread, extra }) => (ConfigChanges::default(), extra.unwrap_or_default()),
        Err(_) => return error_pages::ending(visit),
    };
    let place = &visit.context.place;
    let mut frame = Frame::new(visit.view, "Configuration", visit.section, visit.context);
    frame.message = super::forms::message(visit, &[]);
    let count = changes.groups.len();
    let page = Page {
        frame,
        from: visit.place(),
        read: format!("Files read just now, those that run {}", visit.now.age(visit.context.configuration_read.get())),
        update: match count {
            0 => String::new(),
            1 => "Update 1 group…".to_owned(),
            several => format!("Update {several} groups…"),
        },
        effect: effect(&changes),
        here: vec![
            Pair::code("Main file", place.config_file.clone(), ""),
            Pair::code("Folder", place.here.clone(), "what %(here)s stands for"),
            Pair::text("Groups", words::count((changes.unchanged + count) as u64), ""),
        ],
        digest: changes.digest,
        groups: changes.groups.into_iter().map(group).collect(),
        warnings: changes.warnings,
        broken,
    };
    frame::page(StatusCode::OK, &page, visit.context)
}

fn group(change: GroupChange) -> Group {
    let (sign, class, words) = match change.kind {
        ChangeKind::Added => {
            let start = if change.autostart { "starts by itself" } else { "starts by hand" };
            ("+", "add", format!("new, {}, {start}", words::processes(change.comes.len())))
        }
        ChangeKind::Changed => {
            let stays = change.stays.len() + change.goes.len();
            ("±", "mod", format!("changed, an update ends {} and starts it anew", words::processes(stays)))
        }
        ChangeKind::Removed => ("−", "del", "is no longer in the files".to_owned()),
    };
    Group { sign, class, words, change }
}

/// The four lists.
pub(super) fn effect(changes: &ConfigChanges) -> Vec<Pair> {
    let names = |kind: ChangeKind, of: fn(&GroupChange) -> &Vec<String>| -> Vec<String> {
        let groups = changes.groups.iter().filter(|group| group.kind == kind);
        groups
            .flat_map(|group| of(group).iter().map(|name| supervisor_core::make_namespec(&group.name, name)))
            .collect()
    };
    let restarts = names(ChangeKind::Changed, |group| &group.stays);
    let starts = [names(ChangeKind::Added, |group| &group.comes), names(ChangeKind::Changed, |group| &group.comes)];
    let removes = [names(ChangeKind::Removed, |group| &group.goes), names(ChangeKind::Changed, |group| &group.goes)];
    let groups = if changes.unchanged == 1 { "1 group".to_owned() } else { format!("{} groups", changes.unchanged) };
    let pairs = [
        ("Restarts", listed(&restarts)),
        ("Starts", listed(&starts.concat())),
        ("Removes", listed(&removes.concat())),
        ("Leaves alone", groups),
    ];
    let pairs = pairs.into_iter().filter(|(_, value)| !value.is_empty());
    pairs.map(|(label, value)| Pair::text(label, value, "")).collect()
}

/// Some of the names, and how many more there are.
fn listed(names: &[String]) -> String {
    const SHOWN: usize = 12;
    match names.get(..SHOWN) {
        Some(first) if names.len() > SHOWN => format!("{} and {} more", first.join(", "), names.len() - SHOWN),
        Some(_) | None => names.join(", "),
    }
}
