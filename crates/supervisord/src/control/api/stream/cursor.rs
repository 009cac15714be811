//! Where a client of the stream has come to, as the id of each frame says it and a client that comes again repeats it.
//!
//! Text for clients to keep and not to read: `boot.version.event`, and for each log `.generation-offset`, all in
//! hexadecimal digits. A place of another boot says nothing of processes and everything of logs.

use std::fmt;

/// A place in everything that a client may follow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cursor {
    /// The control plane that has said it.
    pub(super) boot: u64,
    /// Version of the processes; 0: none is known.
    pub(super) version: u64,
    /// Serial of the last event; 0: none is known.
    pub(super) event: u64,
    /// In the order in which logs were asked for; `None`: nothing was read of it.
    pub(super) logs: Vec<Option<LogPlace>>,
}

/// A place in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LogPlace {
    /// Which of the files that have borne the name.
    pub(super) generation: u32,
    /// Of the next byte in it.
    pub(super) offset: u64,
}

impl Cursor {
    /// Reads one of ours; `None`: it is not.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let (boot, version, event) = (number(parts.next()?)?, number(parts.next()?)?, number(parts.next()?)?);
        let place = |text: &str| match text.split_once('-') {
            Some(("", "")) => Some(None),
            Some((generation, offset)) => {
                let generation = u32::try_from(number(generation)?).ok()?;
                Some(Some(LogPlace { generation, offset: number(offset)? }))
            }
            None => None,
        };
        Some(Self { boot, version, event, logs: parts.map(place).collect::<Option<_>>()? })
    }
}

/// Digits without a sign, which would be a number too.
fn number(text: &str) -> Option<u64> {
    let are_digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    u64::from_str_radix(text, 16).ok().filter(|_| are_digits)
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { boot, version, event, logs } = self;
        write!(f, "{boot:x}.{version:x}.{event:x}")?;
        logs.iter().try_for_each(|place| match place {
            Some(LogPlace { generation, offset }) => write!(f, ".{generation:x}-{offset:x}"),
            None => f.write_str(".-"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_read_again() {
        let place = LogPlace { generation: 0x3a, offset: 50_646_220 };
        for logs in [vec![], vec![None], vec![Some(place), None, Some(place)]] {
            let cursor = Cursor { boot: 1_795_335_467_000_000, version: 88_213, event: 1_795_335_467_000_124, logs };
            assert_eq!(Cursor::parse(&cursor.to_string()), Some(cursor));
        }
        let longest = Cursor {
            boot: 1 << 51,
            version: u64::from(u32::MAX),
            event: 1 << 51,
            logs: vec![Some(LogPlace { generation: u32::MAX, offset: (1 << 40) - 1 }); 8],
        };
        assert!(longest.to_string().len() <= 200, "{longest}");
    }

    #[test]
    fn what_is_not_ours_is_not_read() {
        for text in
            ["", "1", "1.2", "1.2.", "1.2.x", "+1.2.3", "1.2.3.", "1.2.3.4", "1.2.3.4-", "1.2.3.100000000-1", "1.2.3 "]
        {
            assert_eq!(Cursor::parse(text), None, "{text}");
        }
    }
}
