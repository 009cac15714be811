//! What Tab offers (contract/ctl.md §1, «completion»): pure rules over a line and the names of processes.
//!
//! A word reaches from the last blank to the cursor, so that `group:*` and names with dashes are whole words.

use supervisor_core::{EventType, Signal};

use crate::actions::{self, ACTIONS, Action, Completes};
use crate::world::ProcessName;

/// Where the word before the cursor begins, and what it could become; each candidate ends in a blank, unless it wants a
/// value. `processes` is asked only if names of processes or groups are wanted, `foreign` only if names of commands
/// are, of which it has those that are not ours.
pub(crate) fn complete(
    line: &str,
    processes: impl FnOnce() -> Vec<ProcessName>,
    foreign: impl FnOnce() -> Vec<String>,
) -> (usize, Vec<String>) {
    let start = line.rfind(char::is_whitespace).map_or(0, |blank| blank + first_len(line, blank));
    let (before, word) = line.split_at(start);
    let before: Vec<&str> = before.split_whitespace().collect();
    let ending = |candidate: &str| if candidate.ends_with('=') { "" } else { " " };
    let candidates = candidates(&before, word, processes, foreign);
    (start, candidates.into_iter().map(|candidate| format!("{candidate}{}", ending(&candidate))).collect())
}

/// What `word` could become behind the words of `before`, the first of which is an action.
pub(crate) fn candidates(
    before: &[&str],
    word: &str,
    processes: impl FnOnce() -> Vec<ProcessName>,
    foreign: impl FnOnce() -> Vec<String>,
) -> Vec<String> {
    let mut candidates = match before.split_first() {
        None => command_names(foreign),
        Some((action, words)) => match actions::find(action) {
            Some(Action { completes: Completes::Actions, .. }) if !word.starts_with('-') => command_names(foreign),
            Some(action) => arguments(action, words, word, processes),
            None => Vec::new(),
        },
    };
    candidates.retain(|candidate| candidate.starts_with(word));
    candidates
}

/// What could stand behind `words`, the first arguments of an action.
fn arguments(action: &Action, words: &[&str], word: &str, processes: impl FnOnce() -> Vec<ProcessName>) -> Vec<String> {
    if let Some(values) = words.last().and_then(|option| values_of(action, option)) {
        return values;
    }
    if word.starts_with('-') {
        let options = action.options.iter().chain(&["--help"]);
        return options.map(|option| option.trim_end().to_owned()).collect();
    }
    let or_all = |names: Vec<String>| names.into_iter().chain(["all".to_owned()]).collect();
    match (action.completes, names_among(action, words)) {
        (Completes::Nothing, _) | (Completes::OneProcess, 1..) | (Completes::ProcessThenChannel, 2..) => Vec::new(),
        (Completes::Actions, _) => command_names(Vec::new),
        (Completes::Groups, _) => group_names(&processes()),
        (Completes::GroupsOrAll, _) => or_all(group_names(&processes())),
        (Completes::OneProcess | Completes::ProcessThenChannel, 0) => namespecs(&processes(), word),
        (Completes::ProcessThenChannel, 1) => ["stdout", "stderr"].map(str::to_owned).to_vec(),
        (Completes::SignalThenProcesses, 0) => signal_names(word),
        (Completes::ProcessesOrAll, _) | (Completes::SignalThenProcesses, 1..) => or_all(namespecs(&processes(), word)),
        (Completes::EventTypes, _) => event_types().map(str::to_owned).collect(),
    }
}

/// How many of the words are neither options nor their values.
fn names_among(action: &Action, words: &[&str]) -> usize {
    let before = |index: usize| index.checked_sub(1).and_then(|before| words.get(before));
    let is_value = |index| before(index).is_some_and(|option| values_of(action, option).is_some());
    let is_name = |(index, word): &(usize, &&str)| !word.starts_with('-') && !is_value(*index);
    words.iter().enumerate().filter(is_name).count()
}

/// What is known to follow an option as a word of its own; `None` if it takes no value.
fn values_of(action: &Action, option: &str) -> Option<Vec<String>> {
    if !option.starts_with('-') {
        return None;
    }
    let values = action.options.iter().filter_map(|known| known.strip_prefix(option)?.strip_prefix(['=', ' ']));
    let values: Vec<&str> = values.collect();
    let known = values.iter().filter(|value| !value.is_empty());
    (!values.is_empty()).then(|| known.map(ToString::to_string).collect())
}

