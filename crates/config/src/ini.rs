//! The INI dialect: what Python's `RawConfigParser` reads with strictness off, interpolation off and the inline
//! comment prefixes `;` and `#` (contract/config.md §2), and the place of every key and value.
//!
//! Knows no option and no section but `[DEFAULT]`; what has been read is a [`Document`]. Deviates from Python in one
//! point (quirks.md F43): a line that begins with `[` and has no `]` is an error, never an option.

mod document;

use std::sync::Arc;

use self::document::Entries;
pub(crate) use self::document::{Document, Entry, Inherits, Repeated, Section, name_after_colon};
use crate::diagnostics::{ConfigError, Place};
use crate::python_repr::Repr;
use crate::python_text::{is_space, strip};

impl Document {
    /// Merges a file: its sections and options are added, options known already get their new value.
    /// `file` is its name in errors. On an error the document is of no further use.
    pub(crate) fn read(&mut self, file: &str, text: &str) -> Result<(), ConfigError> {
        let file: Arc<str> = file.into();
        self.files.push(file.clone());
        let mut reader = Reader {
            document: self,
            file,
            current: Current::Nothing,
            open: None,
            indent: 0,
            blank_lines: 0,
            bad_lines: Vec::new(),
            header_line: 0,
        };
        for (number, line) in (1..).zip(Lines { rest: text }) {
            reader.line(number, line)?;
        }
        reader.finish()
    }
}

/// The lines of a file as they are counted, without their ends.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = &str> {
    Lines { rest: text }.map(|line| line.text)
}

/// What a line says before its comment, if it has one.
pub(crate) fn before_comment(line: &str) -> &str {
    comment_start(line).and_then(|start| line.get(..start)).unwrap_or(line)
}

/// The name of a section that begins in a line, if one does.
pub(crate) fn section_name(line: &str) -> Option<&str> {
    header(strip(line))
}

/// Key and value of a line, if it is an option.
pub(crate) fn split_option(line: &str) -> Option<(&str, &str)> {
    option(strip(line)).filter(|(key, _)| !key.is_empty())
}

/// Lines as Python's text files give them: ended by `\n`, `\r\n` or `\r`, the end not included.
struct Lines<'t> {
    rest: &'t str,
}

/// A line and whether it has an end.
#[derive(Clone, Copy)]
struct Line<'t> {
    text: &'t str,
    ended: bool,
}

impl<'t> Iterator for Lines<'t> {
    type Item = Line<'t>;

    fn next(&mut self) -> Option<Line<'t>> {
        if self.rest.is_empty() {
            return None;
        }
        let Some(end) = self.rest.find(['\n', '\r']) else {
            return Some(Line { text: std::mem::take(&mut self.rest), ended: false });
        };
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest.strip_prefix("\r\n").or_else(|| rest.get(1..)).unwrap_or_default();
        Some(Line { text, ended: true })
    }
}

enum Current {
    Nothing,
    Defaults,
    Section(usize),
}

struct Reader<'d> {
    document: &'d mut Document,
    file: Arc<str>,
    current: Current,
    /// The option that an indented line continues.
    open: Option<usize>,
    /// Of the last line that was no continuation.
    indent: usize,
    /// Empty lines since the last line of the open option: part of its value if one more line follows.
    blank_lines: usize,
    bad_lines: Vec<(u32, String)>,
    /// Of the section that goes on.
    header_line: u32,
}

