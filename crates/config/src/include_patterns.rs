//! The patterns of `[include] files`: which words they are, and what they match.
//!
//! Upstream replaces the names in the value and splits it at blanks then, so that a folder with a blank in its name
//! makes two patterns of one. Here the value is split as it is written; quotes keep a pattern together. A variable may
//! still hold several patterns. What `%(here)s` stands for is one folder, whatever characters its name has.

use std::path::PathBuf;

use crate::expand::{Label, Names, expand};
use crate::glob::glob;
use crate::python_text::{is_space, words};

const HERE: &str = "%(here)s";

/// A pattern, relative to a folder or absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    /// As people are told of it.
    pub(crate) shown: String,
    /// As it is matched.
    glob: String,
}

impl Pattern {
    /// The files that it matches in a folder, sorted.
    pub(crate) fn files(&self, folder: &str) -> Vec<PathBuf> {
        glob(&join(&literal(folder), &self.glob))
    }

    /// Its name in messages.
    pub(crate) fn told(&self, folder: &str) -> String {
        join(folder, &self.shown)
    }
}

/// The patterns of a value as it was written, whose names can be replaced. `here` is a name besides those.
pub(crate) fn patterns(written: &str, here: &str, names: Names<'_>, folder: &str) -> Vec<Pattern> {
    let expanded = |word: &str, here: &str| {
        let text = word.replace(HERE, &here.replace('%', "%%"));
        expand(&text, names, Label::Word("include.files"))
            .map_or_else(|_| word.to_owned(), |text| text.trim().to_owned())
    };
    let mut found = Vec::new();
    for Word { text, is_quoted } in split(written) {
        let pattern = Pattern { shown: expanded(&text, here), glob: expanded(&text, &literal(here)) };
        let varies = text.contains("%(ENV_") && !is_quoted;
        // Several patterns in a variable, or one with a blank in it: what is there decides.
        if varies && pattern.shown.contains(is_space) && pattern.files(folder).is_empty() {
            let parts = words(&pattern.shown).zip(words(&pattern.glob));
            found.extend(parts.map(|(shown, glob)| Pattern { shown: shown.to_owned(), glob: glob.to_owned() }));
        } else if !pattern.shown.is_empty() {
            found.push(pattern);
        }
    }
    found
}

/// A word of the value.
#[derive(Debug, PartialEq, Eq)]
struct Word {
    text: String,
    is_quoted: bool,
}

/// Words between blanks that stand neither in quotes, which begin and end a word, nor in `%(…)`.
fn split(written: &str) -> Vec<Word> {
    let mut found = Vec::new();
    let mut rest = written.trim_start_matches(is_space);
    while let Some(first) = rest.chars().next() {
        let quoted = rest.get(1..).filter(|_| matches!(first, '"' | '\'')).and_then(|inner| {
            let (text, after) = inner.split_once(first)?;
            (after.is_empty() || after.starts_with(is_space)).then_some((text, after))
        });
        let (text, after) = quoted.unwrap_or_else(|| rest.split_at(word_end(rest)));
        found.push(Word { text: text.to_owned(), is_quoted: quoted.is_some() });
        rest = after.trim_start_matches(is_space);
    }
    found
}

fn word_end(text: &str) -> usize {
    let mut depth = 0_u32;
    let mut before = ' ';
    for (at, character) in text.char_indices() {
        match character {
            '(' if before == '%' || depth > 0 => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 && is_space(character) => return at,
            _ => {}
        }
        before = character;
    }
    text.len()
}

/// A folder as a pattern that matches it alone.
fn literal(folder: &str) -> String {
    let escaped = |character| match character {
        '*' | '?' | '[' => format!("[{character}]"),
        _ => String::from(character),
    };
    folder.chars().map(escaped).collect()
}

/// Python's `os.path.join`.
fn join(folder: &str, path: &str) -> String {
    if path.starts_with('/') {
        path.to_owned()
    } else if folder.ends_with('/') {
        format!("{folder}{path}")
    } else {
        format!("{folder}/{path}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expand::EnvironmentNames;
    use crate::python_format::Value;

    fn shown(written: &str) -> Vec<String> {
        let environment =
            EnvironmentNames::new(&[("TWO".into(), "a.conf  b.conf".into()), ("P".into(), "100%".into())]);
        let words = [("here", Value::Text("/a b/[1]")), ("host_node_name", Value::Text("node"))];
        let names = Names::new(&environment, &words);
        patterns(written, "/a b/[1]", names, "/none").into_iter().map(|pattern| pattern.shown).collect()
    }

    #[test]
    fn values_are_split_as_they_are_written() {
        for (written, expected) in [
            ("", &[][..]),
            (" a  b\n\tc ", &["a", "b", "c"]),
            ("%(here)s/x/*.conf y", &["/a b/[1]/x/*.conf", "y"]),
            ("\"x y/*.conf\" 'z z' w", &["x y/*.conf", "z z", "w"]),
            ("'%(here)s/*.conf'", &["/a b/[1]/*.conf"]),
            ("it's its'", &["it's", "its'"]),
            ("\"a b", &["\"a", "b"]),
            ("\"a\"b c", &["\"a\"b", "c"]),
            ("%(host_node_name)6s/%(ENV_P)s", &["node/100%"]),
            ("%(ENV_TWO)s c", &["a.conf", "b.conf", "c"]),
            ("\"%(ENV_TWO)s\"", &["a.conf  b.conf"]),
            ("''", &[]),
        ] {
            assert_eq!(shown(written), expected, "{written:?}");
        }
    }

    #[test]
    fn folders_match_themselves_alone() {
        assert_eq!(literal("/a[1]*?b"), "/a[[]1][*][?]b");
    }
}
