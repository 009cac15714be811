//! The last thing that a program has said: the last line with something on it, of its errors or else of its output.
//!
//! For people who ask why it does not run. Only the end of a log is looked at, and a file system that does not answer
//! in time leaves it unsaid.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use supervisor_core::{ProcessInfo, raw_text};
use supervisor_protocol::terminal::is_obeyed;
use tokio::time::timeout;

use super::context::Context;
use super::{limits, log_reader};

/// `None`: nothing, or not known in time.
pub(super) async fn last_output(info: &ProcessInfo, context: &Context) -> Option<String> {
    let path =
        |log: &Option<Arc<str>>| log.as_deref().map(|path| PathBuf::from(OsStr::from_bytes(&raw_text::to_bytes(path))));
    let paths = [path(&info.logs.stderr), path(&info.logs.stdout)];
    let read = context.files.run(move || paths.iter().flatten().find_map(|path| last_line_of(path)));
    timeout(limits::LAST_OUTPUT_PATIENCE, read).await.ok()?.ok()?
}

fn last_line_of(path: &Path) -> Option<String> {
    let mut end = String::new();
    let mut text = log_reader::tail(Some(path), 0, limits::LAST_OUTPUT_BYTES).text;
    while text.next_piece(|piece| end.push_str(piece)).ok()? {}
    last_line(&end)
}

fn last_line(text: &str) -> Option<String> {
    let shown = text.lines().rev().map(without_controls).find(|line| !line.trim().is_empty())?;
    Some(shown.trim_end().chars().take(limits::LAST_OUTPUT_CHARACTERS).collect())
}

/// Without sequences that colour, and without what else a terminal obeys.
fn without_controls(line: &str) -> String {
    let mut shown = String::new();
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        if c == '\u{1b}' && rest.next_if_eq(&'[').is_some() {
            while rest.next().is_some_and(|c| !('@'..='~').contains(&c)) {}
        } else if c == '\t' {
            shown.push(' ');
        } else if !is_obeyed(c) {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_last_line_that_says_something() {
        for (text, expected) in [
            ("one\ntwo\n", Some("two")),
            ("one\n\n \t\n", Some("one")),
            ("a\x1b[31mred\x1b[0m\tb\x07\u{202e}\r\n", Some("ared b")),
            ("\x1b[", None),
            ("", None),
        ] {
            assert_eq!(last_line(text).as_deref(), expected, "{text:?}");
        }
    }
}
