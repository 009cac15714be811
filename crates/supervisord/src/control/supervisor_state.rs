//! The state of supervisord, as the control plane sees it: one number, written by the supervision plane.
//!
//! So `getState` and the SHUTDOWN_STATE fault need no round trip between the planes.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use supervisor_core::SupervisorState;

/// Both ends, starting with a state.
pub fn publish_state(initial: SupervisorState) -> (StatePublisher, StateReceiver) {
    let code = Arc::new(AtomicI32::new(initial.code()));
    (StatePublisher(Arc::clone(&code)), StateReceiver(code))
}

/// The supervision plane's end.
#[derive(Debug)]
pub struct StatePublisher(Arc<AtomicI32>);

impl StatePublisher {
    /// The state is now this one.
    pub fn publish(&self, state: SupervisorState) {
        self.0.store(state.code(), Ordering::Release);
    }

    /// Another receiver, for a control plane that is started anew.
    pub fn subscribe(&self) -> StateReceiver {
        StateReceiver(Arc::clone(&self.0))
    }
}

/// The control plane's end.
#[derive(Clone, Debug)]
pub struct StateReceiver(Arc<AtomicI32>);

impl StateReceiver {
    /// The state as of now.
    pub fn get(&self) -> SupervisorState {
        let code = self.0.load(Ordering::Acquire);
        [SupervisorState::Running, SupervisorState::Restarting, SupervisorState::Shutdown]
            .into_iter()
            .find(|state| state.code() == code)
            .expect("only codes of states are stored")
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
