//! Clients that follow something: told of each change, forgotten when they have gone.

use crate::inbox::Follower;

/// The clients that follow one thing.
#[derive(Debug, Default)]
pub(super) struct Followers(Vec<Follower>);

impl Followers {
    /// One more. Those that have gone leave the list, so that it is no longer than the number of clients.
    pub(super) fn add(&mut self, follower: Follower) {
        self.forget_gone();
        self.0.push(follower);
    }

    /// Lets go of those that have gone, for a thing that changes no more.
    pub(super) fn forget_gone(&mut self) {
        self.0.retain(|follower| !follower.is_gone());
    }

    /// Tells them that there is something new.
    pub(super) fn notify(&mut self) {
        self.0.retain(Follower::notify);
    }

    /// Whether nobody follows.
    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(Follower::is_gone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inbox::FollowedChanges;

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
