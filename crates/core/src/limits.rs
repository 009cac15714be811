//! Every bound of the core, named. Asserted or refused where it is enforced.

use std::time::Duration;

/// Requests that may wait for a state at a time; one more is refused with FAILED.
pub const DEFERRED_REQUESTS: usize = 4_096;

/// Requests for a restart that wait for its configuration to be read; further ones are refused.
pub const RESTART_REQUESTS: usize = 64;

/// Bytes that may wait for the stdin of one process; more is refused with FAILED. What is larger by itself is taken
/// when nothing waits.
pub const STDIN_BYTES: usize = 1 << 20;

/// Bytes of memory that the events waiting in one pool take; more drops the oldest. One event may be larger.
pub const LISTENER_POOL_BYTES: usize = 32 << 20;

/// From so many bytes on, what can wait for a pool with `overflow=block` does, however few events they are. The rest up
/// to [`LISTENER_POOL_BYTES`] is for what cannot wait, and for what has been read already.
pub const LISTENER_POOL_BLOCK_BYTES: usize = 16 << 20;

/// Events of clients that may wait for a place in pools; one more is refused with FAILED.
pub const WAITING_EVENTS: usize = 1_024;

/// Bytes that these events may take together; one event may be larger.
pub const WAITING_EVENT_BYTES: usize = 16 << 20;

/// A pool that has emptied keeps room for at most so many events.
pub const LISTENER_POOL_SPARE_EVENTS: usize = 1_024;

/// Bytes of a listener's result that are waited for; a longer one breaks the protocol.
pub const LISTENER_RESULT_BYTES: usize = 1 << 20;

/// Bytes of the line that announces a result.
pub const LISTENER_RESULT_LINE_BYTES: usize = 1 << 10;

/// Characters that the log shows of what a listener wrote against the protocol.
pub const LISTENER_EXCERPT_CHARACTERS: usize = 100;

/// Seconds that a listener which breaks the protocol again and again waits for its restart at most.
pub const PROTOCOL_RESTART_SECONDS: u32 = 60;

/// Seconds that a program whose pauses grow waits for its restart at most; a life that is longer begins the count anew.
pub const RESTART_PAUSE_SECONDS: u32 = 60;

/// Lives of a process that are remembered.
pub const LIVES_REMEMBERED: usize = 32;

/// Starts by themselves that are counted for `restart_limit_count`.
pub const RESTARTS_COUNTED: u32 = 1_000;

/// A start that follows by itself comes no earlier than so long after the spawn before it, unless a pause is
/// configured: the pace of Supervisor when nothing but the ends of its children wakes it (programs.md §4.3).
pub const STORM_GUARD: Duration = Duration::from_secs(1);

/// A life that is shorter lets the pauses of `backoff` grow, which `backoff_reset_secs` may prolong.
pub const SHORT_LIFE: Duration = Duration::from_secs(10);

/// The largest number of tries that events tell.
pub const TRIES_TOLD: u64 = i32::MAX as u64;

/// Processes spawned for one input without being asked for; the rest follow with the next one, so that nobody else
/// waits for a storm. A client that starts all gets all at once.
pub const SPAWNS_PER_TURN: usize = 32;

/// Bytes of output that one PROCESS_LOG event tells of: what Supervisor reads at a time.
pub const PROCESS_LOG_BYTES: usize = 128 << 10;

/// Bytes of the name of an event type of an extension's own.
pub const EVENT_NAME_BYTES: usize = 64;

/// Bytes of the payload of such an event; a longer one is refused.
pub const OWN_EVENT_BYTES: usize = 1 << 20;

/// Events that the event stream can be read back; more drops the oldest.
pub const EVENT_RING_EVENTS: usize = 4_096;

/// Bytes of memory that these events take.
pub const EVENT_RING_BYTES: usize = 4 << 20;

/// Bytes of one payload that the event stream keeps; the rest of it goes to pools alone.
pub const EVENT_RING_PAYLOAD_BYTES: usize = 16 << 10;

/// Events that a reader of the event stream gets at a time.
pub const EVENT_BATCH_EVENTS: usize = 256;

/// Bytes of memory that they take; a single event may take more.
pub const EVENT_BATCH_BYTES: usize = 64 << 10;

/// Events that a pool drops one after the other with a line each; of those that follow the number is told.
pub const OVERFLOW_LINES: u32 = 5;

/// Restarts of supervisord that programs may bring about (`restart_supervisor`) within
/// [`PROGRAM_RESTARTS_SECONDS`]; the next one becomes a shutdown.
pub const PROGRAM_RESTARTS: usize = 3;

/// Seconds of the window in which those are counted.
pub const PROGRAM_RESTARTS_SECONDS: u64 = 60;
