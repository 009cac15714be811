//! `status` in the forms that are new: a table, a wider table, JSON (`--format`).
//!
//! Nothing here is read by old scripts; the columns may grow at the right. Names and descriptions come from outside,
//! so that control characters in them are shown and not sent.

use supervisor_core::{ProcessState, make_namespec};
use supervisor_protocol::xmlrpc::Value;

use crate::answers::ProcessInfo;
use crate::columns::{self, Shrinks};
use crate::format;
use crate::json;
use crate::output::visible_on_one_line;
use crate::usage_view;

/// What a table is shown on.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Screen {
    /// Whether it is shown in colour.
    pub(crate) colour: bool,
    /// Its width; `None`: as wide as needed.
    pub(crate) columns: Option<usize>,
}

/// Members of `getProcessInfo`, in the order of the contract (rpc.md §4.3); others follow by name.
const MEMBERS: [&str; 14] = [
    "name",
    "group",
    "start",
    "stop",
    "now",
    "state",
    "statename",
    "spawnerr",
    "exitstatus",
    "logfile",
    "stdout_logfile",
    "stderr_logfile",
    "pid",
    "description",
];

/// The processes as one array of objects, one a line.
pub(crate) fn json(infos: &[ProcessInfo]) -> String {
    let mut text = String::from("[");
    for (index, info) in infos.iter().enumerate() {
        text.push_str(if index == 0 { "\n  " } else { ",\n  " });
        let mut members: Vec<(&str, Value)> = vec![
            ("name", Value::from(info.name.as_str())),
            ("group", Value::from(info.group.as_str())),
            ("state", Value::Int(info.state.into())),
            ("statename", Value::from(info.statename.as_str())),
            ("description", Value::from(info.description.as_str())),
            ("pid", Value::Int(info.pid)),
        ];
        members.extend(info.others.iter().map(|(name, value)| (name.as_str(), value.clone())));
        let place = |name: &str| MEMBERS.iter().position(|known| *known == name).unwrap_or(MEMBERS.len());
        members.sort_by_key(|(name, _)| (place(name), *name));
        json::push_object(&mut text, members.iter().map(|(name, value)| (*name, value)));
    }
    text.push_str(if infos.is_empty() { "]\n" } else { "\n]\n" });
    text
}

/// The usual lines, whole in the colour of their states: the same bytes, the colours left away. Scripts that read a
/// terminal (expect) look for a name, blanks, a state and a pid in one piece, so nothing comes between those, and the
/// line of what runs as it should, for which they wait, has no colour at all.
pub(crate) fn coloured_lines(infos: &[ProcessInfo]) -> String {
    let mut text = String::new();
    for (line, info) in format::status_lines(infos).iter().zip(infos) {
        let line = visible_on_one_line(line);
        let colour = if info.state == ProcessState::Running.code() { None } else { sgr(info.state) };
        match colour {
            Some(sgr) => text.extend(["\x1b[", sgr, "m", &line, "\x1b[0m\n"]),
            None => text.extend([&*line, "\n"]),
        }
    }
    text
}

/// A head and a line per process: name, state, description.
pub(crate) fn table(infos: &[ProcessInfo], screen: Screen) -> String {
    let row = |info: &ProcessInfo| vec![namespec(info), info.statename.clone(), info.description.clone()];
    render(&["NAME", "STATE", "DESCRIPTION"], &[], infos, row, screen)
}

/// As [`table`], with what is known about the process besides: pid, uptime, restarts, what it uses, how it ended last,
/// log files.
pub(crate) fn wide(infos: &[ProcessInfo], screen: Screen) -> String {
    let head = [
        "NAME",
        "STATE",
        "PID",
        "UPTIME",
        "RESTARTS",
        "CPU",
        "MEMORY",
        "EXIT",
        "STDOUT LOG",
        "STDERR LOG",
        "DESCRIPTION",
    ];
    let row = |info: &ProcessInfo| {
        vec![
            namespec(info),
            info.statename.clone(),
            if info.pid == 0 { String::new() } else { info.pid.to_string() },
            uptime(info).map_or_else(String::new, duration),
            restarts(info).unwrap_or_default(),
            cpu(info).unwrap_or_default(),
            memory(info).unwrap_or_default(),
            exit_status(info).unwrap_or_default(),
            info.text("stdout_logfile").to_owned(),
            info.text("stderr_logfile").to_owned(),
            description(info),
        ]
    };
    // Logs go first, what the description says too next, and the pid before what is used.
    render(&head, &[9, 8, 3, 4, 7, 2, 5, 6], infos, row, screen)
}

/// The description, and that a listener is not listened to any more, with what it said.
fn description(info: &ProcessInfo) -> String {
    match info.member("protocol_error") {
        Some(Value::Str(written)) => format!("{}; broke the listener protocol: '{written}'", info.description),
        Some(_) | None => info.description.clone(),
    }
}

fn namespec(info: &ProcessInfo) -> String {
    make_namespec(&info.group, &info.name)
}

/// Seconds since the start of a process that lives.
fn uptime(info: &ProcessInfo) -> Option<i64> {
    (info.pid != 0).then(|| (info.number("now") - info.number("start")).max(0))
}

