//! The journals of this supervisord by their pools, and what the log says of them.
//!
//! The identifier is that of the start: a reread that changes it moves no journal.
//!
//! A disk that has taken longer than `SLOW_DISK` for one call is left alone for a while: new events are refused, and
//! what is done is marked later. Events that only the journal has are read all the same, since there is no other place
//! to have them from.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use supervisor_core::{JournalBacklog, JournalError, JournalFate, JournalKey, JournalRead, LogLevel, PoolEvent};

use super::disk_watch::DiskWatch;
use super::event_journal::{EventJournal, Opened, ending, folder_of, is_forsaken};
use super::limits;
use super::os_host::OsHost;
use crate::clock;

/// The journals that are open.
#[derive(Debug)]
pub(super) struct EventJournals {
    childlogdir: PathBuf,
    identifier: String,
    open: BTreeMap<Box<str>, OpenJournal>,
    /// Theirs all: they lie in one folder.
    disk: Disk,
}

#[derive(Debug)]
struct OpenJournal {
    journal: EventJournal,
    /// Events that are done and not marked yet.
    done: VecDeque<JournalKey>,
}

impl OpenJournal {
    /// Marks what is done. `false`: the disk is to be left alone.
    fn catch_up(&mut self, disk: &mut Disk) -> bool {
        while !disk.rests(clock::monotonic_clock()) {
            let Some(key) = self.done.pop_front() else { return true };
            disk.measure(|| self.journal.mark_done(key));
        }
        false
    }

    fn close(mut self, disk: &mut Disk) {
        self.catch_up(disk);
        self.journal.close();
    }
}

/// How the disk does.
#[derive(Debug, Default)]
struct Disk {
    /// Left alone until then, on the monotonic clock.
    rests_until: Duration,
}

impl Disk {
    fn rests(&self, now: Duration) -> bool {
        now < self.rests_until
    }

    fn measure<T>(&mut self, call: impl FnOnce() -> T) -> T {
        let watch = DiskWatch::start();
        let result = call();
        if watch.too_long().is_some() {
            self.rest(clock::monotonic_clock());
        }
        result
    }

    fn rest(&mut self, now: Duration) {
        self.rests_until = now + limits::JOURNAL_REST;
    }
}

impl EventJournals {
    pub(super) fn new(childlogdir: PathBuf, identifier: String) -> Self {
        Self { childlogdir, identifier, open: BTreeMap::new(), disk: Disk::default() }
    }

    /// Closes all of them; those that are empty leave nothing behind.
    pub(super) fn close_all(&mut self) {
        for open in std::mem::take(&mut self.open).into_values() {
            open.close(&mut self.disk);
        }
    }

    pub(super) fn append(
        &mut self,
        pool: &str,
        event: &PoolEvent,
        stays_in_memory: bool,
    ) -> Result<JournalKey, JournalError> {
        let unwritable = |reason: &str| Err(JournalError::Unwritable(reason.to_owned()));
        let Self { open, disk, .. } = self;
        let Some(open) = open.get_mut(pool) else { return unwritable("it is not open") };
        if !open.catch_up(disk) {
            return unwritable("its disk is too slow");
        }
        disk.measure(|| open.journal.append(event, stays_in_memory))
    }

    pub(super) fn mark_done(&mut self, pool: &str, event: JournalKey) {
        let Self { open, disk, .. } = self;
        if let Some(open) = open.get_mut(pool) {
            open.done.push_back(event);
            open.catch_up(disk);
        }
    }

    pub(super) fn close(&mut self, pool: &str, fate: JournalFate) {
        let Some(open) = self.open.remove(pool) else { return };
        match fate {
            JournalFate::Kept => open.close(&mut self.disk),
            JournalFate::Deleted => open.journal.delete(),
        }
    }

    /// Folders of journals of this identifier that hold events, and that nobody has opened.
    fn unclaimed(&self) -> Vec<PathBuf> {
        let ending = ending(&self.identifier);
        let entries = fs::read_dir(&self.childlogdir).into_iter().flatten().flatten();
        let mut folders: Vec<PathBuf> = entries
            .filter(|entry| entry.file_name().to_str().is_some_and(|name| name.ends_with(&ending)))
            .map(|entry| entry.path())
            // One of ours is locked too.
            .filter(|path| is_forsaken(path))
            .collect();
        folders.sort();
        folders
    }
}

