//! An event as bytes of a journal.
//!
//! ```text
//! state     1 byte: 0 waits, 1 is done; changed in place
//! length    4 bytes, of the body
//! checksum  4 bytes: CRC-32 (IEEE 802.3) of the body
//! body      serial 8, poolserial 8, length of the name 1, name of the event type, payload
//! ```
//!
//! Numbers are little-endian. Invariant: what was cut off, or overwritten, is never taken for an event.

use std::sync::Arc;

use supervisor_core::{EventType, PoolEvent};

/// Bytes before the body.
pub(super) const HEADER_BYTES: usize = 9;

/// What a state byte says.
pub(super) const WAITS: u8 = 0;
pub(super) const IS_DONE: u8 = 1;

/// Bytes of a body before the name.
const NUMBERS_BYTES: usize = 17;

/// What stands before a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) is_done: bool,
    /// Bytes of the body.
    pub(super) length: usize,
    checksum: u32,
}

impl Header {
    /// `None`: these bytes are no header.
    pub(super) fn decode(bytes: [u8; HEADER_BYTES]) -> Option<Self> {
        let [state, length @ .., c0, c1, c2, c3] = bytes;
        let is_done = match state {
            WAITS => false,
            IS_DONE => true,
            _ => return None,
        };
        let length = usize::try_from(u32::from_le_bytes(length)).ok()?;
        let checksum = u32::from_le_bytes([c0, c1, c2, c3]);
        (length >= NUMBERS_BYTES).then_some(Self { is_done, length, checksum })
    }

    /// Whether this is the body that was written with it.
    pub(super) fn fits(&self, body: &[u8]) -> bool {
        crc32(body) == self.checksum
    }
}

/// The bytes of an event; `None` when its payload is larger than a length can say.
pub(super) fn encode(event: &PoolEvent) -> Option<Vec<u8>> {
    let name = event.event_type.name();
    let length = NUMBERS_BYTES + name.len() + event.payload.len();
    let mut record = Vec::with_capacity(HEADER_BYTES + length);
    record.push(WAITS);
    record.extend(u32::try_from(length).ok()?.to_le_bytes());
    record.extend([0; 4]);
    record.extend(event.serial.to_le_bytes());
    record.extend(event.poolserial.to_le_bytes());
    record.push(u8::try_from(name.len()).ok()?);
    record.extend(name.as_bytes());
    record.extend(event.payload.as_bytes());
    let checksum = crc32(&record[HEADER_BYTES..]).to_le_bytes();
    record[HEADER_BYTES - 4..HEADER_BYTES].copy_from_slice(&checksum);
    Some(record)
}

/// The event of a body; `None` when it is of a type that we do not know.
pub(super) fn decode(body: &[u8]) -> Option<PoolEvent> {
    let (serial, rest) = body.split_first_chunk()?;
    let (poolserial, rest) = rest.split_first_chunk()?;
    let (name_length, rest) = rest.split_first()?;
    let (name, payload) = rest.split_at_checked(usize::from(*name_length))?;
    Some(PoolEvent {
        serial: u64::from_le_bytes(*serial),
        poolserial: u64::from_le_bytes(*poolserial),
        event_type: EventType::from_any_name(str::from_utf8(name).ok()?)?,
        payload: Arc::from(str::from_utf8(payload).ok()?),
        journal: None,
    })
}

/// The next record of what was read from a file: its header and its body. `None`: what stands there is none.
pub(super) fn first(bytes: &[u8]) -> Option<(Header, &[u8])> {
    let (header, rest) = bytes.split_first_chunk()?;
    let header = Header::decode(*header)?;
    let body = rest.get(..header.length)?;
    header.fits(body).then_some((header, body))
}

/// Serial and poolserial of a body.
pub(super) fn serials(body: &[u8]) -> Option<(u64, u64)> {
    let (serial, rest) = body.split_first_chunk()?;
    let (poolserial, _) = rest.split_first_chunk()?;
    Some((u64::from_le_bytes(*serial), u64::from_le_bytes(*poolserial)))
}

/// Bytes of payload in a body.
pub(super) fn payload_bytes(body: &[u8]) -> u64 {
    let name = body.get(NUMBERS_BYTES - 1).map_or(0, |length| usize::from(*length));
    body.len().saturating_sub(NUMBERS_BYTES + name) as u64
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        let [low, ..] = crc.to_le_bytes();
        TABLE[usize::from(low ^ byte)] ^ (crc >> 8)
    })
}

const TABLE: [u32; 256] = table();

const fn table() -> [u32; 256] {
    const REVERSED_POLYNOMIAL: u32 = 0xEDB8_8320;
    let mut table = [0; 256];
    let mut index = 0;
    let mut byte: u32 = 0;
    while index < 256 {
        let mut crc = byte;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ REVERSED_POLYNOMIAL } else { crc >> 1 };
            bit += 1;
        }
        table[index] = crc;
        index += 1;
        byte += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(payload: &str) -> PoolEvent {
        PoolEvent {
            serial: 7,
            poolserial: u64::MAX,
            event_type: EventType::Tick5,
            payload: Arc::from(payload),
            journal: None,
        }
    }

    fn read(record: &[u8]) -> Option<PoolEvent> {
        first(record).and_then(|(_, body)| decode(body))
    }

    #[test]
    fn checksums_are_those_of_others() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b""), 0);
    }

    #[test]
    fn what_was_written_is_read() {
        for payload in ["", "when:5", "line\nline \u{e9}\0", &"x".repeat(100_000)] {
            let record = encode(&event(payload)).unwrap();
            assert_eq!(read(&record), Some(event(payload)));
            assert_eq!(payload_bytes(&record[HEADER_BYTES..]), payload.len() as u64);
        }
    }

    #[test]
    fn what_is_cut_off_or_changed_is_no_event() {
        let record = encode(&event("when:1201063880")).unwrap();
        for length in 0..record.len() {
            assert_eq!(read(&record[..length]), None, "{length} bytes");
        }
        for place in 1..record.len() {
            let mut changed = record.clone();
            changed[place] ^= 0x10;
            assert_eq!(read(&changed), None, "byte {place}");
        }
        assert_eq!(read(&vec![0; record.len()]), None, "a hole in a file");
    }
}
