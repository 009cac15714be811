//! Frames of the stream as text: `id`, `event`, and `data` on one line. Pure functions.

use std::fmt::Write as _;
use std::sync::Arc;

use jiff::tz::Offset;
use supervisor_core::{ProcessInfo, make_namespec};
use supervisor_protocol::SUPERVISOR_VERSION;
use supervisor_protocol::json::{self, Object};

use super::cursor::Cursor;
use crate::boundary::snapshot::{Changes, Others};
use crate::clock;
use crate::control::api::processes::push_process;
use crate::control::api::server_sent_events::push_frame;
use crate::control::api::time::time_text;
use crate::control::context::Context;
use crate::control::process_info::ProcessInfoWriter;
use crate::control::resources::Use;

/// The first frame: who tells this, and by which clock.
pub(super) fn push_hello(out: &mut String, cursor: &Cursor, context: &Context) {
    out.push_str("retry: 1000\n");
    push_frame(out, cursor, "hello", |object| {
        object.string("version", SUPERVISOR_VERSION);
        object.string("identifier", &context.identifier());
        object.string("boot", &cursor.boot.to_string());
        let now = clock::wall_clock();
        object.string("time", &time_text(now));
        let zone = clock::local_time(now, clock::local_zone().zone.clone()).offset();
        object.string("zone", &zone_text(zone));
    });
}

/// What stands before and behind the data of a table, which may be shared by many clients.
pub(super) fn push_table_head(out: &mut String, cursor: &Cursor) {
    write!(out, "id: {cursor}\nevent: table\ndata: ").expect("a String takes all");
}

/// What ends a frame.
pub(super) const FRAME_END: &str = "\n\n";

/// The data of a table.
pub(super) fn table_data<'i>(version: u64, infos: impl Iterator<Item = &'i Arc<ProcessInfo>>) -> String {
    let mut text = String::new();
    let mut descriptions = ProcessInfoWriter::new();
    json::object(&mut text, |object| {
        object.number("version", version);
        object.objects("processes", infos, |object, info| push_process(object, info, &mut descriptions));
    });
    text
}

/// Rows that have changed, if there are any that this client wants.
pub(super) fn push_changes(
    out: &mut String,
    cursor: &Cursor,
    changes: &Changes,
    is_meant: impl Fn(&ProcessInfo) -> bool,
) {
    let changed: Vec<_> = changes.changed.iter().filter(|info| is_meant(info)).collect();
    let others = match &changes.others {
        Others::Known { removed, all } => Some((removed, all)),
        Others::Same | Others::Unknown => None,
    };
    if changed.is_empty() && others.is_none() {
        return;
    }
    push_frame(out, cursor, "processes", |object| {
        object.number("version", changes.version);
        let mut descriptions = ProcessInfoWriter::new();
        object.objects("changed", changed, |object, info| push_process(object, info, &mut descriptions));
        if let Some((removed, all)) = others {
            object.strings("removed", removed);
            object.strings("order", all.iter().filter(|info| is_meant(info)).map(|info| name_of(info)));
        }
    });
}

/// What processes use.
pub(super) fn push_sample(out: &mut String, cursor: &Cursor, at: &str, values: &[(String, Use)]) {
    push_frame(out, cursor, "sample", |object| {
        object.string("at", at);
        object.object("values", |object| {
            for (name, now) in values {
                now.push_array(object.member(name));
            }
        });
    });
}

/// supervisord itself, as data.
pub(super) fn supervisor_data(object: &mut Object<'_>, context: &Context) {
    object.string("state", context.notices.state().name());
    object.string("identifier", &context.identifier());
    object.string("configuration_read", &time_text(context.configuration_read.get()));
}

/// The last frame.
pub(super) fn push_bye(out: &mut String, cursor: &Cursor, reason: &str) {
    push_frame(out, cursor, "bye", |object| object.string("reason", reason));
}

fn name_of(info: &ProcessInfo) -> String {
    make_namespec(&info.group, &info.config.name)
}

/// `+01:00`
fn zone_text(zone: Offset) -> String {
    let minutes = zone.seconds() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_data::process_info;

    fn cursor() -> Cursor {
        Cursor { boot: 1, version: 2, event: 3, logs: vec![] }
    }

    fn changes(changed: &[&str], others: Others) -> Changes {
        let changed = changed.iter().map(|name| Arc::new(process_info(name))).collect();
        Changes { version: 4, changed, others }
    }

    fn frame(changes: &Changes) -> String {
        let mut text = String::new();
        push_changes(&mut text, &cursor(), changes, |info| &*info.config.name != "cow");
        text
    }

    #[test]
    fn rows_that_nobody_wants_are_no_frame() {
        assert_eq!(frame(&changes(&["cow"], Others::Same)), "");
        let text = frame(&changes(&["cow", "cat"], Others::Same));
        assert!(
            text.starts_with("id: 1.2.3\nevent: processes\ndata: {\"version\": 4, \"changed\": [{\"name\": \"cat\"")
        );
        assert!(!text.contains("cow") && !text.contains("order") && text.ends_with("}]}\n\n"), "{text}");
    }

    #[test]
    fn who_comes_and_goes_is_told_with_the_order() {
        let all = ["cat", "cow", "dog"].map(|name| Arc::new(process_info(name))).to_vec();
        let text = frame(&changes(&[], Others::Known { removed: vec!["web:ant".to_owned()], all }));
        let data = r#"data: {"version": 4, "changed": [], "removed": ["web:ant"], "order": ["cat", "dog"]}"#;
        assert_eq!(text, format!("id: 1.2.3\nevent: processes\n{data}\n\n"));
    }

    #[test]
    fn zones_are_written_as_in_times() {
        for (hours, seconds, text) in [(1, 0, "+01:00"), (0, 0, "+00:00"), (-3, -1_800, "-03:30"), (5, 2_700, "+05:45")]
        {
            let zone = Offset::from_seconds(hours * 3_600 + seconds).unwrap();
            assert_eq!(zone_text(zone), text);
        }
    }
}
