//! What follows when a program ends by itself, or does not start. Who acts on it is `restart_policy.rs`.

use crate::exit_status::ExitStatus;
use crate::signal::Signal;

/// See above.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestartConfig {
    /// Started again when it ends by itself.
    pub autorestart: Autorestart,
    /// Failed starts before FATAL, beyond the first.
    pub startretries: i64,
    /// Exit statuses that are expected.
    pub exitcodes: Box<[i32]>,
    /// Signals by which death is expected.
    pub exitsignals: Box<[Signal]>,
    /// How long a start that follows by itself waits.
    pub pause: RestartPause,
}

impl RestartConfig {
    /// Whether an end is an expected one.
    pub fn expects(&self, status: ExitStatus) -> bool {
        match status {
            ExitStatus::Exited(_) => self.exitcodes.contains(&status.code()),
            ExitStatus::Signaled { signal, .. } => self.exitsignals.iter().any(|known| known.number() == signal),
        }
    }
}

impl Default for RestartConfig {
    fn default() -> Self {
        Self {
            autorestart: Autorestart::Unexpected,
            startretries: 3,
            exitcodes: [0].into(),
            exitsignals: [].into(),
            pause: RestartPause::Usual,
        }
    }
}

/// What to do when a RUNNING process ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Autorestart {
    /// Nothing.
    Never,
    /// Start it again unless its end is an expected one.
    Unexpected,
    /// Start it again.
    Always,
}

/// How long a start that follows by itself waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestartPause {
    /// After an end not at all, after a failed start as many seconds as starts have failed in succession.
    Usual,
    /// As many seconds as there were ends in succession that nobody asked for, failed starts among them, and a minute
    /// at most. A life of more than a minute begins the count anew.
    Growing,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_expected_by_its_status_or_its_signal() {
        let signal = |signal, core_dumped| ExitStatus::Signaled { signal, core_dumped };
        let both = RestartConfig {
            exitcodes: [0, 9].into(),
            exitsignals: [Signal::TERM, Signal::KILL].into(),
            ..RestartConfig::default()
        };
        for (status, is_expected) in [
            (ExitStatus::Exited(0), true),
            (ExitStatus::Exited(9), true),
            (ExitStatus::Exited(15), false),
            (signal(15, false), true),
            (signal(9, true), true),
            (signal(2, false), false),
            // One without a name.
            (signal(35, false), false),
        ] {
            assert_eq!(both.expects(status), is_expected, "{status:?}");
        }
        for signal in [signal(9, false), signal(1, false)] {
            assert!(!RestartConfig::default().expects(signal), "{signal:?}");
        }
    }
}
