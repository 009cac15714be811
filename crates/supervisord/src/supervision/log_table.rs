//! Every log of the programs, each path once: programs that name the same file, and the two channels of one that does,
//! share what is open, so that a rotation takes nothing from anybody.
//!
//! A log whose last program has ended stays open while something waits to be written to it. Two names of one file (a
//! symbolic link) are two logs; both append, neither truncates the other's without being told to (`backups` of 0).

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use supervisor_core::Channel;

use super::limits;
use super::log_file::{LogFile, LogFileNotice, Rotation, clear_closed, own_descriptor};
use super::log_stream::LogStream;
use crate::inbox::Follower;

/// A log of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LogId(usize);

impl LogId {
    /// For a key of the poller.
    pub(super) fn index(self) -> usize {
        self.0
    }

    /// The other way round.
    pub(super) fn from_index(index: usize) -> Self {
        Self(index)
    }
}

/// The table.
#[derive(Debug, Default)]
pub(super) struct LogTable {
    slots: Vec<Option<Slot>>,
    by_path: HashMap<Arc<Path>, LogId>,
    vacant: Vec<LogId>,
}

#[derive(Debug)]
struct Slot {
    path: Arc<Path>,
    /// Channels of configured processes that are logged here.
    registered: usize,
    /// Channels of running processes that are.
    running: usize,
    open: Option<LogFile>,
    /// Clients to be told of each change.
    followers: Vec<Follower>,
    /// Streams that are not read until this log takes bytes again.
    held: Vec<(usize, Channel)>,
}

impl LogTable {
    /// The log of a path, for a channel of a process that was added.
    pub(super) fn register(&mut self, path: &Path) -> LogId {
        let path: Arc<Path> = match own_descriptor(path) {
            Some(number) => PathBuf::from(format!("/proc/self/fd/{number}")).into(),
            None => path.into(),
        };
        let Self { slots, by_path, vacant } = self;
        let id = *by_path.entry(Arc::clone(&path)).or_insert_with(|| {
            vacant.pop().unwrap_or_else(|| {
                slots.push(None);
                LogId(slots.len() - 1)
            })
        });
        let new = || Slot { path, registered: 0, running: 0, open: None, followers: Vec::new(), held: Vec::new() };
        slots[id.0].get_or_insert_with(new).registered += 1;
        id
    }

    /// A process was removed: one of those that registered is gone.
    pub(super) fn forget(&mut self, id: LogId) {
        if let Some(slot) = self.slot(id) {
            slot.registered = slot.registered.saturating_sub(1);
            self.tidy(id);
        }
    }

    /// Opens the log for a channel of a process that starts.
    pub(super) fn open(&mut self, id: LogId) -> io::Result<()> {
        let Some(slot) = self.slot(id) else { return Ok(()) };
        match &mut slot.open {
            Some(open) => open.follow_path(),
            None => slot.open = Some(LogFile::open(Arc::clone(&slot.path))?),
        }
        slot.running += 1;
        Ok(())
    }

    /// Closes it for a channel of a process that has ended.
    pub(super) fn close(&mut self, id: LogId) {
        if let Some(slot) = self.slot(id) {
            slot.running = slot.running.saturating_sub(1);
            self.tidy(id);
        }
    }

    /// Writes output.
    pub(super) fn append(
        &mut self,
        id: LogId,
        rotation: Rotation,
        bytes: &[u8],
        now: Duration,
    ) -> Option<LogFileNotice> {
        let slot = self.slot(id)?;
        let notice = slot.open.as_mut()?.append(bytes, rotation, limits::LOG_PENDING_BYTES, now);
        slot.notify();
        notice
    }

    /// Writes on to a log that takes bytes again.
    pub(super) fn flush(&mut self, id: LogId) -> Option<LogFileNotice> {
        self.slot(id)?.open.as_mut()?.flush()
    }

    /// Whether something waits to be written.
    pub(super) fn is_blocked(&self, id: LogId) -> bool {
        let slot = self.slots.get(id.0).and_then(Option::as_ref);
        slot.and_then(|slot| slot.open.as_ref()).is_some_and(LogFile::is_blocked)
    }

    /// The stream behind a log, to be watched with the poller.
    pub(super) fn stream(&mut self, id: LogId) -> Option<&mut LogStream> {
        self.slot(id)?.open.as_mut()?.stream()
    }

    /// Remembers that a stream of a child waits for this log.
    pub(super) fn hold(&mut self, id: LogId, index: usize, channel: Channel) {
        if let Some(slot) = self.slot(id) {
            slot.held.push((index, channel));
        }
    }

    /// The streams that have waited for this log, which takes bytes again.
    pub(super) fn take_held(&mut self, id: LogId) -> Vec<(usize, Channel)> {
        self.slot(id).map(|slot| std::mem::take(&mut slot.held)).unwrap_or_default()
    }

    /// Closes a log that was open only for what had to be written.
    pub(super) fn close_if_unused(&mut self, id: LogId) {
        self.tidy(id);
    }

