//! Readiness, wake-ups and timeouts.

use std::os::fd::AsFd;
use std::time::Duration;

use supervisor_sys::{Events, Interest, LAST_KEY, Poller, pipe};

fn ready(poller: &Poller, events: &mut Events) -> Vec<(usize, bool, bool)> {
    poller.wait(events, Some(Duration::ZERO)).expect("waiting works");
    let mut ready: Vec<_> = events.iter().collect();
    ready.sort_unstable();
    ready
}

#[test]
fn what_is_not_read_is_told_again_until_it_is() {
    let poller = Poller::new().unwrap();
    let mut events = Events::new();
    let (reader, writer) = pipe::pipe().unwrap();
    poller.add(reader.as_fd(), 5, Interest::Readable).unwrap();
    assert_eq!(ready(&poller, &mut events), []);
    pipe::write(&writer, b"ab").unwrap();
    for _ in 0..3 {
        assert_eq!(ready(&poller, &mut events), [(5, true, false)]);
    }
    pipe::read(&reader, &mut [0; 1]).unwrap();
    assert_eq!(ready(&poller, &mut events), [(5, true, false)], "one byte is left");
    pipe::read(&reader, &mut [0; 1]).unwrap();
    assert_eq!(ready(&poller, &mut events), []);
    drop(writer);
    assert_eq!(ready(&poller, &mut events), [(5, true, true)], "the end counts as both");
    poller.delete(reader.as_fd()).unwrap();
    assert_eq!(ready(&poller, &mut events), []);
}

#[test]
fn what_was_added_for_once_is_told_once() {
    let poller = Poller::new().unwrap();
    let mut events = Events::new();
    let (reader, writer) = pipe::pipe().unwrap();
    poller.add_once(reader.as_fd(), 5).unwrap();
    assert_eq!(ready(&poller, &mut events), []);
    drop(writer);
    assert_eq!(ready(&poller, &mut events).len(), 1);
    assert_eq!(ready(&poller, &mut events), []);
    poller.delete(reader.as_fd()).unwrap();
    poller.add_once(reader.as_fd(), 6).unwrap();
    assert_eq!(ready(&poller, &mut events).len(), 1, "added anew it is told anew");
}

#[test]
fn interest_and_key_can_be_changed() {
    let poller = Poller::new().unwrap();
    let mut events = Events::new();
    let (reader, writer) = pipe::pipe().unwrap();
    poller.add(writer.as_fd(), 1, Interest::Writable).unwrap();
    poller.add(reader.as_fd(), LAST_KEY, Interest::Readable).unwrap();
    assert_eq!(ready(&poller, &mut events), [(1, false, true)]);
    poller.modify(writer.as_fd(), 2, Interest::Both).unwrap();
    pipe::write(&writer, b"x").unwrap();
    assert_eq!(ready(&poller, &mut events), [(2, false, true), (LAST_KEY, true, false)]);
    poller.modify(writer.as_fd(), 2, Interest::Readable).unwrap();
    assert_eq!(ready(&poller, &mut events), [(LAST_KEY, true, false)]);
    drop(reader);
    assert_eq!(ready(&poller, &mut events), [(2, true, true)], "nobody reads any more");
}

#[test]
fn what_cannot_be_registered_is_refused() {
    let poller = Poller::new().unwrap();
    let (reader, _writer) = pipe::pipe().unwrap();
    for key in [LAST_KEY + 1, usize::MAX] {
        assert!(poller.add(reader.as_fd(), key, Interest::Readable).is_err());
    }
    poller.add(reader.as_fd(), 0, Interest::Readable).unwrap();
    let twice = poller.add(reader.as_fd(), 0, Interest::Readable).unwrap_err();
    assert_eq!(twice.kind(), std::io::ErrorKind::AlreadyExists);
    assert!(poller.modify(reader.as_fd(), usize::MAX, Interest::Readable).is_err());
    let file = std::fs::File::open("/proc/self/exe").unwrap();
    let regular = poller.add(file.as_fd(), 0, Interest::Readable).unwrap_err();
    assert_eq!(regular.raw_os_error(), Some(nix::errno::Errno::EPERM as i32));
}

#[test]
fn every_wake_up_ends_a_wait_and_none_is_left_over() {
    let poller = Poller::new().unwrap();
    let mut events = Events::new();
    let (first, second) = (poller.waker(), poller.waker());
    for _ in 0..1000 {
        first.wake();
        second.clone().wake();
        poller.wait(&mut events, None).unwrap();
        assert_eq!(events.iter().count(), 0, "a wake-up has no key");
    }
    // From another thread, to and fro: a wake-up that is lost would hang here.
    let (go, told) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        for () in told {
            first.wake();
        }
    });
    for _ in 0..10_000 {
        go.send(()).unwrap();
        poller.wait(&mut events, None).unwrap();
    }
    drop(go);
    thread.join().unwrap();
    poller.wait(&mut events, Some(Duration::from_millis(1))).unwrap();
    assert_eq!(events.iter().count(), 0);
}

#[test]
fn more_is_ready_than_fits_and_all_of_it_comes() {
    let poller = Poller::new().unwrap();
    let mut events = Events::new();
    let many = supervisor_sys::limits::EVENTS_PER_WAIT + 50;
    let pipes: Vec<_> = (0..many).map(|_| pipe::pipe().unwrap()).collect();
    for (key, (reader, writer)) in pipes.iter().enumerate() {
        poller.add(reader.as_fd(), key, Interest::Readable).unwrap();
        pipe::write(writer, b"x").unwrap();
    }
    let mut seen = Vec::new();
    while seen.len() < many {
        poller.wait(&mut events, None).unwrap();
        for (key, readable, _) in events.iter() {
            assert!(readable);
            pipe::read(&pipes[key].0, &mut [0; 1]).unwrap();
            seen.push(key);
        }
    }
    seen.sort_unstable();
    assert_eq!(seen, (0..many).collect::<Vec<_>>());
}
