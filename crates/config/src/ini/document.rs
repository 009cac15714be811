//! What has been read of INI files so far: sections, their options, the place of each.
//!
//! Knows nothing of lines. Large configurations have tens of thousands of options, so what repeats is kept once, and a
//! section is searched by an index only where it is long.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::diagnostics::Place;
use crate::limits::WARNINGS;

/// All files read so far, merged.
#[derive(Debug, Default)]
pub(crate) struct Document {
    /// In the order of their first appearance.
    pub(crate) sections: Vec<Section>,
    pub(super) index: HashMap<Box<str>, usize>,
    /// The names of the files read so far.
    pub(super) files: Vec<Arc<str>>,
    /// The keys seen so far, each once.
    keys: HashSet<Arc<str>>,
    /// `[DEFAULT]`: what every section has that does not say otherwise.
    pub(super) defaults: Entries,
    pub(super) defaults_changed: bool,
    /// What was given again, if somebody wants to know.
    pub(super) repeated: Option<Vec<Repeated>>,
}

/// A section, or an option of a section, that was given again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Repeated {
    pub(crate) section: Box<str>,
    /// `None`: it is about the section.
    pub(crate) option: Option<Arc<str>>,
    /// Where it was before.
    pub(crate) first: Place,
    /// Where it is again.
    pub(crate) place: Place,
}

#[derive(Debug)]
pub(crate) struct Section {
    /// As between the brackets.
    pub(crate) name: Box<str>,
    /// Where it began first; in the file that errors in it are attributed to.
    pub(crate) place: Place,
    pub(super) entries: Entries,
    pub(super) changed: bool,
    /// What it inherits from others.
    pub(crate) inherits: Inherits,
}

/// The sections, by their places in the document, whose options a section has that does not say otherwise. Of several
/// the first one counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inherits {
    /// `None`: it does not say.
    pub(crate) own: Option<Box<[usize]>>,
    /// For members of the group that it is, which do not say.
    pub(crate) for_members: Box<[usize]>,
    /// Behind all of them.
    pub(crate) last: Option<usize>,
}

impl Section {
    /// Its own options, without the defaults.
    pub(crate) fn own_options(&self) -> &[Entry] {
        &self.entries.list
    }
}

/// What a section's name says after its kind: `x` of `program:x`, with its blanks; empty where there is no colon.
pub(crate) fn name_after_colon(section: &str) -> &str {
    section.split_once(':').map_or("", |(_, name)| name)
}

/// Options in the order of their first appearance, each key once.
#[derive(Debug, Default)]
pub(super) struct Entries {
    pub(super) list: Vec<Entry>,
    /// Positions in the list, once it is long.
    index: HashMap<Arc<str>, usize>,
}

/// Options that a section has before they are indexed: no ordinary section has so many.
const UNINDEXED: usize = 40;

impl Entries {
    fn position(&self, key: &str) -> Option<usize> {
        if self.list.len() > UNINDEXED {
            self.index.get(key).copied()
        } else {
            self.list.iter().position(|entry| *entry.key == *key)
        }
    }

    fn get(&self, key: &str) -> Option<&Entry> {
        self.position(key).map(|position| &self.list[position])
    }

    /// Adds an option, or gives the one of that name its new value. Tells its position.
    pub(super) fn set(&mut self, entry: Entry) -> usize {
        if let Some(position) = self.position(&entry.key) {
            self.list[position] = entry;
            return position;
        }
        self.list.push(entry);
        if self.list.len() == UNINDEXED + 1 {
            self.index = self.list.iter().enumerate().map(|(position, entry)| (entry.key.clone(), position)).collect();
        } else if self.list.len() > UNINDEXED {
            self.index.insert(self.list[self.list.len() - 1].key.clone(), self.list.len() - 1);
        }
        self.list.len() - 1
    }
}

/// An option. Large files have tens of thousands, so it is kept small: what repeats is shared.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// In lower case.
    pub(crate) key: Arc<str>,
    /// Lines joined by line feeds.
    pub(crate) value: String,
    /// Where it was set last; key and value begin in one line. The file is one of [`Document::files`].
    pub(super) file: u32,
    pub(crate) line: u32,
    pub(super) key_column: u32,
    pub(super) value_column: u32,
}

const HERE: &str = "%(here)s";

impl Document {
    /// From now on notes what is given again.
    pub(crate) fn note_repeated(&mut self) {
        self.repeated = Some(Vec::new());
    }

    /// What was given again since then, up to [`WARNINGS`].
    pub(crate) fn repeated(&self) -> &[Repeated] {
        self.repeated.as_deref().unwrap_or_default()
    }

    pub(super) fn note(&mut self, repeated: impl FnOnce(&Self) -> Option<Repeated>) {
        if self.repeated.as_ref().is_some_and(|noted| noted.len() < WARNINGS)
            && let Some(repeated) = repeated(self)
            && let Some(noted) = &mut self.repeated
        {
            noted.push(repeated);
        }
    }

    pub(crate) fn section(&self, name: &str) -> Option<&Section> {
        self.index.get(name).map(|position| &self.sections[*position])
    }

