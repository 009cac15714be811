//! Every bound of the control plane, named. Refused or waited for where it is enforced.

use std::time::Duration;

/// Connections of one listener at a time. For one more, the connection that has been idle for longest is closed;
/// when none is idle, the newcomer waits. Counted for each listener, so that a flood over TCP leaves the unix socket
/// reachable.
pub(super) const CONNECTIONS: usize = 256;

/// Bytes of a request's head.
pub(super) const HEAD_BYTES: usize = 64 * 1024;

/// Header fields of a request.
pub(super) const HEADERS: usize = 100;

/// Bytes of a request's body; more is 413.
pub(super) const BODY_BYTES: usize = 8 * 1024 * 1024;

/// Time from the first byte of a request's head to its last.
pub(super) const HEAD_TIME: Duration = Duration::from_secs(30);

/// Time for a request's body.
pub(super) const BODY_TIME: Duration = Duration::from_secs(60);

/// Time between requests on a connection; long, since clients keep theirs for interactive sessions.
pub(super) const IDLE_TIME: Duration = Duration::from_secs(30 * 60);

/// Time in which a client has to take some bytes of its answer. Log streams may pause for as long as they like.
pub(super) const WRITE_TIME: Duration = Duration::from_secs(60);

/// Pause after an `accept` that failed.
pub(super) const ACCEPT_PAUSE: Duration = Duration::from_millis(500);

/// Time that answers on their way get when the control plane stops.
pub(super) const STOP_GRACE: Duration = Duration::from_secs(2);

/// Threads that read files.
pub(super) const FILE_READERS: usize = 4;
