//! A configuration in effect, written as a file. Read again it means the same.
//!
//! The dialect cannot say everything: a blank before `;` begins a comment wherever it stands. So each option is read
//! again as it is written; if it does not come back as it was, the text of the original file stands in its place.

use std::fmt::{self, Write};

use super::{EffectiveConfig, EffectiveOption, EffectiveSection, Origin};
use crate::diagnostics::Place;
use crate::ini::Document;

/// Column of the comments that say where a value is from.
const COMMENT_COLUMN: usize = 50;

impl fmt::Display for EffectiveConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "; The configuration in effect of {}", one_line(&self.path.display().to_string()))?;
        for file in &self.included {
            writeln!(f, "; and of {}, included", one_line(file))?;
        }
        for section in &self.sections {
            write_section(f, section)?;
        }
        Ok(())
    }
}

fn write_section(f: &mut fmt::Formatter<'_>, section: &EffectiveSection) -> fmt::Result {
    let is_read = section.section_type.is_some() && section.options.iter().any(|option| option.is_read);
    let comment = if is_read { "" } else { "; " };
    writeln!(f, "\n{comment}[{}]", section.name)?;
    match (section.section_type, is_read) {
        (None, _) => writeln!(f, "; unknown and ignored, {}", origin(&section.place))?,
        (Some(_), false) => writeln!(f, "; already read, {}", origin(&section.place))?,
        (Some(_), true) => writeln!(f, "; {}", origin(&section.place))?,
    }
    for process in &section.processes {
        writeln!(f, "; process {}", one_line(process))?;
    }
    section.options.iter().try_for_each(|option| write_option(f, option, is_read))
}

fn write_option(f: &mut fmt::Formatter<'_>, option: &EffectiveOption, section_is_read: bool) -> fmt::Result {
    let name = &option.name;
    let origin = match &option.origin {
        Origin::File(place) => origin(place),
        Origin::Default => "default".to_owned(),
        Origin::CommandLine => "command line".to_owned(),
    };
    let origin = match &option.inherited_from {
        Some(section) => format!("{section}, {origin}"),
        None => origin,
    };
    let Some(value) = &option.value else { return writeln!(f, "; {name} is not set") };
    if !section_is_read || !option.is_read {
        let note = if section_is_read && origin != "default" { "ignored, " } else { "" };
        return writeln!(f, "; {name} = {} ; {note}{origin}", one_line(&value.text));
    }
    let mask = if value.is_masked { ", masked" } else { "" };
    let note = format!("{origin}{mask}");
    for text in [Some(&value.written), value.original.as_ref()].into_iter().flatten() {
        for candidate in [beside(name, text, &note), above(name, " = ", text, &note), above(name, "=", text, &note)] {
            if reads_as(&candidate, name, text) {
                return f.write_str(&candidate);
            }
        }
    }
    writeln!(f, "; {name} cannot be written, {note}")
}

/// An option with the comment beside its first line.
fn beside(name: &str, text: &str, note: &str) -> String {
    let mut lines = text.split('\n');
    let first = format!("{name} = {}", lines.next().unwrap_or_default());
    let mut written = format!("{:COMMENT_COLUMN$} ; {note}\n", first.trim_end());
    continue_with(&mut written, lines);
    written
}

/// An option with the comment above it.
fn above(name: &str, equals: &str, text: &str, note: &str) -> String {
    let mut lines = text.split('\n');
    let mut written = format!("; {note}\n{name}{equals}{}\n", lines.next().unwrap_or_default());
    continue_with(&mut written, lines);
    written
}

fn continue_with<'l>(written: &mut String, lines: impl Iterator<Item = &'l str>) {
    for line in lines {
        if !line.is_empty() {
            write!(written, "    {line}").expect("writing to a String cannot fail");
        }
        written.push('\n');
    }
}

fn reads_as(candidate: &str, name: &str, text: &str) -> bool {
    let mut document = Document::default();
    let is_read = document.read("", &format!("[x]\n{candidate}")).is_ok();
    let Some(section) = document.section("x").filter(|_| is_read) else { return false };
    let [entry] = section.own_options() else { return false };
    *entry.key == *name && entry.value == text && document.sections.len() == 1
}

fn origin(place: &Place) -> String {
    format!("{}:{}", one_line(&place.file), place.line)
}

/// A text that stays within its comment.
fn one_line(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}
