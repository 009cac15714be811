//! Who follows the event stream, as the plane that has the events sees it.
//!
//! Events are not held here and not sent: a follower is told once a turn that there are new ones, and asks for them.
//! While nobody follows, an event costs one assignment here and nothing crosses the planes.

use super::followers::Followers;
use crate::inbox::Follower;

#[derive(Debug, Default)]
pub(super) struct EventFollowers {
    followers: Followers,
    /// Something has happened since they were told.
    is_due: bool,
}

impl EventFollowers {
    /// One more.
    pub(super) fn add(&mut self, follower: Follower) {
        self.followers.add(follower);
    }

    /// Something has happened.
    pub(super) fn mark(&mut self) {
        self.is_due = true;
    }

    /// Tells them, if something has happened.
    pub(super) fn notify(&mut self) {
        if std::mem::take(&mut self.is_due) {
            self.followers.notify();
        }
    }

    /// Whether nobody follows.
    pub(super) fn is_empty(&self) -> bool {
        self.followers.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inbox::FollowedChanges;

    #[tokio::test]
    async fn they_are_told_once_a_turn_and_only_if_something_happened() {
        let mut followers = EventFollowers::default();
        let (changes, follower) = FollowedChanges::new();
        followers.add(follower);
        let is_told = async || tokio::time::timeout(std::time::Duration::ZERO, changes.changed()).await.is_ok();
        followers.notify();
        assert!(!is_told().await);
        followers.mark();
        followers.mark();
        followers.notify();
        assert!(is_told().await);
        followers.notify();
        assert!(!is_told().await);
    }
}
