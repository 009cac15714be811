//! Options of ours that take one of a few words, in any case (programs.md §0.3).

use supervisor_core::{Aftermath, BackoffShape, ExitWhen, OnProtocolError, Overflow};

use super::{Checked, boolean};
use crate::command_line::SdNotify;
use crate::config::{Subreaper, WebInterface};

/// Who gets the signals of a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KillMode {
    /// The process alone.
    Process,
    /// Its process group.
    Group,
}

pub(crate) fn kill_mode(text: &str) -> Checked<KillMode> {
    one_of(text, &[("process", KillMode::Process), ("group", KillMode::Group)])
}

pub(crate) fn backoff(text: &str) -> Checked<BackoffShape> {
    let words =
        [("linear", BackoffShape::Linear), ("exponential", BackoffShape::Exponential), ("fixed", BackoffShape::Fixed)];
    one_of(text, &words)
}

pub(crate) fn overflow(text: &str) -> Checked<Overflow> {
    one_of(text, &[("drop-oldest", Overflow::DropOldest), ("block", Overflow::Block), ("spill", Overflow::Spill)])
}

pub(crate) fn on_protocol_error(text: &str) -> Checked<OnProtocolError> {
    one_of(text, &[("unknown", OnProtocolError::Unknown), ("restart", OnProtocolError::Restart)])
}

pub(crate) fn web_interface(text: &str) -> Checked<WebInterface> {
    let words = [
        ("auto", WebInterface::Auto),
        ("new", WebInterface::New),
        ("classic", WebInterface::Classic),
        ("off", WebInterface::Off),
    ];
    one_of(text, &words)
}

pub(crate) fn aftermath(text: &str) -> Checked<Aftermath> {
    let all = [Aftermath::None, Aftermath::Shutdown, Aftermath::RestartSupervisor];
    one_of(text, &all.map(|aftermath| (aftermath.name(), aftermath)))
}

pub(crate) fn exit_when(text: &str) -> Checked<ExitWhen> {
    let words = [
        ("never", ExitWhen::Never),
        ("any_fatal", ExitWhen::AnyFatal),
        ("all_exited", ExitWhen::AllExited),
        ("essential_exited", ExitWhen::EssentialExited),
    ];
    one_of(text, &words)
}

/// Any boolean word will do, too.
pub(crate) fn subreaper(text: &str) -> Checked<Subreaper> {
    let words = [("auto", Subreaper::Auto), ("true", Subreaper::On), ("false", Subreaper::Off)];
    match boolean(text) {
        Ok(true) => Ok(Subreaper::On),
        Ok(false) => Ok(Subreaper::Off),
        Err(_) => one_of(text, &words),
    }
}

pub(crate) fn sd_notify(text: &str) -> Checked<SdNotify> {
    one_of(text, &[SdNotify::Off, SdNotify::Started, SdNotify::Ready].map(|when| (when.name(), when)))
}

/// What a word stands for; the error says which there are.
fn one_of<T: Copy>(text: &str, words: &[(&str, T)]) -> Checked<T> {
    let found = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text));
    found.map(|(_, value)| *value).ok_or_else(|| {
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        format!("one of {}", known.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_counts_in_any_case() {
        assert_eq!(kill_mode("Group"), Ok(KillMode::Group));
        assert_eq!(kill_mode("groups"), Err("one of process, group".to_owned()));
        assert_eq!(overflow(""), Err("one of drop-oldest, block, spill".to_owned()));
    }
}
