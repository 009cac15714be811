//! Who waits for a slow password hash: few, and fewer of one address than of all, so that somebody who guesses does not
//! keep others out.
//!
//! A place is taken before the hash is asked for and given back when it is there or its client has gone.

use std::cell::RefCell;
use std::net::IpAddr;

use super::connection::Peer;
use super::limits;

/// The logins of one server that wait.
#[derive(Debug, Default)]
pub(super) struct LoginQueue {
    waiting: RefCell<Vec<Origin>>,
}

/// Where a login comes from, as far as it counts for the places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// This machine, by the unix socket; whoever it is has passed the rights of the socket file.
    Local,
    /// An IPv4 address.
    V4([u8; 4]),
    /// The first half of an IPv6 address: the other one is chosen by whoever has it.
    V6([u16; 4]),
}

/// A place in the queue; given back when it is dropped.
#[derive(Debug)]
pub(super) struct LoginPlace<'q> {
    queue: &'q LoginQueue,
    origin: Origin,
}

impl From<Peer> for Origin {
    fn from(peer: Peer) -> Self {
        match peer {
            Peer::Unix => Self::Local,
            Peer::Tcp(address) => match address.ip().to_canonical() {
                IpAddr::V4(ip) => Self::V4(ip.octets()),
                IpAddr::V6(ip) => {
                    let [first, second, third, fourth, ..] = ip.segments();
                    Self::V6([first, second, third, fourth])
                }
            },
        }
    }
}

impl LoginQueue {
    /// A place, unless there is none, or none for this origin.
    pub(super) fn enter(&self, origin: Origin) -> Option<LoginPlace<'_>> {
        let mut waiting = self.waiting.borrow_mut();
        let of_origin = waiting.iter().filter(|other| **other == origin).count();
        let most_of_origin = match origin {
            Origin::Local => limits::WAITING_LOGINS,
            Origin::V4(_) | Origin::V6(_) => limits::WAITING_LOGINS_OF_ONE_ADDRESS,
        };
        if waiting.len() >= limits::WAITING_LOGINS || of_origin >= most_of_origin {
            return None;
        }
        waiting.push(origin);
        Some(LoginPlace { queue: self, origin })
    }
}

impl Drop for LoginPlace<'_> {
    fn drop(&mut self) {
        let mut waiting = self.queue.waiting.borrow_mut();
        if let Some(place) = waiting.iter().position(|other| *other == self.origin) {
            waiting.swap_remove(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(address: &str) -> Origin {
        Peer::Tcp(address.parse().unwrap()).into()
    }

    fn fill(queue: &LoginQueue, origin: Origin) -> Vec<LoginPlace<'_>> {
        std::iter::from_fn(|| queue.enter(origin)).collect()
    }

    #[test]
    fn one_address_cannot_take_all_places() {
        let queue = LoginQueue::default();
        let flood = fill(&queue, origin("192.0.2.1:1"));
        assert_eq!(flood.len(), limits::WAITING_LOGINS_OF_ONE_ADDRESS);
        let same = fill(&queue, origin("[::ffff:192.0.2.1]:2"));
        assert_eq!(same.len(), 0, "the same by another name");
        assert!(queue.enter(origin("192.0.2.2:1")).is_some());
        drop(flood);
        assert!(queue.enter(origin("192.0.2.1:1")).is_some());
    }

    #[test]
    fn all_addresses_together_are_bounded_and_a_network_of_ipv6_is_one() {
        let queue = LoginQueue::default();
        let network = fill(&queue, origin("[2001:db8::1]:1"));
        assert!(queue.enter(origin("[2001:db8::ffff:2]:1")).is_none());
        let others: Vec<_> = (0..100).flat_map(|number| fill(&queue, Origin::V4([192, 0, 2, number]))).collect();
        assert_eq!(network.len() + others.len(), limits::WAITING_LOGINS);
        assert!(queue.enter(Origin::Local).is_none());
    }
}
