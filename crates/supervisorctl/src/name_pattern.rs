//! Names of processes by pattern, where a command takes names.
//!
//! What a pattern means is [`NamePattern`]'s. The forms of the contract (`all`, `group:*`, `group:`) are no patterns,
//! and neither is the name of a process that exists: who looks for a match has asked for the name before.

use supervisor_core::{Namespec, make_namespec};
use supervisor_protocol::name_pattern::NamePattern;

use crate::world::ProcessName;

/// Whether a name that nobody has may be a pattern.
pub(crate) fn is_pattern(name: &str) -> bool {
    name.contains(['*', '?', '[']) && Namespec::parse(name).process.is_some()
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
            let pattern = NamePattern::new(name);
            let meant = processes.iter().filter(|known| pattern.means(&known.group, &known.name));
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

#[cfg(test)]
mod tests {
    use super::*;

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
