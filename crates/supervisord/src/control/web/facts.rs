//! Facts in small boxes: what pages tell in pairs of a name and a value.
//!
//! Of a program's configuration only what is nobody's secret: of its environment the names alone (reference/web.md §2,
//! decision 28).

use supervisor_core::{Autorestart, ProcessConfig};

/// A number that matters, and what it is in small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fact {
    pub(super) label: &'static str,
    pub(super) value: String,
    pub(super) small: String,
}

impl Fact {
    pub(super) fn new(label: &'static str, value: String, small: String) -> Self {
        Self { label, value, small }
    }
}

/// A name and its value; `is_code`: as it is written in files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) label: String,
    pub(super) value: String,
    pub(super) small: String,
    pub(super) is_code: bool,
}

impl Pair {
    pub(super) fn code(label: &str, value: String, small: &str) -> Self {
        Self { label: label.to_owned(), value, small: small.to_owned(), is_code: true }
    }

    pub(super) fn text(label: &str, value: String, small: &str) -> Self {
        Self { is_code: false, ..Self::code(label, value, small) }
    }
}

/// How a program is run.
pub(super) fn settings(config: &ProcessConfig) -> Vec<Pair> {
    let mut pairs = vec![Pair::code("command", config.command.to_string(), "")];
    if let Some(directory) = &config.identity.directory {
        pairs.push(Pair::code("directory", directory.to_string(), ""));
    }
    if let Some(uid) = config.identity.uid {
        pairs.push(Pair::text("user", format!("uid {uid}"), ""));
    }
    let names: Vec<&str> = config.environment.variables.iter().map(|(name, _)| &**name).collect();
    if !names.is_empty() {
        pairs.push(Pair::code("environment", names.join(", "), "values are not shown"));
    }
    let start = if config.start.autostart { "by itself" } else { "by hand" };
    pairs.push(Pair::text("start", start.to_owned(), &format!("up after {} s", config.start.startsecs)));
    let restart = match config.restart.autorestart {
        Autorestart::Never => "never",
        Autorestart::Unexpected => "after an unexpected end",
        Autorestart::Always => "after each end",
    };
    let codes: Vec<String> = config.restart.exitcodes.iter().map(ToString::to_string).collect();
    let small = format!("expected: status {}; {} more tries", codes.join(", "), config.restart.startretries);
    pairs.push(Pair::text("restart", restart.to_owned(), &small));
    let stop = &config.stop;
    let whom = if stop.stopasgroup { "to its whole group" } else { "" };
    let small = format!("SIGKILL after {} s {whom}", stop.stopwaitsecs);
    pairs.push(Pair::text("stop", stop.stopsignal.name().to_owned(), small.trim_end()));
    pairs.push(Pair::text("priority", config.priority.to_string(), ""));
    pairs
}
