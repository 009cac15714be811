//! Bounds of what belongs to neither plane; each plane has a `limits.rs` of its own.

/// Messages that may wait in the inbox at a time; whoever has one more waits for a place.
pub(crate) const INBOX_MESSAGES: usize = 1_024;

/// Characters of a line that a check shows to a person; a line may be as long as a file.
pub(crate) const SHOWN_LINE_CHARACTERS: usize = 500;