    /// An option of a section: its own, one that it inherits, or the default.
    pub(crate) fn get<'d>(&'d self, section: &'d Section, key: &str) -> Option<&'d Entry> {
        self.find(section, None, key).map(|(entry, _)| entry)
    }

    /// The same of a section that is a member of a group; and the section that says so.
    pub(crate) fn find<'d>(
        &'d self,
        section: &'d Section,
        group: Option<&'d Section>,
        key: &str,
    ) -> Option<(&'d Entry, &'d Section)> {
        let said = self.levels(section, group).find_map(|level| Some((self.said_in(level, key)?, level)));
        let default = || section.entries.get(key).or_else(|| self.defaults.get(key)).map(|entry| (entry, section));
        said.or_else(default)
    }

    /// All that is said of an option, the one that counts first. `[DEFAULT]` is not heard.
    pub(crate) fn all<'d>(
        &'d self,
        section: &'d Section,
        group: Option<&'d Section>,
        key: &str,
    ) -> Vec<(&'d Entry, &'d Section)> {
        self.levels(section, group).filter_map(|level| Some((self.said_in(level, key)?, level))).collect()
    }

    fn levels<'d>(&'d self, section: &'d Section, group: Option<&'d Section>) -> impl Iterator<Item = &'d Section> {
        let inherits = &section.inherits;
        let of_group = || group.map_or(&[][..], |group| &group.inherits.for_members);
        let bases = inherits.own.as_deref().unwrap_or_else(of_group).iter().chain(&inherits.last);
        std::iter::once(section).chain(bases.map(|position| &self.sections[*position]))
    }

    /// What a section says itself: a copy of the default is none of it, which a section gets where `%(here)s` is in it.
    fn said_in<'d>(&'d self, section: &'d Section, key: &str) -> Option<&'d Entry> {
        let entry = section.entries.get(key)?;
        let default = self.defaults.get(key);
        let is_copy = default.is_some_and(|default| (default.file, default.line) == (entry.file, entry.line));
        (!is_copy).then_some(entry)
    }

    /// All options of a section: its own, then the defaults that it does not override.
    pub(crate) fn options<'d>(&'d self, section: &'d Section) -> impl Iterator<Item = &'d Entry> {
        let inherited = self.defaults.list.iter().filter(|default| section.entries.get(&default.key).is_none());
        section.entries.list.iter().chain(inherited)
    }

    /// Where the key of an option begins.
    pub(crate) fn key_place(&self, entry: &Entry) -> Place {
        Place { file: self.file(entry), line: entry.line, column: entry.key_column }
    }

    /// Where the value of an option begins, or would begin.
    pub(crate) fn value_place(&self, entry: &Entry) -> Place {
        Place { file: self.file(entry), line: entry.line, column: entry.value_column }
    }

    /// The name of the file that an option is in.
    pub(crate) fn file_name(&self, entry: &Entry) -> &str {
        &self.files[entry.file as usize]
    }

    fn file(&self, entry: &Entry) -> Arc<str> {
        self.files[entry.file as usize].clone()
    }

    /// Adds a section without options.
    pub(crate) fn add_section(&mut self, name: &str, place: Place) {
        self.index.insert(name.into(), self.sections.len());
        let (entries, inherits) = (Entries::default(), Inherits::default());
        self.sections.push(Section { name: name.into(), place, entries, changed: true, inherits });
    }

    /// Gives a section an option that no file has; it has the section's place. The last one of a name counts.
    pub(crate) fn add_option(&mut self, section: &str, key: &str, value: &str) {
        let key = self.intern(&key.to_lowercase());
        let Some(position) = self.index.get(section) else { return };
        let section = &mut self.sections[*position];
        let Place { file, line, column } = &section.place;
        let known = self.files.iter().position(|name| name == file);
        let file = known.unwrap_or_else(|| {
            self.files.push(Arc::clone(file));
            self.files.len() - 1
        });
        section.entries.set(Entry {
            key,
            value: value.to_owned(),
            file: u32::try_from(file).expect("fewer files than options, which are counted so too"),
            line: *line,
            key_column: *column,
            value_column: *column,
        });
    }

    /// The one copy of a key.
    pub(super) fn intern(&mut self, key: &str) -> Arc<str> {
        if let Some(known) = self.keys.get(key) {
            return known.clone();
        }
        let key: Arc<str> = key.into();
        self.keys.insert(key.clone());
        key
    }

    /// Replaces `%(here)s`, in all that was read since the last time, by a directory. A section gets its own copy
    /// of a default that changes so: the next file may be in another directory.
    pub(crate) fn expand_here(&mut self, here: &str) {
        for section in &mut self.sections {
            if !section.changed && !self.defaults_changed {
                continue;
            }
            section.changed = false;
            for entry in &mut section.entries.list {
                if entry.value.contains(HERE) {
                    entry.value = entry.value.replace(HERE, here);
                }
            }
            for default in self.defaults.list.iter().filter(|default| default.value.contains(HERE)) {
                if section.entries.get(&default.key).is_none() {
                    section.entries.set(Entry { value: default.value.replace(HERE, here), ..default.clone() });
                }
            }
        }
        self.defaults_changed = false;
    }
}
