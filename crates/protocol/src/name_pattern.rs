//! Patterns for names of processes: `*`, `?` and `[…]`, as a shell reads them, in `supervisorctl` and in what
//! supervisord is asked over HTTP.
//!
//! A pattern is compared with the namespec that `status` shows and with `group:process`; `*` and `?` stand for a
//! colon too, so that `web*` means the process `web` and the members of the group `web`. Whether a word is to be a
//! pattern or a name is for who has it to say.

use supervisor_core::make_namespec;

/// A pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePattern(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// `*`
    Anything,
    /// `?`
    AnyCharacter,
    Character(char),
    /// `[a-f_]`, `[!0-9]`
    Class {
        is_negated: bool,
        /// From the first to the last of each, sorted, none overlapping another.
        ranges: Vec<(char, char)>,
    },
}

impl NamePattern {
    /// Every text is one.
    pub fn new(text: &str) -> Self {
        let text: Vec<char> = text.chars().collect();
        // Where no class can end any more.
        let last_end = text.iter().rposition(|c| *c == ']').unwrap_or(0);
        let (mut pieces, mut at) = (Vec::new(), 0);
        while let Some(c) = text.get(at) {
            let class = if *c == '[' && at < last_end { read_class(text.get(at..).unwrap_or_default()) } else { None };
            let (piece, length) = class.unwrap_or(match c {
                '*' => (Piece::Anything, 1),
                '?' => (Piece::AnyCharacter, 1),
                c => (Piece::Character(*c), 1),
            });
            pieces.push(piece);
            at += length;
        }
        Self(pieces)
    }

    /// Whether it can mean one process alone: nothing in it stands for anything else.
    pub fn is_name(&self) -> bool {
        self.0.iter().all(|piece| matches!(piece, Piece::Character(_)))
    }

    /// Those of a list with commas between them.
    pub fn list(text: &str) -> Vec<Self> {
        text.split(',').filter(|pattern| !pattern.is_empty()).map(Self::new).collect()
    }

    /// Whether it means this process.
    pub fn means(&self, group: &str, process: &str) -> bool {
        self.fits(&make_namespec(group, process)) || self.fits(&format!("{group}:{process}"))
    }

    /// Compares from left to right; where it fails, the last `*` takes one character more. That is enough, and bounds
    /// the work by the product of the lengths.
    fn fits(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let (mut at, mut position) = (0, 0);
        let mut retry: Option<(usize, usize)> = None;
        while let Some(c) = text.get(position) {
            let piece = self.0.get(at);
            if piece == Some(&Piece::Anything) {
                at += 1;
                retry = Some((at, position));
            } else if piece.is_some_and(|piece| piece.takes(*c)) {
                at += 1;
                position += 1;
            } else if let Some((after, taken)) = retry {
                (at, position) = (after, taken + 1);
                retry = Some((after, taken + 1));
            } else {
                return false;
            }
        }
        self.0.iter().skip(at).all(|piece| *piece == Piece::Anything)
    }
}

impl Piece {
    fn takes(&self, c: char) -> bool {
        match self {
            Self::Anything | Self::AnyCharacter => true,
            Self::Character(expected) => *expected == c,
            Self::Class { is_negated, ranges } => {
                let after = ranges.partition_point(|(first, _)| *first <= c);
                let belongs = ranges.get(..after).and_then(<[_]>::last).is_some_and(|(_, last)| c <= *last);
                belongs != *is_negated
            }
        }
    }
}

/// The class that begins a text, and its length. `]` is an ordinary character at its beginning; a class without an end
/// is none.
fn read_class(text: &[char]) -> Option<(Piece, usize)> {
    let is_negated = matches!(text.get(1), Some('!' | '^'));
    let start = if is_negated { 2 } else { 1 };
    let end = (start + 1..text.len()).find(|index| text.get(*index) == Some(&']'))?;
    let mut members = text.get(start..end)?;
    let mut ranges = Vec::new();
    while let Some((first, rest)) = members.split_first() {
        let last;
        (last, members) = match rest {
            ['-', last, rest @ ..] => (last, rest),
            rest => (first, rest),
        };
        if first <= last {
            ranges.push((*first, *last));
        }
    }
    Some((Piece::Class { is_negated, ranges: without_overlaps(ranges) }, end + 1))
}

fn without_overlaps(mut ranges: Vec<(char, char)>) -> Vec<(char, char)> {
    ranges.sort_unstable();
    let mut merged: Vec<(char, char)> = Vec::new();
    for (first, last) in ranges {
        match merged.last_mut() {
            Some((_, end)) if first <= *end => *end = last.max(*end),
            Some(_) | None => merged.push((first, last)),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matched(pattern: &str, text: &str) -> bool {
        NamePattern::new(pattern).fits(text)
    }

    #[test]
    fn what_matches() {
        for (pattern, text) in [
            ("*", ""),
            ("*", "anything:at all"),
            ("web*", "web"),
            ("web*", "web:one"),
            ("a?c", "abc"),
            ("a?c", "aéc"),
            ("a*b*c", "aXbYbZc"),
            ("a[bc]*", "ac1"),
            ("a[b-d]", "ac"),
            ("a[!b-d]", "ae"),
            ("a[^b]", "ac"),
            ("a[]]", "a]"),
            ("a[-x]", "a-"),
            ("a[x-]", "a-"),
            ("a[", "a["),
            ("a[b", "a[b"),
            ("a[b]c[d", "abc[d"),
            ("[a-dc-fb]", "e"),
            ("*:worker_?", "g:worker_1"),
        ] {
            assert!(matched(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn names_stand_for_themselves_alone() {
        for (text, is_name) in [("web:cat", true), ("a[b", true), ("w*", false), ("w?b", false), ("[w]", false)] {
            assert_eq!(NamePattern::new(text).is_name(), is_name, "{text}");
        }
    }

    #[test]
    fn what_does_not_match() {
        for (pattern, text) in [
            ("", "a"),
            ("a", ""),
            ("?", ""),
            ("web*", "we"),
            ("a?c", "ac"),
            ("a[bc]", "ad"),
            ("a[!b]", "ab"),
            ("a[b-d]", "a-"),
            ("*:worker_?", "worker_1"),
            ("*a", "ab"),
            ("[d-a]", "b"),
            ("[a-dc-fb]", "g"),
        ] {
            assert!(!matched(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn long_patterns_do_not_explode() {
        assert!(!matched(&("*a".repeat(100) + "b"), &"a".repeat(10_000)));
        for pattern in ["[".repeat(100_000), "[".repeat(100_000) + "]", "*[a".repeat(100_000)] {
            assert!(!matched(&pattern, &"a".repeat(100)));
        }
    }

    #[test]
    fn both_names_of_a_process_count() {
        for (patterns, expected) in
            [("cat", true), ("cat:cat", true), ("cat:*", true), ("dog,,c?t", true), ("[bc]at", true), ("dog", false)]
        {
            let patterns = NamePattern::list(patterns);
            assert_eq!(patterns.iter().any(|pattern| pattern.means("cat", "cat")), expected, "{patterns:?}");
        }
        assert!(NamePattern::list("").is_empty());
    }
}
