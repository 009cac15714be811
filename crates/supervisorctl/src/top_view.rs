//! `top` as text: a line of sums, a head, a line for each process, as many as there is room for.

use std::cmp::Ordering;

use jiff::Timestamp;

use crate::columns::{self, Shrinks};
use crate::output::visible_on_one_line;
use crate::status_view::{Screen, coloured_state};
use crate::usage_view::{cpu, memory, uptime};
use crate::watched::{Row, Watched};

/// What the lines are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Order {
    /// Who computes most comes first.
    #[default]
    Cpu,
    Memory,
    Restarts,
    Name,
}

const HEAD: [&str; 9] = ["NAME", "STATE", "PID", "UPTIME", "RESTARTS", "CPU", "MEMORY", "PROCS", "DESCRIPTION"];

/// Columns that a narrow terminal has no room for, the first to go first.
const DISPENSABLE: [usize; 5] = [8, 7, 2, 4, 3];

/// The column of states.
const STATE: usize = 1;

/// All of it; with `lines`, no more than so many.
pub(crate) fn page(watched: &Watched, order: Order, screen: Screen, lines: Option<usize>) -> String {
    let mut rows: Vec<(&str, &Row)> = watched.rows().collect();
    // Those that are alike stay in the order of their names.
    rows.sort_by(|(_, a), (_, b)| compare(order, a, b));
    let total = rows.len();
    // The sums, the head, and one that says how many are left out.
    let room = lines.map_or(total, |lines| lines.saturating_sub(3));
    let left_out = total.saturating_sub(room);
    rows.truncate(room);
    let mut cells: Vec<Vec<String>> = vec![HEAD.iter().map(ToString::to_string).collect()];
    cells.extend(rows.iter().map(|(name, row)| cells_of(name, row, watched.now)));
    columns::fit(&mut cells, &DISPENSABLE, Shrinks::First, screen.columns);
    let widths: Vec<usize> =
        (0..cells.first().map_or(0, Vec::len)).map(|column| columns::width(&cells, column)).collect();
    let mut text = cut(&summary(watched), screen) + "\n";
    for (number, line) in cells.iter().enumerate() {
        let state = number.checked_sub(1).and_then(|row| rows.get(row)).map(|(_, row)| row.text("state"));
        push_line(&mut text, line, &widths, state.filter(|_| screen.colour));
    }
    if left_out > 0 {
        text.push_str(&cut(&format!("… and {left_out} more"), screen));
        text.push('\n');
    }
    text
}

fn cut(line: &str, screen: Screen) -> String {
    let line = visible_on_one_line(line.trim_end());
    screen.columns.map_or_else(|| line.clone().into_owned(), |room| columns::cut(&line, room).into_owned())
}

/// `app: 26 processes, 20 RUNNING, 1 FATAL; CPU 145.0%, memory 2.2G`
fn summary(watched: &Watched) -> String {
    let mut states: Vec<(&str, usize)> = Vec::new();
    let (mut share, mut bytes) = (0.0, 0);
    for (_, row) in watched.rows() {
        match states.iter_mut().find(|(state, _)| *state == row.text("state")) {
            Some((_, count)) => *count += 1,
            None => states.push((row.text("state"), 1)),
        }
        share += row.used.and_then(|used| used.cpu).unwrap_or_default();
        bytes += row.used.map_or(0, |used| used.memory);
    }
    states.sort_by_key(|(state, count)| (std::cmp::Reverse(*count), *state));
    let mut parts = vec![format!("{} processes", watched.rows().count())];
    parts.extend(states.iter().map(|(state, count)| format!("{count} {state}")));
    format!("{}: {}; CPU {}, memory {}", watched.identifier, parts.join(", "), cpu(share), memory(bytes))
}

fn compare(order: Order, a: &Row, b: &Row) -> Ordering {
    let share = |row: &Row| row.used.and_then(|used| used.cpu).unwrap_or(-1.0);
    let bytes = |row: &Row| row.used.map(|used| used.memory);
    match order {
        Order::Cpu => share(b).total_cmp(&share(a)),
        Order::Memory => bytes(b).cmp(&bytes(a)),
        Order::Restarts => b.number("restarts").cmp(&a.number("restarts")),
        Order::Name => Ordering::Equal,
    }
}

