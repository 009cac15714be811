//! One file of a journal: records one behind another, and nothing else.
//!
//! Grows at its end; a record is changed only in its state byte. Invariant: `live` counts the records that are not
//! done, `unread` those of them that the core has not been given.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;

use supervisor_core::PoolEvent;

use super::record::{self, HEADER_BYTES, Header, IS_DONE};

/// A file of a journal.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) number: u64,
    pub(super) file: File,
    /// Bytes of whole records.
    pub(super) length: u64,
    pub(super) live: u64,
    /// Bytes of the records that are not done.
    pub(super) live_bytes: u64,
    pub(super) unread: u64,
    /// Bytes of payload in them.
    pub(super) unread_payload: u64,
}

/// A record that was found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) offset: u64,
    /// Bytes, header included.
    pub(super) size: u64,
    pub(super) is_done: bool,
    pub(super) body: Vec<u8>,
}

/// What stands at a place of a segment.
#[derive(Debug)]
pub(super) enum Look {
    /// A record.
    Record(Found),
    /// The end.
    End,
    /// Bytes that are no record.
    Garbage,
}

impl Segment {
    /// A file that is empty, or is to be scanned.
    pub(super) fn new(number: u64, file: File) -> Self {
        Self { number, file, length: 0, live: 0, live_bytes: 0, unread: 0, unread_payload: 0 }
    }

    /// What stands here.
    ///
    /// # Errors
    /// As `pread(2)`.
    pub(super) fn look(&self, offset: u64) -> io::Result<Look> {
        let left = self.length.saturating_sub(offset);
        if left == 0 {
            return Ok(Look::End);
        }
        if left < HEADER_BYTES as u64 {
            return Ok(Look::Garbage);
        }
        let mut header = [0; HEADER_BYTES];
        self.file.read_exact_at(&mut header, offset)?;
        let Some(header) = Header::decode(header) else { return Ok(Look::Garbage) };
        let size = (HEADER_BYTES + header.length) as u64;
        if size > left {
            return Ok(Look::Garbage);
        }
        let mut body = vec![0; header.length];
        self.file.read_exact_at(&mut body, offset + HEADER_BYTES as u64)?;
        if !header.fits(&body) {
            return Ok(Look::Garbage);
        }
        Ok(Look::Record(Found { offset, size, is_done: header.is_done, body }))
    }

    /// Writes a record at the end. One that is not written as a whole is cut off again.
    ///
    /// # Errors
    /// As `pwrite(2)`.
    pub(super) fn append(&mut self, record: &[u8], event: &PoolEvent, is_unread: bool) -> io::Result<u64> {
        let offset = self.length;
        if let Err(error) = self.file.write_all_at(record, offset) {
            // Else its checksum tells, or the next one is written over it.
            self.file.set_len(offset).ok();
            return Err(error);
        }
        self.length += record.len() as u64;
        self.live += 1;
        self.live_bytes += record.len() as u64;
        if is_unread {
            self.unread += 1;
            self.unread_payload += event.payload.len() as u64;
        }
        Ok(offset)
    }

    /// A record is done. One that cannot be marked comes again after a restart.
    pub(super) fn mark_done(&mut self, offset: u64, size: u64) {
        self.live -= 1;
        self.live_bytes -= size;
        if self.live > 0 {
            self.file.write_all_at(&[IS_DONE], offset).ok();
        }
    }

    /// Reads the whole file and counts its records, each of which is shown. Gives the length of those that are whole.
    ///
    /// # Errors
    /// As `read(2)`.
    pub(super) fn scan(&mut self, mut show: impl FnMut(&[u8])) -> io::Result<u64> {
        let mut bytes = Vec::new();
        (&self.file).read_to_end(&mut bytes)?;
        self.length = bytes.len() as u64;
        let mut rest = bytes.as_slice();
        while let Some((header, body)) = record::first(rest) {
            let size = HEADER_BYTES + header.length;
            if !header.is_done {
                self.live += 1;
                self.live_bytes += size as u64;
                self.unread += 1;
                self.unread_payload += record::payload_bytes(body);
            }
            show(body);
            rest = &rest[size..];
        }
        Ok((bytes.len() - rest.len()) as u64)
    }

    /// The core was given a record.
    pub(super) fn count_read(&mut self, found: &Found) {
        self.unread -= 1;
        self.unread_payload = self.unread_payload.saturating_sub(record::payload_bytes(&found.body));
    }

    /// Cuts off what stands behind this place.
    pub(super) fn cut(&mut self, offset: u64) {
        self.file.set_len(offset).ok();
        self.length = offset;
    }
}
