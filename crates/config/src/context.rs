//! What everybody needs who reads a section, and [`SectionReader`], through which options are read.

use std::borrow::Cow;
use std::cell::RefCell;

use supervisor_core::EnvironmentFile;

use crate::datatypes::{Checked, UserDatabase, process_or_group_name};
use crate::diagnostics::{ConfigError, ConfigWarning, Culprit, Place, Refusal};
use crate::expand::{EnvironmentNames, Label, Names, expand};
use crate::ini::{Document, Entry, Section, name_after_colon};
use crate::options_table::{DefaultValue, Errors, OptionRow, Row};
use crate::problems::Problems;
use crate::python_format::Value;
use crate::python_path::{Folder, Home};
use crate::python_repr::Repr;
use crate::recorder::Recorder;
use crate::secrets::{MASK, is_secret_option};
use crate::strictness::Strictness;

/// What is known while sections are read.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) document: Document,
    /// The main file, as error texts name it.
    pub(crate) file: String,
    /// What `%(here)s` stands for.
    pub(crate) here: String,
    /// What `%(host_node_name)s` stands for.
    pub(crate) host_node_name: String,
    /// What `%(ENV_x)s` stands for.
    pub(crate) environment: EnvironmentNames,
    pub(crate) home: Home,
    pub(crate) users: UserDatabase,
    /// `[supervisord] env_file`, once that section is read.
    pub(crate) common_files: Box<[EnvironmentFile]>,
    pub(crate) problems: Problems,
    /// Where a check and a listing keep what they need.
    pub(crate) recorder: Option<Recorder>,
    /// As far as it is known yet.
    pub(crate) strictness: Strictness,
    warnings: RefCell<Vec<ConfigWarning>>,
}

impl Context {
    pub(crate) fn new(file: String, here: String, environment: &[(String, String)], problems: Problems) -> Self {
        Self {
            document: Document::default(),
            file,
            here,
            host_node_name: host_node_name(),
            environment: EnvironmentNames::new(environment),
            home: Home::from_environment(environment),
            users: UserDatabase::default(),
            common_files: Box::default(),
            problems,
            recorder: None,
            strictness: Strictness::default(),
            warnings: RefCell::default(),
        }
    }

    /// What paths of options of ours are relative to.
    pub(crate) fn folder(&self) -> Folder<'_> {
        Folder { here: &self.here, home: &self.home }
    }

    /// `here`, as one of the names of a value.
    pub(crate) fn here_word(&self) -> (&'static str, Value<'_>) {
        ("here", Value::Text(&self.here))
    }

    /// `host_node_name`, as one of the names of a value.
    pub(crate) fn host_node_name_word(&self) -> (&'static str, Value<'_>) {
        ("host_node_name", Value::Text(&self.host_node_name))
    }

    /// Notes something to be logged at start.
    pub(crate) fn warn(&self, text: String, place: Option<&Place>) {
        self.warnings.borrow_mut().push(ConfigWarning { text, place: place.cloned(), is_doubt: false });
    }

    /// The same of something that is an error to whoever is strict; once, though several processes share it.
    pub(crate) fn doubt(&self, text: String, place: Option<&Place>) {
        let mut warnings = self.warnings.borrow_mut();
        if warnings.last().is_none_or(|last| last.text != text) {
            warnings.push(ConfigWarning { text, place: place.cloned(), is_doubt: true });
        }
    }

    /// Takes what was doubted for errors, where the configuration is strict.
    pub(crate) fn refuse_doubts(&self) -> Result<(), ConfigError> {
        let is_strict = self.strictness.is_strict;
        let doubts: Vec<_> = self.warnings.borrow_mut().extract_if(.., |it| is_strict && it.is_doubt).collect();
        doubts.into_iter().try_for_each(|doubt| {
            let error = ConfigError::new(doubt.text);
            self.problems.report(doubt.place.iter().fold(error, ConfigError::at))
        })
    }

    pub(crate) fn take_warnings(&self) -> Vec<ConfigWarning> {
        let of_users =
            self.users.take_warnings().into_iter().map(|text| ConfigWarning { text, place: None, is_doubt: false });
        self.warnings.take().into_iter().chain(of_users).collect()
    }

    /// Reads a section with these names.
    pub(crate) fn reader<'c>(
        &'c self,
        section: &'c Section,
        words: &'c [(&'static str, Value<'c>)],
    ) -> SectionReader<'c> {
        SectionReader {
            context: self,
            section,
            names: Names::new(&self.environment, words),
            attributed: false,
            options: None,
            group: None,
            only: None,
        }
    }
}

