//! `supervisorctl completion words WORD…`: what the last word of a command line could become, for the scripts of
//! shells, which know nothing themselves. No word is carried out, and nothing is printed that is no candidate: whoever
//! presses Tab wants no errors.

use supervisor_config::{CommandSwitch, supervisorctl_switches};

use crate::actions::{self, ACTIONS};
use crate::completion;
use crate::extension_test;
use crate::world::ProcessName;

/// What the last word is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The name of a file: the shell knows best how to complete it.
    File,
    /// One of these.
    Candidates(Vec<Candidate>),
}

/// What a word could become.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) word: String,
    /// In a few words what it does; empty for names.
    pub(crate) description: String,
}

/// The actions that only the command line has.
const COMMAND_LINE_ONLY: [(&str, &str); 3] = [
    ("completion", "print the completion script of a shell"),
    ("extension-test", "try an extension, and say what is wrong with it"),
    ("hash-password", "print the hash of a password"),
];

/// What the last of `words` wants: the words behind the program's name. `processes` gets the options before the action,
/// which say what server to ask, and is asked only if names are wanted; so does `foreign`, for the names of commands
/// that are not ours.
pub(crate) fn wanted(
    words: &[String],
    processes: impl FnOnce(&[String]) -> Vec<ProcessName>,
    foreign: impl FnOnce(&[String]) -> Vec<String>,
) -> Wanted {
    let switches = supervisorctl_switches();
    let (current, before) = words.split_last().map_or(("", &[][..]), |(current, before)| (current.as_str(), before));
    let mut index = 0;
    while let Some(option) = before.get(index).filter(|word| word.starts_with('-')) {
        index += 1;
        if let Some(switch) = switch_with_value(&switches, option) {
            if index == before.len() {
                return value_of(switch);
            }
            index += 1;
        }
    }
    let (options, before) = before.split_at(index);
    let before: Vec<&str> = before.iter().map(String::as_str).collect();
    match before.as_slice() {
        [] if current.starts_with('-') => option(&switches, current),
        ["extension-test", ..] if !current.starts_with('-') => Wanted::File,
        ["extension-test", ..] => plain(&extension_test::OPTIONS.map(str::to_owned), current),
        ["completion"] => plain(&["bash", "zsh", "fish"].map(str::to_owned), current),
        [] => commands(COMMAND_LINE_ONLY.into_iter().chain(described_actions()), foreign(options), current),
        ["help"] => commands(described_actions(), foreign(options), current),
        [..] => plain(&completion::candidates(&before, current, || processes(options), Vec::new), current),
    }
}

/// The option that this word is, if its value is the next word.
fn switch_with_value<'a>(switches: &'a [CommandSwitch], word: &str) -> Option<&'a CommandSwitch> {
    switches.iter().find(|switch| switch.value.is_some() && switch.spellings.iter().any(|spelling| spelling == word))
}

fn value_of(switch: &CommandSwitch) -> Wanted {
    if switch.takes_file() { Wanted::File } else { Wanted::Candidates(Vec::new()) }
}

/// An option of the program, or the value that stands in the same word.
fn option(switches: &[CommandSwitch], current: &str) -> Wanted {
    if let Some((option, _)) = current.split_once('=') {
        return switch_with_value(switches, option).map_or(Wanted::Candidates(Vec::new()), value_of);
    }
    let spelled = switches.iter().flat_map(|switch| switch.spellings.iter().map(|word| (word.as_str(), switch.help)));
    described(spelled, current)
}

fn described_actions() -> impl Iterator<Item = (&'static str, &'static str)> {
    ACTIONS.into_iter().map(|action| (action.name, actions::Action::summary(action)))
}

fn commands(ours: impl Iterator<Item = (&'static str, &'static str)>, foreign: Vec<String>, current: &str) -> Wanted {
    let ours: Vec<(String, String)> = ours.map(|(name, help)| (name.to_owned(), help.to_owned())).collect();
    let foreign = foreign.into_iter().map(|name| (name, String::new()));
    let all: Vec<(String, String)> = ours.into_iter().chain(foreign).collect();
    described(all.iter().map(|(name, help)| (name.as_str(), help.as_str())), current)
}

fn described<'a>(words: impl Iterator<Item = (&'a str, &'a str)>, current: &str) -> Wanted {
    let matching = words.filter(|(word, _)| word.starts_with(current));
    let candidate =
        |(word, description): (&str, &str)| Candidate { word: word.to_owned(), description: description.to_owned() };
    Wanted::Candidates(matching.map(candidate).collect())
}

fn plain(words: &[String], current: &str) -> Wanted {
    described(words.iter().map(|word| (word.as_str(), "")), current)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn processes() -> Vec<ProcessName> {
        vec![ProcessName { group: "web".to_owned(), name: "one".to_owned() }]
    }

    /// The candidates for a line with one blank between its words; the server is asked with `options`.
    fn words(line: &str, options: &[&str]) -> Vec<String> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let ask = |given: &[String]| {
            assert_eq!(given, options, "{line}");
            processes()
        };
        match wanted(&words, ask, |_| vec!["deploy".to_owned()]) {
            Wanted::File => vec!["FILE".to_owned()],
            Wanted::Candidates(candidates) => candidates.into_iter().map(|candidate| candidate.word).collect(),
        }
    }

    #[test]
    fn options_of_the_program_and_their_values() {
        assert_eq!(words("--conf", &[]), ["--configuration"]);
        assert_eq!(words("--h", &[]), ["--history_file", "--history-file", "--help"]);
        for line in ["-c ", "--configuration x", "-i -r ", "--history-file ", "--tls-ca ", "--tls-ca=/e", "-u me -c "] {
            assert_eq!(words(line, &[]), ["FILE"], "{line}");
        }
        for line in ["-s ", "-u na", "-p ", "--serverurl=u", "--nosuch=", "--help="] {
            assert!(words(line, &[]).is_empty(), "{line}");
        }
    }

    #[test]
    fn the_server_is_asked_with_the_options_before_the_action() {
        assert_eq!(words("start ", &[]), ["web:one", "web:*", "all"]);
        assert_eq!(words("-c start start w", &["-c", "start"]), ["web:one", "web:*"]);
        assert_eq!(words("-i -cx --username=me stop ", &["-i", "-cx", "--username=me"]), ["web:one", "web:*", "all"]);
    }

    #[test]
    fn what_only_the_command_line_has() {
        assert_eq!(words("comp", &[]), ["completion"]);
        assert_eq!(words("completion ", &[]), ["bash", "zsh", "fish"]);
        assert_eq!(words("completion bash ", &[]), Vec::<String>::new());
        assert_eq!(words("exten", &[]), ["extension-test"]);
        assert_eq!(words("extension-test --c", &[]), ["--call"]);
        for line in ["extension-test ", "extension-test --set a=b ./", "extension-test python3 "] {
            assert_eq!(words(line, &[]), ["FILE"], "{line}");
        }
        assert_eq!(words("", &[]).len(), ACTIONS.len() + COMMAND_LINE_ONLY.len() + 1);
        assert_eq!((words("dep", &[]), words("help dep", &[])), (vec!["deploy".to_owned()], vec!["deploy".to_owned()]));
        let wanted = |words: &[String]| wanted(words, |_| Vec::new(), |_| Vec::new());
        assert_eq!(wanted(&[]), wanted(&[String::new()]));
    }
}
