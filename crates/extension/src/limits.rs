//! Every bound of this crate, named. Those of the protocol are in [`supervisor_protocol::limits`].

use std::time::Duration;

/// Bytes that are read at a time.
pub(crate) const READ_BYTES: usize = 64 * 1024;

/// Events that wait for a slow handler; of those beyond it the handler is told that they are lost.
pub(crate) const WAITING_EVENTS: usize = 65_536;

/// How long open calls may go on once supervisord has asked for the end: it waits for two seconds.
pub(crate) const LAST_ANSWERS: Duration = Duration::from_secs(1);
