//! The header line of a notification (contract/events.md §3).

use std::fmt;

use crate::tokens::Tokens;

/// What supervisord says of an event before its payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The version of the protocol: `3.0`.
    pub version: String,
    /// The identifier of the supervisord.
    pub server: String,
    /// The number of the event, the same in all pools.
    pub serial: u64,
    /// The pool of this listener: the name of its `[eventlistener:x]`.
    pub pool: String,
    /// The number of the event in this pool. An event that comes again keeps it.
    pub poolserial: u64,
    /// The concrete type, such as `PROCESS_STATE_RUNNING`.
    pub event_name: String,
    /// The length of the payload in characters, which are not bytes.
    pub characters: usize,
}

/// A line that is no header. The text says which token is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderError(String);

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a header line without a good token '{}'", self.0)
    }
}

impl std::error::Error for HeaderError {}

impl Header {
    /// Reads a header line, with or without its line feed.
    ///
    /// # Errors
    /// When a token is missing, or no number where one is needed.
    pub fn parse(line: &str) -> Result<Self, HeaderError> {
        let tokens = Tokens::parse(line);
        let text = |key: &str| tokens.get(key).map(str::to_owned).ok_or_else(|| HeaderError(key.to_owned()));
        let number = |key: &str| tokens.number(key).ok_or_else(|| HeaderError(key.to_owned()));
        Ok(Self {
            version: text("ver")?,
            server: text("server")?,
            serial: number("serial")?,
            pool: text("pool")?,
            poolserial: number("poolserial")?,
            event_name: text("eventname")?,
            characters: usize::try_from(number("len")?).map_err(|_| HeaderError("len".to_owned()))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "ver:3.0 server:box serial:21 pool:listener poolserial:10 eventname:TICK_5 len:15\n";

    #[test]
    fn every_token_is_read() {
        let header = Header::parse(LINE).unwrap();
        assert_eq!((header.version.as_str(), header.server.as_str()), ("3.0", "box"));
        assert_eq!((header.serial, header.poolserial, header.characters), (21, 10, 15));
        assert_eq!((header.pool.as_str(), header.event_name.as_str()), ("listener", "TICK_5"));
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = Header::parse(&LINE.replace("len:15", "len:many")).unwrap_err();
        assert_eq!(error.to_string(), "a header line without a good token 'len'");
        assert!(Header::parse("").is_err());
    }
}
