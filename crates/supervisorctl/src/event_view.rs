//! Events for people: a line each; and what pools do with them, as a table.
//!
//! What stands in an event comes from programs, so that control characters are shown and not sent. Words that the
//! client does not know yet are shown too: a newer server may say more.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value as Json};
use supervisor_core::make_namespec;
use supervisor_protocol::json::push_string;
use supervisor_protocol::xmlrpc::Value;

use crate::columns::{self, Shrinks};
use crate::output::visible_on_one_line;

/// Room for the name of an event; that of the longest state.
const NAME_WIDTH: usize = 22;

/// What a line tells of an event besides time, name and process, in this order; what is not listed follows by name.
const FIELDS: [&str; 7] = ["from_state", "expected", "tries", "pid", "channel", "type", "when"];

/// What is told in another place of the line, or not at all.
const ELSEWHERE: [&str; 8] = ["serial", "time", "event", "processname", "groupname", "exit", "data", "omitted_bytes"];

/// The columns of the table of pools; others follow by name.
const COLUMNS: [&str; 14] = [
    "name",
    "accepted",
    "delivered",
    "rejected",
    "dropped_by_count",
    "dropped_by_bytes",
    "unreadable",
    "waiting",
    "waiting_bytes",
    "spilled",
    "spilled_bytes",
    "in_progress",
    "unknown",
    "blocked",
];

/// Members of a process that XML-RPC does not have.
const DETAILS: [&str; 4] = ["exit", "protocol_error", "restarts", "resources"];

/// Columns that most configurations never have anything in: left out where no pool has.
const RARE: [&str; 5] = ["unreadable", "spilled", "spilled_bytes", "unknown", "blocked"];

/// The columns that a narrow terminal has no room for, the first to go first. Before them go those of a newer server.
const DISPENSABLE: [&str; 11] = [
    "spilled_bytes",
    "dropped_by_bytes",
    "waiting_bytes",
    "in_progress",
    "spilled",
    "unreadable",
    "blocked",
    "accepted",
    "rejected",
    "dropped_by_count",
    "delivered",
];

/// The line for an event, its time in this zone.
pub(crate) fn line(event: &Map<String, Json>, zone: &TimeZone) -> String {
    let text = |name: &str| event.get(name).and_then(Json::as_str).unwrap_or_default();
    if text("event") == "lost" {
        return lost(event);
    }
    let mut line = format!("{} {:<NAME_WIDTH$}", local_time(text("time"), zone), visible_on_one_line(text("event")));
    let process = match (text("groupname"), text("processname")) {
        (group, "") => group.to_owned(),
        (group, name) => make_namespec(group, name),
    };
    if !process.is_empty() {
        line.push(' ');
        line.push_str(&visible_on_one_line(&process));
    }
    let mut push = |name: &str, value: &Json| line.extend([" ", &visible_on_one_line(name), ":", &shown(value)]);
    for (name, value) in in_order(event, &FIELDS).filter(|(name, _)| !ELSEWHERE.contains(name)) {
        push(name, value);
    }
    if let Some(exit) = event.get("exit").and_then(exit_word) {
        push("exit", &Json::String(exit));
    }
    for name in ["data", "omitted_bytes"] {
        if let Some(value) = event.get(name) {
            push(name, value);
        }
    }
    line.truncate(line.trim_end().len());
    line
}

/// How a life ended, as one word: its status, or the signal that killed it.
fn exit_word(exit: &Json) -> Option<String> {
    match (exit.get("signal").and_then(Json::as_str), exit.get("code").and_then(Json::as_i64)) {
        (Some(signal), _) => Some(signal.to_owned()),
        (None, Some(code)) => Some(code.to_string()),
        (None, None) => None,
    }
}

/// The line in the place of events that are missing.
fn lost(event: &Map<String, Json>) -> String {
    let number = |name: &str| event.get(name).and_then(Json::as_u64).unwrap_or_default();
    if event.get("restarted") == Some(&Json::Bool(true)) {
        let before = number("from").saturating_sub(1);
        return format!("-- supervisord was started anew: what else happened after event {before} is not known");
    }
    let (count, from, to) = (number("count"), number("from"), number("to"));
    format!(
        "-- {count} events are missing here, {from} to {to}: supervisord no longer had them when they were asked for"
    )
}

/// A head and a line per pool, and what the stream is read from.
pub(crate) fn statistics(document: &Json, screen: Option<usize>) -> String {
    let pools: Vec<&Map<String, Json>> =
        document["pools"].as_array().into_iter().flatten().filter_map(Json::as_object).collect();
    let mut text = table(&pools, screen);
    if pools.is_empty() {
        "There are no event listener pools.\n".clone_into(&mut text);
    }
    let number = |name: &str| document["stream"][name].as_u64().unwrap_or_default();
    let parts = [
        format!("stream: {} of {} events", number("events"), number("max_events")),
        format!("{} of {} bytes", number("bytes"), number("max_bytes")),
        format!("serials {} to {}", number("oldest"), number("newest")),
        format!("{} followers", number("followers")),
    ];
    let line = parts.join(", ");
    let fits = screen.is_none_or(|room| line.chars().count() <= room);
    text.push('\n');
    text.push_str(&if fits { line } else { parts.join(",\n    ") });
    text.push('\n');
    text
}

