//! When a program starts, and when its start is done.

use std::time::Duration;

/// See above.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartConfig {
    /// Started when its group is added.
    pub autostart: bool,
    /// Seconds it has to stay up to be RUNNING; below zero counts as zero.
    pub startsecs: i64,
    /// How long a start by `autostart` waits.
    pub delay: Duration,
}

impl Default for StartConfig {
    fn default() -> Self {
        Self { autostart: true, startsecs: 1, delay: Duration::ZERO }
    }
}
