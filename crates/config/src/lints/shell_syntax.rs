//! What only a shell would understand: supervisord splits a command into words, and hands them over as they are.

use super::processes::Found;
use crate::glob::glob;
use crate::shlex::split;

const SHELL: &str = "command=/bin/sh -c '…'";

/// Words that are no programs, and what is there instead.
const BUILT_IN: [(&str, &str); 9] = [
    ("cd", "set directory= to where the program is to start"),
    ("exec", "leave it out: the program is executed without a shell"),
    ("export", "set variables with environment=NAME=\"value\""),
    (
        "source",
        "what a file exports has to be in environment=, or be read by a shell: command=/bin/sh -c '. FILE; exec …'",
    ),
    (".", "what a file exports has to be in environment=, or be read by a shell: command=/bin/sh -c '. FILE; exec …'"),
    ("ulimit", "minfds= in [supervisord] raises the limit of open files; or command=/bin/sh -c 'ulimit …; exec …'"),
    ("umask", "set umask= of the program"),
    ("set", "only a shell knows it: command=/bin/sh -c '…'"),
    ("eval", "only a shell knows it: command=/bin/sh -c '…'"),
];

/// One finding of each kind.
pub(super) fn look_at(command: &str) -> Vec<Found> {
    let mut words = raw_words(command);
    words.truncate(words_before_a_script(&words));
    let unquoted = || words.iter().copied().filter(|word| !word.contains(['\'', '"', '\\']));
    let first = words.first().and_then(|first| assignment(first).or_else(|| built_in(first)));
    // What comes after `cd … &&` is another command then.
    let operator = if first.is_some() { None } else { unquoted().find_map(operator) };
    let found = [first, operator, words.iter().find_map(|word| reference(word)), unquoted().find_map(file_pattern)];
    found.into_iter().flatten().collect()
}

fn is_variable_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
}

fn assignment(word: &str) -> Option<Found> {
    let (name, value) = word.split_once('=')?;
    let told = || {
        Found::new("command", format!("{name}= is no program: a command sets no variables"))
            .hint(format!("environment={name}=\"{}\" sets it", value.trim_matches(['"', '\''])))
            .part(word)
    };
    is_variable_name(name).then(told)
}

fn built_in(word: &str) -> Option<Found> {
    if word == "~" || word.starts_with("~/") {
        let text = "`~` stands for nothing here: no shell runs this command";
        return Some(Found::new("command", text).hint("write the folder, or %(ENV_HOME)s").part(word));
    }
    let (_, hint) = BUILT_IN.iter().find(|(known, _)| *known == word)?;
    let text = format!("`{word}` is a command of the shell, and no shell runs this");
    Some(Found::new("command", text).hint(*hint).part(word))
}

fn operator(word: &str) -> Option<Found> {
    let told = |text: String, hint: &str| Some(Found::new("command", text).hint(hint).part(word));
    let handed = |what: &str| format!("`{what}` is handed to the program as an argument: no shell runs this command");
    if is_redirection(word) {
        let hint =
            format!("stdout_logfile=, stderr_logfile= and redirect_stderr=true say where output goes; or {SHELL}");
        return told(handed(word), &hint);
    }
    match word {
        "|" | "||" | "&&" | ";" => told(handed(word), &format!("one program to each section; or {SHELL}")),
        "&" => told(handed(word), "leave it out: supervisord waits for no program"),
        _ if word.ends_with(';') && word.len() > 1 => {
            told(handed(";"), &format!("one program to each section; or {SHELL}"))
        }
        _ => None,
    }
}

/// `>`, `>>file`, `2>&1`, `&>file`, `<`
fn is_redirection(word: &str) -> bool {
    let after_number = word.strip_prefix(|first: char| first.is_ascii_digit()).unwrap_or(word);
    after_number.starts_with('>') || word.starts_with("&>") || word == "<" || word == "<<"
}

/// `$NAME`, `${NAME}`, `$(command)` and backticks outside of single quotes.
fn reference(word: &str) -> Option<Found> {
    let outside: String = word.split('\'').step_by(2).collect();
    let told = |what: &str, hint: String| {
        let shown = if what == "`" { "a backtick".to_owned() } else { format!("`{what}`") };
        let text = format!("{shown} is handed to the program as it is: no shell runs this command");
        Some(Found::new("command", text).hint(hint).part(what))
    };
    let only_a_shell = format!("only a shell runs a command within a command: {SHELL}");
    if outside.contains('`') {
        return told("`", only_a_shell);
    }
    let (before, rest) = outside.split_once('$')?;
    if before.ends_with('\\') {
        return None;
    }
    if rest.starts_with('(') {
        return told("$(", only_a_shell);
    }
    let braced = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')).map(|(inner, _)| inner);
    let end = |text: &str| text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    let name = braced.map_or(rest, |inner| inner);
    let name = name.get(..end(name)).filter(|name| is_variable_name(name))?;
    let shown = braced.map_or_else(|| format!("${name}"), |inner| format!("${{{inner}}}"));
    told(&shown, format!("write %(ENV_{name})s; or {SHELL}"))
}

