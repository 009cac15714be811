//! Every bound of this crate, named.

/// Bytes of a header line at most. One of supervisord's has about 120 and two names.
pub(crate) const HEADER_BYTES: u64 = 64 * 1024;

/// Bytes of an answer of supervisord at most.
pub(crate) const ANSWER_BYTES: u64 = 256 * 1024 * 1024;
