//! How long a call on a file system has kept the loop waiting. A busy machine is no slow disk: time in which this
//! thread could run and was given no processor does not count, which shows in that it has never let go of one by itself
//! (getrusage(2), `ru_nvcsw`).

use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};

use super::limits;
use crate::clock;

/// From before the call.
#[derive(Clone, Copy, Debug)]
pub(super) struct DiskWatch {
    began: Duration,
    waits: i64,
}

impl DiskWatch {
    /// Begins.
    pub(super) fn start() -> Self {
        Self { began: clock::monotonic_clock(), waits: waits_of_this_thread() }
    }

    /// How long it took, if that was too long (`limits::SLOW_DISK`).
    pub(super) fn too_long(self) -> Option<Duration> {
        let took = clock::monotonic_clock().saturating_sub(self.began);
        self.is_slow(took, waits_of_this_thread).then_some(took)
    }

    /// Whether it waited is asked only of a call that was long.
    fn is_slow(self, took: Duration, waits: impl FnOnce() -> i64) -> bool {
        took >= limits::SLOW_DISK && waits() != self.waits
    }
}

/// How often this thread has waited for something; 0 where that is not told.
fn waits_of_this_thread() -> i64 {
    getrusage(UsageWho::RUSAGE_THREAD).map_or(0, |usage| usage.voluntary_context_switches())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_slow_if_it_was_long_and_waited() {
        let watch = DiskWatch { began: Duration::ZERO, waits: 7 };
        let nearly = limits::SLOW_DISK.saturating_sub(Duration::from_nanos(1));
        for (took, waits, slow) in [
            (limits::SLOW_DISK, 8, true),
            (limits::SLOW_DISK, 7, false),
            (nearly, 8, false),
            (Duration::ZERO, 7, false),
        ] {
            assert_eq!(watch.is_slow(took, || waits), slow, "{took:?} {waits}");
        }
    }

    #[test]
    fn waiting_is_counted() {
        let before = waits_of_this_thread();
        // A timeout that passes is waited for.
        supervisor_sys::Poller::new()
            .and_then(|poller| poller.wait(&mut supervisor_sys::Events::new(), Some(Duration::from_millis(1))))
            .expect("waiting works");
        assert!(waits_of_this_thread() > before);
    }
}
