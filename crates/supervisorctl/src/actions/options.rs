//! The options that some actions take, all of them new: `--all`, `--format`, `--wait`, `--no-wait`, `--timeout`.
//!
//! They are taken only at the head of the arguments, as `--name VALUE` or `--name=VALUE`, and only by the actions that
//! have them; the first word that is none of them begins the names. A process that is called like an option is named
//! after `--`, or after another name.

use std::time::Duration;

use crate::limits::MAX_WAIT;

/// How `status` shows what it has found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Format {
    /// The lines of the contract.
    #[default]
    Plain,
    /// Columns with a head.
    Table,
    /// More columns.
    Wide,
    /// An array of objects.
    Json,
}

/// What `status` shows, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shown {
    /// How.
    pub(super) format: Format,
    /// Extensions too, which lists leave out.
    pub(super) extensions: bool,
}

/// How long `start`, `stop` and `restart` stay with what they have asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Wait {
    /// Until it has happened.
    #[default]
    Done,
    /// Until it has happened, and no longer than this.
    AtMost(Duration),
    /// Not at all.
    No,
}

/// Takes `--all` and `--format` from the head of the words: what was asked for, and the names that follow.
pub(super) fn take_shown<'a>(words: &'a [&'a str]) -> Result<(Shown, &'a [&'a str]), String> {
    let mut shown = Shown::default();
    let mut rest = words;
    loop {
        rest = match rest {
            ["--all", after @ ..] => {
                shown.extensions = true;
                after
            }
            [..] => match value_of("--format", rest)? {
                Some((value, after)) => {
                    shown.format = format_called(value)?;
                    after
                }
                None => return Ok((shown, without_dashes(rest))),
            },
        };
    }
}

fn format_called(name: &str) -> Result<Format, String> {
    match name {
        "plain" => Ok(Format::Plain),
        "table" => Ok(Format::Table),
        "wide" => Ok(Format::Wide),
        "json" => Ok(Format::Json),
        other => Err(format!("Error: --format takes json, table, wide or plain, not {other}")),
    }
}

/// Takes `--wait`, `--no-wait` and `--timeout` from the head of the words.
pub(super) fn take_wait<'a>(words: &'a [&'a str]) -> Result<(Wait, &'a [&'a str]), String> {
    let (mut waits, mut does_not_wait, mut timeout) = (false, false, None);
    let mut rest = words;
    loop {
        rest = match rest {
            ["--wait", after @ ..] => {
                waits = true;
                after
            }
            ["--no-wait", after @ ..] => {
                does_not_wait = true;
                after
            }
            [..] => match value_of("--timeout", rest)? {
                Some((value, after)) => {
                    timeout = Some(seconds(value)?);
                    after
                }
                None => break,
            },
        };
    }
    let wait = match (does_not_wait, waits, timeout) {
        (true, true, _) => return Err("Error: --wait and --no-wait exclude each other".to_owned()),
        (true, false, Some(_)) => return Err("Error: --timeout and --no-wait exclude each other".to_owned()),
        (true, false, None) => Wait::No,
        (false, _, Some(limit)) => Wait::AtMost(limit),
        (false, _, None) => Wait::Done,
    };
    Ok((wait, without_dashes(rest)))
}

/// An option's value, and the words behind it.
pub(super) type Valued<'a> = Option<(&'a str, &'a [&'a str])>;

/// The value of the option that stands at the head; `None` if another word does.
pub(super) fn value_of<'a>(option: &str, words: &'a [&'a str]) -> Result<Valued<'a>, String> {
    let Some((first, rest)) = words.split_first() else { return Ok(None) };
    if let Some(value) = first.strip_prefix(option).and_then(|value| value.strip_prefix('=')) {
        return Ok(Some((value, rest)));
    }
    match rest.split_first() {
        _ if *first != option => Ok(None),
        Some((value, rest)) => Ok(Some((value, rest))),
        None => Err(format!("Error: {option} requires a value")),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let number: Option<f64> = text.parse().ok();
    let duration = number.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    duration
        .filter(|duration| !duration.is_zero() && *duration <= MAX_WAIT)
        .ok_or_else(|| format!("Error: --timeout takes a number of seconds from 0.001 to {}", MAX_WAIT.as_secs()))
}

fn without_dashes<'a>(words: &'a [&'a str]) -> &'a [&'a str] {
    match words {
        ["--", names @ ..] => names,
        [..] => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats() {
        for (words, format, names) in [
            (&[][..], Format::Plain, &[][..]),
            (&["a", "--format", "json"], Format::Plain, &["a", "--format", "json"]),
            (&["--format", "json", "a"], Format::Json, &["a"]),
            (&["--format=wide"], Format::Wide, &[]),
            (&["--format", "json", "--format=table", "a"], Format::Table, &["a"]),
            (&["--format", "plain", "--", "--format"], Format::Plain, &["--format"]),
            (&["--", "--format"], Format::Plain, &["--format"]),
            (&["--formats"], Format::Plain, &["--formats"]),
            (&["-x"], Format::Plain, &["-x"]),
            (&["a", "--all"], Format::Plain, &["a", "--all"]),
        ] {
            assert_eq!(take_shown(words), Ok((Shown { format, extensions: false }, names)), "{words:?}");
        }
        for words in [["--all", "--format=json", "a"], ["--format=json", "--all", "a"]] {
            assert_eq!(take_shown(&words), Ok((Shown { format: Format::Json, extensions: true }, &["a"][..])));
        }
        for (words, complaint) in [
            (&["--format"][..], "Error: --format requires a value"),
            (&["--format", "xml"], "Error: --format takes json, table, wide or plain, not xml"),
            (&["--format=", "a"], "Error: --format takes json, table, wide or plain, not "),
        ] {
            assert_eq!(take_shown(words), Err(complaint.to_owned()), "{words:?}");
        }
    }

    #[test]
    fn waits() {
        let at_most = |millis| Wait::AtMost(Duration::from_millis(millis));
        for (words, wait, names) in [
            (&["a"][..], Wait::Done, &["a"][..]),
            (&["--wait", "a"], Wait::Done, &["a"]),
            (&["--no-wait", "a"], Wait::No, &["a"]),
            (&["--wait", "--timeout", "5", "a"], at_most(5000), &["a"]),
            (&["--timeout=0.5", "a"], at_most(500), &["a"]),
            (&["--", "--wait"], Wait::Done, &["--wait"]),
            (&["a", "--no-wait"], Wait::Done, &["a", "--no-wait"]),
        ] {
            assert_eq!(take_wait(words), Ok((wait, names)), "{words:?}");
        }
        for words in [
            &["--wait", "--no-wait"][..],
            &["--no-wait", "--timeout=1"],
            &["--timeout"],
            &["--timeout", "0"],
            &["--timeout", "-1"],
            &["--timeout", "nan"],
            &["--timeout", "1e9"],
            &["--timeout", "soon"],
        ] {
            assert!(take_wait(words).is_err(), "{words:?}");
        }
    }
}
