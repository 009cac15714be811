//! The lines of a file, as they are shown: their secrets masked, and where each character has gone.

use std::ops::Range;

use super::names::hides;
use super::text::{ValuesEnd, secret_ranges};
use super::{MASK, replace};
use crate::ini::{before_comment, lines, split_option};
use crate::python_text::is_space;
use crate::recorder::Source;

/// A line as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaskedLine {
    /// Its text, without its end.
    pub text: String,
    /// What is masked, in characters of the line as it was; in order and apart.
    masked: Vec<Range<usize>>,
}

impl MaskedLine {
    /// Where a character of the line as it was is now; one that is masked is where its mask begins or ends.
    pub fn column(&self, original: usize) -> usize {
        let length = MASK.chars().count();
        let mut column = original;
        for range in self.masked.iter().take_while(|range| range.start < original) {
            if original < range.end {
                return column - (original - range.start) + length;
            }
            column = column + length - range.len();
        }
        column
    }
}

/// A line of a file by its number from 1; `None`, if there is none.
pub fn masked_line(source: &Source, number: u32) -> Option<MaskedLine> {
    let line = source.line(number)?;
    let ranges = match owner(source, number, line) {
        Owner::Own(key, value) => of_value(key, line, value),
        Owner::Earlier(key) => of_value(key, line, indent(line)),
        Owner::Nobody => secret_ranges(line, ValuesEnd::AtBlank),
    };
    let characters = |byte: usize| line.get(..byte).unwrap_or_default().chars().count();
    let masked = ranges.iter().map(|range| characters(range.start)..characters(range.end)).collect();
    Some(MaskedLine { text: replace(line, &ranges), masked })
}

/// Whose value a line has.
enum Owner<'l> {
    /// The option that begins in it; where the value begins, in bytes.
    Own(&'l str, usize),
    /// One that began before it.
    Earlier(&'l str),
    Nobody,
}

fn owner<'l>(source: &'l Source, number: u32, line: &'l str) -> Owner<'l> {
    // One that is commented out has a secret all the same.
    let bare = line.trim_start_matches(|character| is_space(character) || ";#".contains(character));
    let is_comment = bare.len() < line.trim_start_matches(is_space).len();
    if indent(line) == 0 || is_comment {
        return own(line, bare);
    }
    let before = usize::try_from(number).unwrap_or(usize::MAX).saturating_sub(1);
    let begins_something = |line: &&str| !line.is_empty() && indent(line) == 0 && !line.starts_with([';', '#']);
    let earlier = lines(&source.text).take(before).filter(begins_something).last();
    match earlier.and_then(|earlier| split_option(before_comment(earlier))) {
        Some((key, _)) => Owner::Earlier(key),
        None => own(line, bare),
    }
}

fn own<'l>(line: &'l str, bare: &'l str) -> Owner<'l> {
    match split_option(bare) {
        Some((key, value)) if !value.is_empty() && !key.contains(is_space) => Owner::Own(key, line.len() - value.len()),
        Some(_) | None => Owner::Nobody,
    }
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(is_space).len()
}

/// The secrets of the value of an option, which begins at a byte of a line.
fn of_value(key: &str, line: &str, start: usize) -> Vec<Range<usize>> {
    let end = before_comment(line).trim_end_matches(is_space).len();
    // Without one, the line is a comment.
    let value = line.get(start..end).or_else(|| line.get(start..)).unwrap_or_default();
    // A comment after it may be part of a password whose owner did not know.
    if hides(key, value) {
        return std::iter::once(start..line.len()).collect();
    }
    let values_end = if key.eq_ignore_ascii_case("environment") { ValuesEnd::AtComma } else { ValuesEnd::AtBlank };
    let rest = line.get(start..).unwrap_or_default();
    secret_ranges(rest, values_end).into_iter().map(|range| start + range.start..start + range.end).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, number: u32) -> String {
        let source = Source { file: "x".into(), text: text.to_owned() };
        masked_line(&source, number).unwrap().text.replace(MASK, "<*>")
    }

    #[test]
    fn lines_are_masked_by_their_options() {
        for (text, expected) in [
            ("password = hush", "password = <*>"),
            ("password: hu sh", "password: <*>"),
            ("password = hu ;sh", "password = <*>"),
            (";password = hush", ";password = <*>"),
            ("  # password=hush", "  # password=<*>"),
            ("password = %(ENV_X)s", "password = %(ENV_X)s"),
            ("environment=A=1,DB_PASS=\"a b\",B=2", "environment=A=1,DB_PASS=\"<*>\",B=2"),
            ("environment=DB_PASS=a b,B=2", "environment=DB_PASS=<*>,B=2"),
            ("command=x --password a -v ; b", "command=x --password <*> -v ; b"),
            ("serverurl=http://u:p@h", "serverurl=http://u:<*>@h"),
            ("tls_key = /etc/x.pem", "tls_key = /etc/x.pem"),
            ("[program:password]", "[program:password]"),
            ("x --password hush", "x --password <*>"),
            (" ", " "),
        ] {
            assert_eq!(shown(text, 1), expected, "{text}");
        }
    }

    #[test]
    fn values_go_on() {
        let text = "[x]\npassword =\n  hush\n\n; comment\n  hush\nenvironment =\n  A=1,\n  DB_PASS=a b,\n  C=2\ncommand=x\n  --token\n  y";
        for (line, expected) in
            [(3, "  <*>"), (6, "  <*>"), (8, "  A=1,"), (9, "  DB_PASS=<*>,"), (10, "  C=2"), (12, "  --token")]
        {
            assert_eq!(shown(text, line), expected, "{line}");
        }
    }

    #[test]
    fn columns_follow() {
        let source = Source { file: "x".into(), text: "a --token=hu --b".to_owned() };
        let line = masked_line(&source, 1).unwrap();
        assert_eq!(line.text, "a --token=******** --b");
        for (original, now) in [(0, 0), (10, 10), (11, 18), (12, 18), (13, 19), (16, 22)] {
            assert_eq!(line.column(original), now, "{original}");
        }
    }
}