    /// The logs that wait to be written.
    pub(super) fn blocked(&self) -> Vec<LogId> {
        (0..self.slots.len()).map(LogId).filter(|id| self.is_blocked(*id)).collect()
    }

    /// The path of a log, for what is said of it.
    pub(super) fn path(&self, id: LogId) -> &Path {
        self.slots.get(id.0).and_then(Option::as_ref).map_or(Path::new(""), |slot| &slot.path)
    }

    /// Empties a log, open or not.
    pub(super) fn clear(&mut self, id: LogId) -> io::Result<()> {
        let Some(slot) = self.slot(id) else { return Ok(()) };
        match &mut slot.open {
            Some(open) => open.clear()?,
            None => clear_closed(&slot.path)?,
        }
        slot.notify();
        Ok(())
    }

    /// Opens every open log anew (SIGUSR2).
    pub(super) fn reopen(&mut self) {
        for slot in self.slots.iter_mut().flatten() {
            if let Some(open) = &mut slot.open {
                open.reopen();
                slot.notify();
            }
        }
    }

    /// Tells a client of each change from now on.
    pub(super) fn follow(&mut self, id: LogId, follower: Follower) {
        if let Some(slot) = self.slot(id) {
            slot.followers.retain(|follower| !follower.is_gone());
            slot.followers.push(follower);
        }
    }

    fn slot(&mut self, id: LogId) -> Option<&mut Slot> {
        self.slots.get_mut(id.0).and_then(Option::as_mut)
    }

    /// Closes what nobody writes to, unless something waits; drops what nobody knows.
    fn tidy(&mut self, id: LogId) {
        let Some(slot) = self.slots.get_mut(id.0) else { return };
        let Some(used) = slot else { return };
        if used.running > 0 || used.open.as_ref().is_some_and(LogFile::is_blocked) {
            return;
        }
        used.open = None;
        if used.registered == 0 {
            self.by_path.remove(&used.path);
            *slot = None;
            self.vacant.push(id);
        }
    }
}

impl Slot {
    fn notify(&mut self) {
        if !self.followers.is_empty() {
            self.followers.retain(Follower::notify);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const AT_TEN: Rotation = Rotation { maxbytes: 10, backups: 3 };

    fn folder(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("log-table-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        path
    }

    #[test]
    fn two_programs_with_one_log_lose_nothing_when_it_rotates() {
        let folder = folder("shared");
        let mut table = LogTable::default();
        let path = folder.join("x.log");
        let ids = [table.register(&path), table.register(&path)];
        assert_eq!(ids[0], ids[1]);
        for id in ids {
            table.open(id).unwrap();
        }
        for round in 0..4 {
            for id in ids {
                let line = format!("{round}\n");
                assert!(table.append(id, AT_TEN, line.as_bytes(), Duration::ZERO).is_none());
            }
        }
        table.close(ids[0]);
        assert!(table.append(ids[1], AT_TEN, b"last\n", Duration::ZERO).is_none());
        let text = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
        assert_eq!(text("x.log.2") + &text("x.log.1") + &text("x.log"), "0\n0\n1\n1\n2\n2\n3\n3\nlast\n");
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn names_of_one_descriptor_are_one_log() {
        let mut table = LogTable::default();
        let id = table.register(Path::new("/dev/stdout"));
        assert_eq!(table.register(Path::new("/dev/fd/1")), id);
        assert_eq!(table.register(Path::new("/proc/self/fd/1")), id);
        assert_ne!(table.register(Path::new("/dev/stderr")), id);
    }

    #[test]
    fn a_place_is_used_again_once_nobody_knows_its_log() {
        let mut table = LogTable::default();
        let first = table.register(Path::new("/dev/null"));
        table.open(first).unwrap();
        table.forget(first);
        assert_ne!(table.register(Path::new("/a")), first, "it is still written to");
        table.close(first);
        assert_eq!(table.register(Path::new("/b")), first);
    }

    #[test]
    fn what_waits_outlives_the_program_that_wrote_it() {
        let folder = folder("waits");
        let path = folder.join("fifo");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let mut table = LogTable::default();
        let id = table.register(&path);
        table.open(id).unwrap();
        while !table.is_blocked(id) {
            assert!(table.append(id, AT_TEN, &[b'x'; 1000], Duration::ZERO).is_none());
        }
        table.hold(id, 7, Channel::Stderr);
        table.close(id);
        assert_eq!(table.blocked(), [id]);
        let mut reader = fs::OpenOptions::new().read(true).open(&path).unwrap();
        let mut buffer = vec![0; 100_000];
        assert!(io::Read::read(&mut reader, &mut buffer).unwrap() >= 4096);
        assert!(table.flush(id).is_none());
        assert!(!table.is_blocked(id));
        assert_eq!(table.take_held(id), [(7, Channel::Stderr)]);
        table.close_if_unused(id);
        assert!(table.stream(id).is_none(), "it is closed at last");
        fs::remove_dir_all(&folder).unwrap();
    }
}