fn table(pools: &[&Map<String, Json>], screen: Option<usize>) -> String {
    let Some(first) = pools.first() else { return String::new() };
    let says_something = |value: &Json| !matches!(value, Json::Bool(false)) && value.as_u64() != Some(0);
    let is_shown =
        |name: &&str| !RARE.contains(name) || pools.iter().any(|pool| pool.get(*name).is_some_and(says_something));
    let names: Vec<&str> = in_order(first, &COLUMNS).map(|(name, _)| name).filter(is_shown).collect();
    let title = |name: &&str| if *name == "name" { "POOL".to_owned() } else { name.replace('_', " ").to_uppercase() };
    let row =
        |pool: &&Map<String, Json>| names.iter().map(|name| pool.get(*name).map_or("-".to_owned(), shown)).collect();
    let mut rows: Vec<Vec<String>> = vec![names.iter().map(title).collect()];
    rows.extend(pools.iter().map(row));
    let newer = (0..names.len()).rev().filter(|column| !COLUMNS.contains(&names[*column]));
    let known = DISPENSABLE.iter().filter_map(|wanted| names.iter().position(|name| name == wanted));
    let dispensable: Vec<usize> = newer.chain(known).collect();
    columns::fit(&mut rows, &dispensable, Shrinks::First, screen);
    let widths: Vec<usize> = (0..rows[0].len()).map(|column| columns::width(&rows, column)).collect();
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| match column {
            0 => format!("{cell:<width$}"),
            _ => format!("  {cell:>width$}"),
        });
        text.extend(cells);
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text
}

/// Members of a struct.
pub(crate) type Members = Vec<(String, Value)>;

/// What each pool has done, by its name, as members of an answer.
pub(crate) fn pools(document: &str) -> Result<Vec<(String, Value)>, String> {
    by_name(document, "pools", |members| {
        let values = in_order(members, &COLUMNS).map(|(name, value)| (name.to_owned(), to_value(value)));
        Value::Struct(values.collect())
    })
}

/// What is known of each process beside XML-RPC, by its full name: how its last life ended, and what it said when it
/// broke the protocol of event listeners.
pub(crate) fn process_details(document: &str) -> Result<Vec<(String, Members)>, String> {
    by_name(document, "processes", |members| {
        let of = |name: &&str| Some(((*name).to_owned(), to_value(members.get(*name)?)));
        DETAILS.iter().filter_map(of).collect()
    })
}

/// What is taken from a list of objects that have a name.
fn by_name<T>(document: &str, list: &str, taken: impl Fn(&Map<String, Json>) -> T) -> Result<Vec<(String, T)>, String> {
    let document: Json = serde_json::from_str(document).map_err(|error| error.to_string())?;
    let items = document[list].as_array().ok_or_else(|| format!("no list of {list}"))?;
    let one = |item: &Json| {
        let members = item.as_object()?;
        Some((members.get("name")?.as_str()?.to_owned(), taken(members)))
    };
    Ok(items.iter().filter_map(one).collect())
}

fn to_value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Nil,
        Json::Bool(truth) => Value::Bool(*truth),
        Json::Number(number) => match (number.as_i64(), number.as_f64().filter(|_| number.is_f64())) {
            (Some(whole), _) => Value::Int(whole),
            (None, Some(fraction)) => Value::Double(fraction),
            (None, None) => Value::Str(number.to_string()),
        },
        Json::String(text) => Value::Str(text.clone()),
        Json::Array(items) => Value::Array(items.iter().map(to_value).collect()),
        Json::Object(members) => {
            Value::Struct(members.iter().map(|(name, value)| (name.clone(), to_value(value))).collect())
        }
    }
}

/// The members, the known ones first and in this order.
fn in_order<'a>(members: &'a Map<String, Json>, known: &'a [&'a str]) -> impl Iterator<Item = (&'a str, &'a Json)> {
    let first = known.iter().filter_map(|name| members.get_key_value(*name));
    let others = members.iter().filter(|(name, _)| !known.contains(&name.as_str()));
    first.chain(others).map(|(name, value)| (name.as_str(), value))
}