fn cells_of(name: &str, row: &Row, now: Option<Timestamp>) -> Vec<String> {
    let has_pid = row.members.get("pid").is_some();
    let begun = row.text("since").parse::<Timestamp>().ok().filter(|_| has_pid);
    let seconds = begun.zip(now).and_then(|(begun, now)| u64::try_from(now.as_second() - begun.as_second()).ok());
    // Of what runs the other columns say all there is to say.
    let description = if has_pid { "" } else { row.text("description") };
    let cells = [
        name.to_owned(),
        row.text("state").to_owned(),
        if has_pid { row.number("pid").to_string() } else { String::new() },
        seconds.map(uptime).unwrap_or_default(),
        row.number("restarts").to_string(),
        row.used.and_then(|used| used.cpu).map(cpu).unwrap_or_default(),
        row.used.map(|used| memory(used.memory)).unwrap_or_default(),
        row.used.map(|used| used.processes.to_string()).unwrap_or_default(),
        description.to_owned(),
    ];
    let shown = |cell: String| if cell.is_empty() { "-".to_owned() } else { visible_on_one_line(&cell).into_owned() };
    cells.into_iter().map(shown).collect()
}

fn push_line(text: &mut String, cells: &[String], widths: &[usize], state: Option<&str>) {
    let mut line = String::new();
    for (column, (cell, width)) in cells.iter().zip(widths).enumerate() {
        match state.filter(|_| column == STATE) {
            Some(state) => line.push_str(&coloured_state(cell, state)),
            None => line.push_str(cell),
        }
        line.extend(std::iter::repeat_n(' ', width + 2 - cell.chars().count()));
    }
    text.push_str(line.trim_end());
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event_stream::Frame;

    fn watched() -> Watched {
        let mut watched = Watched::default();
        for (name, data) in [
            ("hello", r#"{"identifier": "app"}"#),
            (
                "table",
                r#"{"processes": [
                {"name": "a", "state": "RUNNING", "since": "2026-11-22T01:00:00.000Z", "pid": 7, "restarts": 2},
                {"name": "b\u009b", "state": "FATAL", "description": "no such file"},
                {"name": "web:c", "state": "RUNNING", "since": "2026-11-20T00:00:00.000Z", "pid": 8}]}"#,
            ),
            (
                "sample",
                r#"{"at": "2026-11-22T10:05:41Z", "values": {"a": [0.1, 1048576, 1], "web:c": [1.5, 2048, 3]}}"#,
            ),
        ] {
            watched.take(&Frame { name: name.to_owned(), data: data.to_owned() }).unwrap();
        }
        watched
    }

    fn shown(order: Order, screen: Screen, lines: Option<usize>) -> String {
        page(&watched(), order, screen, lines)
    }

    #[test]
    fn a_page() {
        let expected = "app: 3 processes, 2 RUNNING, 1 FATAL; CPU 160.0%, memory 1.0M\n\
             NAME   STATE    PID  UPTIME    RESTARTS  CPU     MEMORY  PROCS  DESCRIPTION\n\
             web:c  RUNNING  8    2d 10:05  0         150.0%  2.0K    3      -\n\
             a      RUNNING  7    9:05:41   2         10.0%   1.0M    1      -\n\
             b\\x9b  FATAL    -    -         0         -       -       -      no such file\n";
        assert_eq!(shown(Order::Cpu, Screen::default(), None), expected);
    }

    #[test]
    fn orders() {
        let names = |order| -> Vec<String> {
            let page = shown(order, Screen::default(), None);
            page.lines().skip(2).map(|line| line.split(' ').next().unwrap().to_owned()).collect()
        };
        assert_eq!(names(Order::Memory), ["a", "web:c", "b\\x9b"]);
        assert_eq!(names(Order::Restarts), ["a", "b\\x9b", "web:c"]);
        assert_eq!(names(Order::Name), ["a", "b\\x9b", "web:c"]);
    }

    #[test]
    fn it_fits_the_terminal() {
        for columns in [80, 60, 40, 30] {
            let screen = Screen { colour: false, columns: Some(columns) };
            let page = shown(Order::Cpu, screen, Some(4));
            assert_eq!(page.lines().count(), 4, "{page}");
            assert!(page.ends_with("… and 2 more\n") && page.contains("web:c"), "{page}");
            assert!(page.lines().all(|line| line.chars().count() <= columns), "{page}");
        }
        let coloured = shown(Order::Cpu, Screen { colour: true, columns: None }, None);
        assert!(
            coloured.contains("\x1b[31mFATAL\x1b[0m") && coloured.contains("\x1b[32mRUNNING\x1b[0m"),
            "{coloured:?}"
        );
    }
}
