//! How many clients a server may have at a time, by what descriptors this process may have.
//!
//! Clients never take the descriptors that a start of a program needs: all connections together have a share of them,
//! and what is accepted or opened for a client within the last few gives way. The kernel hands out the lowest number
//! that is free, so a number tells how many are in use at least.

use std::os::fd::{AsRawFd, RawFd};

use supervisor_sys::rlimits::descriptors_allowed;

use super::limits;

/// The bounds of one server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Capacity {
    /// Connections at a time.
    pub(super) connections: usize,
    /// Those among them that follow logs or events.
    pub(super) streams: usize,
    /// The first descriptor of those that clients leave free; `None`: there are more than can be counted.
    reserve: Option<RawFd>,
}

impl Capacity {
    /// By the limit of this process as of now, for each of so many servers.
    pub(super) fn of_this_process(servers: usize) -> Self {
        Self::of(descriptors_allowed(), servers)
    }

    /// By a limit of descriptors.
    pub(super) fn of(descriptors: u64, servers: usize) -> Self {
        let share = usize::try_from(descriptors / limits::CONNECTION_SHARE).unwrap_or(usize::MAX);
        let connections = (share / servers.max(1)).clamp(limits::FEWEST_CONNECTIONS, limits::CONNECTIONS);
        let reserve = (descriptors / limits::RESERVE_SHARE)
            .clamp(limits::LEAST_RESERVED_DESCRIPTORS, limits::RESERVED_DESCRIPTORS);
        let reserve = RawFd::try_from(descriptors.saturating_sub(reserve)).ok();
        Self { connections, streams: connections / 2, reserve }
    }

    /// Whether a descriptor is one of the last, which are not for clients.
    pub(super) fn is_beyond(&self, descriptor: &impl AsRawFd) -> bool {
        self.reserve.is_some_and(|reserve| descriptor.as_raw_fd() >= reserve)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Number(RawFd);

    impl AsRawFd for Number {
        fn as_raw_fd(&self) -> RawFd {
            self.0
        }
    }

    #[test]
    fn bounds_follow_the_limit_of_the_process() {
        for (descriptors, servers, connections, reserve) in [
            (u64::MAX, 1, 256, None),
            (1 << 18, 3, 256, Some((1 << 18) - 32)),
            (1024, 1, 256, Some(992)),
            (1024, 2, 128, Some(992)),
            (256, 2, 32, Some(224)),
            (64, 1, 16, Some(48)),
            (40, 3, 8, Some(24)),
        ] {
            let expected = Capacity { connections, streams: connections / 2, reserve };
            assert_eq!(Capacity::of(descriptors, servers), expected, "{descriptors} {servers}");
        }
    }

    #[test]
    fn the_last_descriptors_are_not_for_clients() {
        let capacity = Capacity::of(1024, 1);
        assert!(!capacity.is_beyond(&Number(991)));
        assert!(capacity.is_beyond(&Number(992)));
        assert!(!Capacity::of(u64::MAX, 1).is_beyond(&Number(RawFd::MAX)));
    }
}
