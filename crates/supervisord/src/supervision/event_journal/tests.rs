//! What a journal promises, on real files: order, damage, full disks, links, two owners.

use std::fs::{self, DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, symlink};
use std::path::PathBuf;
use std::sync::Arc;

use supervisor_core::EventType;

use super::folder::file_name;
use super::*;
use crate::test_folder::TestFolder;

/// A folder with a journal.
struct Folder(TestFolder);

impl Folder {
    fn new() -> Self {
        Self(TestFolder::new())
    }

    fn journal(&self) -> PathBuf {
        self.0.path("j")
    }

    fn open(&self) -> Opened {
        let mut opened = EventJournal::open(&self.journal()).unwrap();
        opened.journal.file_bytes = 200;
        opened
    }

    fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<_> =
            fs::read_dir(self.journal()).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        files.sort();
        files
    }
}

fn event(serial: u64) -> PoolEvent {
    let payload = Arc::from(format!("type:test\nevent {serial} {}", "x".repeat(usize::try_from(serial % 7).unwrap())));
    PoolEvent { serial, poolserial: serial + 100, event_type: EventType::RemoteCommunication, payload, journal: None }
}

fn append(journal: &mut EventJournal, serials: std::ops::Range<u64>) {
    for serial in serials {
        journal.append(&event(serial), false).unwrap();
    }
}

/// Everything that is given back, and its keys.
fn read_all(journal: &mut EventJournal) -> Vec<(u64, JournalKey)> {
    let mut found = Vec::new();
    while let (JournalRead::Event(read), None) = journal.read() {
        let key = read.journal.unwrap();
        assert_eq!(PoolEvent { journal: None, ..read.clone() }, event(read.serial));
        found.push((read.serial, key));
    }
    assert_eq!(journal.read().0, JournalRead::End);
    found
}

fn serials(journal: &mut EventJournal) -> Vec<u64> {
    read_all(journal).into_iter().map(|(serial, _)| serial).collect()
}

#[test]
fn files_are_removed_when_their_events_are_done_and_an_empty_journal_leaves_nothing() {
    let folder = Folder::new();
    let mut journal = folder.open().journal;
    append(&mut journal, 0..20);
    assert!(folder.files().len() > 3);
    assert!(folder.files().iter().all(|file| fs::metadata(file).unwrap().permissions().mode() & 0o777 == 0o600));
    assert_eq!(fs::metadata(folder.journal()).unwrap().permissions().mode() & 0o777, 0o700);
    let read = read_all(&mut journal);
    assert_eq!(read.len(), 20);
    for (_, key) in &read[..19] {
        journal.mark_done(*key);
    }
    assert_eq!(folder.files().len(), 1);
    journal.mark_done(read[19].1);
    assert_eq!(fs::metadata(&folder.files()[0]).unwrap().len(), 0);
    append(&mut journal, 20..21);
    let read = read_all(&mut journal);
    assert_eq!(read[0].0, 20);
    journal.mark_done(read[0].1);
    journal.close();
    assert!(!folder.journal().exists());
}

#[test]
fn what_is_not_done_is_there_when_it_is_opened_again() {
    let folder = Folder::new();
    let mut journal = folder.open().journal;
    append(&mut journal, 0..10);
    for (serial, key) in read_all(&mut journal) {
        if serial % 3 != 1 {
            journal.mark_done(key);
        }
    }
    drop(journal);
    let Opened { mut journal, backlog, warnings } = folder.open();
    assert_eq!(warnings, Vec::<String>::new());
    let bytes = [1, 4, 7].map(|serial| event(serial).payload.len() as u64).iter().sum();
    assert_eq!(backlog, JournalBacklog { events: 3, bytes, next_serial: 10, next_poolserial: 110 });
    append(&mut journal, 10..12);
    assert_eq!(serials(&mut journal), [1, 4, 7, 10, 11]);
}