/// Python's `platform.node()`.
fn host_node_name() -> String {
    nix::sys::utsname::uname().map_or_else(|_| String::new(), |name| name.nodename().to_string_lossy().into_owned())
}

/// Reads the options of one section.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SectionReader<'c> {
    pub(crate) context: &'c Context,
    pub(crate) section: &'c Section,
    names: Names<'c>,
    /// Error texts end with the section and its file.
    attributed: bool,
    /// Options that are there; `None`: all.
    options: Option<&'static [&'static str]>,
    /// The section of the group that it is read for as a member.
    group: Option<&'c Section>,
    /// The only thing that is said, and by whom, while one level of several is read.
    only: Option<(&'c Entry, &'c Section)>,
}

impl<'c> SectionReader<'c> {
    pub(crate) fn with_names(self, names: Names<'c>) -> Self {
        Self { names, ..self }
    }

    /// Reads another section with the same names.
    pub(crate) fn of_section<'o>(&'o self, section: &'o Section) -> SectionReader<'o> {
        SectionReader { section, options: None, group: None, only: None, ..*self }
    }

    /// Error texts shall end with the section and its file.
    pub(crate) fn attributed(self) -> Self {
        Self { attributed: true, ..self }
    }

    /// As a member of this group, which may say what its members inherit.
    pub(crate) fn in_group(self, group: Option<&'c Section>) -> Self {
        Self { group, ..self }
    }

