//! Logs that several programs share, and those that a thread writes.

use std::fs;
use std::os::unix::fs::MetadataExt;

use super::*;
use crate::test_folder::TestFolder;

const AT_TEN: Rotation = Rotation { maxbytes: 10, backups: 3 };

/// Threads whose answers are waited for on a busy machine, too.
fn writers() -> LogWriters {
    let mut writers = LogWriters::new(supervisor_sys::Poller::new().unwrap().waker());
    writers.patience = Duration::from_secs(20);
    writers.end_turn();
    writers
}

#[test]
fn two_programs_with_one_log_lose_nothing_when_it_rotates() {
    let folder = TestFolder::new();
    let mut table = LogTable::default();
    let path = folder.path("x.log");
    let ids = [table.register(&path, Readers::ByUmask), table.register(&path, Readers::ByUmask)];
    assert_eq!(ids[0], ids[1]);
    for id in ids {
        table.open(id, &mut writers()).unwrap();
    }
    for round in 0..4 {
        for id in ids {
            let line = format!("{round}\n");
            assert!(table.append(id, AT_TEN, line.as_bytes(), Duration::ZERO).is_none());
        }
    }
    table.close(ids[0], &mut writers());
    assert!(table.append(ids[1], AT_TEN, b"last\n", Duration::ZERO).is_none());
    let text = |name: &str| fs::read_to_string(folder.path(name)).unwrap_or_default();
    assert_eq!(text("x.log.2") + &text("x.log.1") + &text("x.log"), "0\n0\n1\n1\n2\n2\n3\n3\nlast\n");
}

#[test]
fn names_of_one_descriptor_are_one_log() {
    let mut table = LogTable::default();
    let id = table.register(Path::new("/dev/stdout"), Readers::ByUmask);
    assert_eq!(table.register(Path::new("/dev/fd/1"), Readers::ByUmask), id);
    assert_eq!(table.register(Path::new("/proc/self/fd/1"), Readers::ByUmask), id);
    assert_ne!(table.register(Path::new("/dev/stderr"), Readers::ByUmask), id);
}

#[test]
fn a_place_is_used_again_once_nobody_knows_its_log() {
    let mut table = LogTable::default();
    let first = table.register(Path::new("/dev/null"), Readers::ByUmask);
    table.open(first, &mut writers()).unwrap();
    table.forget(first);
    assert_ne!(table.register(Path::new("/a"), Readers::ByUmask), first, "it is still written to");
    table.close(first, &mut writers());
    assert_eq!(table.register(Path::new("/b"), Readers::ByUmask), first);
}

#[test]
fn what_waits_outlives_the_program_that_wrote_it() {
    let folder = TestFolder::new();
    let path = folder.path("fifo");
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let mut table = LogTable::default();
    let id = table.register(&path, Readers::ByUmask);
    table.open(id, &mut writers()).unwrap();
    while !table.is_blocked(id) {
        assert!(table.append(id, AT_TEN, &[b'x'; 1000], Duration::ZERO).is_none());
    }
    let life = Life { process: supervisor_core::ProcessId::new(7, 0), number: 1 };
    table.hold(id, life, Channel::Stderr);
    table.close(id, &mut writers());
    assert!(matches!(table.waiting()[..], [(log, 1..)] if log == id));
    let mut reader = fs::OpenOptions::new().read(true).open(&path).unwrap();
    let mut buffer = vec![0; 100_000];
    assert!(io::Read::read(&mut reader, &mut buffer).unwrap() >= 4096);
    assert!(table.flush(id).is_none());
    assert!(!table.is_blocked(id));
    assert_eq!(table.take_held(id), [(life, Channel::Stderr)]);
    table.close_if_unused(id);
    assert!(table.stream(id).is_none(), "it is closed at last");
}

