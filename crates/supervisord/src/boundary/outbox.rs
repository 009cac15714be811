//! What the supervision plane tells the control plane by itself: notices, from a closed list.
//!
//! A notice never waits and takes no memory: of each kind the board holds the latest or that there was one, and a
//! control plane that looks late misses nothing that still matters. So `getState` and the SHUTDOWN_STATE fault need no
//! round trip between the planes. State and reopen are seen at once, hence before any answer that is given later;
//! events and changes of processes are told once a turn, after its answers, and while nobody follows them nothing
//! crosses the planes.
//!
//! What may be neither dropped nor merged with its like goes through a bounded queue beside the board: the sockets that
//! are opened for extensions, and what becomes of those ([`ExtensionNotice`]).

use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use supervisor_core::{ExtensionConfig, Life, PoolEvent, ProcessId, SupervisorState};
use tokio::sync::{Notify, mpsc};

use super::followers::{Follower, Followers};
use crate::limits;

/// Something that the control plane is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// This is the state of supervisord now.
    State(SupervisorState),
    /// Files that are open for long are to be read anew (SIGUSR2). Several may count as one.
    Reopen,
    /// Something has happened that whoever follows events can fetch.
    EventsWaiting,
    /// Something else than before is published of processes.
    ProcessesChanged,
}

/// What becomes of an extension.
#[derive(Debug)]
pub enum ExtensionNotice {
    /// There is one.
    Added {
        /// Its process.
        process: ProcessId,
        /// What it is.
        config: Arc<ExtensionConfig>,
    },
    /// There is none any more.
    Removed {
        /// Its process.
        process: ProcessId,
    },
    /// It was started.
    Started {
        /// This life of it.
        life: Life,
        /// Our end of its channel; it does not block.
        socket: UnixStream,
    },
    /// It could not be started.
    NotStarted {
        /// Its process.
        process: ProcessId,
    },
    /// It is to end: it gets the signal when that is asked for by [`super::inbox::CommandSender::signal_stopping`].
    Stopping {
        /// The life that is to end.
        life: Life,
    },
    /// It was reaped.
    Ended {
        /// The life that has ended.
        life: Life,
    },
    /// A result handler is to judge what a listener said; [`super::requests::JudgeResult`] tells the verdict.
    Judge(Box<ListenerResult>),
}

/// What a listener has said of an event.
#[derive(Debug)]
pub struct ListenerResult {
    /// The life of the listener.
    pub life: Life,
    /// Its pool.
    pub pool: Box<str>,
    /// The event.
    pub event: PoolEvent,
    /// Its words.
    pub words: Vec<u8>,
}

/// The control plane's end of what is told of extensions.
pub type ExtensionNotices = mpsc::Receiver<ExtensionNotice>;

/// Both ends, starting with a state.
pub fn channel(initial: SupervisorState) -> (Outbox, Notices) {
    let board = Arc::new(Board { state: AtomicI32::new(initial.code()), reopen: Notify::new() });
    let outbox = Outbox {
        board: Arc::clone(&board),
        event_followers: Followers::default(),
        events_wait: false,
        process_followers: Followers::default(),
        processes_changed: false,
        extensions: mpsc::channel(1).0,
    };
    (outbox, Notices(board))
}

/// What both planes see.
#[derive(Debug)]
struct Board {
    /// [`SupervisorState::code`].
    state: AtomicI32,
    reopen: Notify,
}

/// The supervision plane's end.
#[derive(Debug)]
pub struct Outbox {
    board: Arc<Board>,
    event_followers: Followers,
    /// Something has happened since they were told.
    events_wait: bool,
    process_followers: Followers,
    /// The same of processes.
    processes_changed: bool,
    extensions: mpsc::Sender<ExtensionNotice>,
}

impl Outbox {
    /// Tells.
    pub fn tell(&mut self, notice: Notice) {
        match notice {
            Notice::State(state) => self.board.state.store(state.code(), Ordering::Release),
            Notice::Reopen => self.board.reopen.notify_one(),
            Notice::EventsWaiting => self.events_wait = true,
            Notice::ProcessesChanged => self.processes_changed = true,
        }
    }

    /// Opens the queue for what is told of extensions. Until then, and after it was dropped, nobody is told.
    pub fn open_extensions(&mut self) -> ExtensionNotices {
        let (extensions, notices) = mpsc::channel(limits::EXTENSION_NOTICES);
        self.extensions = extensions;
        notices
    }

    /// Tells what becomes of an extension. False if nobody is told: the control plane has ended, or is far behind.
    pub fn tell_of_extension(&mut self, notice: ExtensionNotice) -> bool {
        self.extensions.try_send(notice).is_ok()
    }

    /// Passes on what is told once a turn. To be called after the answers of the turn.
    pub fn end_turn(&mut self) {
        if std::mem::take(&mut self.events_wait) {
            self.event_followers.notify();
        }
        if std::mem::take(&mut self.processes_changed) {
            self.process_followers.notify();
        }
    }

    /// One more client that follows events.
    pub fn add_event_follower(&mut self, follower: Follower) {
        self.event_followers.add(follower);
    }

    /// One more client that follows processes.
    pub fn add_process_follower(&mut self, follower: Follower) {
        self.process_followers.add(follower);
    }

    /// Whether anybody follows events.
    pub fn has_event_followers(&self) -> bool {
        !self.event_followers.is_empty()
    }
}

/// The control plane's end.
#[derive(Clone, Debug)]
pub struct Notices(Arc<Board>);

impl Notices {
    /// The state as of now.
    pub fn state(&self) -> SupervisorState {
        let code = self.0.state.load(Ordering::Acquire);
        [SupervisorState::Running, SupervisorState::Restarting, SupervisorState::Shutdown]
            .into_iter()
            .find(|state| state.code() == code)
            .expect("only codes of states are stored")
    }

    /// Returns when files are to be read anew; at once when that was said since the last call. For one task alone.
    pub async fn reopened(&self) {
        self.0.reopen.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::super::followers::FollowedChanges;
    use super::*;

    #[test]
    fn every_state_arrives() {
        let (mut outbox, notices) = channel(SupervisorState::Running);
        assert_eq!(notices.state(), SupervisorState::Running);
        let others = notices.clone();
        for state in [SupervisorState::Restarting, SupervisorState::Shutdown, SupervisorState::Running] {
            outbox.tell(Notice::State(state));
            assert_eq!(notices.state(), state);
            assert_eq!(others.state(), state);
        }
    }

    #[tokio::test]
    async fn a_reopen_is_seen_later_too_and_several_are_one() {
        let (mut outbox, notices) = channel(SupervisorState::Running);
        let is_told = async || timeout(Duration::ZERO, notices.reopened()).await.is_ok();
        assert!(!is_told().await);
        outbox.tell(Notice::Reopen);
        outbox.tell(Notice::Reopen);
        assert!(is_told().await);
        assert!(!is_told().await);
    }

    #[tokio::test]
    async fn they_are_told_once_a_turn_and_only_if_something_happened() {
        let (mut outbox, _notices) = channel(SupervisorState::Running);
        let (changes, follower) = FollowedChanges::new();
        outbox.add_event_follower(follower);
        let is_told = async || timeout(Duration::ZERO, changes.changed()).await.is_ok();
        outbox.end_turn();
        assert!(!is_told().await);
        outbox.tell(Notice::EventsWaiting);
        outbox.tell(Notice::EventsWaiting);
        outbox.end_turn();
        assert!(is_told().await);
        outbox.end_turn();
        assert!(!is_told().await);
    }
}