/// A value as a word, in quotes where it would not be one.
fn shown(value: &Json) -> String {
    match value {
        Json::String(text) => {
            let is_word = !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c == '"' || c == '\\');
            match visible_on_one_line(text) {
                word if is_word && word == *text => word.into_owned(),
                _ => {
                    let mut quoted = String::new();
                    push_string(&mut quoted, text);
                    quoted
                }
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => value.to_string(),
    }
}

/// A time as the server gives it, in another zone; as it is when it is none.
fn local_time(text: &str, zone: &TimeZone) -> String {
    match text.parse::<Timestamp>() {
        Ok(time) => time.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S%.3f").to_string(),
        Err(_) => visible_on_one_line(text).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line_of(event: &str) -> String {
        let event: Json = serde_json::from_str(event).unwrap();
        line(event.as_object().unwrap(), &TimeZone::fixed(jiff::tz::offset(2)))
    }

    #[test]
    fn a_line_for_an_event() {
        for (event, expected) in [
            (
                r#"{"serial": 7, "time": "2026-11-22T08:17:47.089Z", "event": "PROCESS_STATE_EXITED",
                "processname": "one", "groupname": "web", "from_state": "RUNNING", "expected": false, "pid": 7}"#,
                "2026-11-22 10:17:47.089 PROCESS_STATE_EXITED   web:one from_state:RUNNING expected:false pid:7",
            ),
            (
                r#"{"serial": 7, "time": "2026-11-22T23:17:47.000Z", "event": "SUPERVISOR_STATE_CHANGE_RUNNING"}"#,
                "2026-11-23 01:17:47.000 SUPERVISOR_STATE_CHANGE_RUNNING",
            ),
            (
                r#"{"time": "2026-11-22T08:17:47.089Z", "event": "PROCESS_GROUP_ADDED", "groupname": "cat"}"#,
                "2026-11-22 10:17:47.089 PROCESS_GROUP_ADDED    cat",
            ),
            (
                r#"{"time": "2026-11-22T08:17:47.089Z", "event": "PROCESS_LOG_STDOUT", "processname": "cat",
                "groupname": "cat", "pid": 7, "channel": "stdout", "data": "a b\n\u001b[2J", "omitted_bytes": 5}"#,
                "2026-11-22 10:17:47.089 PROCESS_LOG_STDOUT     cat pid:7 channel:stdout data:\"a b\\n\\u001b[2J\" \
                 omitted_bytes:5",
            ),
            (
                r#"{"time": "soon\n", "event": "NEW\u001b", "new": [1], "type": "", "data": "x"}"#,
                "soon\\n NEW\\x1b                type:\"\" new:[1] data:x",
            ),
            (
                r#"{"event": "lost", "restarted": false, "from": 5, "to": 7, "count": 3}"#,
                "-- 3 events are missing here, 5 to 7: supervisord no longer had them when they were asked for",
            ),
            (
                r#"{"event": "lost", "restarted": true, "from": 5, "to": null, "count": null}"#,
                "-- supervisord was started anew: what else happened after event 4 is not known",
            ),
        ] {
            assert_eq!(line_of(event), expected);
        }
    }

    #[test]
    fn a_table_of_pools() {
        let document = serde_json::json!({
            "pools": [
                {"name": "watch", "accepted": 812, "delivered": 800, "rejected": 1, "dropped_by_count": 2,
                "dropped_by_bytes": 0, "waiting": 9, "waiting_bytes": 1512, "in_progress": 1, "spilled": 3, "unreadable": 0, "blocked": false, "later": 0},
                {"name": "m\u{1b}", "accepted": 1}
            ],
            "stream": {"first": 1, "oldest": 3, "newest": 9, "events": 7, "bytes": 99, "max_events": 4096,
                "max_bytes": 4_194_304, "followers": 1}
        });
        let expected = "\
POOL       ACCEPTED  DELIVERED  REJECTED  DROPPED BY COUNT  DROPPED BY BYTES  WAITING  WAITING BYTES  SPILLED  IN PROGRESS  LATER
watch           812        800         1                 2                 0        9           1512        3            1      0
\"m\\u001b\"         1          -         -                 -                 -        -              -        -            -      -

stream: 7 of 4096 events, 99 of 4194304 bytes, serials 3 to 9, 1 followers
";
        assert_eq!(statistics(&document, None), expected);
        let narrow = "\
POOL       ACCEPTED  DELIVERED  REJECTED  DROPPED BY COUNT  WAITING
watch           812        800         1                 2        9
\"m\\u001b\"         1          -         -                 -        -

stream: 7 of 4096 events,
    99 of 4194304 bytes,
    serials 3 to 9,
    1 followers
";
        assert_eq!(statistics(&document, Some(70)), narrow);
        assert!(statistics(&document, Some(12)).starts_with("PO…  WAITING\nwa…        9\n"));
        for room in [20, 40, 60, 80, 100, 120] {
            let shown = statistics(&document, Some(room));
            assert!(shown.lines().all(|line| line.chars().count() <= room.max(25)), "{room}:\n{shown}");
        }
        let without = serde_json::json!({"pools": [], "stream": {}});
        assert!(statistics(&without, None).starts_with("There are no event listener pools.\n\nstream: 0 of 0 events"));
    }
}