/// Takes in the answers of the threads until nothing waits any more.
fn take_in_all(table: &mut LogTable, writers: &mut LogWriters, ticket: Ticket) {
    while !table.waiting().is_empty() {
        let outcome = writers.answer_until(ticket, crate::clock::monotonic_clock() + Duration::from_secs(20));
        table.answered(ticket, outcome.expect("the thread is well"), Duration::ZERO);
    }
}

#[test]
fn a_log_that_is_left_to_a_thread_goes_on_where_it_was_and_rotates_between_the_same_chunks() {
    let folder = TestFolder::new();
    let (mut table, mut writers) = (LogTable::default(), writers());
    let path = folder.path("x.log");
    let id = table.register(&path, Readers::ByUmask);
    table.open(id, &mut writers).unwrap();
    let rotation = Rotation { maxbytes: 20_000, backups: 9 };
    let chunk = |number: usize| number.to_string().repeat(5_000).into_bytes();
    for number in 0..10 {
        if number == 3 {
            let device = table.device(id).unwrap();
            writers.mark_slow(device, &path);
            table.leave_to_writer(device, &mut writers);
            assert!(table.is_queued(id));
        }
        assert!(table.append(id, rotation, &chunk(number), Duration::ZERO).is_none());
    }
    let ticket = *table.by_ticket.keys().next().unwrap();
    take_in_all(&mut table, &mut writers, ticket);
    let part = |numbers: std::ops::Range<usize>| numbers.flat_map(chunk).collect::<Vec<u8>>();
    let parts = [("x.log.2", part(0..4)), ("x.log.1", part(4..8)), ("x.log", part(8..10))];
    for (name, expected) in parts {
        assert!(fs::read(folder.path(name)).unwrap() == expected, "{name}");
    }
}

#[test]
fn a_log_of_a_thread_is_reopened_and_cleared_in_the_order_of_its_bytes() {
    let folder = TestFolder::new();
    let (mut table, mut writers) = (LogTable::default(), writers());
    let path = folder.path("x.log");
    writers.mark_slow(fs::metadata(folder.root()).unwrap().dev(), &path);
    let id = table.register(&path, Readers::ByUmask);
    table.open(id, &mut writers).unwrap();
    let write = |table: &mut LogTable, text: &str| {
        assert!(table.append(id, AT_TEN, text.as_bytes(), Duration::ZERO).is_none());
    };
    let ticket = *table.by_ticket.keys().next().unwrap();
    write(&mut table, "gone\n");
    table.clear(id, &mut writers).unwrap();
    write(&mut table, "before\n");
    take_in_all(&mut table, &mut writers, ticket);
    fs::rename(&path, folder.path("old")).unwrap();
    table.reopen();
    write(&mut table, "after\n");
    take_in_all(&mut table, &mut writers, ticket);
    let text = |name: &str| fs::read_to_string(folder.path(name)).unwrap();
    assert_eq!((text("old"), text("x.log")), ("before\n".to_owned(), "after\n".to_owned()));
    table.close(id, &mut writers);
    assert!(table.by_ticket.is_empty());
    table.clear(id, &mut writers).unwrap();
    assert_eq!(text("x.log"), "");
}

#[test]
fn a_thread_tells_that_a_log_cannot_be_opened_and_gives_back_what_is_no_file() {
    let folder = TestFolder::new();
    let (mut table, mut writers) = (LogTable::default(), writers());
    let path = folder.path("fifo");
    writers.mark_slow(fs::metadata(folder.root()).unwrap().dev(), &path);
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let [fifo, missing] = [path, folder.path("no/such.log")].map(|path| table.register(&path, Readers::ByUmask));
    table.open(fifo, &mut writers).unwrap();
    assert!(table.stream(fifo).is_some());
    let error = table.open(missing, &mut writers).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
}

