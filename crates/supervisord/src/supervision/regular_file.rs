//! A log in a regular file: what is appended and counted, and how a full one becomes a backup
//! (contract/processes.md §6.1).
//!
//! Which path it has, and what is done when it is gone, is [`super::log_file`]'s. Only a file that its path still
//! leads to is renamed, and within the folder that it lies in: a log that is a link has its backups beside the file.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;

use supervisor_sys::{FilePlace, SameFile};

use super::log_stream::Refused;

/// A file that is open for appending.
#[derive(Debug)]
pub(super) struct RegularFile {
    file: File,
    /// The number of its file system.
    device: u64,
    /// Bytes in it, counted.
    size: u64,
    /// The size at which the rotation is tried, after one that was refused.
    rotate_above: u64,
}

/// What became of a full file.
#[derive(Debug)]
pub(super) enum PutAway {
    /// Its name is free for a new one, or leads to another file.
    Renamed,
    /// It is empty.
    Emptied,
}

impl RegularFile {
    /// One that has just been opened, and what fstat(2) says of it.
    pub(super) fn new(file: File, metadata: &fs::Metadata) -> Self {
        Self { file, device: metadata.dev(), size: metadata.size(), rotate_above: 0 }
    }

    /// The number of its file system (stat(2)).
    pub(super) fn device(&self) -> u64 {
        self.device
    }

    /// Whether it is to be put away now; never with a `maxbytes` of 0.
    pub(super) fn is_full(&self, maxbytes: u64) -> bool {
        maxbytes > 0 && self.size >= maxbytes.max(self.rotate_above)
    }

    /// It could not be put away, so it only grows, which loses nothing; the next attempt comes with the next
    /// `maxbytes`. Whether this was the first in vain.
    pub(super) fn grow_on(&mut self, maxbytes: u64) -> bool {
        std::mem::replace(&mut self.rotate_above, self.size + maxbytes) == 0
    }

    /// Writes all, or what the file takes. A full disk or a quota is nothing that trying again at once would mend.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.file.write(rest) {
                Ok(0) => return Err(Refused { count: rest.len(), error: io::ErrorKind::WriteZero.into() }),
                Ok(count) => {
                    self.size += count as u64;
                    rest = &rest[count..];
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Refused { count: rest.len(), error }),
            }
        }
        Ok(())
    }

    /// Whether it is the file at this place.
    pub(super) fn is_at(&self, place: &FilePlace) -> bool {
        match (SameFile::of_open(&self.file), place.same_file()) {
            (Ok(ours), Ok(theirs)) => ours == theirs,
            (Err(_), _) | (_, Err(_)) => false,
        }
    }

    /// Puts a full file away that is at this place; `there` backups have to make room.
    pub(super) fn put_away(&mut self, place: &FilePlace, backups: u32, there: u32) -> io::Result<PutAway> {
        if backups == 0 {
            self.file.set_len(0)?;
            (self.size, self.rotate_above) = (0, 0);
            return Ok(PutAway::Emptied);
        }
        for number in (1..=there.min(backups - 1)).rev() {
            // One that was taken away meanwhile is no error.
            place.rename(&place.numbered(number), &place.numbered(number + 1)).ok();
        }
        place.rename(place.name(), &place.numbered(1)).map(|()| PutAway::Renamed)
    }
}

/// How many backups there are without a gap, `most` at most, when so many are known. Older ones beyond a gap stay where
/// they are until it is filled.
pub(super) fn count_backups(place: &FilePlace, known: u32, most: u32) -> u32 {
    let mut count = known.min(most);
    while count < most && place.neighbour(&place.numbered(count + 1)).is_some() {
        count += 1;
    }
    count
}