    /// Other options shall be as if they were not set.
    pub(crate) fn limited_to(self, options: Option<&'static [&'static str]>) -> Self {
        Self { options, ..self }
    }

    /// An option as written.
    pub(crate) fn entry(&self, row: &OptionRow) -> Option<&'c Entry> {
        self.find(row).map(|(entry, _)| entry)
    }

    /// The same, with the section that says so: another one, where it is inherited.
    fn find(&self, row: &OptionRow) -> Option<(&'c Entry, &'c Section)> {
        if self.options.is_some_and(|options| !options.contains(&row.name)) {
            return None;
        }
        self.only.or_else(|| self.context.document.find(self.section, self.group, row.name))
    }

    /// All that is said of an option, the one that counts last, each as a reader that knows no other. An empty value
    /// takes back what is said before it.
    pub(crate) fn levels(&self, row: &OptionRow) -> Vec<(&'c Entry, Self)> {
        let said = self.context.document.all(self.section, self.group, row.name);
        let until_empty = said.into_iter().take_while(|(entry, _)| !entry.value.is_empty());
        let mut levels: Vec<_> =
            until_empty.map(|(entry, from)| (entry, Self { only: Some((entry, from)), ..*self })).collect();
        levels.reverse();
        levels
    }

    /// An option with its names replaced; its default where it is not set.
    pub(crate) fn text(&self, row: &OptionRow) -> Result<Option<Cow<'c, str>>, ConfigError> {
        let Some(entry) = self.entry(row) else { return Ok(default_text(row)) };
        let label = Label::Option { section: &self.section.name, option: row.name };
        match expand(&entry.value, self.names, label) {
            Ok(text) => Ok(Some(text)),
            Err(refusal) => self.refuse(row, refusal).map(|()| default_text(row)),
        }
    }

    /// An option that no table knows, with its names replaced.
    pub(crate) fn free_text(&self, entry: &'c Entry) -> Result<Option<Cow<'c, str>>, ConfigError> {
        let label = Label::Option { section: &self.section.name, option: &entry.key };
        match expand(&entry.value, self.names, label) {
            Ok(text) => Ok(Some(text)),
            Err(refusal) => {
                let error = self.error(refusal).in_option(&entry.key).at(&self.context.document.value_place(entry));
                self.context.problems.report(error).map(|()| None)
            }
        }
    }

    /// Replaces the names of a text that is already an option's, under another label.
    pub(crate) fn expand<'t>(
        &self,
        row: &OptionRow,
        text: &'t str,
        label: &str,
    ) -> Result<Option<Cow<'t, str>>, ConfigError> {
        match expand(text, self.names, Label::Word(label)) {
            Ok(text) => Ok(Some(text)),
            Err(refusal) => self.refuse(row, refusal).map(|()| None),
        }
    }

    /// The value of an option that has a default in the table.
    pub(crate) fn value<T>(&self, row: &Row<T>) -> Result<T, ConfigError> {
        let read = |text: &str| (row.read)(self.context, text);
        self.optional(row)?.map_or_else(|| Ok(default_value(row, read)), Ok)
    }

    /// The value of an option, or of its default, if it has one.
    pub(crate) fn optional<T>(&self, row: &Row<T>) -> Result<Option<T>, ConfigError> {
        match row.data_type.errors() {
            Errors::Upstreams => self.optional_as(row, |text| (row.read)(self.context, text)),
            Errors::Ours => {
                let Some(text) = self.text(row)? else { return Ok(None) };
                match (row.read)(self.context, &text) {
                    Ok(value) => Ok(Some(value)),
                    Err(has_to_be) => self.refuse_value(row, &text, &has_to_be).map(|()| None),
                }
            }
        }
    }

    /// The value of an option that has a default, by a reader of its own.
    pub(crate) fn value_as<T>(&self, row: &OptionRow, read: impl Fn(&str) -> Checked<T>) -> Result<T, ConfigError> {
        self.optional_as(row, &read)?.map_or_else(|| Ok(default_value(row, read)), Ok)
    }

    /// The value of an option, or of its default, if it has one, by a reader of its own.
    pub(crate) fn optional_as<T>(
        &self,
        row: &OptionRow,
        read: impl Fn(&str) -> Checked<T>,
    ) -> Result<Option<T>, ConfigError> {
        let Some(text) = self.text(row)? else { return Ok(None) };
        match read(&text) {
            Ok(value) => Ok(Some(value)),
            Err(text) => self.refuse(row, text).map(|()| None),
        }
    }

    /// Where an option's value is; without one, where the section begins.
    pub(crate) fn place(&self, row: &OptionRow) -> Place {
        self.entry(row).map_or_else(|| self.section.place.clone(), |entry| self.context.document.value_place(entry))
    }

    /// Says that an option cannot be used.
    pub(crate) fn refuse(&self, row: &OptionRow, refusal: impl Into<Refusal>) -> Result<(), ConfigError> {
        let place = self.place(row);
        let error = match self.base(row) {
            Some(base) => {
                let Refusal { text, culprit } = refusal.into();
                let full = format!("{text} ({})", self.whereabouts(&place, Some(base)));
                ConfigError::new(full).in_short(text).by(culprit).in_section(&base.name)
            }
            None => self.error(refusal.into()),
        };
        self.context.problems.report(error.in_option(row.name).at(&place))
    }

    /// The section that an option is inherited from, if it is.
    fn base(&self, row: &OptionRow) -> Option<&'c Section> {
        self.find(row).map(|(_, section)| section).filter(|section| section.name != self.section.name)
    }

    /// File and line, and whose they are, if they are another one's.
    fn whereabouts(&self, place: &Place, base: Option<&Section>) -> String {
        let used = base.map(|_| format!(", used by [{}]", self.section.name)).unwrap_or_default();
        format!("file {}, line {}{used}", place.file, place.line)
    }

    /// Says that an option of ours has a bad value, in the words of programs.md §0.4: what it has to be.
    pub(crate) fn refuse_value(&self, row: &OptionRow, value: &str, has_to_be: &str) -> Result<(), ConfigError> {
        let value = if is_secret_option(row.name, value) { MASK } else { value };
        let section = &self.base(row).unwrap_or(self.section).name;
        let text = format!("[{section}] section sets invalid {} ({value}), it has to be {has_to_be}", row.name);
        self.refuse_in_full(row, &text, |error| error.in_short(text.clone()))
    }

    /// Says that what an option of ours says cannot be, in the words of programs.md §0.4: why, and what would help.
    pub(crate) fn refuse_meaning(
        &self,
        row: &OptionRow,
        value: &str,
        why: &str,
        remedy: &str,
    ) -> Result<(), ConfigError> {
        let section = &self.base(row).unwrap_or(self.section).name;
        let short = format!("[{section}] {}={value}: {why}", row.name);
        let text = format!("{short}; {remedy}");
        self.refuse_in_full(row, &text, |error| error.in_short(short).with_hint(remedy.to_owned()))
    }

    /// Such an error names section, file and line by itself; a check shows them beside it.
    fn refuse_in_full(
        &self,
        row: &OptionRow,
        text: &str,
        for_a_check: impl FnOnce(ConfigError) -> ConfigError,
    ) -> Result<(), ConfigError> {
        let place = self.place(row);
        let base = self.base(row);
        let error = for_a_check(ConfigError::new(format!("{text} ({})", self.whereabouts(&place, base))));
        let section = &base.unwrap_or(self.section).name;
        self.context.problems.report(error.in_section(section).in_option(row.name).at(&place))
    }

    /// The name after the colon of the section's; `None` if it is none, which has been said.
    pub(crate) fn name_of_section(&self) -> Result<Option<&'c str>, ConfigError> {
        match process_or_group_name(name_after_colon(&self.section.name)) {
            Ok(name) => Ok(Some(name)),
            Err(text) => self.refuse_section(text).map(|()| None),
        }
    }

    /// Says that the section cannot be used.
    pub(crate) fn refuse_section(&self, refusal: impl Into<Refusal>) -> Result<(), ConfigError> {
        self.context.problems.report(self.error(refusal.into()).at(&self.section.place))
    }

    fn error(&self, refusal: Refusal) -> ConfigError {
        let Refusal { mut text, culprit } = refusal;
        let short = match &culprit {
            // All variables there are may be named after this: too many to be of use, and maybe nobody's business.
            Some(Culprit::Name { .. }) => text.split(". Available names: ").next().unwrap_or_default().to_owned(),
            Some(Culprit::Percent | Culprit::Member(_) | Culprit::Event(_)) | None => text.clone(),
        };
        if self.attributed {
            let (section, file) = (Repr(&self.section.name), Repr(&self.section.place.file));
            text = format!("{text} in section {section} (file: {file})");
        }
        ConfigError::new(text).in_short(short).by(culprit).in_section(&self.section.name)
    }
}

fn default_value<T>(row: &OptionRow, read: impl Fn(&str) -> Checked<T>) -> T {
    let DefaultValue::Text(default) = row.default else {
        unreachable!("{} is read with a default that it has not", row.name);
    };
    read(default).unwrap_or_else(|error| unreachable!("the default of {}: {error}", row.name))
}

fn default_text(row: &OptionRow) -> Option<Cow<'static, str>> {
    match row.default {
        DefaultValue::Text(text) => Some(Cow::Borrowed(text)),
        DefaultValue::Required | DefaultValue::Unset | DefaultValue::Computed(_) => None,
    }
}