/// A pattern that a shell would replace by the files that there are.
fn file_pattern(word: &str) -> Option<Found> {
    let is_path = word.starts_with('/') || word.starts_with("./");
    let is_pattern = is_path && word.contains(['*', '?']) && !glob(word).is_empty();
    let text = || format!("`{word}` is handed to the program as it is: no shell runs this command");
    is_pattern.then(|| Found::new("command", text()).hint(format!("name the files, or {SHELL}")).part(word))
}

/// How many words come before the one that a shell runs as a script: `-c` with a shell before it; all, without one.
fn words_before_a_script(words: &[&str]) -> usize {
    let is_shell = |word: &&str| {
        let name = word.rsplit('/').next().unwrap_or_default();
        ["sh", "bash", "dash", "ash", "zsh", "ksh", "fish", "su", "csh", "tcsh"].contains(&name)
    };
    let Some(shell) = words.iter().position(is_shell) else { return words.len() };
    let is_flag = |word: &&str| word.starts_with('-') && !word.starts_with("--") && word.ends_with('c');
    words.iter().skip(shell).position(is_flag).map_or(words.len(), |flag| shell + flag + 1)
}

/// Words as they are written, quotes and all. None, where the command cannot be split.
fn raw_words(command: &str) -> Vec<&str> {
    if split(command).is_err() {
        return Vec::new();
    }
    let mut words = Vec::new();
    let mut start = None;
    let mut quote = None;
    let mut escaped = false;
    for (at, character) in command.char_indices() {
        if escaped {
            escaped = false;
            continue;
        }
        match character {
            '\\' if quote != Some('\'') => escaped = true,
            '\'' | '"' if quote.is_none() => quote = Some(character),
            '\'' | '"' if quote == Some(character) => quote = None,
            _ => {}
        }
        if character.is_ascii_whitespace() && quote.is_none() {
            words.extend(start.take().and_then(|start| command.get(start..at)));
        } else if start.is_none() {
            start = Some(at);
        }
    }
    words.extend(start.and_then(|start| command.get(start..)));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(command: &str) -> Vec<String> {
        look_at(command).into_iter().filter_map(|found| found.part).collect()
    }

    #[test]
    fn what_a_shell_would_do_is_told() {
        for (command, expected) in [
            ("cd /srv && ./run", &["cd"][..]),
            ("x > /tmp/log", &[">"]),
            ("x 2>&1", &["2>&1"]),
            ("x >>/tmp/log 2>/dev/null", &[">>/tmp/log"]),
            ("x &> y", &["&>"]),
            ("x < y", &["<"]),
            ("x | y", &["|"]),
            ("x; y", &["x;"]),
            ("x &", &["&"]),
            ("x $HOME/y", &["$HOME"]),
            ("x \"${HOME}/y\"", &["${HOME}"]),
            ("x ${PORT:-80}", &["${PORT:-80}"]),
            ("x `date`", &["`"]),
            ("x $(date)", &["$("]),
            ("FOO=bar x", &["FOO=bar"]),
            ("~/x", &["~/x"]),
            ("exec x", &["exec"]),
            ("x /bin/?h", &["/bin/?h"]),
        ] {
            assert_eq!(parts(command), expected, "{command}");
        }
    }

    #[test]
    fn what_is_meant_as_it_is_is_not() {
        for command in [
            "/bin/sh -c 'cd /srv && x > y 2>&1 | $Z &'",
            "/bin/sh -c \"x && y\"",
            "/bin/bash -lc \"x $(date) $PPID `y`\"",
            "su - u -c \"x $HOME\"",
            "x '$host' '>' \"|\" a=b",
            "x --bind *:80 --re ^a|b$ --cost 5$ http://h/?a=1&b=2",
            "x --format <none> --a=>b -- -> =>",
            "x /no/such/*.jar",
            "x \\$HOME",
            "x --env A=1",
        ] {
            assert_eq!(parts(command), [""; 0], "{command}");
        }
    }
}