#[test]
fn an_event_that_memory_keeps_is_not_given_back() {
    let folder = Folder::new();
    let mut journal = folder.open().journal;
    let key = journal.append(&event(0), true).unwrap();
    append(&mut journal, 1..3);
    assert_eq!(serials(&mut journal), [1, 2]);
    journal.mark_done(key);
    drop(journal);
    assert_eq!(serials(&mut folder.open().journal), [1, 2]);
}

#[test]
fn an_event_that_was_cut_off_is_left_out_and_those_before_it_are_not() {
    for cut in 1..70 {
        let folder = Folder::new();
        append(&mut folder.open().journal, 0..2);
        let file = folder.files().pop().unwrap();
        let length = fs::metadata(&file).unwrap().len();
        let first = record::encode(&event(0)).unwrap().len() as u64;
        if cut >= length - first {
            continue;
        }
        OpenOptions::new().write(true).open(&file).unwrap().set_len(length - cut).unwrap();
        let Opened { mut journal, backlog, warnings } = folder.open();
        let left = length - cut - first;
        let warning = format!("{} ends with {left} bytes that are no whole event, they are dropped", file.display());
        assert_eq!((backlog.events, warnings), (1, vec![warning]), "{cut} bytes less");
        append(&mut journal, 5..6);
        assert_eq!(serials(&mut journal), [0, 5]);
    }
}

#[test]
fn damage_costs_the_rest_of_its_file_and_no_other() {
    let folder = Folder::new();
    append(&mut folder.open().journal, 0..12);
    let files = folder.files();
    assert!(files.len() >= 3);
    let mut bytes = fs::read(&files[1]).unwrap();
    bytes[20] ^= 1;
    fs::write(&files[1], bytes).unwrap();
    let Opened { mut journal, backlog, warnings } = folder.open();
    assert_eq!(warnings.len(), 1);
    let left = serials(&mut journal);
    assert_eq!(left.len() as u64, backlog.events);
    assert!(left.contains(&0) && left.contains(&11) && left.len() < 12, "{left:?}");
}

#[test]
fn damage_while_it_is_open_is_told_and_the_rest_comes() {
    let folder = Folder::new();
    let mut journal = folder.open().journal;
    append(&mut journal, 0..12);
    let JournalRead::Event(first) = journal.read().0 else { panic!("it is there") };
    let mut bytes = fs::read(&folder.files()[0]).unwrap();
    let place = record::encode(&event(0)).unwrap().len() + 20;
    bytes[place] ^= 1;
    fs::write(&folder.files()[0], bytes).unwrap();
    let (read, complaint) = journal.read();
    let JournalRead::Lost { events, bytes } = read else { panic!("{read:?}") };
    assert!(events > 0 && bytes > 0);
    assert!(complaint.unwrap().contains(" are lost: it is damaged"));
    assert_eq!(serials(&mut journal).len() as u64, 11 - events);
    journal.mark_done(first.journal.unwrap());
    append(&mut journal, 12..14);
    assert_eq!(serials(&mut journal), [12, 13]);
}

#[test]
fn a_file_that_is_damaged_to_its_end_is_written_no_more() {
    let folder = Folder::new();
    let mut journal = folder.open().journal;
    journal.file_bytes = 1_000_000;
    append(&mut journal, 0..3);
    let JournalRead::Event(_) = journal.read().0 else { panic!("it is there") };
    let length = fs::metadata(&folder.files()[0]).unwrap().len();
    OpenOptions::new().write(true).open(&folder.files()[0]).unwrap().set_len(length / 2).unwrap();
    assert!(matches!(journal.read().0, JournalRead::Lost { events: 2, .. }));
    append(&mut journal, 3..5);
    assert_eq!(serials(&mut journal), [3, 4]);
    assert_eq!(folder.files().len(), 2);
}

