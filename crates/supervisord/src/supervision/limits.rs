//! Every bound of the supervision plane, named.

use std::time::Duration;

/// Bytes read from one stream at a time; bounds the work for one child in a turn.
pub(super) const READ_BYTES: usize = 256 * 1024;

/// A read of fewer bytes than this is small: the child writes lines, not blocks.
pub(super) const SMALL_READ: usize = 32 * 1024;

/// Small reads closer together than this make a stream hot.
pub(super) const HOT_STREAM_INTERVAL: Duration = Duration::from_micros(200);

/// Pause between two visits of the hot streams.
pub(super) const HOT_STREAM_PAUSE: Duration = Duration::from_micros(300);

/// Pause between two attempts to write to a child when there is no descriptor for its stdin.
pub(super) const WANTED_STDIN_PAUSE: Duration = Duration::from_millis(100);

/// Size of the pipe of a hot stream.
pub(super) const HOT_PIPE_BYTES: usize = 1024 * 1024;

/// Messages of the control plane handled in a turn, before children get theirs.
pub(super) const MESSAGES_PER_TURN: usize = 256;

/// Ends of children handled in a turn, each perhaps with a start anew; the others get their turn in between.
pub(super) const REAPS_PER_TURN: usize = 4;

/// Children reaped in a turn where only SIGCHLD tells of them; most are strangers, which need no more than a line.
pub(super) const REAPS_PER_SWEEP: usize = 256;

/// Exit status of a child that did not become its program (contract/processes.md §3.3); programs may have it too.
pub(super) const NOT_SPAWNED: u8 = 127;

/// How long the end of a process waits for event listeners that are behind.
pub(super) const LISTENERS_CATCH_UP: Duration = Duration::from_micros(500);

/// Bytes that wait for a blocked log destination of programs. Programs that run are not read meanwhile, so there is
/// one read and the last words of those that end; more than this is dropped and counted.
pub(super) const LOG_PENDING_BYTES: usize = 4 * 1024 * 1024;

/// Bytes of the main log that wait for a blocked destination; more than this is dropped and counted.
pub(super) const MAIN_LOG_PENDING_BYTES: usize = 256 * 1024;

/// A write to a log that takes longer than this moves all logs of its file system to a thread.
pub(super) const SLOW_DISK: Duration = Duration::from_millis(100);

/// Threads that write logs of remote and slow file systems; with more such file systems than this some share one.
pub(super) const LOG_WRITERS: usize = 8;

/// Bytes of stack of such a thread.
pub(super) const LOG_WRITER_STACK: usize = 256 * 1024;

/// How long threads are waited for in a turn, in total, where somebody counts on an outcome; and not at all while such
/// a thread is at work on one order for longer than this.
pub(super) const LOG_WRITER_PATIENCE: Duration = Duration::from_millis(50);

/// How long nobody waits for a thread after one wait that was in vain.
pub(super) const LOG_WRITER_IMPATIENCE: Duration = Duration::from_secs(1);

/// An order that takes a thread longer than this is said in the main log.
pub(super) const LOG_WRITER_HANGS: Duration = Duration::from_secs(1);

/// Bytes that wait for a thread before programs with that log are not read any more.
pub(super) const LOG_QUEUE_BYTES: usize = 256 * 1024;

/// Bytes up to which chunks for a thread become one.
pub(super) const SMALL_CHUNK: usize = 4 * 1024;

/// What an end may take besides, for logs that nobody takes and files that do not answer, as a service manager is told.
pub(super) const LAST_WORDS: Duration = Duration::from_secs(30);

/// Between two times that a service manager is told the states of programs.
pub(super) const STATUS_PAUSE: Duration = Duration::from_secs(1);

/// Bytes of a line for syslog that has no end yet; with more, what there is of it is sent.
pub(super) const SYSLOG_LINE_BYTES: usize = 8 * 1024;

/// Names that are tried for an AUTO log before its folder is said to be unusable.
pub(super) const AUTO_LOG_NAMES: usize = 100;

/// Pause between two attempts to open a log file that could not be opened anew.
pub(super) const LOG_OPEN_PAUSE: Duration = Duration::from_secs(1);

/// Bytes of the events in the journal of one pool that are not done; more drops the oldest. The files may take two of
/// theirs more, and one for each listener that never answers.
pub(super) const JOURNAL_BYTES: u64 = 256 << 20;

/// How long the disk of the journals is left alone after a call that took longer than `SLOW_DISK`.
pub(super) const JOURNAL_REST: Duration = Duration::from_secs(5);

/// From this size on a file of a journal is followed by another one.
pub(super) const JOURNAL_FILE_BYTES: u64 = 8 << 20;

/// How long the end of supervisord waits for followers of events to fetch the last ones.
pub(super) const LAST_EVENTS_PATIENCE: Duration = Duration::from_millis(500);

/// How long the end of supervisord waits for readers of its logs, when everything else has stopped.
pub(super) const LAST_WORDS_PATIENCE: Duration = Duration::from_secs(2);

/// Bytes of one `env_file`.
pub(super) const ENV_FILE_BYTES: u64 = 1 << 20;

/// Variables of one `env_file`, and files of one `env_dir`.
pub(super) const ENV_VARIABLES: usize = 10_000;

/// Bytes of a file that is the value of a variable.
pub(super) const SECRET_BYTES: u64 = 64 << 10;

/// Bytes of a file that is a credential.
pub(super) const CREDENTIAL_BYTES: u64 = 1 << 20;

/// Processes at a time whose variables threads are reading from remote file systems.
pub(super) const REMOTE_SOURCES: usize = 16;

/// How long a start waits for such a thread; an answer that comes later is the next attempt's.
pub(super) const REMOTE_SOURCES_PATIENCE: Duration = Duration::from_millis(50);