impl OsHost {
    /// Opens the journal of a pool. Without it the pool does as it would without `overflow=spill`, which is said.
    pub(super) fn open_event_journal(&mut self, pool: &str) -> Option<JournalBacklog> {
        let Self { kernel, journals, main_log, .. } = self;
        let path = folder_of(&journals.childlogdir, pool, &journals.identifier);
        let opened = if kernel.log_writers.mounts.is_remote(&path) {
            Err("it lies on a remote file system, which supervisord must not wait for".to_owned())
        } else {
            EventJournal::open(&path)
        };
        match opened {
            Ok(Opened { journal, backlog, warnings }) => {
                for warning in warnings {
                    main_log.log(LogLevel::Warn, format_args!("the journal of pool {pool}: {warning}"));
                }
                journals.open.insert(pool.into(), OpenJournal { journal, done: VecDeque::new() });
                Some(backlog)
            }
            Err(reason) => {
                main_log.log(
                    LogLevel::Warn,
                    format_args!(
                        "the journal {} of pool {pool} cannot be used, the pool drops its oldest events when it is \
                         full: {reason}",
                        path.display()
                    ),
                );
                None
            }
        }
    }

    pub(super) fn read_event_journal(&mut self, pool: &str) -> JournalRead {
        let Self { journals, main_log, .. } = self;
        let EventJournals { open, disk, .. } = journals;
        let Some(open) = open.get_mut(pool) else { return JournalRead::End };
        let (read, complaint) = disk.measure(|| open.journal.read());
        if let Some(complaint) = complaint {
            main_log.log(LogLevel::Error, format_args!("the journal of pool {pool}: {complaint}"));
        }
        read
    }

    /// Tells of journals that nobody reads: their pool was renamed, or has another `overflow` now.
    pub fn report_unclaimed_journals(&mut self) {
        if self.kernel.log_writers.mounts.is_remote(&self.journals.childlogdir) {
            return; // There are none, and to look for some might take for ever.
        }
        for path in self.journals.unclaimed() {
            self.main_log.log(
                LogLevel::Warn,
                format_args!(
                    "events wait in the journal {} for a pool with overflow=spill that there is not; remove it if they \
                     are not wanted",
                    path.display()
                ),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use supervisor_core::EventType;

    use super::*;
    use crate::test_folder::TestFolder;

    fn event(serial: u64) -> PoolEvent {
        let payload = Arc::from("type:test\n");
        PoolEvent { serial, poolserial: serial, event_type: EventType::RemoteCommunication, payload, journal: None }
    }

    /// The journal of the pool `p`, with how many events it begins.
    fn opened(folder: &std::path::Path) -> (EventJournals, u64) {
        let mut journals = EventJournals::new(folder.to_owned(), "s".to_owned());
        let Opened { journal, backlog, .. } = EventJournal::open(&folder_of(folder, "p", "s")).unwrap();
        journals.open.insert("p".into(), OpenJournal { journal, done: VecDeque::new() });
        (journals, backlog.events)
    }

    #[test]
    fn a_disk_that_was_slow_is_left_alone_for_a_while_and_catches_up_then() {
        let folder = TestFolder::new();
        let (mut journals, _) = opened(folder.root());
        let keys = [0, 1].map(|serial| journals.append("p", &event(serial), true).unwrap());
        journals.disk.rests_until = Duration::MAX;
        let refused = journals.append("p", &event(2), true).unwrap_err();
        assert_eq!(refused, JournalError::Unwritable("its disk is too slow".to_owned()));
        journals.mark_done("p", keys[0]);
        drop(journals);
        let (mut journals, events) = opened(folder.root());
        assert_eq!(events, 2, "nothing was written: one comes twice");
        journals.disk.rests_until = Duration::MAX;
        for _ in 0..2 {
            let JournalRead::Event(read) = journals.open.get_mut("p").unwrap().journal.read().0 else { panic!() };
            journals.mark_done("p", read.journal.unwrap());
        }
        journals.disk = Disk::default();
        journals.append("p", &event(3), true).unwrap();
        drop(journals);
        assert_eq!(opened(folder.root()).1, 1, "those that were done are marked");
    }

    #[test]
    fn a_rest_ends() {
        let (now, mut disk) = (Duration::from_secs(100), Disk::default());
        assert!(!disk.rests(now));
        disk.rest(now);
        assert!(disk.rests(now));
        assert!(!disk.rests(now + limits::JOURNAL_REST));
    }
}
