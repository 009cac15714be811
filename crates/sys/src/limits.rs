//! Every bound and size of this crate, named.

use std::time::Duration;

/// Bytes of a path in the address of a unix socket (unix(7), without the NUL).
pub const SOCKET_PATH_BYTES: usize = 107;

/// Descriptors that a program may be given: the standard three, and what an extension or a listening socket needs.
pub const CHILD_DESCRIPTORS: usize = 16;

/// Descriptors that may lie on a shelf. Two dozen make up for all that supervisord has for itself; the kernel counts
/// them against the user's RLIMIT_NOFILE, once for all processes (unix(7)).
pub const SHELVED_DESCRIPTORS: usize = 64;

/// Bytes of stack for a child between clone and exec; only pages that are touched cost memory.
pub const CHILD_STACK_BYTES: usize = 64 * 1024;

/// Bytes of the text that a failed child writes to its fd 2. Not more than a pipe takes at once, for a child that
/// blocks there would hold up the daemon that waits for its exec, and for whole records in the pipe of reports.
pub const CHILD_MESSAGE_BYTES: usize = libc::PIPE_BUF;

/// Bytes that a path or a word of the command may take of that text; longer ones are cut.
pub const CHILD_MESSAGE_NAME_BYTES: usize = 3 * 1024;

/// Bytes of the reason alone, which fits into that text with all that stands around it.
pub const CHILD_WORDS_BYTES: usize = CHILD_MESSAGE_BYTES - 256;

/// How long a child that is still root may take to part with our table of descriptors, which takes it microseconds. It
/// is killed then.
pub const TABLE_PATIENCE: Duration = Duration::from_secs(5);

/// Folders and symbolic links whose file system is remembered; with one more all are found out anew.
pub const KNOWN_PLACES: usize = 1024;

/// Symbolic links that are followed in one path (path_resolution(7)).
pub const SYMBOLIC_LINKS: u32 = 40;

/// Bytes of the error of a daemon that its caller shows at most.
pub const START_ERROR_BYTES: u64 = 64 * 1024;

/// How often a file is opened that somebody exchanges at the same moment, before that is an error.
pub const OPEN_ATTEMPTS: u32 = 4;

/// Events that one wait brings at most; the rest comes with the next one.
pub const EVENTS_PER_WAIT: usize = 256;

/// A wait of this length or more ends somewhat early, so that none is late by the kernel's slack.
pub const LONG_WAIT: Duration = Duration::from_millis(100);

/// Connections that wait to be accepted by an HTTP server.
pub const LISTEN_BACKLOG: i32 = 1024;

/// Connections that wait at the socket of FastCGI programs where `socket_backlog` does not say: glibc's SOMAXCONN,
/// which is Python's, also where the C library has a lower one.
pub const FCGI_BACKLOG: i32 = 4096;

/// How long a socket found at our path may take to answer before it counts as in use.
pub const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

/// How often a stale socket is cleared away before giving up.
pub const STALE_SOCKET_ATTEMPTS: u32 = 10;

/// How often another starter is given way to while it replaces a stale socket, which takes it microseconds.
pub const TAKEOVER_LOCK_ATTEMPTS: u32 = 1_000;
