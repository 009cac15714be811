//! What a simulated child does: a script, written before it is born.

use std::time::Duration;

use supervisor_core::{ExitStatus, KillError, Life, Signal};

/// The life of one child. The default lives for ever and dies at once of the first signal that kills by default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Script {
    birth: Result<(), String>,
    /// Ends by itself so long after its birth.
    life: Option<(Duration, ExitStatus)>,
    reaction: Reaction,
    /// How often it outlives SIGKILL, as a process in uninterruptible sleep does.
    outlives_kills: u32,
    /// Further members of its process group.
    members: u32,
    kill_error: Option<KillError>,
}

/// What a child does when it is asked to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reaction {
    /// Dies of the signal.
    Dies,
    /// Takes its time, then dies of the signal.
    DiesAfter(Duration),
    /// Takes its time, then exits with a status of its own.
    ExitsAfter(Duration, u8),
    /// Nothing.
    Ignores,
}

impl Script {
    pub(crate) fn lives() -> Self {
        Self { birth: Ok(()), life: None, reaction: Reaction::Dies, outlives_kills: 0, members: 0, kill_error: None }
    }

    /// Ends by itself with this exit status.
    pub(crate) fn exits(seconds: f64, status: u8) -> Self {
        Self::ends(seconds, ExitStatus::Exited(status))
    }

    /// Ends by itself in this way.
    pub(crate) fn ends(seconds: f64, status: ExitStatus) -> Self {
        Self { life: Some((Duration::from_secs_f64(seconds), status)), ..Self::lives() }
    }

    /// Cannot be spawned; the text is `spawnerr`.
    pub(crate) fn unborn(text: &str) -> Self {
        Self { birth: Err(text.to_owned()), ..Self::lives() }
    }

    /// Ignores every signal but SIGKILL.
    pub(crate) fn stubborn() -> Self {
        Self { reaction: Reaction::Ignores, ..Self::lives() }
    }

    /// Is not even impressed by so many SIGKILLs.
    pub(crate) fn outliving_kills(self, count: u32) -> Self {
        Self { outlives_kills: count, ..self }
    }

    /// Needs so long to die of a signal.
    pub(crate) fn dying_slowly(self, seconds: f64) -> Self {
        Self { reaction: Reaction::DiesAfter(Duration::from_secs_f64(seconds)), ..self }
    }

    /// Handles signals: exits with this status, so long after.
    pub(crate) fn exiting_when_asked(self, seconds: f64, status: u8) -> Self {
        Self { reaction: Reaction::ExitsAfter(Duration::from_secs_f64(seconds), status), ..self }
    }

    /// Has forked so many others into its process group.
    pub(crate) fn with_members(self, members: u32) -> Self {
        Self { members, ..self }
    }

    /// No signal reaches it, for this reason; one that is gone was about to be reaped.
    pub(crate) fn unreachable(self, error: KillError) -> Self {
        Self { kill_error: Some(error), ..self }
    }

    /// Why it cannot be spawned, if so.
    pub(crate) fn birth(&self) -> &Result<(), String> {
        &self.birth
    }
}

/// A child that was born and is not reaped yet.
#[derive(Clone, Debug)]
pub(crate) struct SimChild {
    pub(crate) life: Life,
    /// When and how it ends, as far as is known.
    pub(crate) end: Option<(Duration, ExitStatus)>,
    /// Members of its process group beside itself.
    pub(crate) members: u32,
    script: Script,
}

impl SimChild {
    pub(crate) fn born(life: Life, script: Script, now: Duration) -> Self {
        let end = script.life.map(|(age, status)| (now + age, status));
        Self { life, end, members: script.members, script }
    }

    /// Takes a signal as the kernel would deliver it.
    pub(crate) fn signal(&mut self, signal: Signal, whole_group: bool, now: Duration) -> Result<(), KillError> {
        if let Some(error) = self.script.kill_error.clone() {
            if error == KillError::Gone {
                self.end_at(now, ExitStatus::Exited(0));
            }
            return Err(error);
        }
        if signal == Signal::KILL {
            if whole_group {
                self.members = 0;
            }
            if self.script.outlives_kills == 0 {
                self.end_at(now, died_of(signal));
            } else {
                self.script.outlives_kills -= 1;
            }
            return Ok(());
        }
        if !kills_by_default(signal) {
            return Ok(());
        }
        match self.script.reaction {
            Reaction::Ignores => return Ok(()),
            Reaction::Dies => self.end_at(now, died_of(signal)),
            Reaction::DiesAfter(delay) => self.end_at(now + delay, died_of(signal)),
            Reaction::ExitsAfter(delay, status) => self.end_at(now + delay, ExitStatus::Exited(status)),
        }
        if whole_group {
            self.members = 0;
        }
        Ok(())
    }

    /// No signal reaches it any more, for this reason: it may have changed its user.
    pub(crate) fn get_out_of_reach(&mut self, error: KillError) {
        self.script.kill_error = Some(error);
    }

    /// Ends then, unless it ends earlier anyway.
    pub(crate) fn end_at(&mut self, at: Duration, status: ExitStatus) {
        if self.end.is_none_or(|(earlier, _)| at < earlier) {
            self.end = Some((at, status));
        }
    }

    /// Will not end by itself any more.
    pub(crate) fn settle_down(&mut self, now: Duration) {
        if self.end.is_some_and(|(at, _)| at > now) {
            self.end = None;
        }
    }
}

fn died_of(signal: Signal) -> ExitStatus {
    ExitStatus::Signaled { signal: signal.number(), core_dumped: false }
}

/// All but those that are ignored by default or continue a process; stopping is not simulated.
fn kills_by_default(signal: Signal) -> bool {
    !matches!(
        signal.name(),
        "SIGCHLD" | "SIGCONT" | "SIGURG" | "SIGWINCH" | "SIGSTOP" | "SIGTSTP" | "SIGTTIN" | "SIGTTOU"
    )
}