/// Starts that nobody has asked for; `None`: the server does not tell.
fn restarts(info: &ProcessInfo) -> Option<String> {
    match info.member("restarts") {
        Some(Value::Int(count)) => Some(count.to_string()),
        // One that has none says nothing of them.
        Some(_) | None => info.member("resources").or(info.member("exit")).map(|_| "0".to_owned()),
    }
}

/// The share of a processor since the look before; `None`: nobody has looked, or it does not run.
fn cpu(info: &ProcessInfo) -> Option<String> {
    match info.member("resources")?.member("cpu")? {
        Value::Double(share) => Some(usage_view::cpu(*share)),
        _ => None,
    }
}

fn memory(info: &ProcessInfo) -> Option<String> {
    match info.member("resources")?.member("memory")? {
        Value::Int(bytes) => u64::try_from(*bytes).ok().map(usage_view::memory),
        _ => None,
    }
}

/// How the last run ended: its status, or the signal that killed it. A server without `/api/v1/processes` keeps the
/// status only until the next start, and not of a run that was too short (BACKOFF, FATAL), where it says 0 whatever it
/// was.
fn exit_status(info: &ProcessInfo) -> Option<String> {
    if let Some(exit) = info.member("exit") {
        return match (exit.member("signal"), exit.member("code")) {
            (Some(Value::Str(signal)), _) => Some(signal.clone()),
            (_, Some(Value::Int(code))) => Some(code.to_string()),
            (_, _) => None,
        };
    }
    let is_kept = [ProcessState::Stopped, ProcessState::Exited].map(ProcessState::code).contains(&info.state);
    (is_kept && info.number("stop") != 0).then(|| info.number("exitstatus").to_string())
}

/// As descriptions tell it: `1 day, 2:03:04`.
fn duration(seconds: i64) -> String {
    let (days, seconds) = (seconds / 86_400, seconds % 86_400);
    let clock = format!("{}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match days {
        0 => clock,
        1 => format!("1 day, {clock}"),
        _ => format!("{days} days, {clock}"),
    }
}

/// Columns two blanks apart; the second one is the state. What is empty is a dash, except at the end of a line.
fn render(
    head: &[&str],
    dispensable: &[usize],
    infos: &[ProcessInfo],
    row: impl Fn(&ProcessInfo) -> Vec<String>,
    screen: Screen,
) -> String {
    let shown = |cell: String| if cell.is_empty() { "-".to_owned() } else { visible_on_one_line(&cell).into_owned() };
    let mut rows: Vec<Vec<String>> = vec![head.iter().map(ToString::to_string).collect()];
    rows.extend(infos.iter().map(|info| row(info).into_iter().map(shown).collect()));
    columns::fit(&mut rows, dispensable, Shrinks::Last, screen.columns);
    let count = rows.first().map_or(0, Vec::len);
    let widths: Vec<usize> = (0..count).map(|column| columns::width(&rows, column)).collect();
    let states = std::iter::once(None).chain(infos.iter().map(|info| screen.colour.then(|| sgr(info.state)).flatten()));
    rows.iter().zip(states).map(|(row, state)| line(row.iter().map(String::as_str), &widths, state)).collect()
}

fn line<'a>(cells: impl Iterator<Item = &'a str>, widths: &[usize], state: Option<&str>) -> String {
    let mut text = String::new();
    let last = widths.len() - 1;
    for (column, (cell, width)) in cells.zip(widths).enumerate() {
        let padding = if column == last { 0 } else { width + 2 - cell.chars().count() };
        match (column, state) {
            (1, Some(sgr)) => text.extend(["\x1b[", sgr, "m", cell, "\x1b[0m"]),
            (_, _) => text.push_str(cell),
        }
        text.extend(std::iter::repeat_n(' ', padding));
    }
    text.push('\n');
    text
}

/// The name of a state, or what is left of it, in the colour of that state.
pub(crate) fn coloured_state(shown: &str, state: &str) -> String {
    let code = ProcessState::ALL.into_iter().find(|known| known.name() == state).map(ProcessState::code);
    match code.and_then(sgr) {
        Some(sgr) => format!("\x1b[{sgr}m{shown}\x1b[0m"),
        None => shown.to_owned(),
    }
}

