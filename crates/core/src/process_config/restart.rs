//! What follows when a program ends by itself, or does not start. Who acts on it is `restart_policy.rs`.

use crate::exit_status::ExitStatus;

/// See above.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestartConfig {
    /// Started again when it ends by itself.
    pub autorestart: Autorestart,
    /// Failed starts before FATAL, beyond the first.
    pub startretries: i64,
    /// Exit statuses that are expected.
    pub exitcodes: Box<[i32]>,
}

impl RestartConfig {
    /// Whether an end is an expected one.
    pub fn expects(&self, status: ExitStatus) -> bool {
        self.exitcodes.contains(&status.code())
    }
}

impl Default for RestartConfig {
    fn default() -> Self {
        Self { autorestart: Autorestart::Unexpected, startretries: 3, exitcodes: [0].into() }
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
