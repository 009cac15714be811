//! Python's `getopt.getopt`: POSIX style (the first positional argument ends the options), long options by any
//! unique prefix, short ones in clusters; and its error texts.

use crate::diagnostics::UsageError;

/// One option of a command line.
#[derive(Debug)]
pub(crate) struct Switch<Id> {
    /// What it is to the program.
    pub(crate) id: Id,
    /// Its letter.
    pub(crate) short: Option<char>,
    /// Its word, without dashes. Two words for one `id` are two switches; a prefix of both is no clash.
    pub(crate) long: Option<&'static str>,
    /// What the usage text calls its argument; `None`: it takes none.
    pub(crate) argument: Option<&'static str>,
    /// What the usage text says about it; empty: it is not mentioned.
    pub(crate) help: &'static str,
    /// Whether a unique prefix of the word will do. An option that upstream lacks needs its full word, so that every
    /// abbreviation that scripts use keeps its meaning.
    pub(crate) may_be_abbreviated: bool,
}

/// An option as it occurred.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Occurrence<Id> {
    pub(crate) id: Id,
    /// `-x` or the full `--word`, however it was abbreviated.
    pub(crate) spelling: String,
    /// Empty for an option that takes no argument.
    pub(crate) argument: String,
}

/// Options in their order, and what follows them.
pub(crate) type Parsed<Id> = (Vec<Occurrence<Id>>, Vec<String>);

/// What follows the options of a command line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    /// Words that are no options, the first of which ended them.
    Positionals(Vec<String>),
    /// All that stands behind `--`.
    AfterDashes(Vec<String>),
}

/// Splits a command line, the program's name not included.
pub(crate) fn getopt<Id: Copy + PartialEq>(
    arguments: &[String],
    switches: &[Switch<Id>],
) -> Result<Parsed<Id>, UsageError> {
    let (found, rest) = getopt_and_rest(arguments, switches)?;
    let (Rest::Positionals(words) | Rest::AfterDashes(words)) = rest;
    Ok((found, words))
}

/// The same, where it matters what ended the options.
pub(crate) fn getopt_and_rest<Id: Copy + PartialEq>(
    arguments: &[String],
    switches: &[Switch<Id>],
) -> Result<(Vec<Occurrence<Id>>, Rest), UsageError> {
    let mut found = Vec::new();
    let mut rest = arguments.iter();
    loop {
        let positionals = rest.as_slice();
        let Some(argument) = rest.next() else { return Ok((found, Rest::Positionals(Vec::new()))) };
        if argument == "--" {
            return Ok((found, Rest::AfterDashes(rest.as_slice().to_vec())));
        }
        if let Some(long) = argument.strip_prefix("--") {
            found.push(parse_long(long, switches, &mut rest)?);
        } else if let Some(cluster) = argument.strip_prefix('-').filter(|cluster| !cluster.is_empty()) {
            parse_cluster(cluster, switches, &mut rest, &mut found)?;
        } else {
            return Ok((found, Rest::Positionals(positionals.to_vec())));
        }
    }
}

fn parse_long<Id: Copy + PartialEq>(
    text: &str,
    switches: &[Switch<Id>],
    rest: &mut std::slice::Iter<'_, String>,
) -> Result<Occurrence<Id>, UsageError> {
    let (name, argument) = match text.split_once('=') {
        Some((name, argument)) => (name, Some(argument.to_owned())),
        None => (text, None),
    };
    let (switch, word) = find_long(name, switches)?;
    let argument = match (switch.argument, argument) {
        (Some(_), Some(argument)) => argument,
        (Some(_), None) => {
            rest.next().cloned().ok_or_else(|| UsageError(format!("option --{word} requires argument")))?
        }
        (None, None) => String::new(),
        (None, Some(_)) => return Err(UsageError(format!("option --{word} must not have an argument"))),
    };
    Ok(Occurrence { id: switch.id, spelling: format!("--{word}"), argument })
}

fn find_long<'a, Id: Copy + PartialEq>(
    name: &str,
    switches: &'a [Switch<Id>],
) -> Result<(&'a Switch<Id>, &'static str), UsageError> {
    let words = || switches.iter().filter_map(|switch| Some((switch, switch.long?)));
    if let Some(exact) = words().find(|(_, word)| *word == name) {
        return Ok(exact);
    }
    let mut candidates = words().filter(|(switch, word)| switch.may_be_abbreviated && word.starts_with(name));
    let first = candidates.next().ok_or_else(|| UsageError(format!("option --{name} not recognized")))?;
    if candidates.any(|(other, _)| other.id != first.0.id) {
        return Err(UsageError(format!("option --{name} not a unique prefix")));
    }
    Ok(first)
}

