//! Bounds of what belongs to neither plane; each plane has a `limits.rs` of its own.

use std::time::Duration;

/// Messages that may wait in the inbox at a time; whoever has one more waits for a place.
pub(crate) const INBOX_MESSAGES: usize = 1_024;

/// Processes that have gone, of which it is remembered for those who follow processes.
pub(crate) const REMEMBERED_REMOVALS: usize = 1_024;

/// How long one plug-in may take to be made before a start or a restart goes on.
pub(crate) const PLUGIN_CHECK: Duration = Duration::from_secs(30);

/// Notices about extensions that may wait for the control plane; one more is lost, and its extension begins anew.
pub(crate) const EXTENSION_NOTICES: usize = 4_096;

/// Characters of a line that a check shows to a person; a line may be as long as a file.
pub(crate) const SHOWN_LINE_CHARACTERS: usize = 500;

/// Bytes of a piece of memory from which on it is given back to the system when it is free.
pub(crate) const RETURNED_BYTES: i32 = 4 * 1024 * 1024;

/// Descriptors that supervisord needs for itself, with two servers, and to start one program; with fewer within its
/// limit it does not start.
pub(crate) const LEAST_DESCRIPTORS: u64 = 40;

/// Descriptors that supervisord takes for itself at most, where the hard limit is higher: more than four thousand
/// programs' worth for each of several servers, and few enough to be closed one by one where nothing else is left.
pub(crate) const MOST_DESCRIPTORS: u64 = 1 << 18;
