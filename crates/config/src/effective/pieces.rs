//! A value with some of its names replaced: those that mean the same for all processes, while the others stay as they
//! are, `%(process_num)02d` for instance.

use crate::expand::{Label, Names, expand};

/// A part of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Text that means itself.
    Text(String),
    /// A directive as it was written.
    Kept(String),
}

/// A value in parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pieces(Vec<Piece>);

impl Pieces {
    /// Replaces all names but those to be kept. `None`: the value cannot be taken apart.
    pub(super) fn expand(text: &str, names: Names<'_>, keep: &dyn Fn(&str) -> bool) -> Option<Self> {
        let mut pieces = Self::default();
        let mut rest = text;
        while let Some(at) = rest.find('%') {
            let (before, directive_on) = rest.split_at(at);
            pieces.push_text(before);
            let (name, end) = directive(directive_on)?;
            let (directive, after) = directive_on.split_at_checked(end)?;
            rest = after;
            match name {
                Some(name) if keep(name) => pieces.0.push(Piece::Kept(directive.to_owned())),
                Some(_) | None => pieces.push_text(&expand(directive, names, Label::Word("")).ok()?),
            }
        }
        pieces.push_text(rest);
        Some(pieces)
    }

    /// A value that means itself.
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self(vec![Piece::Text(text.into())])
    }

    fn push_text(&mut self, text: &str) {
        match self.0.last_mut() {
            _ if text.is_empty() => {}
            Some(Piece::Text(last)) => last.push_str(text),
            Some(Piece::Kept(_)) | None => self.0.push(Piece::Text(text.to_owned())),
        }
    }

    /// The value, if all of it means itself.
    pub(super) fn plain(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            [Piece::Kept(_)] | [_, _, ..] => None,
        }
    }

    /// As it is written in a file, where names are replaced `passes` times.
    pub(super) fn written(&self, passes: u32) -> String {
        let percent = "%".repeat(2_usize.pow(passes));
        let part = |piece: &Piece| match piece {
            Piece::Text(text) => text.replace('%', &percent),
            Piece::Kept(directive) => directive.clone(),
        };
        self.0.iter().map(part).collect()
    }

    /// All in one text, with a word for each directive that is kept; and those words with what they stand for.
    pub(super) fn with_words(&self) -> (String, Vec<(String, String)>) {
        let mut words = Vec::new();
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(part) => text += part,
                Piece::Kept(directive) => {
                    let word = format!("KEPT{}DIRECTIVE", words.len());
                    text += &word;
                    words.push((word, directive.clone()));
                }
            }
        }
        (text, words)
    }

    /// The reverse of [`Self::with_words`].
    pub(super) fn from_words(text: &str, words: &[(String, String)]) -> Self {
        let mut pieces = Self::default();
        let mut rest = text;
        while let Some((at, (word, directive))) =
            words.iter().filter_map(|pair| Some((rest.find(&pair.0)?, pair))).min_by_key(|(at, _)| *at)
        {
            pieces.push_text(rest.get(..at).unwrap_or_default());
            pieces.0.push(Piece::Kept(directive.clone()));
            rest = rest.get(at + word.len()..).unwrap_or_default();
        }
        pieces.push_text(rest);
        pieces
    }
}

/// The name and the length in bytes of a directive that a text begins with.
fn directive(text: &str) -> Option<(Option<&str>, usize)> {
    let after_percent = text.get(1..)?;
    if after_percent.starts_with('%') {
        return Some((None, 2));
    }
    let mut depth = 0_u32;
    for (at, character) in after_percent.char_indices() {
        match character {
            '(' => depth += 1,
            ')' if depth == 1 => {
                let name = after_percent.get(1..at)?;
                let conversion = after_percent.get(at + 1..)?.find(char::is_alphabetic)?;
                return Some((Some(name), 1 + at + 1 + conversion + 1));
            }
            ')' => depth = depth.checked_sub(1)?,
            _ if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expand::EnvironmentNames;
    use crate::python_format::Value;

    #[test]
    fn names_are_replaced_or_kept() {
        let environment = EnvironmentNames::new(&[("P".into(), "50%".into())]);
        let words = [("here", Value::Text("/etc")), ("process_num", Value::Integer(7))];
        let names = Names::new(&environment, &words);
        let written = |text: &str, passes| {
            Pieces::expand(text, names, &|name| name == "process_num").map(|pieces| pieces.written(passes))
        };
        for (text, expected) in [
            ("", Some("")),
            ("plain", Some("plain")),
            ("%(here)s/%(process_num)02d.log", Some("/etc/%(process_num)02d.log")),
            ("%(ENV_P)s of 100%%", Some("50%% of 100%%")),
            ("%(here)10.2s|", Some("        /e|")),
            ("%(nosuch)s", None),
            ("100%", None),
            ("%(here", None),
            ("%d", None),
        ] {
            assert_eq!(written(text, 1).as_deref(), expected, "{text}");
        }
        assert_eq!(written("%(ENV_P)s", 2).as_deref(), Some("50%%%%"));
    }

    #[test]
    fn directives_survive_as_words() {
        let environment = EnvironmentNames::default();
        let pieces = Pieces::expand("a%(x)s-%(x)sb", Names::new(&environment, &[]), &|_| true).unwrap();
        let (text, words) = pieces.with_words();
        assert_eq!(text, "aKEPT0DIRECTIVE-KEPT1DIRECTIVEb");
        assert_eq!(Pieces::from_words(&text, &words), pieces);
        assert_eq!(pieces.plain(), None);
    }
}
