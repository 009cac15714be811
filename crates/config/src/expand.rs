//! `%(name)s` in values: which names there are, and what is said about one that is not (contract/config.md §3).

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use crate::diagnostics::{Culprit, Refusal};
use crate::python_format::{FormatError, Value, format};
use crate::python_repr::Repr;

/// `ENV_x`: the variables of supervisord and those of `[supervisord] environment`, which win.
#[derive(Clone, Debug, Default)]
pub(crate) struct EnvironmentNames(HashMap<String, String>);

impl EnvironmentNames {
    pub(crate) fn new(environment: &[(String, String)]) -> Self {
        Self(environment.iter().cloned().collect())
    }

    /// The names of all variables.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The value of a variable.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Whether there is such a variable.
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(crate) fn extend<'v>(&mut self, variables: impl Iterator<Item = (&'v str, &'v str)>) {
        self.0.extend(variables.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}

/// The names that a value may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names<'n> {
    environment: &'n EnvironmentNames,
    /// The program's own variables; they win over those of the environment.
    own: &'n [(Box<str>, Box<str>)],
    words: &'n [(&'static str, Value<'n>)],
}

impl<'n> Names<'n> {
    /// `ENV_x` and some words.
    pub(crate) fn new(environment: &'n EnvironmentNames, words: &'n [(&'static str, Value<'n>)]) -> Self {
        Self { environment, own: &[], words }
    }

    /// As before, and the program's own variables. Of a variable given twice the last counts.
    pub(crate) fn with_own(self, own: &'n [(Box<str>, Box<str>)]) -> Self {
        Self { own, ..self }
    }

    fn get(&self, name: &str) -> Option<Value<'n>> {
        if let Some((_, value)) = self.words.iter().find(|(word, _)| *word == name) {
            return Some(*value);
        }
        let variable = name.strip_prefix("ENV_")?;
        let own = self.own.iter().rev().find(|(known, _)| **known == *variable).map(|(_, value)| &**value);
        own.or_else(|| self.environment.0.get(variable).map(String::as_str)).map(Value::Text)
    }

    /// All names, sorted and joined, for an error text.
    fn list(&self) -> String {
        let variables = self.environment.0.keys().map(String::as_str).chain(self.own.iter().map(|(name, _)| &**name));
        let mut names: Vec<String> = variables.map(|name| format!("ENV_{name}")).collect();
        names.extend(self.words.iter().map(|(word, _)| (*word).to_owned()));
        names.sort_unstable();
        names.dedup();
        names.join(", ")
    }
}

/// What an error text calls the value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Label<'l> {
    /// `section.option`
    Option { section: &'l str, option: &'l str },
    /// A word of its own.
    Word(&'l str),
}

impl fmt::Display for Label<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option { section, option } => write!(f, "{section}.{option}"),
            Self::Word(word) => f.write_str(word),
        }
    }
}

/// The value with its names replaced, or upstream's words about why they cannot be.
pub(crate) fn expand<'t>(text: &'t str, names: Names<'_>, label: Label<'_>) -> Result<Cow<'t, str>, Refusal> {
    if !text.contains('%') {
        return Ok(Cow::Borrowed(text));
    }
    format(text, |name| names.get(name)).map(Cow::Owned).map_err(|error| {
        let label = label.to_string();
        let (value, label) = (Repr(text), Repr(&label));
        match error {
            FormatError::UnknownName(name) => Refusal {
                text: format!(
                    "Format string {value} for {label} contains names ({}) which cannot be expanded. Available names: \
                     {}",
                    Repr(&name),
                    names.list()
                ),
                culprit: Some(Culprit::Name { name, words: names.words.iter().map(|(word, _)| *word).collect() }),
            },
            FormatError::Malformed(detail) => Refusal {
                text: format!("Format string {value} for {label} is badly formatted: {detail}"),
                culprit: Some(Culprit::Percent),
            },
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_variables_win_over_the_environment() {
        let environment = EnvironmentNames::new(&[("A".into(), "outer".into()), ("B".into(), "b".into())]);
        let words = [("here", Value::Text("/etc")), ("process_num", Value::Integer(7))];
        let own = [("A".into(), "first".into()), ("A".into(), "inner".into())];
        let names = Names::new(&environment, &words);
        let run = |names, text| expand(text, names, Label::Word("x")).map(Cow::into_owned).map_err(|error| error.text);
        assert_eq!(run(names, "%(ENV_A)s %(here)s %(process_num)02d"), Ok("outer /etc 07".to_owned()));
        assert_eq!(run(names.with_own(&own), "%(ENV_A)s%(ENV_B)s"), Ok("innerb".to_owned()));
        assert!(matches!(expand("plain", names, Label::Word("x")), Ok(Cow::Borrowed("plain"))));
    }

    #[test]
    fn errors_have_upstreams_texts() {
        let environment = EnvironmentNames::new(&[("Z".into(), String::new()), ("A".into(), String::new())]);
        let words = [("here", Value::Text("/etc"))];
        let own = [("A".into(), "x".into()), ("b".into(), "x".into())];
        let names = Names::new(&environment, &words).with_own(&own);
        assert_eq!(
            expand("%(it's)s", names, Label::Option { section: "program:a", option: "command" })
                .map_err(|error| error.text),
            Err("Format string \"%(it's)s\" for 'program:a.command' contains names (\"it's\") which cannot be \
                 expanded. Available names: ENV_A, ENV_Z, ENV_b, here"
                .to_owned())
        );
        assert_eq!(
            expand("50%", names, Label::Word("environment")).map_err(|error| error.text),
            Err("Format string '50%' for 'environment' is badly formatted: incomplete format".to_owned())
        );
    }
}
