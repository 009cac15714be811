//! `help` (contract/ctl.md §3.13).

use super::{ACTIONS, Action, Completes, find};
use crate::controller::{Controller, Flow};
use crate::failure::Failure;
use crate::foreign;
use crate::format;

pub(super) const ACTION: Action = Action {
    name: "help",
    help: "help\t\tPrint a list of available actions\n\
           help <action>\tPrint help for <action>",
    completes: Completes::Actions,
    options: &[],
    more: "",
    run,
};

/// What the list does not name to scripts.
const UNLISTED: [&str; 7] = ["help", "events", "history", "logs", "reset_failed", "top", "why"];

/// What is no business of a server, and no action of the shell.
const COMMAND_LINE_ONLY: [(&str, &str); 3] = [
    (
        "completion",
        "completion <shell>\tPrint the completion script for bash, zsh or fish (on a command line only)\n\
         \n\
         Examples:\n\
         eval \"$(supervisorctl completion bash)\"\n\
         supervisorctl completion zsh > _supervisorctl\t\t\tIn a folder of $fpath\n\
         supervisorctl completion fish > ~/.config/fish/completions/supervisorctl.fish",
    ),
    (
        "extension-test",
        "extension-test [options] <command>\tTry an extension as supervisord would use it, and say what is wrong\n\
         \t\t\t\t\t(on a command line only; docs/extensions.md)\n\
         --set NAME=VALUE\tAn option of its section, any number of times\n\
         --call 'METHOD(JSON, ...)'\tA call that does no harm and succeeds\n\
         --name NAME\t\tIts namespace, test unless said\n\
         \n\
         Examples:\n\
         supervisorctl extension-test ./queue.py\n\
         supervisorctl extension-test --set spool=/var/spool/jobs --call 'depth(\"mail\")' ./queue.py --verbose",
    ),
    (
        "hash-password",
        "hash-password\tPrint the hash of a password, for password= of [unix_http_server] and [inet_http_server]\n\
         \t\t(on a command line only)\n\
         \n\
         Examples:\n\
         supervisorctl hash-password\t\t\tAsk for it twice, without showing it\n\
         pass show box | supervisorctl hash-password\tRead it from a program",
    ),
];

/// Head of the list of commands.
const HEADER: &str = "default commands (type help <topic>):";

fn run(controller: &mut Controller, topic: &str) -> Result<Flow, Failure> {
    if topic.is_empty() {
        list(controller);
        return foreign::list(controller);
    }
    if let Some(action) = find(topic) {
        explain(controller, action);
    } else if let Some((_, help)) = COMMAND_LINE_ONLY.iter().find(|(name, _)| *name == topic) {
        controller.output.line(help);
    } else if let Some(told) = foreign::help(controller, topic) {
        return told;
    } else {
        controller.output.line(&format!("*** No help on {topic}"));
    }
    Ok(Flow::Continue)
}

/// Whether only the command line knows this word.
pub(crate) fn is_word_of_command_line(word: &str) -> bool {
    COMMAND_LINE_ONLY.iter().any(|(name, _)| *name == word)
}

/// `help ACTION`: where scripts compare what it prints, no more of an action of the original than is printed there.
fn explain(controller: &mut Controller, action: &Action) {
    if controller.output.is_terminal() || UNLISTED.contains(&action.name) {
        show(controller, action);
    } else {
        controller.output.line(action.help);
    }
}

/// All about one action: a new question, whose answer no script compares.
pub(crate) fn show(controller: &mut Controller, action: &Action) {
    controller.output.line(action.help);
    if !action.more.is_empty() {
        controller.output.line("");
        controller.output.line(action.more);
    }
}

/// All commands in columns; where scripts compare the list, those of the original without `help` itself, as there.
fn list(controller: &mut Controller) {
    let is_complete = controller.output.is_terminal();
    let mut names: Vec<&str> = ACTIONS.iter().map(|action| action.name).collect();
    if is_complete {
        names.extend(COMMAND_LINE_ONLY.iter().map(|(name, _)| *name));
        names.sort_unstable();
    } else {
        names.retain(|name| !UNLISTED.contains(name));
    }
    for line in format::topics(HEADER, &names) {
        controller.output.line(&line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scene, check};

    #[test]
    fn the_list() {
        let list = "\ndefault commands (type help <topic>):\n=====================================\n\
                    add    exit      open  reload  restart   start   tail   \n\
                    avail  fg        pid   remove  shutdown  status  update \n\
                    clear  maintail  quit  reread  signal    stop    version\n\n";
        for line in ["help", "?", " ? "] {
            check(Scene::bare(), line, list, 0);
        }
    }

    #[test]
    fn a_person_sees_all_there_is() {
        let (words, _) = Scene::bare().at_terminal().run("help").words_and_status();
        let listed: Vec<&str> = words.lines().skip(3).flat_map(str::split_whitespace).collect();
        let all = ACTIONS.iter().map(|action| action.name).chain(COMMAND_LINE_ONLY.iter().map(|(name, _)| *name));
        assert!(all.clone().all(|name| listed.contains(&name)) && listed.len() == all.count(), "{words}");
    }

    #[test]
    fn every_action_has_its_help_behind_it() {
        for action in ACTIONS.into_iter().filter(|action| action.name != "quit" && action.name != "exit") {
            for option in ["--help", "-h"] {
                let (words, status) = Scene::bare().run(&format!("{} {option}", action.name)).words_and_status();
                assert!(words.starts_with(action.help) && status == 0, "{words}");
            }
        }
    }

    #[test]
    fn new_things_come_after_the_usage_lines() {
        let usage = find("status").unwrap().help;
        for scene in [Scene::bare().at_terminal().run("help status"), Scene::bare().run("status --help")] {
            let (words, _) = scene.words_and_status();
            assert!(words.starts_with(&format!("{usage}\n\nOptions, before the names:\n--format json\t")), "{words}");
            assert!(words.contains("\nExamples:\nstatus web:*\t"), "{words}");
        }
    }

    #[test]
    fn scripts_read_the_usage_lines_of_the_original_and_no_more() {
        for action in ACTIONS.into_iter().filter(|action| !UNLISTED.contains(&action.name)) {
            check(Scene::bare(), &format!("help {}", action.name), &format!("{}\n", action.help), 0);
        }
        let (words, _) = Scene::bare().run("help events").words_and_status();
        assert!(words.contains("\nExamples:\n"), "{words}");
    }

    #[test]
    fn a_topic() {
        check(Scene::bare(), "help quit", "quit\tExit the supervisor shell.\n", 0);
        check(Scene::bare(), "?exit", "exit\tExit the supervisor shell.\n", 0);
        check(Scene::bare(), "help help", &format!("{}\n", ACTION.help), 0);
        for (topic, _) in COMMAND_LINE_ONLY {
            let (words, _) = Scene::bare().run(&format!("help {topic}")).words_and_status();
            assert!(words.starts_with(topic) && words.contains("\nExamples:\n"), "{words}");
        }
        check(Scene::bare(), "help no such", "*** No help on no such\n", 0);
    }
}
