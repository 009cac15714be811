//! Sections and options that nobody knows, and programs that run twice.

use std::collections::HashMap;

use super::about_option;
use crate::context::Context;
use crate::ini::{Section, name_after_colon};
use crate::options_table::SectionType;
use crate::problem::{Problem, Severity};
use crate::unknown_options::nearest_option;
use crate::unknown_sections::meant_section;

pub(super) fn unknown_sections(context: &Context) -> Vec<Problem> {
    let strictness = &context.strictness;
    let unknown = context.document.sections.iter().filter(|section| SectionType::of(&section.name).is_none());
    unknown
        .filter(|section| !strictness.ignores(&section.name))
        .map(|section| {
            doubt(context, format!("unknown section [{}] {}", section.name, strictness.consequence()))
                .at(section.place.clone())
                .in_section(&section.name)
                .with_hint(meant_section(&section.name).map(|name| format!("did you mean [{name}]?")))
        })
        .collect()
}

pub(super) fn unknown_options(context: &Context) -> Vec<Problem> {
    let mut found = Vec::new();
    for section in &context.document.sections {
        let Some(section_type) = SectionType::of(&section.name).filter(|known| !known.takes_any_option()) else {
            continue;
        };
        for entry in section.own_options() {
            let mut known = section_type.options().chain(section_type.refused());
            if known.any(|row| row.name == &*entry.key) || context.strictness.ignores(&entry.key) {
                continue;
            }
            found.push(
                doubt(context, format!("unknown option `{}` {}", entry.key, context.strictness.consequence()))
                    .at(context.document.key_place(entry))
                    .in_section(&section.name)
                    .in_option(&entry.key)
                    .with_hint(meant_option(&entry.key, section_type)),
            );
        }
    }
    found
}

/// A warning; an error, where the configuration is strict.
fn doubt(context: &Context, message: String) -> Problem {
    let severity = if context.strictness.is_strict { Severity::Error } else { Severity::Warning };
    Problem { severity, ..Problem::warning(message) }
}

/// The option that was probably meant, or the section that has it.
fn meant_option(key: &str, section_type: SectionType) -> Option<String> {
    let home = SectionType::ALL.into_iter().find(|other| other.options().any(|row| row.name == key));
    match (nearest_option(key, section_type), home) {
        (Some(near), None) => Some(format!("did you mean `{near}`?")),
        (Some(near), Some(home)) => Some(format!("did you mean `{near}`? `{key}` belongs to {home}")),
        (None, Some(home)) => Some(format!("it belongs to {home}")),
        (None, None) => None,
    }
}

/// A program that is a member of two groups, or of one twice, runs twice.
pub(super) fn programs_in_two_groups(context: &Context) -> Vec<Problem> {
    let Some(recorder) = &context.recorder else { return Vec::new() };
    let mut first: HashMap<Box<str>, Box<str>> = HashMap::new();
    let mut found = Vec::new();
    for made in recorder.made.borrow().iter() {
        let Some(earlier) = first.insert(made.section.clone(), made.group.clone()) else { continue };
        let Some(group) = context.document.section(&format!("group:{}", made.group)) else { continue };
        let name = name_after_colon(&made.section);
        let message = if earlier == made.group {
            format!("program {name} is named twice: it runs twice under one name")
        } else {
            format!("program {name} is in group {earlier}, too: it runs in each of them")
        };
        found.push(about_member(context, group, name, message));
    }
    found
}

fn about_member(context: &Context, group: &Section, name: &str, message: String) -> Problem {
    let hint = format!("take {name} out of one of them, unless that is what you want");
    about_option(context, group, "programs", message).with_hint(Some(hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_have_a_home() {
        assert_eq!(meant_option("pidfile", SectionType::Program), Some("it belongs to [supervisord]".to_owned()));
        assert_eq!(meant_option("stopsignal", SectionType::Group), Some("it belongs to [program:x]".to_owned()));
        assert_eq!(meant_option("usr", SectionType::Program), Some("did you mean `user`?".to_owned()));
        assert_eq!(meant_option("dependent_startup", SectionType::Program), None);
    }
}
