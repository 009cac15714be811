//! From a place to the text there: how much of a line is to be underlined, and whose it is.

use std::collections::HashMap;

use crate::diagnostics::Place;
use crate::ini::{Document, before_comment};
use crate::limits;
use crate::problem::Problem;
use crate::python_text::{is_space, strip};
use crate::recorder::Source;

/// The texts that were read, and what stands where in them.
pub(crate) struct Spans<'c> {
    lines: HashMap<&'c str, Vec<&'c str>>,
    owners: HashMap<(&'c str, u32), (&'c str, Option<&'c str>)>,
}

impl<'c> Spans<'c> {
    pub(crate) fn new(sources: &'c [Source], document: &'c Document) -> Self {
        let lines = sources.iter().map(|source| (&*source.file, crate::ini::lines(&source.text).collect())).collect();
        let mut owners = HashMap::new();
        for section in &document.sections {
            owners.insert((&*section.place.file, section.place.line), (&*section.name, None));
            for entry in section.own_options() {
                owners.insert((document.file_name(entry), entry.line), (&*section.name, Some(&*entry.key)));
            }
        }
        Self { lines, owners }
    }

    /// The line of a place.
    pub(crate) fn line(&self, place: &Place) -> Option<&'c str> {
        let index = usize::try_from(place.line).ok()?.checked_sub(1)?;
        self.lines.get(&*place.file)?.get(index).copied()
    }

    /// Section and option that stand in the line of a place.
    pub(crate) fn owner(&self, place: &Place) -> (Option<String>, Option<String>) {
        match self.owners.get(&(&*place.file, place.line)) {
            Some((section, option)) => (Some((*section).to_owned()), option.map(ToOwned::to_owned)),
            None => (None, None),
        }
    }

    /// Sets the length of a problem: a header, a key, or the first line of a value.
    pub(crate) fn underline(&self, mut problem: Problem) -> Problem {
        let Some(place) = &mut problem.place else { return problem };
        let Some(line) = self.line(place) else { return problem };
        let indent = line.chars().take_while(|character| is_space(*character)).count();
        let column = usize::try_from(place.column).unwrap_or(1).saturating_sub(1).max(indent);
        let rest = rest_of(before_comment(line), column);
        let text = if column > indent || rest.starts_with('[') {
            strip(rest)
        } else {
            strip(rest.split(['=', ':']).next().unwrap_or_default())
        };
        place.column = u32::try_from(column + 1).unwrap_or(u32::MAX);
        problem.length = length(text);
        problem
    }

    /// Narrows the place of a problem, which is that of a value, to a part of that value.
    pub(crate) fn underline_within(&self, mut problem: Problem, part: &str) -> Problem {
        let Some(place) = &problem.place else { return problem };
        let skipped = usize::try_from(place.column).unwrap_or(1).saturating_sub(1);
        for offset in 0..limits::VALUE_LINES {
            let candidate = Place { line: place.line + offset, ..place.clone() };
            let Some(line) = self.line(&candidate) else { break };
            let begins_another = offset > 0 && self.owners.contains_key(&(&*candidate.file, candidate.line));
            if begins_another {
                break;
            }
            let start = if offset == 0 { line.len() - rest_of(line, skipped).len() } else { 0 };
            let found = line.get(start..).and_then(|rest| Some(start + rest.find(part)?));
            if let Some(at) = found.filter(|_| !part.is_empty()) {
                let column = line.get(..at).unwrap_or_default().chars().count() + 1;
                // The conversion after a name belongs to it.
                let conversion = line.get(at + part.len()..).unwrap_or_default().chars().next();
                let extra = u32::from(part.starts_with("%(") && conversion.is_some_and(char::is_alphabetic));
                problem.length = length(part) + extra;
                problem.place = Some(Place { column: u32::try_from(column).unwrap_or(u32::MAX), ..candidate });
                return problem;
            }
        }
        self.underline(problem)
    }
}

fn length(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}

/// All from a character of a line on.
fn rest_of(line: &str, skipped: usize) -> &str {
    line.char_indices().nth(skipped).and_then(|(at, _)| line.get(at..)).unwrap_or_default()
}