#[test]
fn a_full_disk_refuses_events_and_keeps_what_is_there() {
    let folder = Folder::new();
    let mut journal = folder.open().journal;
    journal.file_bytes = 1_000_000;
    append(&mut journal, 0..2);
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let file = std::mem::replace(&mut journal.segments.back_mut().unwrap().file, full);
    assert_eq!(journal.append(&event(2), false), Err(JournalError::Unwritable("ENOSPC".to_owned())));
    journal.segments.back_mut().unwrap().file = file;
    append(&mut journal, 3..4);
    assert_eq!(serials(&mut journal), [0, 1, 3]);
    drop(journal);
    let opened = folder.open();
    assert_eq!((opened.backlog.events, opened.warnings), (3, vec![]));
}

#[test]
fn events_take_so_many_bytes_and_no_more() {
    let folder = Folder::new();
    let mut journal = folder.open().journal;
    journal.max_bytes = 150;
    append(&mut journal, 0..2);
    assert_eq!(journal.append(&event(2), false), Err(JournalError::Full));
    let read = read_all(&mut journal);
    journal.mark_done(read[0].1);
    append(&mut journal, 2..3);
    let read_later = read_all(&mut journal);
    for (_, key) in [read[1], read_later[0]] {
        journal.mark_done(key);
    }
    let large = PoolEvent { payload: Arc::from("x".repeat(1_000)), ..event(3) };
    assert!(journal.append(&large, false).is_ok(), "one event may be larger");
}

#[test]
fn two_never_have_one_journal() {
    let folder = Folder::new();
    let mut first = folder.open().journal;
    append(&mut first, 0..1);
    assert_eq!(EventJournal::open(&folder.journal()).unwrap_err(), "another supervisord uses it");
    drop(first);
    assert_eq!(folder.open().backlog.events, 1);
}

#[test]
fn a_journal_is_forsaken_when_it_holds_events_that_nobody_reads() {
    let folder = Folder::new();
    assert!(!is_forsaken(&folder.journal()), "there is none");
    let mut journal = folder.open().journal;
    append(&mut journal, 0..1);
    assert!(!is_forsaken(&folder.journal()), "it is open");
    drop(journal);
    assert!(is_forsaken(&folder.journal()));
    let mut journal = folder.open().journal;
    let (_, key) = read_all(&mut journal).remove(0);
    journal.mark_done(key);
    drop(journal);
    assert!(!is_forsaken(&folder.journal()), "it is empty");
}

#[test]
fn links_and_folders_of_others_are_refused() {
    let folder = Folder::new();
    let elsewhere = folder.0.path("elsewhere");
    DirBuilder::new().mode(0o700).create(&elsewhere).unwrap();
    symlink(&elsewhere, folder.journal()).unwrap();
    assert_eq!(EventJournal::open(&folder.journal()).unwrap_err(), "ENOTDIR");
    fs::remove_file(folder.journal()).unwrap();
    fs::create_dir(folder.journal()).unwrap();
    fs::set_permissions(folder.journal(), fs::Permissions::from_mode(0o755)).unwrap();
    let error = EventJournal::open(&folder.journal()).unwrap_err();
    assert_eq!(error, "it is not a folder that belongs to this user alone");
    fs::set_permissions(folder.journal(), fs::Permissions::from_mode(0o700)).unwrap();
    let target = folder.0.path("precious");
    fs::write(&target, "precious").unwrap();
    symlink(&target, folder.journal().join(file_name(3))).unwrap();
    let Opened { mut journal, warnings, .. } = folder.open();
    assert_eq!(warnings, [format!("{} cannot be read: ELOOP", folder.journal().join(file_name(3)).display())]);
    append(&mut journal, 0..1);
    assert_eq!(serials(&mut journal), [0]);
    symlink(&target, folder.journal().join(file_name(5))).unwrap();
    journal.file_bytes = 0;
    assert_eq!(journal.append(&event(1), false), Err(JournalError::Unwritable("EEXIST".to_owned())));
    assert_eq!(fs::read_to_string(&target).unwrap(), "precious");
}

