//! How supervisord itself ends: what brings it about, and the exit status that this gives.
//!
//! Only data and what follows from it. What is judged when, and what is done about it, is in [`crate::essential`].
//!
//! Invariant: the first cause decides. A signal or a client that begins a shutdown is no cause here: its status is 0.

use std::collections::VecDeque;
use std::time::Duration;

use crate::exit_status::ExitStatus;
use crate::limits;
use crate::namespec::make_namespec;
use crate::process_id::ProcessId;

/// Exit status of a program whose command was not found, as shells have it.
pub(crate) const NOT_FOUND: u8 = 127;

/// Exit status of a program whose command cannot be executed.
pub(crate) const NOT_EXECUTABLE: u8 = 126;

/// What is added to the number of a signal that a program died of.
const DIED_OF_SIGNAL: u8 = 128;

/// What the `[supervisord]` section says about our own end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndingConfig {
    /// When there is nothing left to do.
    pub exit_when: ExitWhen,
    /// The processes whose exit status is ours, by group and name.
    pub exit_code_from: Box<[(Box<str>, Box<str>)]>,
}

/// When supervisord ends by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExitWhen {
    /// When a program says so (`on_exit`, `on_fatal`), else never.
    #[default]
    Never,
    /// When any program is FATAL.
    AnyFatal,
    /// When no program runs, or is to run.
    AllExited,
    /// When an essential program has ended: what `essential` does anyway.
    EssentialExited,
}

/// The last end of a process that nobody asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OwnEnd {
    /// As an exit status of ours.
    pub(crate) code: u8,
    /// It is one of `exitcodes` or `exitsignals`.
    pub(crate) expected: bool,
    /// Monotonic time.
    pub(crate) at: Duration,
}

/// An exit status, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cause {
    pub(crate) status: u8,
    /// The process as users see it; `None`: nobody's in particular.
    pub(crate) name: Option<Box<str>>,
}

/// What is known of our own end so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ending {
    /// Processes that have come to an end for good, as far as can be told, in the order in which they did.
    noted: VecDeque<ProcessId>,
    /// What has begun the shutdown.
    pub(crate) cause: Option<Cause>,
    /// A process wants a restart, the configuration for which is being read.
    pub(crate) restart_for: Option<Cause>,
    /// The last own end of the processes that `exit_code_from` names.
    named: Option<Cause>,
    /// Monotonic times of the restarts that processes have brought about lately.
    pub(crate) restarts: VecDeque<Duration>,
}

/// The exit status that stands for the end of a process; death by a signal is told as shells tell it.
pub(crate) fn code_of(status: ExitStatus) -> u8 {
    match status {
        ExitStatus::Exited(code) => code,
        ExitStatus::Signaled { signal, .. } => DIED_OF_SIGNAL.saturating_add(u8::try_from(signal).unwrap_or(u8::MAX)),
    }
}

/// The exit status that stands for a process that is FATAL: never 0.
pub(crate) fn code_of_fatal(last: Option<ExitStatus>) -> u8 {
    last.map_or(1, code_of).max(1)
}

impl Ending {
    /// A process has entered a state that may be its last.
    pub(crate) fn note(&mut self, id: ProcessId) {
        self.noted.push_back(id);
    }

    /// The next one that is to be judged.
    pub(crate) fn next_noted(&mut self) -> Option<ProcessId> {
        self.noted.pop_front()
    }

    /// A process has ended by itself.
    pub(crate) fn note_own_end(&mut self, config: &EndingConfig, (group, process): (&str, &str), code: u8) {
        let is_named = |(of, name): &(Box<str>, Box<str>)| **of == *group && **name == *process;
        if config.exit_code_from.iter().any(is_named) {
            self.named = Some(Cause { status: code, name: Some(make_namespec(group, process).into()) });
        }
    }

    /// Counts a restart for a process; `false`: there have been too many.
    pub(crate) fn may_restart(&mut self, now: Duration) -> bool {
        let window = Duration::from_secs(limits::PROGRAM_RESTARTS_SECONDS);
        self.restarts.retain(|at| now.saturating_sub(*at) < window);
        let may = self.restarts.len() < limits::PROGRAM_RESTARTS;
        if may {
            self.restarts.push_back(now);
        }
        may
    }

    /// Our exit status as it stands; `None`: nothing has a say in it, and it is 0.
    pub(crate) fn outcome(&self) -> Option<&Cause> {
        self.named.as_ref().or(self.cause.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn died_of(signal: i32) -> ExitStatus {
        ExitStatus::Signaled { signal, core_dumped: false }
    }

    #[test]
    fn ends_are_told_as_shells_tell_them() {
        for (status, code) in [
            (ExitStatus::Exited(0), 0),
            (ExitStatus::Exited(3), 3),
            (ExitStatus::Exited(255), 255),
            (died_of(9), 137),
            (died_of(11), 139),
            (died_of(64), 192),
            (died_of(1_000), 255),
        ] {
            assert_eq!(code_of(status), code, "{status:?}");
            assert_eq!(code_of_fatal(Some(status)), code.max(1), "{status:?}");
        }
        assert_eq!(code_of_fatal(None), 1);
    }

    #[test]
    fn three_restarts_a_minute_and_no_more() {
        let mut ending = Ending::default();
        let seconds = Duration::from_secs;
        for (at, may) in [(100, true), (101, true), (159, true), (159, false), (160, true), (160, false), (161, true)] {
            assert_eq!(ending.may_restart(seconds(at)), may, "{at}");
        }
    }

    #[test]
    fn the_named_process_has_the_last_word() {
        let mut ending = Ending::default();
        let config = EndingConfig { exit_code_from: [("web".into(), "web".into())].into(), ..EndingConfig::default() };
        ending.cause = Some(Cause { status: 3, name: None });
        ending.note_own_end(&config, ("web", "other"), 4);
        assert_eq!(ending.outcome().map(|cause| cause.status), Some(3));
        ending.note_own_end(&config, ("web", "web"), 5);
        ending.note_own_end(&config, ("web", "web"), 0);
        assert_eq!(ending.outcome(), Some(&Cause { status: 0, name: Some("web".into()) }));
    }
}
