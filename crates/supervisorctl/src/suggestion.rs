//! What was probably meant by a word that means nothing: for people at a terminal.

use supervisor_config::nearest;

use crate::actions::{self, ACTIONS};
use crate::completion::namespecs;
use crate::world::ProcessName;

/// What people type who know other programs, and what it is called here.
const HABITS: [(&str, &str); 14] = [
    ("ps", "status"),
    ("ls", "status"),
    ("list", "status"),
    ("show", "status"),
    ("top", "status"),
    ("logs", "tail"),
    ("log", "tail"),
    ("cat", "tail"),
    ("follow", "tail"),
    ("kill", "stop"),
    ("up", "start"),
    ("down", "stop"),
    ("attach", "fg"),
    ("man", "help"),
];

/// For a line that begins with no action; `None` if nothing comes near.
pub(crate) fn for_action(line: &str) -> Option<String> {
    let word = line.split_whitespace().next()?;
    let lower = word.to_lowercase();
    let habit = HABITS.iter().find(|(habit, _)| *habit == lower).map(|(_, action)| *action);
    let names = || ACTIONS.iter().map(|action| action.name).chain(["completion", "extension-test", "hash-password"]);
    let begun: Vec<&str> = names().filter(|name| name.starts_with(&lower)).collect();
    let only = if let [only] = begun.as_slice() { Some(*only) } else { None };
    let meant = habit.or(only).or_else(|| nearest(&lower, names()))?;
    if actions::find(meant).is_none() {
        return Some(format!("{meant} is a word of the command line: supervisorctl {meant}"));
    }
    Some(format!("did you mean {meant}? (help {meant})"))
}

/// For a name that no process and no group has, or that has no log.
pub(crate) fn for_name(name: &str, processes: &[ProcessName]) -> String {
    let known = namespecs(processes, "");
    if known.iter().any(|known| known == name) {
        return format!("{name} is there and has no such log: it is NONE, goes to syslog, or was removed");
    }
    let same_process = |process: &&ProcessName| process.name == name;
    let lower = name.to_lowercase();
    let near = nearest(name, known.iter().map(String::as_str)).map(ToOwned::to_owned);
    let group = processes.iter().find(|process| process.group == name).map(|process| format!("{}:*", process.group));
    let member = processes.iter().find(same_process).map(|process| format!("{}:{}", process.group, process.name));
    let longer = known.iter().find(|known| known.to_lowercase().contains(&lower)).cloned();
    match group.or(member).or(near).or(longer) {
        Some(meant) => format!("did you mean {meant}?"),
        None => "status shows all names, and avail those that update would add".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions() {
        for (line, meant) in [
            ("ps", "status"),
            ("LS", "status"),
            ("logs -f web", "tail"),
            ("Status", "status"),
            ("stat", "status"),
            ("restrat web", "restart"),
            ("udpate", "update"),
            ("vesion", "version"),
        ] {
            assert_eq!(for_action(line), Some(format!("did you mean {meant}? (help {meant})")), "{line}");
        }
        let command_line = "completion is a word of the command line: supervisorctl completion";
        assert_eq!(for_action("completion bash").as_deref(), Some(command_line));
        for line in ["", "nothing like it", "!ls", "; status"] {
            assert_eq!(for_action(line), None, "{line}");
        }
    }

    #[test]
    fn names() {
        let processes = [("cat", "cat"), ("web", "web_00"), ("web", "web_01"), ("jobs", "mailer")];
        let processes =
            processes.map(|(group, name)| ProcessName { group: group.to_owned(), name: name.to_owned() }).to_vec();
        for (name, meant) in [
            ("cta", "cat"),
            ("Cat", "cat"),
            ("web", "web:*"),
            ("web_01", "web:web_01"),
            ("mailer", "jobs:mailer"),
            ("jobs:mialer", "jobs:mailer"),
            ("mail", "jobs:mailer"),
        ] {
            assert_eq!(for_name(name, &processes), format!("did you mean {meant}?"), "{name}");
        }
        for name in ["cat", "web:web_00"] {
            let there = format!("{name} is there and has no such log: it is NONE, goes to syslog, or was removed");
            assert_eq!(for_name(name, &processes), there);
        }
        assert!(for_name("zzzzzz", &processes).starts_with("status shows all names"));
    }
}
