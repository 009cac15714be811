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

use supervisor_core::{Channel, Life};

use super::limits;
use super::log_file::{LogFileNotice, LogPath, Readers, Rotation, clear_closed, own_descriptor};
use super::log_stream::LogStream;
use super::log_writers::{LogWriters, Outcome, Ticket};
use super::open_log::OpenLog;
use super::syslog::{SYSLOG_SOCKET, Syslog};
use crate::boundary::followers::{Follower, Followers};

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

#[derive(Debug, Default)]
pub(super) struct LogTable {
    slots: Vec<Option<Slot>>,
    by_path: HashMap<Arc<Path>, LogId>,
    /// The logs that threads write.
    by_ticket: HashMap<Ticket, LogId>,
    vacant: Vec<LogId>,
    /// The system's log, for all of them.
    syslog: Syslog,
    /// What is to be said of logs that were closed or emptied in this turn, and of the system's.
    unsaid: Vec<(Arc<Path>, LogFileNotice)>,
}

#[derive(Debug)]
struct Slot {
    path: Arc<Path>,
    readers: Readers,
    /// Channels of configured processes that are logged here.
    registered: usize,
    /// Channels of running processes that are.
    running: usize,
    open: Option<OpenLog>,
    /// Bytes that it had dropped when it was closed, by a full disk for instance. It is one trouble, told once at its
    /// end, however often a program ends and starts meanwhile.
    dropped: u64,
    /// Clients to be told of each change.
    followers: Followers,
    /// Streams that are not read until this log takes bytes again.
    held: Vec<(Life, Channel)>,
}

