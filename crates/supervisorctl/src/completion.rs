//! What Tab offers (contract/ctl.md §1, «completion»): pure rules over a line and the names of processes.
//!
//! A word reaches from the last blank to the cursor, so that `group:*` and names with dashes are whole words.

use supervisor_core::EventType;

use crate::actions::{self, ACTIONS, Completes};
use crate::world::ProcessName;

/// Where the word before the cursor begins, and what it could become; each candidate ends in a blank, unless it wants a
/// value. `processes` is asked only if names of processes or groups are wanted.
pub(crate) fn complete(line: &str, processes: impl FnOnce() -> Vec<ProcessName>) -> (usize, Vec<String>) {
    let start = line.rfind(char::is_whitespace).map_or(0, |blank| blank + first_len(line, blank));
    let word = line.get(start..).unwrap_or_default();
    let first = line.split_whitespace().next();
    let candidates = match first {
        None => action_names(),
        Some(first) if line.trim_start() == first => action_names(),
        Some(first) if word.starts_with('-') => actions::find(first)
            .map_or_else(Vec::new, |action| action.options.iter().map(ToString::to_string).collect()),
        Some(first) => match actions::find(first).map_or(Completes::Nothing, |action| action.completes) {
            Completes::Nothing => Vec::new(),
            Completes::Actions => action_names(),
            Completes::Groups => group_names(&processes()),
            Completes::Processes => namespecs(&processes(), word),
            Completes::EventTypes => event_types().map(str::to_owned).collect(),
        },
    };
    let matching = candidates.into_iter().filter(|candidate| candidate.starts_with(word));
    // The value of an option follows at once.
    let ending = |candidate: &str| if candidate.ends_with('=') { "" } else { " " };
    (start, matching.map(|candidate| format!("{candidate}{}", ending(&candidate))).collect())
}

/// Length of the character that stands at `index`.
fn first_len(line: &str, index: usize) -> usize {
    line.get(index..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
}

fn action_names() -> Vec<String> {
    ACTIONS.iter().map(|action| action.name.to_owned()).collect()
}

/// Names of event types.
pub(crate) fn event_types() -> impl Iterator<Item = &'static str> {
    EventType::all().map(EventType::name)
}

/// Names of groups, each once.
pub(crate) fn group_names(processes: &[ProcessName]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for process in processes {
        push_new(&mut names, process.group.clone());
    }
    names
}

/// Namespecs for a word. A process alone in its group is offered by its name, unless the word already has a colon.
pub(crate) fn namespecs(processes: &[ProcessName], word: &str) -> Vec<String> {
    let mut names = Vec::new();
    for process in processes {
        let ProcessName { group, name } = process;
        if word.contains(':') || name != group {
            push_new(&mut names, format!("{group}:{name}"));
            push_new(&mut names, format!("{group}:*"));
        } else {
            push_new(&mut names, name.clone());
        }
    }
    names
}

fn push_new(names: &mut Vec<String>, name: String) {
    if !names.contains(&name) {
        names.push(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn processes() -> Vec<ProcessName> {
        [("cat", "cat"), ("web", "one"), ("web", "two-2")]
            .map(|(group, name)| ProcessName { group: group.to_owned(), name: name.to_owned() })
            .to_vec()
    }

    fn offers(line: &str) -> Vec<String> {
        complete(line, processes).1
    }

    #[test]
    fn the_first_word_is_a_command() {
        assert_eq!(offers("sh"), ["shutdown "]);
        assert_eq!(offers("re"), ["reload ", "remove ", "reread ", "restart "]);
        assert_eq!(offers("  ").len(), ACTIONS.len());
        assert_eq!(offers("").len(), ACTIONS.len());
        assert_eq!(offers("help st"), ["start ", "status ", "stop "]);
    }

    #[test]
    fn group_names_for_what_takes_groups() {
        for command in ["add", "remove", "update"] {
            assert_eq!(offers(&format!("{command} ")), ["cat ", "web "]);
        }
    }

    #[test]
    fn namespecs_for_what_takes_processes() {
        for command in ["clear", "fg", "pid", "restart", "signal", "start", "status", "stop", "tail"] {
            assert_eq!(offers(&format!("{command} ")), ["cat ", "web:one ", "web:* ", "web:two-2 "]);
        }
        assert_eq!(offers("start web:t"), ["web:two-2 "]);
        assert_eq!(offers("start web:one cat:"), ["cat:cat ", "cat:* "]);
    }

    #[test]
    fn options_for_what_has_them() {
        assert_eq!(offers("status --format=j"), ["--format=json "]);
        assert_eq!(offers("start --"), ["--wait ", "--no-wait ", "--timeout="]);
        assert_eq!(offers("avail -"), Vec::<String>::new());
    }

    #[test]
    fn types_for_events() {
        assert_eq!(
            offers("events TICK PROCESS_G"),
            ["PROCESS_GROUP ", "PROCESS_GROUP_ADDED ", "PROCESS_GROUP_REMOVED "]
        );
        assert_eq!(offers("events --s"), ["--since=", "--stats "]);
    }

    #[test]
    fn nothing_for_the_others() {
        for line in ["avail ", "nosuch ", "quit "] {
            let (_, none) = complete(line, || panic!("{line} needs no names"));
            assert_eq!(none, Vec::<String>::new());
        }
    }

    #[test]
    fn the_word_begins_after_the_last_blank() {
        assert_eq!(complete("start web:t", processes).0, 6);
        assert_eq!(complete("st", processes).0, 0);
        assert_eq!(complete("start\u{3000}w", processes).0, 8);
    }
}
