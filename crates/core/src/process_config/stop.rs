//! How a program is stopped.

use crate::signal::Signal;

/// See above.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StopConfig {
    /// Signal that asks it to stop.
    pub stopsignal: Signal,
    /// Seconds from the stop signal to SIGKILL.
    pub stopwaitsecs: i64,
    /// The stop signal goes to the whole process group.
    pub stopasgroup: bool,
    /// SIGKILL goes to the whole process group.
    pub killasgroup: bool,
}

impl Default for StopConfig {
    fn default() -> Self {
        Self { stopsignal: Signal::TERM, stopwaitsecs: 10, stopasgroup: false, killasgroup: false }
    }
}