/// As `signal` takes them: with their `SIG` for who has begun with it, else without.
fn signal_names(word: &str) -> Vec<String> {
    let without = if word.starts_with("SIG") { "" } else { "SIG" };
    Signal::all().map(Signal::name).filter_map(|name| name.strip_prefix(without)).map(str::to_owned).collect()
}

/// Length of the character that stands at `index`.
fn first_len(line: &str, index: usize) -> usize {
    line.get(index..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
}

/// Ours before the others.
fn command_names(foreign: impl FnOnce() -> Vec<String>) -> Vec<String> {
    ACTIONS.iter().map(|action| action.name.to_owned()).chain(foreign()).collect()
}

/// Names of event types.
pub(crate) fn event_types() -> impl Iterator<Item = &'static str> {
    EventType::names()
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
        complete(line, processes, || panic!("{line} needs no foreign commands")).1
    }

    #[test]
    fn the_first_word_is_a_command() {
        let offers = |line| complete(line, processes, || ["deploy", "reap"].map(str::to_owned).to_vec()).1;
        assert_eq!(offers("sh"), ["shutdown "]);
        assert_eq!(offers("re"), ["reload ", "remove ", "reread ", "reset_failed ", "restart ", "reap "]);
        assert_eq!(offers("  ").len(), ACTIONS.len() + 2);
        assert_eq!(offers("").len(), ACTIONS.len() + 2);
        assert_eq!(offers("help st"), ["start ", "status ", "stop "]);
        assert_eq!(offers("help d"), ["deploy "]);
        assert_eq!(offers("deploy "), [""; 0]);
    }

    #[test]
    fn group_names_for_what_takes_groups() {
        for command in ["add", "remove"] {
            assert_eq!(offers(&format!("{command} ")), ["cat ", "web "]);
        }
        assert_eq!(offers("update "), ["cat ", "web ", "all "]);
    }

    #[test]
    fn namespecs_for_what_takes_processes() {
        for command in ["fg", "tail", "tail -f", "tail -100", "tail -n 5"] {
            assert_eq!(offers(&format!("{command} ")), ["cat ", "web:one ", "web:* ", "web:two-2 "]);
        }
        for command in ["clear", "pid", "restart", "signal HUP", "start", "start --timeout 5", "status", "stop"] {
            assert_eq!(offers(&format!("{command} ")), ["cat ", "web:one ", "web:* ", "web:two-2 ", "all "]);
        }
        assert_eq!(offers("start web:t"), ["web:two-2 "]);
        assert_eq!(offers("start web:one cat:"), ["cat:cat ", "cat:* "]);
    }

    #[test]
    fn options_for_what_has_them() {
        assert_eq!(offers("status --format=j"), ["--format=json "]);
        assert_eq!(offers("status --format "), ["json ", "table ", "wide ", "plain "]);
        assert_eq!(offers("status --format w"), ["wide "]);
        assert_eq!(offers("start --"), ["--wait ", "--no-wait ", "--timeout=", "--help "]);
        assert_eq!(offers("tail -"), ["-f ", "-n ", "--help "]);
        assert_eq!(offers("avail -"), ["--help "]);
    }

    #[test]
    fn signals_by_name_as_they_are_begun() {
        assert_eq!(offers("signal H"), ["HUP "]);
        assert_eq!(offers("signal SIGU"), ["SIGUSR1 ", "SIGUSR2 ", "SIGURG "]);
        assert_eq!(offers("signal ").len(), 33);
    }

    #[test]
    fn a_log_has_two_channels() {
        for line in ["tail web:one ", "tail -f web:one ", "tail -n 5 web:one "] {
            assert_eq!(offers(line), ["stdout ", "stderr "], "{line}");
        }
        assert_eq!(offers("tail -n 5 web:one stde"), ["stderr "]);
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
        for line in
            ["avail ", "nosuch ", "nosuch -", "quit ", "fg cat ", "tail cat stderr ", "tail -n ", "stop --timeout "]
        {
            let (_, none) = complete(line, || panic!("{line} needs no names"), Vec::new);
            assert_eq!(none, Vec::<String>::new());
        }
    }

    #[test]
    fn the_word_begins_after_the_last_blank() {
        assert_eq!(complete("start web:t", processes, Vec::new).0, 6);
        assert_eq!(complete("st", processes, Vec::new).0, 0);
        assert_eq!(complete("start\u{3000}w", processes, Vec::new).0, 8);
    }
}
