//! How far a shutdown or restart has come.

use std::sync::Arc;
use std::time::Duration;

use crate::process_state::SupervisorState;

/// How far a shutdown has come.
#[derive(Clone, Debug)]
pub(crate) struct Shutdown {
    pub(crate) for_restart: bool,
    /// Names of the groups that have not stopped, the next to stop last.
    pub(crate) groups: Vec<Arc<str>>,
    /// The last of `groups` has been asked to stop.
    pub(crate) asked: bool,
    /// Monotonic time until which the listeners of the last of `groups` may answer.
    pub(crate) grace_ends: Option<Duration>,
    /// It has taken too long (`shutdown_timeout`): everything was killed.
    pub(crate) hurried: bool,
}

impl Shutdown {
    pub(crate) fn state(&self) -> SupervisorState {
        if self.for_restart { SupervisorState::Restarting } else { SupervisorState::Shutdown }
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.groups.is_empty()
    }
}