#[test]
fn names_hold_whatever_names_hold_and_are_no_auto_logs() {
    let name = |pool: &str, identifier: &str| {
        folder_of(Path::new("/x"), pool, identifier).file_name().unwrap().to_str().unwrap().to_owned()
    };
    assert_eq!(name("mail_1", "supervisor"), "mail_1-supervisor.spill");
    assert_eq!(name("a---supervisor-b.log", "../é"), "a%2D%2D%2Dsupervisor%2Db%2Elog-%2E%2E%2F%C3%A9.spill");
    assert_ne!(name("a-b", "c"), name("a", "b-c"));
    let (one, other) = (name(&"x".repeat(300), "i"), name(&"x".repeat(301), "i"));
    assert!(one != other && one.len() < 255 && other.len() < 255);
}

#[test]
fn whatever_becomes_of_the_bytes_nothing_is_made_up() {
    let folder = Folder::new();
    append(&mut folder.open().journal, 0..20);
    let whole: Vec<_> = folder.files().into_iter().map(|file| (fs::read(&file).unwrap(), file)).collect();
    let mut random = random(7);
    for _ in 0..300 {
        for (bytes, file) in &whole {
            let mut bytes = bytes.clone();
            for _ in 0..random(4) {
                let place = usize::try_from(random(bytes.len() as u64)).unwrap();
                match random(3) {
                    0 => bytes[place] ^= 1 << random(8),
                    1 => bytes[place] = 0xFF,
                    _ => bytes.truncate(place + 1),
                }
            }
            fs::write(file, bytes).unwrap();
        }
        let mut journal = folder.open().journal;
        let left = serials(&mut journal);
        assert!(left.is_sorted() && left.iter().all(|serial| *serial < 20), "{left:?}");
        assert!(left.windows(2).all(|pair| pair[0] < pair[1]), "{left:?}");
    }
}

/// Numbers below a bound, the same for the same seed (xorshift64).
fn random(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    }
}

/// Random histories beside a queue in memory.
#[test]
fn it_is_a_queue_that_outlives_whoever_has_it() {
    for seed in 0..200_u64 {
        let folder = Folder::new();
        let mut journal = folder.open().journal;
        let mut random = random(seed);
        let (mut unread, mut taken) = (VecDeque::new(), Vec::new());
        let mut next = 0;
        for _ in 0..200 {
            match random(10) {
                0..4 => {
                    let stays = unread.is_empty() && random(2) == 0;
                    let key = journal.append(&event(next), stays).unwrap();
                    if stays {
                        taken.push((next, key));
                    } else {
                        unread.push_back(next);
                    }
                    next += 1;
                }
                4..6 => match (journal.read().0, unread.pop_front()) {
                    (JournalRead::Event(read), Some(expected)) => {
                        assert_eq!(read.serial, expected, "seed {seed}");
                        taken.push((read.serial, read.journal.unwrap()));
                    }
                    (JournalRead::End, None) => {}
                    other => panic!("seed {seed}: {other:?}"),
                },
                6..9 if !taken.is_empty() => {
                    let place = usize::try_from(random(taken.len() as u64)).unwrap();
                    journal.mark_done(taken.remove(place).1);
                }
                9 if random(4) == 0 => {
                    drop(journal);
                    let opened = folder.open();
                    assert_eq!(opened.warnings, Vec::<String>::new(), "seed {seed}");
                    journal = opened.journal;
                    taken.sort_unstable();
                    unread = taken.drain(..).map(|(serial, _)| serial).chain(unread).collect();
                    assert_eq!(opened.backlog.events, unread.len() as u64, "seed {seed}");
                }
                _ => {}
            }
        }
        assert_eq!(serials(&mut journal), Vec::from(unread), "seed {seed}");
    }
}
