//! Bounds of what belongs to neither plane; each plane has a `limits.rs` of its own.

/// Messages that may wait in the inbox at a time; whoever has one more waits for a place.
pub(crate) const INBOX_MESSAGES: usize = 1_024;

/// Characters of a line that a check shows to a person; a line may be as long as a file.
pub(crate) const SHOWN_LINE_CHARACTERS: usize = 500;

/// Bytes of a piece of memory from which on it is given back to the system when it is free.
pub(crate) const RETURNED_BYTES: i32 = 4 * 1024 * 1024;
