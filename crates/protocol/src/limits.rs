//! Every bound of what is read. The bytes of a document are bounded by whoever receives them.

/// Values inside values.
pub const NESTING: usize = 32;

/// Values in one call.
pub const CALL_VALUES: usize = 65_536;

/// Values in one answer: some 60,000 processes.
pub const ANSWER_VALUES: usize = 1 << 20;
