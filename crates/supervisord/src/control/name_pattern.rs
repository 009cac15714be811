//! Names of processes as people abbreviate them: `web:cat`, `cat`, `web:*`, `worker_0*`.
//!
//! Of what `supervisorctl` takes the star alone, which stands for any characters. A pattern is compared with the whole
//! name, `group:process`, and with the name as it is shown, which leaves out a group that is called like its process.

use supervisor_core::{ProcessInfo, make_namespec};

/// A pattern of a client's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NamePattern(String);

impl NamePattern {
    /// Those of a list with commas between them.
    pub(super) fn list(text: &str) -> Vec<Self> {
        text.split(',').filter(|pattern| !pattern.is_empty()).map(|pattern| Self(pattern.to_owned())).collect()
    }

    /// Whether it means this process.
    pub(super) fn matches(&self, info: &ProcessInfo) -> bool {
        let (group, name) = (&*info.group, &*info.config.name);
        is_match(&self.0, &format!("{group}:{name}")) || is_match(&self.0, &make_namespec(group, name))
    }
}

/// Whether a text is as a pattern says, in time that grows with the product of their lengths.
fn is_match(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let Some(last) = pieces.next_back() else { return rest.is_empty() };
    for piece in pieces {
        match rest.find(piece) {
            Some(place) => rest = rest.split_at(place + piece.len()).1,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_data::process_info;

    #[test]
    fn stars_stand_for_any_characters() {
        for (pattern, text, expected) in [
            ("web:cat", "web:cat", true),
            ("web:*", "web:cat", true),
            ("*", "", true),
            ("*:cat", "web:cat", true),
            ("w*:c*t", "web:cat", true),
            ("w**t", "web:cat", true),
            ("*a*a*", "banana", true),
            ("web:", "web:cat", false),
            ("web:*x", "web:cat", false),
            ("ab*ba", "aba", false),
            ("", "x", false),
        ] {
            assert_eq!(is_match(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn both_names_of_a_process_count() {
        let info = process_info("cat");
        for (patterns, expected) in
            [("cat", true), ("cat:cat", true), ("cat:*", true), ("dog,,c*", true), ("dog", false)]
        {
            let patterns = NamePattern::list(patterns);
            assert_eq!(patterns.iter().any(|pattern| pattern.matches(&info)), expected, "{patterns:?}");
        }
        assert!(NamePattern::list("").is_empty());
    }
}
