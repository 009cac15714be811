//! Words: booleans, lists, exit codes, signals, autorestart, log levels and names.

use supervisor_core::{Autorestart, DaemonSignal, LogLevel, Signal, SignalRewrite};

use super::Checked;
use crate::config::AnonymousPaths;
use crate::python_number::parse_decimal;
use crate::python_repr::Repr;
use crate::python_text::strip;

/// Signals that mean nothing to supervisord, and that it can see: those that would end it by default and tell of no
/// defect (`sys/src/signals.rs`). USR1, ALRM, VTALRM, PROF, POLL, PWR, STKFLT, XCPU.
const SEEN_BESIDES: [i32; 8] = [10, 14, 26, 27, 29, 30, 16, 24];

const TRUE_WORDS: [&str; 4] = ["yes", "true", "on", "1"];
const FALSE_WORDS: [&str; 4] = ["no", "false", "off", "0"];

/// `yes true on 1`, `no false off 0`, in any case.
pub(crate) fn boolean(text: &str) -> Checked<bool> {
    truth(text).ok_or_else(|| format!("not a valid boolean value: {}", Repr(text)))
}

fn truth(text: &str) -> Option<bool> {
    let is_one_of = |words: [&str; 4]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    if is_one_of(TRUE_WORDS) {
        Some(true)
    } else if is_one_of(FALSE_WORDS) {
        Some(false)
    } else {
        None
    }
}

/// A boolean word (always, never) or `unexpected`, in any case.
pub(crate) fn autorestart(text: &str) -> Checked<Autorestart> {
    match truth(text) {
        Some(true) => Ok(Autorestart::Always),
        Some(false) => Ok(Autorestart::Never),
        None if text.eq_ignore_ascii_case("unexpected") => Ok(Autorestart::Unexpected),
        None => Err(format!("invalid 'autorestart' value {}", Repr(&text.to_lowercase()))),
    }
}

/// Words between commas, blanks around them do not count; of an empty text there are none.
pub(crate) fn list_of_strings(text: &str) -> Vec<&str> {
    if text.is_empty() { Vec::new() } else { text.split(',').map(strip).collect() }
}

/// Numbers 0..=255 between commas.
pub(crate) fn exitcodes(text: &str) -> Checked<Box<[i32]>> {
    if text.is_empty() {
        return Ok(Box::default());
    }
    let code = |word| parse_decimal(word).and_then(|number| u8::try_from(number).ok()).map(i32::from);
    let codes: Option<Box<[i32]>> = text.split(',').map(code).collect();
    codes.ok_or_else(|| format!("not a valid list of exit codes: {}", Repr(text)))
}

/// Number or name of a signal that can be sent (quirks.md F49).
pub(crate) fn signal(text: &str) -> Checked<Signal> {
    match parse_decimal(text) {
        Some(number) => {
            Signal::from_number(number).ok_or_else(|| format!("value {} is not a valid signal number", Repr(text)))
        }
        None => Signal::parse(&strip(text).to_uppercase())
            .ok_or_else(|| format!("value {} is not a valid signal name", Repr(text))),
    }
}

/// `FROM:TO`: a signal to supervisord and what it counts as.
pub(crate) fn signal_rewrite(text: &str) -> Checked<SignalRewrite> {
    let has_to_be = || {
        "FROM:TO with commas between them; FROM is a signal that supervisord may be sent, TO is one of TERM, INT, QUIT, \
         HUP, USR2, or ignore"
            .to_owned()
    };
    let (from, to) = text.split_once(':').ok_or_else(has_to_be)?;
    let daemon_signal =
        |text: &str| signal(text).map(|signal| DaemonSignal::from_number(signal.number())).map_err(|_| has_to_be());
    let from = daemon_signal(from)?;
    let to = if strip(to).eq_ignore_ascii_case("ignore") { None } else { Some(daemon_signal(to)?) };
    let is_target = match to {
        None
        | Some(DaemonSignal::Term | DaemonSignal::Int | DaemonSignal::Quit | DaemonSignal::Hup | DaemonSignal::Usr2) => {
            true
        }
        Some(DaemonSignal::Chld | DaemonSignal::Other(_)) => false,
    };
    let is_seen = match from {
        DaemonSignal::Term | DaemonSignal::Int | DaemonSignal::Quit | DaemonSignal::Hup | DaemonSignal::Usr2 => true,
        // It tells of the end of a child.
        DaemonSignal::Chld => false,
        DaemonSignal::Other(number) => SEEN_BESIDES.contains(&number),
    };
    if is_target && is_seen { Ok(SignalRewrite { from, to }) } else { Err(has_to_be()) }
}

/// Name of a log level, in any case.
pub(crate) fn loglevel(text: &str) -> Checked<LogLevel> {
    LogLevel::from_name(text).ok_or_else(|| format!("bad logging level name {}", Repr(text)))
}