#[test]
fn what_finds_no_room_before_a_thread_is_dropped_as_a_whole_and_counted() {
    let folder = TestFolder::new();
    let (mut table, mut writers) = (LogTable::default(), writers());
    let path = folder.path("x.log");
    writers.mark_slow(fs::metadata(folder.root()).unwrap().dev(), &path);
    let id = table.register(&path, Readers::ByUmask);
    table.open(id, &mut writers).unwrap();
    let ticket = *table.by_ticket.keys().next().unwrap();
    let never = Rotation { maxbytes: 0, backups: 0 };
    let chunk = vec![b'x'; limits::LOG_PENDING_BYTES / 2];
    // Nobody takes in the answers, so the thread is as good as hung.
    let notices = [(); 4].map(|()| table.append(id, never, &chunk, Duration::ZERO));
    assert!(matches!(notices, [None, None, Some(LogFileNotice::Drops { .. }), None]), "{notices:?}");
    assert!(table.is_blocked(id));
    let deadline = crate::clock::monotonic_clock() + Duration::from_secs(20);
    let mut said = None;
    while !table.waiting().is_empty() {
        let outcome = writers.answer_until(ticket, deadline).expect("the thread is well");
        said = table.answered(ticket, outcome, Duration::ZERO).unwrap().1;
    }
    let lost = limits::LOG_PENDING_BYTES as u64;
    assert!(matches!(said, Some(LogFileNotice::TakesAgain { dropped }) if dropped == lost), "{said:?}");
    assert_eq!(fs::metadata(&path).unwrap().len(), lost);
}

#[test]
fn what_a_full_disk_refuses_is_one_trouble_however_often_a_program_starts_meanwhile() {
    let (mut table, mut writers) = (LogTable::default(), writers());
    let id = table.register(Path::new("/dev/full"), Readers::ByUmask);
    let mut told = Vec::new();
    for _ in 0..3 {
        table.open(id, &mut writers).unwrap();
        told.extend(table.append(id, AT_TEN, b"ten bytes\n", Duration::ZERO));
        table.close(id, &mut writers);
    }
    assert!(matches!(told.as_slice(), [LogFileNotice::Drops { .. }]), "{told:?}");
    assert!(table.take_unsaid().is_empty(), "it is not over");
    table.give_up_dropped();
    let unsaid = table.take_unsaid();
    assert!(matches!(&*unsaid, [(_, LogFileNotice::NeverTookAgain { dropped: 30 })]), "{unsaid:?}");
    table.open(id, &mut writers).unwrap();
    assert!(table.append(id, AT_TEN, b"more\n", Duration::ZERO).is_some());
    table.close(id, &mut writers);
    table.forget(id);
    let unsaid = table.take_unsaid();
    assert!(matches!(&*unsaid, [(_, LogFileNotice::NeverTookAgain { dropped: 5 })]), "{unsaid:?}");
}

/// The last thing that happens to a log: its program ends, or it is emptied.
type Last = fn(&mut LogTable, LogId, &mut LogWriters);

#[test]
fn what_waits_for_a_log_that_turns_out_to_be_a_fifo_is_written_though_its_program_has_ended() {
    let folder = TestFolder::new();
    let (mut table, mut writers) = (LogTable::default(), writers());
    let path = folder.path("fifo");
    writers.mark_slow(fs::metadata(folder.root()).unwrap().dev(), &path);
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let id = table.register(&path, Readers::ByUmask);
    let lasts: [Last; 2] =
        [|table, id, writers| table.close(id, writers), |table, id, writers| table.clear(id, writers).unwrap()];
    for last in lasts {
        let mut reader = fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
        // No answer is waited for.
        let patience = std::mem::take(&mut writers.patience);
        writers.end_turn();
        table.open(id, &mut writers).unwrap();
        assert!(table.append(id, AT_TEN, b"words\n", Duration::ZERO).is_none());
        writers.patience = patience;
        writers.end_turn();
        last(&mut table, id, &mut writers);
        let mut buffer = [0; 6];
        supervisor_sys::pipe::set_nonblocking(std::os::fd::AsFd::as_fd(&reader)).unwrap();
        io::Read::read_exact(&mut reader, &mut buffer).unwrap();
        assert_eq!(&buffer, b"words\n");
    }
    assert!(table.take_unsaid().is_empty());
}
