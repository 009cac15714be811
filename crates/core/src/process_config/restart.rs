//! What follows when a program ends by itself, or does not start. Who acts on it is `restart_policy.rs`.

use std::time::Duration;

use crate::exit_status::ExitStatus;
use crate::percent::Percent;
use crate::signal::Signal;

/// See above.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestartConfig {
    /// Started again when it ends by itself.
    pub autorestart: Autorestart,
    /// Failed starts before FATAL, beyond the first; -1: any number.
    pub startretries: i64,
    /// Exit statuses that are expected.
    pub exitcodes: Box<[i32]>,
    /// Signals by which death is expected.
    pub exitsignals: Box<[Signal]>,
    /// How long a start that follows by itself waits.
    pub pause: RestartPause,
    /// How the pauses before retries grow.
    pub backoff: BackoffConfig,
    /// `restart_secs`: the pause between an end and the start that follows by itself; `None`: that of the storm guard.
    pub delay: Option<Duration>,
    /// How many starts by themselves are too many.
    pub limit: RestartLimit,
    /// `fatal_retry_secs`: a FATAL one is tried again after this; zero: it is not.
    pub fatal_retry: Duration,
}

impl RestartConfig {
    /// Whether it has nothing that Supervisor does not know.
    pub fn is_supervisors(&self) -> bool {
        let Self { startretries, backoff, delay, limit, fatal_retry, .. } = self;
        let is_limited = limit.count > 0 || !fatal_retry.is_zero();
        *startretries >= 0 && *backoff == BackoffConfig::default() && delay.is_none() && !is_limited
    }

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
            backoff: BackoffConfig::default(),
            delay: None,
            limit: RestartLimit::default(),
            fatal_retry: Duration::ZERO,
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

/// How the pauses before retries grow, from failure to failure; and before restarts, where `shape` is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackoffConfig {
    /// `backoff`, as it was written.
    pub shape: Option<BackoffShape>,
    /// `backoff_delay`: the unit of the pauses.
    pub delay: Duration,
    /// `backoff_max`, as it was written: the longest pause; zero is any.
    pub max: Option<Duration>,
    /// `backoff_jitter`: up to so much of a pause comes on top of it.
    pub jitter: Percent,
    /// `backoff_reset_secs`: how long a life has to be RUNNING until what was counted begins anew; zero: at RUNNING.
    pub reset_after: Duration,
}

impl BackoffConfig {
    /// How the pauses grow, written or not.
    pub fn shape(&self) -> BackoffShape {
        self.shape.unwrap_or(BackoffShape::Linear)
    }

    /// The longest pause, written or not; zero: there is none.
    pub fn longest(&self) -> Duration {
        const OF_EXPONENTIAL: Duration = Duration::from_mins(1);
        self.max.unwrap_or(match self.shape() {
            BackoffShape::Exponential => OF_EXPONENTIAL,
            BackoffShape::Linear | BackoffShape::Fixed => Duration::ZERO,
        })
    }

    /// The pause after the k-th failure, k from 1, without jitter; what cannot be counted is the longest there is.
    pub fn pause(&self, failures: u64) -> Duration {
        let times =
            |factor: Option<u32>| factor.and_then(|factor| self.delay.checked_mul(factor)).unwrap_or(Duration::MAX);
        let pause = match self.shape() {
            BackoffShape::Linear => times(u32::try_from(failures).ok()),
            BackoffShape::Exponential => {
                let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or(u32::MAX);
                times(1_u32.checked_shl(doublings))
            }
            BackoffShape::Fixed => self.delay,
        };
        let longest = self.longest();
        if longest.is_zero() { pause } else { pause.min(longest) }
    }
}

impl Default for BackoffConfig {
    fn default() -> Self {
        Self {
            shape: None,
            delay: Duration::from_secs(1),
            max: None,
            jitter: Percent::default(),
            reset_after: Duration::ZERO,
        }
    }
}

/// The pause after the k-th failure, in units of `backoff_delay`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackoffShape {
    /// k
    Linear,
    /// 2 to the power of k-1
    Exponential,
    /// 1
    Fixed,
}

/// How many starts by themselves are too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestartLimit {
    /// `restart_limit_count`: so many may be; zero: any number.
    pub count: u32,
    /// `restart_limit_interval`: within this time.
    pub interval: Duration,
}

impl Default for RestartLimit {
    fn default() -> Self {
        Self { count: 0, interval: Duration::from_mins(1) }
    }
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
