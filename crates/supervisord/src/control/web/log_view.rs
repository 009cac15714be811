//! A part of a log on a page: the last lines, or those before a place, with what was searched for marked
//! (reference/web.md §9). Lines are found in bytes, so that a place in a log stays what it is.

use std::path::PathBuf;

use super::log_text::{self, Line};
use super::query::{Query, link};
use super::words;
use crate::control::context::Context;
use crate::control::{limits, log_reader};

/// What is shown of a log.
#[derive(Clone, Debug, Default)]
pub(super) struct LogView {
    pub(super) lines: Vec<Line>,
    /// `48.3 MB before this`; empty: it begins here.
    pub(super) before: String,
    /// To what is before.
    pub(super) older: String,
    /// To the end, where this is not it.
    pub(super) newest: String,
    pub(super) size: String,
    pub(super) path: String,
    /// Why there is nothing to read, in a sentence.
    pub(super) trouble: String,
    pub(super) q: String,
    /// How many lines match.
    pub(super) matches: String,
    /// Where the part ends in the file, for a script that goes on from there.
    pub(super) end: u64,
}

/// Reads what a page is asked for. `none`: the sentence where there is no file. `kept`: what else its links say.
pub(super) async fn read(
    path: Option<PathBuf>,
    none: &str,
    query: &Query,
    kept: &[(&str, &str)],
    context: &Context,
) -> LogView {
    let q: String = query.get("q").chars().take(limits::PAGE_QUERY_CHARACTERS).collect();
    let mut view = LogView { q, ..LogView::default() };
    let Some(path) = path else {
        none.clone_into(&mut view.trouble);
        return view;
    };
    view.path = path.to_string_lossy().into_owned();
    let before = query.number("before");
    let read = move || log_reader::part(&path, before, limits::LOG_PAGE_BYTES);
    match context.files.run(read).await {
        Ok(Ok(part)) => view.fill(part, before, kept),
        Ok(Err(error)) => view.trouble = format!("{} cannot be read: {error}.", view.path),
        Err(why) => view.trouble = format!("{} cannot be read: {why}.", view.path),
    }
    view
}

impl LogView {
    fn fill(&mut self, part: log_reader::Part, before: Option<u64>, kept: &[(&str, &str)]) {
        let log_reader::Part { bytes, start, size } = part;
        let from = first_line(&bytes, start);
        let shown = bytes.get(from..).unwrap_or_default();
        let offset = start + from as u64;
        self.end = offset + shown.len() as u64;
        self.lines = log_text::lines(shown);
        self.size = words::size(size);
        if offset > 0 {
            self.before = format!("{} before this", words::size(offset));
            self.older = with(kept, &self.q, &offset.to_string());
        }
        if before.is_some_and(|before| before < size) {
            self.newest = with(kept, &self.q, "");
        }
        if !self.q.is_empty() {
            let found = self.lines.iter_mut().map(|line| log_text::mark(line, &self.q)).filter(|found| *found).count();
            let lines = if found == 1 { "1 line matches" } else { "lines match" };
            self.matches = if found == 1 { lines.to_owned() } else { format!("{found} {lines}") };
        }
    }

    /// An empty log has nothing to show and no trouble.
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.trouble.is_empty()
    }
}

fn with(kept: &[(&str, &str)], q: &str, before: &str) -> String {
    let pairs: Vec<(&str, &str)> = kept.iter().copied().chain([("q", q), ("before", before)]).collect();
    link(&pairs)
}

/// Where the lines begin that are shown: the last so many, and none that is cut.
fn first_line(bytes: &[u8], start: u64) -> usize {
    // Behind the last line there may be an end of line, and begins none.
    let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let ends = body.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n').map(|(place, _)| place + 1);
    let mut first = None;
    for (number, place) in ends.enumerate() {
        first = Some(place);
        if number + 1 == limits::LOG_PAGE_LINES {
            return place;
        }
    }
    // One line that is longer than all that is read is shown from where it was read.
    if start == 0 { 0 } else { first.unwrap_or(0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(bytes: &[u8], start: u64, size: u64) -> LogView {
        let mut view = LogView::default();
        view.fill(log_reader::Part { bytes: bytes.to_vec(), start, size }, None, &[("log", "stderr")]);
        view
    }

    #[test]
    fn no_line_is_cut_and_older_ones_are_a_link_away() {
        let whole = view(b"one\ntwo\n", 0, 8);
        assert_eq!((whole.lines.len(), whole.older.as_str(), whole.end), (2, "", 8));
        let cut = view(b"ne\ntwo\nthree", 1, 13);
        assert_eq!(cut.lines.iter().map(Line::plain).collect::<Vec<_>>(), ["two", "three"]);
        assert_eq!((cut.older.as_str(), cut.before.as_str()), ("?log=stderr&before=4", "4 B before this"));
        assert_eq!(view(b"no end", 9, 15).lines.len(), 1);
        assert!(view(b"", 0, 0).is_empty());
    }

    #[test]
    fn so_many_lines_are_shown_at_most() {
        let bytes = "x\n".repeat(limits::LOG_PAGE_LINES + 5);
        let view = view(bytes.as_bytes(), 0, bytes.len() as u64);
        assert_eq!((view.lines.len(), view.older.as_str()), (limits::LOG_PAGE_LINES, "?log=stderr&before=10"));
    }
}
