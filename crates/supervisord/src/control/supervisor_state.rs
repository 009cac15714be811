//! The state of supervisord, as the control plane sees it: one number, written by the supervision plane.
//!
//! So `getState` and the SHUTDOWN_STATE fault need no round trip between the planes. By the same way the control
//! plane learns that files are to be read anew (SIGUSR2).

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use supervisor_core::SupervisorState;
use tokio::sync::Notify;

/// Both ends, starting with a state.
pub fn publish_state(initial: SupervisorState) -> (StatePublisher, StateReceiver) {
    let shared = Arc::new(Shared { code: AtomicI32::new(initial.code()), reopen: Notify::new() });
    (StatePublisher(Arc::clone(&shared)), StateReceiver(shared))
}

#[derive(Debug)]
struct Shared {
    code: AtomicI32,
    reopen: Notify,
}

/// The supervision plane's end.
#[derive(Debug)]
pub struct StatePublisher(Arc<Shared>);

impl StatePublisher {
    /// The state is now this one.
    pub fn publish(&self, state: SupervisorState) {
        self.0.code.store(state.code(), Ordering::Release);
    }

    /// Files that are open for long are to be read anew. Never waits; several calls may count as one.
    pub fn reopen(&self) {
        self.0.reopen.notify_one();
    }

    /// Another receiver, for a control plane that is started anew.
    pub fn subscribe(&self) -> StateReceiver {
        StateReceiver(Arc::clone(&self.0))
    }
}

/// The control plane's end.
#[derive(Clone, Debug)]
pub struct StateReceiver(Arc<Shared>);

impl StateReceiver {
    /// The state as of now.
    pub fn get(&self) -> SupervisorState {
        let code = self.0.code.load(Ordering::Acquire);
        [SupervisorState::Running, SupervisorState::Restarting, SupervisorState::Shutdown]
            .into_iter()
            .find(|state| state.code() == code)
            .expect("only codes of states are stored")
    }

    /// Returns when files are to be read anew; at once when that was said since the last call. For one task alone.
    pub(super) async fn reopened(&self) {
        self.0.reopen.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_arrives() {
        let (publisher, receiver) = publish_state(SupervisorState::Running);
        assert_eq!(receiver.get(), SupervisorState::Running);
        for state in [SupervisorState::Restarting, SupervisorState::Shutdown, SupervisorState::Running] {
            publisher.publish(state);
            assert_eq!(receiver.get(), state);
            assert_eq!(publisher.subscribe().get(), state);
        }
    }
}