impl Reader<'_> {
    fn line(&mut self, number: u32, line: Line<'_>) -> Result<(), ConfigError> {
        let comment = comment_start(line.text);
        let before_comment = line.text.get(..comment.unwrap_or(line.text.len())).unwrap_or_default();
        let content = strip(before_comment);
        if content.is_empty() {
            if comment.is_none() {
                self.blank_lines += 1;
            }
            return Ok(());
        }
        let start = before_comment.find(|character| !is_space(character)).unwrap_or_default();
        let indent = line.text.get(..start).unwrap_or_default().chars().count();
        if self.open.is_some() && indent > self.indent {
            self.continue_value(content);
            return Ok(());
        }
        self.indent = indent;
        let place = || Place { file: self.file.clone(), line: number, column: column(line.text, start) };
        if let Some(name) = header(content) {
            let place = place();
            self.begin_section(name, place);
        } else if matches!(self.current, Current::Nothing) {
            return Err(self.no_section(number, line).at(&place()));
        } else if let Some((key, value)) = option(content) {
            if key.is_empty() {
                self.bad_line(number, line);
                self.open = None;
            } else {
                let columns = [start, start + content.len() - value.len()].map(|offset| column(line.text, offset));
                self.set(key, value, number, columns);
            }
        } else {
            self.bad_line(number, line);
        }
        Ok(())
    }

    fn entries(&mut self) -> Option<&mut Entries> {
        match self.current {
            Current::Nothing => None,
            Current::Defaults => Some(&mut self.document.defaults),
            Current::Section(position) => Some(&mut self.document.sections[position].entries),
        }
    }

    fn continue_value(&mut self, content: &str) {
        let blank_lines = std::mem::take(&mut self.blank_lines);
        let open = self.open;
        if let Some(entry) = open.and_then(|position| self.entries()?.list.get_mut(position)) {
            entry.value.extend(std::iter::repeat_n('\n', blank_lines + 1));
            entry.value.push_str(content);
        }
    }

    fn begin_section(&mut self, name: &str, place: Place) {
        self.open = None;
        if let Some(entries) = self.entries() {
            entries.list.shrink_to_fit();
        }
        let document = &mut *self.document;
        self.header_line = place.line;
        if let Some(position) = document.index.get(name).copied() {
            self.current = Current::Section(position);
            document.note(|document| {
                let first = document.sections.get(position)?.place.clone();
                Some(Repeated { section: name.into(), option: None, first, place })
            });
        } else if name == "DEFAULT" {
            self.current = Current::Defaults;
        } else {
            let position = document.sections.len();
            document.add_section(name, place);
            self.current = Current::Section(position);
        }
    }

    fn set(&mut self, key: &str, value: &str, line: u32, [key_column, value_column]: [u32; 2]) {
        match self.current {
            Current::Nothing => {}
            Current::Defaults => self.document.defaults_changed = true,
            Current::Section(position) => self.document.sections[position].changed = true,
        }
        self.blank_lines = 0;
        let key = self.document.intern(&key.to_lowercase());
        self.note_repeated(&key, line, key_column);
        let file = u32::try_from(self.document.files.len() - 1).expect("no machine holds four billion files");
        let entry = Entry { key, value: value.to_owned(), file, line, key_column, value_column };
        self.open = self.entries().map(|entries| entries.set(entry));
    }

    /// An option that this part of a section has already: in another part it may be set anew on purpose.
    fn note_repeated(&mut self, key: &Arc<str>, line: u32, column: u32) {
        let Current::Section(position) = self.current else { return };
        let (file, header_line) = (&self.file, self.header_line);
        self.document.note(|document| {
            let section = document.sections.get(position)?;
            let first = document.key_place(section.own_options().iter().find(|entry| entry.key == *key)?);
            let place = Place { file: file.clone(), line, column };
            let is_here = first.file == place.file && (header_line..line).contains(&first.line);
            is_here.then(|| Repeated { section: section.name.clone(), option: Some(key.clone()), first, place })
        });
    }

    fn bad_line(&mut self, number: u32, line: Line<'_>) {
        self.bad_lines.push((number, quote(line)));
    }

    fn no_section(&self, number: u32, line: Line<'_>) -> ConfigError {
        ConfigError::new(format!(
            "File contains no section headers.\nfile: {}, line: {number}\n{}",
            Repr(&self.file),
            quote(line)
        ))
    }

    fn finish(self) -> Result<(), ConfigError> {
        let Some((first, _)) = self.bad_lines.first() else { return Ok(()) };
        let place = Place { file: self.file.clone(), line: *first, column: 1 };
        let mut text = format!("Source contains parsing errors: {}", Repr(&self.file));
        text.extend(self.bad_lines.iter().map(|(number, line)| format!("\n\t[line {number:2}]: {line}")));
        let lines = self.bad_lines.iter().map(|(number, _)| *number).collect();
        Err(ConfigError::new(text).at(&place).in_lines(lines))
    }
}

/// The column of a byte of a line.
fn column(line: &str, offset: usize) -> u32 {
    let characters = line.get(..offset).unwrap_or(line).chars().count();
    u32::try_from(characters + 1).unwrap_or(u32::MAX)
}

fn quote(line: Line<'_>) -> String {
    Repr(&format!("{}{}", line.text, if line.ended { "\n" } else { "" })).to_string()
}

/// Where the comment of a line begins, in bytes. A prefix counts at the beginning and after a blank. Python looks at
/// the first `;` and the first `#`, then at the second of each, and so on, until one counts.
fn comment_start(line: &str) -> Option<usize> {
    if strip(line).starts_with(['#', ';']) {
        return Some(0);
    }
    let counts = |at: &usize| line.get(..*at).is_some_and(|before| before.chars().next_back().is_none_or(is_space));
    let mut semicolons = line.match_indices(';').map(|(at, _)| at);
    let mut hashes = line.match_indices('#').map(|(at, _)| at);
    loop {
        let candidates = [semicolons.next(), hashes.next()];
        if candidates == [None, None] {
            return None;
        }
        if let Some(start) = candidates.into_iter().flatten().filter(counts).min() {
            return Some(start);
        }
    }
}

/// The name in a header: all between the first bracket and the last.
fn header(content: &str) -> Option<&str> {
    let (name, _) = content.strip_prefix('[')?.rsplit_once(']')?;
    (!name.is_empty()).then_some(name)
}

/// Key and value, blanks around them removed; the key may be empty.
fn option(content: &str) -> Option<(&str, &str)> {
    if content.starts_with('[') && !content.contains(']') {
        return None;
    }
    let (key, value) = content.split_once(['=', ':'])?;
    Some((key.trim_end_matches(is_space), value.trim_start_matches(is_space)))
}

#[cfg(test)]
mod tests;
