//! Waiting for a condition, with an end.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a condition may take. The Python release looks around once a second; a busy machine needs some more.
const PATIENCE: Duration = Duration::from_mins(1);

/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Looks until `probe` brings something, and panics with `what` when that takes too long.
#[track_caller]
pub(crate) fn until<T>(what: &str, probe: impl FnMut() -> Option<T>) -> T {
    until_at_most(PATIENCE, what, probe)
}

/// As [`until`], for what is known to take its time.
#[track_caller]
pub(crate) fn until_at_most<T>(patience: Duration, what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + patience;
    loop {
        if let Some(found) = probe() {
            return found;
        }
        assert!(Instant::now() < end, "waited {patience:?} in vain: {what}");
        sleep(PAUSE);
    }
}
