//! What is said when a configuration or a command line cannot be used.
//!
//! The text is upstream's, to the letter; what upstream does not tell (file, line, column, section, option)
//! travels beside it, for whoever wants to show more.

use std::fmt;
use std::sync::Arc;

/// A point in a configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file's name, as its reader named it.
    pub file: Arc<str>,
    /// From 1.
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Why a value cannot be used, from whoever looked at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// Upstream's words.
    pub(crate) text: String,
    /// The part of the value that is to blame, where it is not all of it.
    pub(crate) culprit: Option<Culprit>,
}

impl From<String> for Refusal {
    fn from(text: String) -> Self {
        Self { text, culprit: None }
    }
}

impl From<&str> for Refusal {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

/// A part of a value that is to blame, and what kind of mistake it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Culprit {
    /// `%(name)s` with a name that stands for nothing; the words (not the variables) that would do.
    Name { name: String, words: Vec<&'static str> },
    /// A percent sign that begins no name.
    Percent,
    /// A member of a group that is no program.
    Member(String),
    /// An event that there is not.
    Event(String),
}

/// Why a configuration cannot be used. `Display` gives upstream's text, without `Error: ` before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    text: String,
    section: Option<Box<str>>,
    option: Option<Box<str>>,
    place: Option<Place>,
    details: Option<Box<Details>>,
}

/// What a check makes use of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Details {
    culprit: Option<Culprit>,
    /// The text without what names section and file.
    short_text: Option<Box<str>>,
    /// All lines that are to blame, when it is about lines.
    lines: Box<[u32]>,
    /// What would be right, where whoever found the mistake has said so.
    hint: Option<Box<str>>,
}

impl ConfigError {
    /// An error that no single line of a file is to blame for.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), section: None, option: None, place: None, details: None }
    }

    fn details_mut(&mut self) -> &mut Details {
        self.details.get_or_insert_default()
    }

    pub(crate) fn by(mut self, culprit: Option<Culprit>) -> Self {
        self.details_mut().culprit = culprit;
        self
    }

    pub(crate) fn in_short(mut self, text: String) -> Self {
        self.details_mut().short_text = Some(text.into());
        self
    }

    pub(crate) fn in_lines(mut self, lines: Box<[u32]>) -> Self {
        self.details_mut().lines = lines;
        self
    }

    pub(crate) fn with_hint(mut self, hint: String) -> Self {
        self.details_mut().hint = Some(hint.into());
        self
    }

    /// What would be right, if the text says so too.
    pub(crate) fn hint(&self) -> Option<&str> {
        self.details.as_ref()?.hint.as_deref()
    }

    /// The part of the value that is to blame.
    pub(crate) fn culprit(&self) -> Option<&Culprit> {
        self.details.as_ref()?.culprit.as_ref()
    }

    /// The lines that are neither header nor option, of a file that has such.
    pub(crate) fn lines(&self) -> &[u32] {
        self.details.as_ref().map_or(&[], |details| &details.lines)
    }

    /// What is wrong, for whoever shows the place beside it.
    pub(crate) fn short_text(&self) -> &str {
        self.details.as_ref().and_then(|details| details.short_text.as_deref()).unwrap_or(&self.text)
    }

    pub(crate) fn in_section(mut self, section: &str) -> Self {
        self.section = Some(section.into());
        self
    }

    pub(crate) fn in_option(mut self, option: &str) -> Self {
        self.option = Some(option.into());
        self
    }

    pub(crate) fn at(mut self, place: &Place) -> Self {
        self.place = Some(place.clone());
        self
    }

    /// Whether both are about one option at one place, whatever they say.
    pub(crate) fn is_about_the_same(&self, other: &Self) -> bool {
        match self.option {
            None => self == other,
            Some(_) => (&self.section, &self.option, &self.place) == (&other.section, &other.option, &other.place),
        }
    }

    /// The file, where it is known.
    pub fn file(&self) -> Option<&str> {
        self.place.as_ref().map(|place| &*place.file)
    }

    /// The line, from 1.
    pub fn line(&self) -> Option<u32> {
        self.place.as_ref().map(|place| place.line)
    }

    /// File, line and column: of the value when an option has a bad one, of the section's header when an
    /// option is missing.
    pub fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }

    /// The section's name, such as `program:web`.
    pub fn section(&self) -> Option<&str> {
        self.section.as_deref()
    }

    /// The option's name, such as `startsecs`.
    pub fn option(&self) -> Option<&str> {
        self.option.as_deref()
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for ConfigError {}

/// Something in a configuration that works and is probably not meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigWarning {
    /// One line, as it is logged.
    pub text: String,
    /// What it is about, where that is a place.
    pub place: Option<Place>,
    /// To whoever is strict it is an error.
    pub is_doubt: bool,
}

/// Why a command line cannot be used. `Display` gives upstream's text, without `Error: ` before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageError(pub(crate) String);

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}