/// A name that can stand in an event header and in a URL: blanks around it do not count, and within there is
/// no space, colon or slash. Upstream accepts an empty one; we do not (quirks.md F44).
pub(crate) fn process_or_group_name(text: &str) -> Checked<&str> {
    let name = strip(text);
    if let Some(character) = [" ", ":", "/"].into_iter().find(|character| name.contains(character)) {
        return Err(format!("Invalid name: {} because of character: {}", Repr(text), Repr(character)));
    }
    if name.is_empty() {
        return Err(format!("Invalid name: {} because it is empty", Repr(text)));
    }
    Ok(name)
}

/// Names of what a server tells without a password, with commas between them.
pub(crate) fn anonymous_paths(text: &str) -> Checked<AnonymousPaths> {
    let mut paths = AnonymousPaths::default();
    for name in list_of_strings(text) {
        match name {
            "healthz" => paths.healthz = true,
            "readyz" => paths.readyz = true,
            "metrics" => paths.metrics = true,
            other => {
                return Err(format!(
                    "{} cannot be told without a password: there are healthz, readyz, metrics",
                    Repr(other)
                ));
            }
        }
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn booleans() {
        for text in ["yes", "TRUE", "On", "1"] {
            assert_eq!(boolean(text), Ok(true));
        }
        for text in ["no", "False", "OFF", "0"] {
            assert_eq!(boolean(text), Ok(false));
        }
        for text in ["", "y", "t", "2", " yes", "enabled"] {
            assert_eq!(boolean(text), Err(format!("not a valid boolean value: '{text}'")));
        }
    }

    #[test]
    fn autorestart_has_three_values() {
        assert_eq!(autorestart("Unexpected"), Ok(Autorestart::Unexpected));
        assert_eq!(autorestart("ON"), Ok(Autorestart::Always));
        assert_eq!(autorestart("0"), Ok(Autorestart::Never));
        assert_eq!(autorestart("Sometimes"), Err("invalid 'autorestart' value 'sometimes'".to_owned()));
    }

    #[test]
    fn lists() {
        assert!(list_of_strings("").is_empty());
        assert_eq!(list_of_strings("a, b ,c"), ["a", "b", "c"]);
        assert_eq!(list_of_strings("a,"), ["a", ""]);
    }

    #[test]
    fn exit_codes() {
        assert_eq!(exitcodes("0, 2 ,255"), Ok([0, 2, 255].into()));
        assert_eq!(exitcodes(""), Ok(Box::default()));
        for text in ["a,b", "256", "-1", "0,", ","] {
            assert_eq!(exitcodes(text), Err(format!("not a valid list of exit codes: '{text}'")));
        }
    }

    #[test]
    fn signals() {
        for (text, number) in [("TERM", 15), ("sigint", 2), (" hup ", 1), ("9", 9), ("RTMIN", 34), ("64", 64)] {
            assert_eq!(signal(text).map(Signal::number), Ok(number), "{text:?}");
        }
        for text in ["0", "33", "-9", "1_00"] {
            assert_eq!(signal(text), Err(format!("value '{text}' is not a valid signal number")));
        }
        for text in ["NOSUCH", "", "_DFL", "SIG_BLOCK", "15.0"] {
            assert_eq!(signal(text), Err(format!("value '{text}' is not a valid signal name")));
        }
    }

    #[test]
    fn signals_that_count_as_others() {
        for (text, from, to) in [
            ("QUIT:TERM", DaemonSignal::Quit, Some(DaemonSignal::Term)),
            ("sigint: hup", DaemonSignal::Int, Some(DaemonSignal::Hup)),
            ("HUP:Ignore", DaemonSignal::Hup, None),
            ("10:USR2", DaemonSignal::Other(10), Some(DaemonSignal::Usr2)),
        ] {
            assert_eq!(signal_rewrite(text), Ok(SignalRewrite { from, to }), "{text:?}");
        }
        for text in ["QUIT", "QUIT:", ":TERM", "QUIT:KILL", "KILL:TERM", "CHLD:TERM", "QUIT:CHLD", "SEGV:ignore", "A:B"]
        {
            assert!(signal_rewrite(text).unwrap_err().starts_with("FROM:TO"), "{text:?}");
        }
    }

    #[test]
    fn log_levels() {
        assert_eq!(loglevel("WARN"), Ok(LogLevel::Warn));
        for text in ["warning", "20", ""] {
            assert_eq!(loglevel(text), Err(format!("bad logging level name '{text}'")));
        }
    }

    #[test]
    fn names() {
        assert_eq!(process_or_group_name(" a-b_c.d "), Ok("a-b_c.d"));
        for (text, why) in [
            ("a b", "of character: ' '"),
            ("a:b", "of character: ':'"),
            ("a/b", "of character: '/'"),
            ("a/b c", "of character: ' '"),
            (" ", "it is empty"),
        ] {
            assert_eq!(process_or_group_name(text), Err(format!("Invalid name: '{text}' because {why}")));
        }
    }
}
