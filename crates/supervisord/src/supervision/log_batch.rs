//! Output on its way to a thread: bytes, and where its chunks end, so that a log rotates between the same ones as if it
//! had been written at once.

use std::time::Duration;

use super::limits;
use super::log_file::{LogFile, LogFileNotice, Rotation};

/// Chunks of one log, in order.
#[derive(Debug, Default)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    chunks: Vec<Chunk>,
}

#[derive(Debug)]
struct Chunk {
    length: usize,
    rotation: Rotation,
}

impl Batch {
    /// Adds a chunk. Small ones become one, which bounds their number and spares system calls.
    pub(super) fn push(&mut self, bytes: &[u8], rotation: Rotation) {
        self.bytes.extend_from_slice(bytes);
        match self.chunks.last_mut() {
            Some(last) if last.rotation == rotation && last.length + bytes.len() <= limits::SMALL_CHUNK => {
                last.length += bytes.len();
            }
            Some(_) | None => self.chunks.push(Chunk { length: bytes.len(), rotation }),
        }
    }

    /// How many bytes there are.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Writes all of it, and drops what the file does not take. `now` is the monotonic clock. Of what there is to be
    /// said, the last.
    pub(super) fn write_to(&self, file: &mut LogFile, now: Duration) -> Option<LogFileNotice> {
        let mut notice = None;
        self.write_chunks(|bytes, rotation| {
            let said = file.append(bytes, rotation, limits::LOG_PENDING_BYTES, now);
            notice = said.or(notice.take());
        });
        notice
    }

    /// Forgets the bytes and keeps the room, unless it is much.
    pub(super) fn clear(&mut self) {
        if self.bytes.capacity() > limits::LOG_QUEUE_BYTES + limits::READ_BYTES {
            *self = Self::default();
        }
        self.bytes.clear();
        self.chunks.clear();
    }

    fn write_chunks(&self, mut write: impl FnMut(&[u8], Rotation)) {
        let mut rest = self.bytes.as_slice();
        for chunk in &self.chunks {
            let (now, later) = rest.split_at(chunk.length);
            write(now, chunk.rotation);
            rest = later;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_stay_chunks_and_small_ones_become_one() {
        const NEVER: Rotation = Rotation { maxbytes: 0, backups: 0 };
        const AT_TEN: Rotation = Rotation { maxbytes: 10, backups: 1 };
        let mut batch = Batch::default();
        for (bytes, rotation) in [("a", NEVER), ("b", NEVER), ("c", AT_TEN), ("d", NEVER)] {
            batch.push(bytes.as_bytes(), rotation);
        }
        let large = vec![b'x'; limits::SMALL_CHUNK];
        batch.push(&large, NEVER);
        let mut chunks = Vec::new();
        batch.write_chunks(|bytes, rotation| chunks.push((bytes.to_vec(), rotation)));
        let small = [("ab", NEVER), ("c", AT_TEN), ("d", NEVER)].map(|(text, rotation)| (text.into(), rotation));
        assert_eq!(chunks, [&small[..], &[(large, NEVER)]].concat());
        batch.clear();
        batch.write_chunks(|_, _| panic!("nothing is left"));
        assert_eq!(batch.len(), 0);
    }
}
