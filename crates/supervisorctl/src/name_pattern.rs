//! Patterns for names of processes: `*`, `?` and `[…]`, as a shell reads them.
//!
//! A pattern is compared with the namespec that `status` shows and with `group:process`; `*` and `?` stand for a
//! colon too, so that `web*` means the process `web` and the members of the group `web`. The forms of the contract
//! (`all`, `group:*`, `group:`) are no patterns, and neither is the name of a process that exists: who looks for a
//! match has asked for the name before.

use supervisor_core::{Namespec, make_namespec};

use crate::world::ProcessName;

/// Whether a name that nobody has may be a pattern.
pub(crate) fn is_pattern(name: &str) -> bool {
    name.contains(['*', '?', '[']) && Namespec::parse(name).process.is_some()
}

/// Whether the pattern means this process.
pub(crate) fn means(pattern: &str, group: &str, process: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let fits = |name: String| matches(&pattern, &name.chars().collect::<Vec<char>>());
    fits(make_namespec(group, process)) || fits(format!("{group}:{process}"))
}

/// The names with each pattern replaced by the namespecs that it means, in the order of `processes`. A process that
/// is already there is not added again. A pattern that means nothing stays, to be refused as a name.
pub(crate) fn expand(names: &[&str], processes: &[ProcessName]) -> Vec<String> {
    let mut expanded: Vec<String> = Vec::new();
    for name in names {
        let wanted = Namespec::parse(name);
        let exists = processes.iter().any(|known| known.group == wanted.group && wanted.process == Some(&known.name));
        let meant: Vec<String> = if exists || !is_pattern(name) {
            Vec::new()
        } else {
            let meant = processes.iter().filter(|known| means(name, &known.group, &known.name));
            meant.map(|known| make_namespec(&known.group, &known.name)).collect()
        };
        if meant.is_empty() {
            expanded.push((*name).to_owned());
        }
        for namespec in meant {
            if !expanded.contains(&namespec) {
                expanded.push(namespec);
            }
        }
    }
    expanded
}

/// Compares from left to right; where it fails, the last `*` takes one character more. That is enough, and bounds
/// the work by the product of the lengths.
fn matches(pattern: &[char], text: &[char]) -> bool {
    let (mut at, mut position) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while position < text.len() {
        let step = match (pattern.get(at), text.get(position)) {
            (Some('*'), _) => {
                retry = Some((at + 1, position));
                at += 1;
                continue;
            }
            (Some('?'), Some(_)) => Some(1),
            (Some('['), Some(c)) => bracket(pattern.get(at..).unwrap_or_default(), *c),
            (Some(expected), Some(c)) => (expected == c).then_some(1),
            (None, _) | (_, None) => None,
        };
        if let Some(length) = step {
            at += length;
            position += 1;
        } else if let Some((after, taken)) = retry {
            (at, position) = (after, taken + 1);
            retry = Some((after, taken + 1));
        } else {
            return false;
        }
    }
    pattern.get(at..).is_none_or(|rest| rest.iter().all(|c| *c == '*'))
}

/// At `[`: the length of the class if `c` belongs to it. `]` is an ordinary character at its beginning; a class
/// without an end is an ordinary `[`.
fn bracket(pattern: &[char], c: char) -> Option<usize> {
    let negated = matches!(pattern.get(1), Some('!' | '^'));
    let start = if negated { 2 } else { 1 };
    let Some(end) = (start + 1..pattern.len()).find(|index| pattern.get(*index) == Some(&']')) else {
        return (c == '[').then_some(1);
    };
    let mut class = pattern.get(start..end).unwrap_or_default();
    let mut belongs = false;
    while let Some((first, rest)) = class.split_first() {
        class = match rest {
            ['-', last, rest @ ..] => {
                belongs |= (*first..=*last).contains(&c);
                rest
            }
            rest => {
                belongs |= *first == c;
                rest
            }
        };
    }
    (belongs != negated).then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matched(pattern: &str, text: &str) -> bool {
        matches(&pattern.chars().collect::<Vec<_>>(), &text.chars().collect::<Vec<_>>())
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
            ("*:worker_?", "g:worker_1"),
        ] {
            assert!(matched(pattern, text), "{pattern} {text}");
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
        ] {
            assert!(!matched(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn many_stars_do_not_explode() {
        assert!(!matched(&("*a".repeat(100) + "b"), &"a".repeat(10_000)));
    }

    #[test]
    fn forms_of_the_contract_are_no_patterns() {
        for name in ["all", "g:*", "g*:*", "*:*", "g:", "plain", "g:x"] {
            assert!(!is_pattern(name), "{name}");
        }
        for name in ["*", "g:x*", "?:a", "a[b]"] {
            assert!(is_pattern(name), "{name}");
        }
    }

    #[test]
    fn names_are_replaced_in_their_place() {
        let processes = [("cat", "cat"), ("web", "one"), ("web", "two"), ("w*", "w*")]
            .map(|(group, name)| ProcessName { group: group.to_owned(), name: name.to_owned() });
        for (names, expected) in [
            (&["web*", "cat"][..], &["web:one", "web:two", "cat"][..]),
            (&["*:one", "web:*", "no*"], &["web:one", "web:*", "no*"]),
            (&["w*"], &["w*"]),
            (&["w*:w*"], &["w*:w*"]),
            (&["cat:c*", "c?t", "cat"], &["cat", "cat"]),
            (&["cat", "[cw]*"], &["cat", "web:one", "web:two", "w*"]),
        ] {
            assert_eq!(expand(names, &processes), expected, "{names:?}");
        }
    }
}
