//! The journals of this supervisord by their pools, and what the log says of them.
//!
//! The identifier is that of the start: a reread that changes it moves no journal.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use supervisor_core::{JournalBacklog, JournalError, JournalFate, JournalKey, JournalRead, LogLevel, PoolEvent};

use super::event_journal::{EventJournal, Opened, ending, folder_of, is_forsaken};
use super::os_host::OsHost;

/// The journals that are open.
#[derive(Debug)]
pub(super) struct EventJournals {
    childlogdir: PathBuf,
    identifier: String,
    open: BTreeMap<Box<str>, EventJournal>,
}

impl EventJournals {
    pub(super) fn new(childlogdir: PathBuf, identifier: String) -> Self {
        Self { childlogdir, identifier, open: BTreeMap::new() }
    }

    /// Closes all of them; those that are empty leave nothing behind.
    pub(super) fn close_all(&mut self) {
        std::mem::take(&mut self.open).into_values().for_each(EventJournal::close);
    }

    pub(super) fn append(
        &mut self,
        pool: &str,
        event: &PoolEvent,
        stays_in_memory: bool,
    ) -> Result<JournalKey, JournalError> {
        match self.open.get_mut(pool) {
            Some(journal) => journal.append(event, stays_in_memory),
            None => Err(JournalError::Unwritable("it is not open".to_owned())),
        }
    }

    pub(super) fn mark_done(&mut self, pool: &str, event: JournalKey) {
        if let Some(journal) = self.open.get_mut(pool) {
            journal.mark_done(event);
        }
    }

    pub(super) fn close(&mut self, pool: &str, fate: JournalFate) {
        let Some(journal) = self.open.remove(pool) else { return };
        match fate {
            JournalFate::Kept => journal.close(),
            JournalFate::Deleted => journal.delete(),
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
                journals.open.insert(pool.into(), journal);
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
        let Some(journal) = journals.open.get_mut(pool) else { return JournalRead::End };
        let (read, complaint) = journal.read();
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
