//! The connections of all servers: who is there, and who has to leave when there is no room for one more.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use super::timed_stream::Activity;

/// All connections. A server knows its own by its number.
#[derive(Default)]
pub(super) struct Crowd {
    members: RefCell<Vec<Member>>,
    /// Told to all who wait whenever one is gone.
    left: Notify,
}

/// One connection.
struct Member {
    server: usize,
    activity: Rc<Activity>,
    /// Tells the connection to make room.
    leave: Rc<Notify>,
}

impl Crowd {
    /// One more, until the membership is dropped.
    pub(super) fn join(self: &Rc<Self>, server: usize, activity: Rc<Activity>, leave: Rc<Notify>) -> Membership {
        self.members.borrow_mut().push(Member { server, activity: Rc::clone(&activity), leave });
        Membership { crowd: Rc::clone(self), activity }
    }

    /// Tells the connection of a server that has been idle for longest to leave; false when none is idle.
    pub(super) fn dismiss_of(&self, server: usize) -> bool {
        let members = self.members.borrow();
        let idle = members.iter().filter(|member| member.server == server);
        let idle = idle.filter_map(|member| Some((member.activity.idle_since()?, member)));
        let longest = idle.min_by_key(|(since, _)| *since);
        if let Some((_, member)) = longest {
            member.leave.notify_one();
        }
        longest.is_some()
    }

    /// Does so at the server that has most of them, so that a flood over TCP leaves those of a socket file alone.
    pub(super) fn dismiss_one(&self) -> bool {
        let mut servers: Vec<(usize, usize)> = Vec::new();
        for member in &*self.members.borrow() {
            match servers.iter_mut().find(|(_, server)| *server == member.server) {
                Some((count, _)) => *count += 1,
                None => servers.push((1, member.server)),
            }
        }
        servers.sort_unstable();
        servers.iter().rev().any(|(_, server)| self.dismiss_of(*server))
    }

    /// The same, and waits until somebody has left; for as long as this at most. False when nobody is idle.
    pub(super) async fn give_back_a_descriptor(&self, patience: Duration) -> bool {
        let left = self.left.notified();
        tokio::pin!(left);
        left.as_mut().enable();
        self.dismiss_one() && timeout(patience, left).await.is_ok()
    }
}

/// Takes a connection off the list when its task ends, however it ends.
pub(super) struct Membership {
    crowd: Rc<Crowd>,
    activity: Rc<Activity>,
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.crowd.members.borrow_mut().retain(|member| !Rc::ptr_eq(&member.activity, &self.activity));
        self.crowd.left.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn join(crowd: &Rc<Crowd>, server: usize) -> (Membership, Rc<Activity>, Rc<Notify>) {
        let (activity, leave) = (Rc::new(Activity::new(Rc::default())), Rc::new(Notify::new()));
        (crowd.join(server, Rc::clone(&activity), Rc::clone(&leave)), activity, leave)
    }

    async fn is_told(leave: &Notify) -> bool {
        timeout(Duration::ZERO, leave.notified()).await.is_ok()
    }

    #[tokio::test]
    async fn the_longest_idle_one_of_the_largest_server_leaves() {
        let crowd = Rc::<Crowd>::default();
        let (unix, busy, idle) = (join(&crowd, 1), join(&crowd, 0), join(&crowd, 0));
        busy.1.begin_handling();
        assert!(crowd.dismiss_one());
        assert!(is_told(&idle.2).await && !is_told(&unix.2).await && !is_told(&busy.2).await);
        drop(idle);
        assert!(crowd.dismiss_one(), "none of the larger one is idle");
        assert!(is_told(&unix.2).await);
        assert!(!crowd.dismiss_of(0));
        drop(unix);
        assert!(!crowd.dismiss_one());
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_needs_a_descriptor_waits_until_somebody_has_left() {
        let crowd = Rc::<Crowd>::default();
        let patience = Duration::from_secs(1);
        assert!(!crowd.give_back_a_descriptor(patience).await, "nobody is there");
        let (membership, _, leave) = join(&crowd, 0);
        let leaving = async {
            leave.notified().await;
            drop(membership);
        };
        assert!(tokio::join!(crowd.give_back_a_descriptor(patience), leaving).0);
        let _stays = join(&crowd, 0);
        assert!(!crowd.give_back_a_descriptor(patience).await, "one that does not leave in time");
    }
}
