//! Options that no section of their type has: ignored, as upstream does (quirks.md K36), but not in silence.

use std::collections::HashMap;

use crate::context::Context;
use crate::ini::{Entry, Section};
use crate::limits::UNKNOWN_OPTIONS;
use crate::nearest::nearest;
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
            let mut known = section_type.options().chain(section_type.refused());
            if known.any(|row| row.name == &*entry.key) || context.strictness.ignores(&entry.key) {
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
        let hint = nearest_option(&entry.key, section_type).map(|name| format!(", did you mean {}?", Repr(name)));
        let text = format!(
            "Unknown option {key} in section {name} (file: {file}, line: {}){elsewhere} {}{}",
            place.line,
            context.strictness.consequence(),
            hint.unwrap_or_default()
        );
        context.doubt(text, Some(&place));
    }
    if rest > 0 {
        context.warn(format!("{rest} more unknown options are ignored"), None);
    }
}

/// The option that was probably meant: one that is a few keystrokes away, else one that has all words of it.
pub(crate) fn nearest_option(key: &str, section_type: SectionType) -> Option<&'static str> {
    let names = || section_type.options().map(|row| row.name);
    let has_all_words = |name: &&str| key.split('_').all(|word| name.split('_').any(|known| known == word));
    nearest(key, names()).or_else(|| names().find(has_all_words))
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
            assert_eq!(nearest_option(key, SectionType::Program), expected, "{key}");
        }
        assert_eq!(nearest_option("result_hander", SectionType::EventListener), Some("result_handler"));
    }
}
