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
        self.warnings.borrow_mut().push(ConfigWarning { text, place: place.cloned() });
    }

    pub(crate) fn take_warnings(&self) -> Vec<ConfigWarning> {
        let of_users = self.users.take_warnings().into_iter().map(|text| ConfigWarning { text, place: None });
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
}

impl<'c> SectionReader<'c> {
    pub(crate) fn with_names(self, names: Names<'c>) -> Self {
        Self { names, ..self }
    }

    /// Reads another section with the same names.
    pub(crate) fn of_section<'o>(&'o self, section: &'o Section) -> SectionReader<'o> {
        SectionReader { section, options: None, ..*self }
    }

    /// Error texts shall end with the section and its file.
    pub(crate) fn attributed(self) -> Self {
        Self { attributed: true, ..self }
    }

    /// Other options shall be as if they were not set.
    pub(crate) fn limited_to(self, options: Option<&'static [&'static str]>) -> Self {
        Self { options, ..self }
    }

    /// An option as written.
    pub(crate) fn entry(&self, row: &OptionRow) -> Option<&'c Entry> {
        if self.options.is_some_and(|options| !options.contains(&row.name)) {
            return None;
        }
        self.context.document.get(self.section, row.name)
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
        self.context.problems.report(self.error(refusal.into()).in_option(row.name).at(&place))
    }

    /// Says that an option of ours has a bad value, in the words of programs.md §0.4: what it has to be.
    pub(crate) fn refuse_value(&self, row: &OptionRow, value: &str, has_to_be: &str) -> Result<(), ConfigError> {
        let value = if is_secret_option(row.name, value) { MASK } else { value };
        let section = &self.section.name;
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
        let short = format!("[{}] {}={value}: {why}", self.section.name, row.name);
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
        let error = for_a_check(ConfigError::new(format!("{text} (file {}, line {})", place.file, place.line)));
        self.context.problems.report(error.in_section(&self.section.name).in_option(row.name).at(&place))
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
