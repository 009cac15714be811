//! Options that no section of their type has: ignored, as upstream does (quirks.md K36), but not in silence.

use std::collections::HashMap;

use crate::context::Context;
use crate::ini::{Entry, Section};
use crate::limits::UNKNOWN_OPTIONS;
use crate::options_table::SectionType;
use crate::python_repr::Repr;

/// One unknown option and where it is first.
struct Unknown<'c> {
    section: &'c Section,
    entry: &'c Entry,
    /// Sections of the same type that have it, too.
    more: usize,
}

/// Warns of each unknown option once for all sections of a type. `[DEFAULT]` may hold anything.
pub(crate) fn warn_of_unknown_options(context: &Context) {
    let mut unknown: Vec<Unknown<'_>> = Vec::new();
    let mut positions: HashMap<(SectionType, &str), usize> = HashMap::new();
    for section in &context.document.sections {
        let Some(section_type) = SectionType::of(&section.name).filter(|known| !known.takes_any_option()) else {
            continue;
        };
        for entry in section.own_options() {
            if section_type.options().any(|row| row.name == &*entry.key) {
                continue;
            }
            let position = *positions.entry((section_type, &entry.key)).or_insert(unknown.len());
            match unknown.get_mut(position) {
                Some(known) => known.more += 1,
                None => unknown.push(Unknown { section, entry, more: 0 }),
            }
        }
    }
    let rest = unknown.len().saturating_sub(UNKNOWN_OPTIONS);
    for Unknown { section, entry, more } in unknown.into_iter().take(UNKNOWN_OPTIONS) {
        let Some(section_type) = SectionType::of(&section.name) else { continue };
        let place = context.document.key_place(entry);
        let (key, name, file) = (Repr(&entry.key), Repr(&section.name), Repr(&place.file));
        let elsewhere = if more > 0 { format!(" and in {more} more") } else { String::new() };
        let hint = nearest(&entry.key, section_type).map(|name| format!(", did you mean {}?", Repr(name)));
        let text = format!(
            "Unknown option {key} in section {name} (file: {file}, line: {}){elsewhere} is ignored{}",
            place.line,
            hint.unwrap_or_default()
        );
        context.warn(text, Some(&place));
    }
    if rest > 0 {
        context.warn(format!("{rest} more unknown options are ignored"), None);
    }
}

/// The option that was probably meant: one that is a few keystrokes away, else one that has all words of it.
fn nearest(key: &str, section_type: SectionType) -> Option<&'static str> {
    let tolerance = 1 + key.chars().count() / 5;
    let names = || section_type.options().map(|row| row.name);
    let close = names().map(|name| (distance(key, name, tolerance), name)).min_by_key(|(distance, _)| *distance);
    match close {
        Some((distance, name)) if distance <= tolerance => Some(name),
        _ => names().find(|name| key.split('_').all(|word| name.split('_').any(|known| known == word))),
    }
}

/// Insertions, deletions, replacements and swaps of neighbours that make one word of the other; more than `limit`
/// is only known to be more.
fn distance(from: &str, to: &str, limit: usize) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    if from.len().abs_diff(to.len()) > limit {
        return limit + 1;
    }
    let mut rows = vec![vec![0; to.len() + 1]; from.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    rows[0] = (0..=to.len()).collect();
    for i in 1..=from.len() {
        for j in 1..=to.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(from[i - 1] != to[j - 1]);
            let mut best = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_options_of_real_files_are_recognised() {
        for (key, expected) in [
            ("usr", Some("user")),
            ("direcotry", Some("directory")),
            ("commond", Some("command")),
            ("auto_start", Some("autostart")),
            ("auto_restart", Some("autorestart")),
            ("stdout_backups", Some("stdout_logfile_backups")),
            ("stout_logfile_backups", Some("stdout_logfile_backups")),
            ("stdoiut_logfile_backups", Some("stdout_logfile_backups")),
            ("unmask", Some("umask")),
            ("logfile", Some("stdout_logfile")),
            ("dependent_startup", None),
            ("pidfile", None),
            ("x", None),
        ] {
            assert_eq!(nearest(key, SectionType::Program), expected, "{key}");
        }
        assert_eq!(nearest("result_hander", SectionType::EventListener), Some("result_handler"));
    }

    #[test]
    fn distances() {
        for (from, to, expected) in [("", "", 0), ("abc", "abc", 0), ("ab", "ba", 1), ("kitten", "sitting", 3)] {
            assert_eq!(distance(from, to, 9), expected);
        }
        assert_eq!(distance("a", "abcdef", 2), 3);
    }
}