/// Green: as it should be; yellow: on its way; red: it has failed. A process that was stopped has no colour.
pub(crate) fn sgr(state: i32) -> Option<&'static str> {
    match ProcessState::ALL.into_iter().find(|known| known.code() == state)? {
        ProcessState::Running => Some("32"),
        ProcessState::Starting | ProcessState::Stopping | ProcessState::Backoff => Some("33"),
        ProcessState::Fatal | ProcessState::Unknown => Some("31"),
        ProcessState::Stopped | ProcessState::Exited => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answers::FromValue as _;
    use crate::testing::structure;

    fn info(name: &str, state: (i64, &str), description: &str, times: (i64, i64), exit: i64, pid: i64) -> ProcessInfo {
        ProcessInfo::from_value(structure(&[
            ("name", Value::from(name)),
            ("group", Value::from("g")),
            ("start", Value::Int(times.0)),
            ("stop", Value::Int(times.1)),
            ("now", Value::Int(100_000)),
            ("state", Value::Int(state.0)),
            ("statename", Value::from(state.1)),
            ("spawnerr", Value::from("")),
            ("exitstatus", Value::Int(exit)),
            ("logfile", Value::from("/log/o")),
            ("stdout_logfile", Value::from("/log/o")),
            ("stderr_logfile", Value::from("")),
            ("pid", Value::Int(pid)),
            ("description", Value::from(description)),
            ("later", Value::Bool(true)),
        ]))
        .unwrap()
    }

    fn both() -> [ProcessInfo; 2] {
        [
            info("run", (20, "RUNNING"), "pid 7, uptime 1:00:00", (96_400, 0), 0, 7),
            info("e\x1b[2Jnd", (200, "FATAL"), "", (5, 6), 3, 0),
        ]
    }

    const COLOUR: Screen = Screen { colour: true, columns: None };

    #[test]
    fn tables_fit_the_screen() {
        for columns in [80, 60, 40, 30] {
            for colour in [false, true] {
                let screen = Screen { colour, columns: Some(columns) };
                for text in [table(&both(), screen), wide(&both(), screen)] {
                    let bare = text.replace("\x1b[32m", "").replace("\x1b[31m", "").replace("\x1b[0m", "");
                    assert!(bare.lines().all(|line| line.chars().count() <= columns), "{columns}:\n{bare}");
                    assert!(bare.contains("g:run") && bare.contains("RUNNING"), "{bare}");
                }
            }
        }
    }

    #[test]
    fn a_table() {
        let expected = "NAME          STATE    DESCRIPTION\n\
                        g:run         RUNNING  pid 7, uptime 1:00:00\n\
                        g:e\\x1b[2Jnd  FATAL    -\n";
        assert_eq!(table(&both(), Screen::default()), expected);
        let coloured = expected.replace("RUNNING", "\x1b[32mRUNNING\x1b[0m").replace("FATAL", "\x1b[31mFATAL\x1b[0m");
        assert_eq!(table(&both(), COLOUR), coloured);
        assert_eq!(table(&[], COLOUR), "NAME  STATE  DESCRIPTION\n");
    }

    #[test]
    fn usual_lines_in_colour_are_the_same_without_it() {
        let coloured = coloured_lines(&both());
        let lines: Vec<&str> = coloured.lines().collect();
        assert!(lines[0].starts_with("g:run ") && lines[0].contains(" RUNNING   pid 7"), "{coloured:?}");
        assert!(lines[1].starts_with("\x1b[31mg:e") && lines[1].ends_with("\x1b[0m"), "{coloured:?}");
        let bare = coloured.replace("\x1b[31m", "").replace("\x1b[0m", "");
        let lines = format::status_lines(&both()).join("\n") + "\n";
        assert_eq!(bare, lines.replace('\x1b', "\\x1b"));
    }

    #[test]
    fn a_wider_table() {
        let expected = "\
            NAME          STATE    PID  UPTIME   RESTARTS  CPU    MEMORY  EXIT  STDOUT LOG  STDERR LOG  DESCRIPTION\n\
            g:run         RUNNING  7    1:00:00  2         21.4%  1.0M    -     /log/o      -           pid 7, uptime 1:00:00\n\
            g:e\\x1b[2Jnd  FATAL    -    -        -         -      -       -     /log/o      -           -\n";
        let [mut run, end] = both();
        let used = vec![("cpu".to_owned(), Value::Double(0.214)), ("memory".to_owned(), Value::Int(1 << 20))];
        run.others.extend([("restarts".to_owned(), Value::Int(2)), ("resources".to_owned(), Value::Struct(used))]);
        assert_eq!(wide(&[run, end], Screen::default()), expected);
        for (state, shown) in [((100, "EXITED"), 3), ((0, "STOPPED"), -1)] {
            let ended = wide(&[info("x", state, "", (5, 6), shown, 0)], Screen::default());
            assert!(ended.lines().any(|line| line.contains(&format!("  {shown}  "))), "{ended}");
        }
    }

    #[test]
    fn uptimes() {
        for (seconds, text) in [
            (0, "0:00:00"),
            (59, "0:00:59"),
            (86_399, "23:59:59"),
            (86_400, "1 day, 0:00:00"),
            (180_000, "2 days, 2:00:00"),
        ] {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn json_has_every_member_in_a_fixed_order() {
        let expected = concat!(
            "[\n  ",
            r#"{"name": "run", "group": "g", "start": 96400, "stop": 0, "now": 100000, "state": 20, "#,
            r#""statename": "RUNNING", "spawnerr": "", "exitstatus": 0, "logfile": "/log/o", "#,
            r#""stdout_logfile": "/log/o", "stderr_logfile": "", "pid": 7, "#,
            r#""description": "pid 7, uptime 1:00:00", "later": true}"#,
            "\n]\n"
        );
        assert_eq!(json(&both()[..1]), expected);
        assert_eq!(json(&[]), "[]\n");
        assert_eq!(json(&both()).lines().count(), 4);
    }
}