fn parse_cluster<Id: Copy + PartialEq>(
    cluster: &str,
    switches: &[Switch<Id>],
    rest: &mut std::slice::Iter<'_, String>,
    found: &mut Vec<Occurrence<Id>>,
) -> Result<(), UsageError> {
    let mut letters = cluster.chars();
    while let Some(letter) = letters.next() {
        let switch = switches
            .iter()
            .find(|switch| switch.short == Some(letter))
            .ok_or_else(|| UsageError(format!("option -{letter} not recognized")))?;
        let argument = match (switch.argument, letters.as_str()) {
            (None, _) => String::new(),
            (Some(_), "") => {
                rest.next().cloned().ok_or_else(|| UsageError(format!("option -{letter} requires argument")))?
            }
            (Some(_), attached) => {
                letters = "".chars();
                attached.to_owned()
            }
        };
        found.push(Occurrence { id: switch.id, spelling: format!("-{letter}"), argument });
    }
    Ok(())
}

/// The lines of a usage text that list the switches.
pub(crate) fn usage_lines<Id>(switches: &[Switch<Id>]) -> String {
    use std::fmt::Write;

    let mut lines = String::new();
    for switch in switches.iter().filter(|switch| !switch.help.is_empty()) {
        let letter = switch.short.map(|letter| format!("-{letter}"));
        let word = switch.long.map(|word| format!("--{word}"));
        let names: Vec<String> = letter.into_iter().chain(word).collect();
        let argument = switch.argument.map(|argument| format!(" {argument}")).unwrap_or_default();
        writeln!(lines, "{}{argument} -- {}", names.join("/"), switch.help).expect("writing to a String cannot fail");
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Id {
        Nodaemon,
        Logfile,
        LogfileMaxbytes,
        History,
    }

    fn switch(id: Id, short: Option<char>, long: &'static str, argument: bool) -> Switch<Id> {
        Switch { id, short, long: Some(long), argument: argument.then_some("X"), help: "", may_be_abbreviated: true }
    }

    fn run(arguments: &[&str]) -> Result<Parsed<Id>, String> {
        let switches = [
            switch(Id::Nodaemon, Some('n'), "nodaemon", false),
            switch(Id::Logfile, Some('l'), "logfile", true),
            switch(Id::LogfileMaxbytes, Some('y'), "logfile_maxbytes", true),
            switch(Id::History, Some('r'), "history_file", true),
            switch(Id::History, None, "history-file", true),
        ];
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        getopt(&arguments, &switches).map_err(|error| error.to_string())
    }

    fn found(id: Id, spelling: &str, argument: &str) -> Occurrence<Id> {
        Occurrence { id, spelling: spelling.to_owned(), argument: argument.to_owned() }
    }

    #[test]
    fn options_in_every_form() {
        let log = |argument| Ok((vec![found(Id::Logfile, "--logfile", argument)], vec![]));
        assert_eq!(run(&["--logfile=a=b"]), log("a=b"));
        assert_eq!(run(&["--logfile", "a"]), log("a"));
        assert_eq!(run(&["--logfile="]), log(""));
        assert_eq!(run(&["--logfile", "-n"]), log("-n"));
        let cluster = vec![found(Id::Nodaemon, "-n", ""), found(Id::Logfile, "-l", "x")];
        assert_eq!(run(&["-nlx"]), Ok((cluster, vec![])));
        let abbreviated = vec![found(Id::Nodaemon, "--nodaemon", ""), found(Id::Logfile, "-l", "y")];
        assert_eq!(run(&["--no", "-l", "y"]), Ok((abbreviated, vec![])));
        assert_eq!(run(&["--hist=h"]), Ok((vec![found(Id::History, "--history_file", "h")], vec![])));
    }

    #[test]
    fn the_first_positional_ends_the_options() {
        let rest = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(run(&["a", "-n"]), Ok((vec![], rest(&["a", "-n"]))));
        assert_eq!(run(&["-n", "-", "-n"]), Ok((vec![found(Id::Nodaemon, "-n", "")], rest(&["-", "-n"]))));
        assert_eq!(run(&["--", "-n"]), Ok((vec![], rest(&["-n"]))));
        assert_eq!(run(&["-n", ""]), Ok((vec![found(Id::Nodaemon, "-n", "")], rest(&[""]))));
    }

    #[test]
    fn errors_have_pythons_texts() {
        for (arguments, text) in [
            (&["-b"][..], "option -b not recognized"),
            (&["-:"], "option -: not recognized"),
            (&["-nb"], "option -b not recognized"),
            (&["--bogus"], "option --bogus not recognized"),
            (&["--bogus=1"], "option --bogus not recognized"),
            (&["--log=x"], "option --log not a unique prefix"),
            (&["--=x"], "option -- not a unique prefix"),
            (&["-l"], "option -l requires argument"),
            (&["-nl"], "option -l requires argument"),
            (&["--logfile_max"], "option --logfile_maxbytes requires argument"),
            (&["--nodaemon="], "option --nodaemon must not have an argument"),
            (&["--nod=1"], "option --nodaemon must not have an argument"),
        ] {
            assert_eq!(run(arguments), Err(text.to_owned()), "{arguments:?}");
        }
    }
}
