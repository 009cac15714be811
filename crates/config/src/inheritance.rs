//! `[template:x]`, `extends=` and `[program-defaults]`: who inherits from whom (docs/templates.md).
//!
//! Found out once all files are read, so templates may stand in any of them and in any order. What is inherited is
//! looked up where it is asked for ([`Document::find`](crate::ini::Document::find)), and no value is copied.

use std::collections::HashMap;

use crate::context::Context;
use crate::datatypes::list_of_strings;
use crate::diagnostics::ConfigError;
use crate::ini::{Inherits, Section, name_after_colon};
use crate::limits::TEMPLATE_DEPTH;
use crate::nearest::nearest;
use crate::options_table::{SectionType, inheritance::EXTENDS};
use crate::python_text::strip;

/// Notes for each section what it inherits.
///
/// # Errors
/// A template that there is not, one that extends itself, an option that cannot stand where it does.
pub(crate) fn resolve(context: &mut Context) -> Result<(), ConfigError> {
    let mut all = Vec::new();
    {
        let templates = Templates::of(context);
        let defaults = context.document.sections.iter().position(|section| &*section.name == "program-defaults");
        for (position, section) in context.document.sections.iter().enumerate() {
            let Some(section_type) = SectionType::of(&section.name) else { continue };
            refuse_misplaced(context, section, section_type)?;
            let is_group = section_type == SectionType::Group;
            if !is_group && !section_type.inherits() {
                continue;
            }
            let bases = templates.bases_of(position, section)?;
            let last = defaults.filter(|_| section_type.may_be_essential());
            let inherits = if is_group {
                Inherits { own: None, for_members: bases.unwrap_or_default(), last: None }
            } else {
                Inherits { own: bases, for_members: [].into(), last }
            };
            all.push((position, inherits));
        }
    }
    for (position, inherits) in all {
        context.document.sections[position].inherits = inherits;
    }
    Ok(())
}

/// What stands in a section that cannot have it.
fn refuse_misplaced(context: &Context, section: &Section, section_type: SectionType) -> Result<(), ConfigError> {
    for row in section_type.refused() {
        if let Some(entry) = section.own_options().iter().find(|entry| *entry.key == *row.name) {
            let is_listener = section_type == SectionType::EventListener;
            let who = if is_listener { "an event listener has" } else { "the defaults of programs have" };
            let why = format!("{who} no {}", row.name);
            context.reader(section, &[]).refuse_meaning(row, &entry.value, &why, "remove it")?;
        }
    }
    Ok(())
}

/// The templates of a configuration.
struct Templates<'c> {
    context: &'c Context,
    /// By their names, to their places in the document.
    by_name: HashMap<&'c str, usize>,
}

impl<'c> Templates<'c> {
    fn of(context: &'c Context) -> Self {
        let sections = context.document.sections.iter().enumerate();
        let templates = sections.filter(|(_, section)| SectionType::of(&section.name) == Some(SectionType::Template));
        let by_name = templates.map(|(position, section)| (strip(name_after_colon(&section.name)), position)).collect();
        Self { context, by_name }
    }

    /// What a section extends, directly and by that, the one that counts first; `None`: it does not say.
    fn bases_of(&self, position: usize, section: &Section) -> Result<Option<Box<[usize]>>, ConfigError> {
        if own_extends(section).is_none() {
            return Ok(None);
        }
        let mut bases = Vec::new();
        self.collect(section, &mut vec![position], &mut bases)?;
        Ok(Some(bases.into()))
    }

    /// Adds what a section extends; `path` are the sections from the first one to this one.
    fn collect(&self, section: &Section, path: &mut Vec<usize>, bases: &mut Vec<usize>) -> Result<(), ConfigError> {
        for name in own_extends(section).into_iter().flat_map(|value| names(value).into_iter().rev()) {
            let Some(base) = self.by_name.get(name).copied() else {
                if path.len() == 1 {
                    self.refuse_unknown(section, name)?;
                }
                continue;
            };
            if path.contains(&base) {
                // Each circle is told once, of the template in it that stands first.
                if path.first() == Some(&base) && path.iter().min() == Some(&base) {
                    self.refuse_circle(section, path)?;
                }
                continue;
            }
            if path.len() > TEMPLATE_DEPTH {
                self.refuse(
                    section,
                    &format!("more than {TEMPLATE_DEPTH} templates extend each other"),
                    "make it fewer",
                )?;
                return Ok(());
            }
            if !bases.contains(&base) {
                bases.push(base);
            }
            path.push(base);
            self.collect(&self.context.document.sections[base], path, bases)?;
            path.pop();
        }
        Ok(())
    }

    fn refuse_unknown(&self, section: &Section, name: &str) -> Result<(), ConfigError> {
        let near = nearest(name, self.by_name.keys().copied());
        let remedy = near.map_or_else(|| "write one".to_owned(), |near| format!("did you mean {near}?"));
        self.refuse(section, &format!("there is no [template:{name}]"), &remedy)
    }

    fn refuse_circle(&self, section: &Section, path: &[usize]) -> Result<(), ConfigError> {
        let name = |position: &usize| strip(name_after_colon(&self.context.document.sections[*position].name));
        let mut circle: Vec<&str> = path.iter().map(name).collect();
        let first = circle.first().copied().unwrap_or_default();
        circle.push(first);
        let why = format!("template {first} extends itself: {}", circle.join(" -> "));
        self.refuse(section, &why, "take one of these away")
    }

    fn refuse(&self, section: &Section, why: &str, remedy: &str) -> Result<(), ConfigError> {
        let value = own_extends(section).unwrap_or_default();
        self.context.reader(section, &[]).refuse_meaning(&EXTENDS, value, why, remedy)
    }
}

/// `extends=` of a section; that of `[DEFAULT]` is none.
fn own_extends(section: &Section) -> Option<&str> {
    let entry = section.own_options().iter().find(|entry| *entry.key == *EXTENDS.name)?;
    Some(&entry.value)
}

/// Names with commas between them; empty places do not count.
fn names(value: &str) -> Vec<&str> {
    list_of_strings(value).into_iter().filter(|name| !name.is_empty()).collect()
}
