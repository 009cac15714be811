//! The daemon's own signals. One test, since handlers belong to the whole process.

mod support;

use nix::sys::signal::{Signal as Sent, raise};
use supervisor_sys::{Events, Poller, Signals, Spawner};
use support::Program;

#[test]
fn each_pending_signal_is_seen_once_and_wakes() {
    let mut spawner = Spawner::new().unwrap();
    let mut signals = Signals::install().unwrap();
    let poller = Poller::woken_by(&signals).unwrap();
    let mut events = Events::new();

    assert_eq!(signals.drain().count(), 0);
    // Also one that would have ended us (quirks.md F26).
    for sent in [Sent::SIGTERM, Sent::SIGHUP, Sent::SIGHUP, Sent::SIGUSR1, Sent::SIGUSR2] {
        raise(sent).unwrap();
    }
    poller.wait(&mut events, None).unwrap();
    assert_eq!(events.iter().count(), 0, "a wake-up is no event");
    let expected = [libc::SIGHUP, libc::SIGUSR1, libc::SIGUSR2, libc::SIGTERM];
    assert_eq!(signals.drain().collect::<Vec<_>>(), expected);
    assert_eq!(signals.drain().count(), 0);
    // Draining takes nobody else's wake-up away.
    poller.waker().wake();
    assert_eq!(signals.drain().count(), 0);
    poller.wait(&mut events, None).unwrap();

    // The end of a child.
    let child = Program::new("/bin/true", &[]).start(&mut spawner);
    poller.wait(&mut events, None).unwrap();
    assert_eq!(signals.drain().collect::<Vec<_>>(), [libc::SIGCHLD]);
    child.finish().output();

    // A child has none of our handlers, which came after the spawner.
    for method in support::METHODS {
        let mut running = Program::cat().by(method).start(&mut spawner);
        running.wait_until_it_answers();
        let ignored = support::mask_of(&[libc::SIGPIPE, libc::SIGXFSZ]);
        assert_eq!(support::status_of(running.pid(), "SigIgn"), ignored);
        assert_eq!(support::status_of(running.pid(), "SigBlk"), support::mask_of(&[]));
        for _ in 0..20 {
            let early = Program::cat().by(method).start(&mut spawner);
            early.send(supervisor_core::Signal::TERM);
            let status = support::wait_for_end(&early.child);
            assert_eq!(status.code(), -1, "{method:?}");
        }
        running.finish().output();
    }
    assert_eq!(signals.drain().collect::<Vec<_>>(), [libc::SIGCHLD], "a child's SIGTERM is not ours");
}
