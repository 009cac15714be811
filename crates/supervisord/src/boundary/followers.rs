//! Clients that follow something, a log or events: told of each change, forgotten when they have gone.
//!
//! Nothing is held here and nothing is sent: a follower is told that there is something new, and fetches it. Neither
//! end keeps the other alive.

use std::fmt;
use std::sync::{Arc, Weak};

use tokio::sync::Notify;

/// A client that follows a log or events, as the plane that has them sees it. Holds nothing alive.
#[derive(Clone)]
pub struct Follower(Weak<Notify>);

impl Follower {
    /// Tells the client's stream that the log has grown, was rotated or was cleared, or that there are events. Cheap
    /// enough for every write: any number of notifications between two looks at the file are one. False when the client
    /// has gone away and this handle is to be dropped.
    pub fn notify(&self) -> bool {
        match self.0.upgrade() {
            Some(change) => {
                change.notify_one();
                true
            }
            None => false,
        }
    }

    /// Whether the client has gone away.
    pub fn is_gone(&self) -> bool {
        self.0.strong_count() == 0
    }
}

/// The control plane's end of a [`Follower`]: dropping it ends the following.
#[derive(Debug)]
pub struct FollowedChanges(Arc<Notify>);

impl FollowedChanges {
    /// Both ends.
    pub fn new() -> (Self, Follower) {
        let change = Arc::new(Notify::new());
        let follower = Follower(Arc::downgrade(&change));
        (Self(change), follower)
    }

    /// Returns after the next change; at once when there was one since the last call.
    pub async fn changed(&self) {
        self.0.notified().await;
    }
}

/// The clients that follow one thing.
#[derive(Debug, Default)]
pub(crate) struct Followers(Vec<Follower>);

impl Followers {
    /// One more. Those that have gone leave the list, so that it is no longer than the number of clients.
    pub(crate) fn add(&mut self, follower: Follower) {
        self.forget_gone();
        self.0.push(follower);
    }

    /// Lets go of those that have gone, for a thing that changes no more.
    pub(crate) fn forget_gone(&mut self) {
        self.0.retain(|follower| !follower.is_gone());
    }

    /// Tells them that there is something new.
    pub(crate) fn notify(&mut self) {
        self.0.retain(Follower::notify);
    }

    /// Whether nobody follows.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(Follower::is_gone)
    }
}

impl fmt::Debug for Follower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follower").field("is_gone", &self.is_gone()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_follower_is_notified_once_for_many_changes_and_ends_with_its_client() {
        let (changes, follower) = FollowedChanges::new();
        assert!(follower.notify());
        assert!(follower.notify());
        changes.changed().await;
        let again = tokio::time::timeout(std::time::Duration::ZERO, changes.changed()).await;
        assert!(again.is_err(), "two notifications before a look are one");
        drop(changes);
        assert!(follower.is_gone());
        assert!(!follower.notify());
    }

    #[test]
    fn those_that_have_gone_leave_the_list() {
        let mut followers = Followers::default();
        for _ in 0..10 {
            let (changes, follower) = FollowedChanges::new();
            followers.add(follower);
            assert!(!followers.is_empty());
            drop(changes);
        }
        assert_eq!(followers.0.len(), 1);
        assert!(followers.is_empty());
        followers.notify();
        assert_eq!(followers.0.len(), 0);
    }
}
