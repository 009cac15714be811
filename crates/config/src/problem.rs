//! One thing that a check tells: what, where, how long it is, and what would be right.

use std::fmt;

use crate::diagnostics::Place;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The configuration cannot be used.
    Error,
    /// It can, and is probably not what was meant.
    Warning,
}

/// `error` or `warning`
impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// Something that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// Where it is; `None`: at no place in a file.
    pub place: Option<Place>,
    /// Characters that it is about, from the place on, in its line.
    pub length: u32,
    /// The section's name, such as `program:web`.
    pub section: Option<String>,
    /// The option's name, such as `startsecs`.
    pub option: Option<String>,
    /// What is wrong; without section and file, which stand beside it.
    pub message: String,
    /// What would be right.
    pub hint: Option<String>,
}

impl Problem {
    pub(crate) fn warning(message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, message)
    }

    pub(crate) fn new(severity: Severity, message: impl Into<String>) -> Self {
        Self { severity, place: None, length: 0, section: None, option: None, message: message.into(), hint: None }
    }

    pub(crate) fn at(self, place: Place) -> Self {
        Self { place: Some(place), ..self }
    }

    pub(crate) fn in_section(self, section: &str) -> Self {
        Self { section: Some(section.to_owned()), ..self }
    }

    pub(crate) fn in_option(self, option: &str) -> Self {
        Self { option: Some(option.to_owned()), ..self }
    }

    pub(crate) fn with_hint(self, hint: Option<String>) -> Self {
        Self { hint, ..self }
    }
}
