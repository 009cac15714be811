//! Every bound of what is read. The bytes of a document are bounded by whoever receives them.

/// Values inside values.
pub const NESTING: usize = 32;

/// Values in one call.
pub const CALL_VALUES: usize = 65_536;

/// Values in one answer: some 60,000 processes.
pub const ANSWER_VALUES: usize = 1 << 20;

/// Bytes of a line from an extension, without its end.
pub const EXTENSION_LINE_BYTES: usize = 16 * 1024 * 1024;

/// Values in a line from an extension: in memory they may take many times what they take in the line.
pub const EXTENSION_VALUES: usize = 65_536;

/// Bytes of an id that an extension gives a request of its own.
pub const EXTENSION_ID_BYTES: usize = 64;

/// Methods of one extension.
pub const EXTENSION_METHODS: usize = 1_024;

/// Event types of one extension's own.
pub const EXTENSION_EVENT_TYPES: usize = 64;

/// Bytes of the name of a method of an extension.
pub const EXTENSION_NAME_BYTES: usize = 64;

/// Bytes of the help text of a method of an extension.
pub const EXTENSION_HELP_BYTES: usize = 64 * 1024;