impl LogTable {
    /// The log of a path, for a channel of a process that was added.
    pub(super) fn register(&mut self, path: &Path, readers: Readers) -> LogId {
        let path: Arc<Path> = match own_descriptor(path) {
            Some(number) => PathBuf::from(format!("/proc/self/fd/{number}")).into(),
            None => path.into(),
        };
        let Self { slots, by_path, vacant, .. } = self;
        let id = *by_path.entry(Arc::clone(&path)).or_insert_with(|| {
            vacant.pop().unwrap_or_else(|| {
                slots.push(None);
                LogId(slots.len() - 1)
            })
        });
        slots[id.0].get_or_insert_with(|| Slot::new(path, readers)).registered += 1;
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
    pub(super) fn open(&mut self, id: LogId, writers: &mut LogWriters) -> io::Result<()> {
        let Self { slots, by_ticket, .. } = self;
        let Some(slot) = slots.get_mut(id.0).and_then(Option::as_mut) else { return Ok(()) };
        if let Some(open) = &mut slot.open {
            open.follow_path();
        } else {
            let mut open = OpenLog::open(slot.log_path(), writers)?;
            open.carry_dropped(std::mem::take(&mut slot.dropped));
            by_ticket.extend(open.ticket().map(|ticket| (ticket, id)));
            slot.open = Some(open);
        }
        slot.running += 1;
        Ok(())
    }

    /// Closes it for a channel of a process that has ended.
    pub(super) fn close(&mut self, id: LogId, writers: &mut LogWriters) {
        let Self { slots, unsaid, .. } = self;
        if let Some(slot) = slots.get_mut(id.0).and_then(Option::as_mut) {
            slot.running = slot.running.saturating_sub(1);
            if let Some(open) = slot.open.as_mut().filter(|_| slot.running == 0) {
                unsaid.extend(open.settle(writers).map(|notice| (Arc::clone(&slot.path), notice)));
                slot.followers.notify();
            }
            self.tidy(id);
        }
    }

    /// What is to be said of logs that were closed or emptied since the last call.
    pub(super) fn take_unsaid(&mut self) -> Vec<(Arc<Path>, LogFileNotice)> {
        std::mem::take(&mut self.unsaid)
    }

    /// Sends a line to the system's log.
    pub(super) fn send_to_syslog(&mut self, message: &str) {
        let notice = self.syslog.send(message);
        self.unsaid.extend(notice.map(|notice| (Arc::from(Path::new(SYSLOG_SOCKET)), notice)));
    }

    /// The last word on what was dropped by logs that are not going to be written any more.
    pub(super) fn give_up_dropped(&mut self) {
        for slot in self.slots.iter_mut().flatten() {
            self.unsaid.extend(slot.take_dropped());
        }
        let dropped = self.syslog.take_lost();
        if dropped > 0 {
            self.unsaid.push((Arc::from(Path::new(SYSLOG_SOCKET)), LogFileNotice::NeverTookAgain { dropped }));
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
        slot.followers.notify();
        notice
    }

    /// Writes on to a log that takes bytes again.
    pub(super) fn flush(&mut self, id: LogId) -> Option<LogFileNotice> {
        self.slot(id)?.open.as_mut()?.flush()
    }

    /// Whether something waits to be written.
    pub(super) fn is_blocked(&self, id: LogId) -> bool {
        let slot = self.slots.get(id.0).and_then(Option::as_ref);
        slot.and_then(|slot| slot.open.as_ref()).is_some_and(OpenLog::is_blocked)
    }

    /// The stream behind a log, to be watched with the poller.
    pub(super) fn stream(&mut self, id: LogId) -> Option<&mut LogStream> {
        self.slot(id)?.open.as_mut()?.stream()
    }

    /// Remembers that a stream of a child waits for this log.
    pub(super) fn hold(&mut self, id: LogId, life: Life, channel: Channel) {
        if let Some(slot) = self.slot(id) {
            slot.held.push((life, channel));
        }
    }

    /// The streams that have waited for this log, which takes bytes again.
    pub(super) fn take_held(&mut self, id: LogId) -> Vec<(Life, Channel)> {
        self.slot(id).map(|slot| std::mem::take(&mut slot.held)).unwrap_or_default()
    }

    /// Closes a log that was open only for what had to be written.
    pub(super) fn close_if_unused(&mut self, id: LogId) {
        self.tidy(id);
    }

    /// The logs with bytes that wait to be written, and how many.
    pub(super) fn waiting(&mut self) -> Vec<(LogId, usize)> {
        let waiting = |(index, slot): (usize, &mut Option<Slot>)| {
            let bytes = slot.as_mut()?.open.as_mut()?.waiting();
            (bytes > 0).then_some((LogId(index), bytes))
        };
        self.slots.iter_mut().enumerate().filter_map(waiting).collect()
    }

    /// Whether a thread writes this log.
    pub(super) fn is_queued(&self, id: LogId) -> bool {
        let slot = self.slots.get(id.0).and_then(Option::as_ref);
        slot.and_then(|slot| slot.open.as_ref()).is_some_and(OpenLog::is_queued)
    }

    /// The file system of a log that the loop writes itself.
    pub(super) fn device(&self, id: LogId) -> Option<u64> {
        self.slots.get(id.0)?.as_ref()?.open.as_ref()?.device()
    }

    /// Leaves all logs of a file system to its thread.
    pub(super) fn leave_to_writer(&mut self, device: u64, writers: &mut LogWriters) {
        let Self { slots, by_ticket, .. } = self;
        for (index, slot) in slots.iter_mut().enumerate() {
            if let Some(log) = slot.as_mut().and_then(|slot| slot.open.as_mut()) {
                log.leave_to_writer(device, writers);
                by_ticket.extend(log.ticket().map(|ticket| (ticket, LogId(index))));
            }
        }
    }

    /// Takes in what a thread has done. Gives the log, and what there is to be said of it.
    pub(super) fn answered(
        &mut self,
        ticket: Ticket,
        outcome: Outcome,
        now: Duration,
    ) -> Option<(LogId, Option<LogFileNotice>)> {
        // Else nobody wanted the log any more.
        let id = *self.by_ticket.get(&ticket)?;
        let slot = self.slot(id)?;
        let notice = slot.open.as_mut()?.answered(outcome, now);
        slot.followers.notify();
        Some((id, notice))
    }

    /// The path of a log, for what is said of it.
    pub(super) fn path(&self, id: LogId) -> &Path {
        self.slots.get(id.0).and_then(Option::as_ref).map_or(Path::new(""), |slot| &slot.path)
    }

    /// Empties a log, open or not.
    pub(super) fn clear(&mut self, id: LogId, writers: &mut LogWriters) -> io::Result<()> {
        let Self { slots, unsaid, .. } = self;
        let Some(slot) = slots.get_mut(id.0).and_then(Option::as_mut) else { return Ok(()) };
        match (&mut slot.open, writers.writer_of(&slot.path)) {
            (Some(open), _) => {
                let cleared = open.clear(writers);
                unsaid.extend(open.settle(writers).map(|notice| (Arc::clone(&slot.path), notice)));
                cleared?;
            }
            (None, Some(writer)) => writers.clear_closed(&writer, slot.log_path())?,
            (None, None) => clear_closed(&slot.log_path())?,
        }
        slot.followers.notify();
        Ok(())
    }

    /// Opens every open log anew (SIGUSR2).
    pub(super) fn reopen(&mut self) {
        for slot in self.slots.iter_mut().flatten() {
            if let Some(open) = &mut slot.open {
                open.reopen();
                slot.followers.notify();
            }
        }
    }

    /// Tells a client of each change from now on.
    pub(super) fn follow(&mut self, id: LogId, follower: Follower) {
        if let Some(slot) = self.slot(id) {
            slot.followers.add(follower);
        }
    }

    fn slot(&mut self, id: LogId) -> Option<&mut Slot> {
        self.slots.get_mut(id.0).and_then(Option::as_mut)
    }

    /// Closes what nobody writes to, unless something waits; drops what nobody knows.
    fn tidy(&mut self, id: LogId) {
        let Some(slot) = self.slots.get_mut(id.0) else { return };
        let Some(used) = slot else { return };
        // A log that is not written any more tells nobody, so those who have gone are let go now.
        used.followers.forget_gone();
        if used.running > 0 || used.open.as_ref().is_some_and(OpenLog::is_busy) {
            return;
        }
        if let Some(open) = used.open.take() {
            used.dropped += open.dropped();
            if let Some(ticket) = open.ticket() {
                self.by_ticket.remove(&ticket);
            }
        }
        if used.registered == 0 {
            self.unsaid.extend(used.take_dropped());
            self.by_path.remove(&used.path);
            *slot = None;
            self.vacant.push(id);
        }
    }
}

impl Slot {
    fn new(path: Arc<Path>, readers: Readers) -> Self {
        Self {
            path,
            readers,
            registered: 0,
            running: 0,
            open: None,
            dropped: 0,
            followers: Followers::default(),
            held: Vec::new(),
        }
    }

    fn log_path(&self) -> LogPath {
        LogPath { path: Arc::clone(&self.path), readers: self.readers }
    }

    fn take_dropped(&mut self) -> Option<(Arc<Path>, LogFileNotice)> {
        let dropped = std::mem::take(&mut self.dropped) + self.open.as_ref().map_or(0, OpenLog::dropped);
        (dropped > 0).then(|| (Arc::clone(&self.path), LogFileNotice::NeverTookAgain { dropped }))
    }
}

#[cfg(test)]
mod tests;
