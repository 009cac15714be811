//! Every bound of the client, named.

use std::time::Duration;

/// How long a server may take to accept a connection; what it is asked may then take as long as it needs.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long Tab, or a completion script, waits for names before it goes without.
pub(crate) const COMPLETION_TIMEOUT: Duration = Duration::from_secs(2);

/// How long the runtime looks for what has come already: a turn of it.
pub(crate) const MOMENT: Duration = Duration::from_millis(1);

/// How long the interpreter of plug-ins may take to load them where Tab waits for the names of their commands.
pub(crate) const PLUGIN_NAMES: Duration = Duration::from_secs(5);

/// How long the interpreter of plug-ins may take to load them.
pub(crate) const PLUGIN_HOST_START: Duration = Duration::from_secs(30);

/// Questions of plug-ins that are answered at once; further ones wait for one of these.
pub(crate) const MAX_PLUGIN_QUESTIONS: usize = 16;

/// Longest `--timeout`.
pub(crate) const MAX_WAIT: Duration = Duration::from_hours(24);

/// Largest answer that is read, in bytes: room for the whole of a big log file.
pub(crate) const MAX_ANSWER_BYTES: usize = 256 * 1024 * 1024;

/// Largest event of a stream that is shown, in bytes: far more than supervisord sends.
pub(crate) const MAX_FRAME_BYTES: usize = 16 * 1024 * 1024;

/// Bytes of a document that says why something is refused.
pub(crate) const MAX_REFUSAL_BYTES: usize = 64 * 1024;

/// Logs that `logs` follows at a time, which is what a stream of the server takes.
pub(crate) const MAX_LOGS: usize = 8;

/// Where `logs` begins in each: so many bytes before the end.
pub(crate) const LOGS_FROM: i64 = -4_096;

/// Bytes of a line of `logs`; a longer one is shown in pieces.
pub(crate) const MAX_LOG_LINE_BYTES: usize = 64 * 1024;

/// A look at what processes use is told for a second; so long after it there is another.
pub(crate) const SECOND_LOOK: Duration = Duration::from_millis(1_100);

/// How long an event stream may be silent, which supervisord breaks every 15 seconds, before it is given up.
pub(crate) const STREAM_SILENCE: Duration = Duration::from_mins(1);

/// Columns of a terminal that does not tell.
pub(crate) const USUAL_COLUMNS: usize = 80;

/// Descriptors that the runtime and one connection take, beside what is open when they begin.
pub(crate) const NEEDED_DESCRIPTORS: usize = 7;

/// The soft limit of descriptors is raised to this where the hard one allows: enough for everything that is done.
pub(crate) const WANTED_DESCRIPTORS: u64 = 64;

/// `status` asks for each name on its own up to this many names, for the whole list beyond.
pub(crate) const MAX_SINGLE_STATUS_NAMES: usize = 8;

/// How often it is looked whether another client has finished what it does to a process.
pub(crate) const PACE_BESIDE_OTHERS: Duration = Duration::from_millis(50);

/// How often a person at a terminal is shown what happens while a command waits.
pub(crate) const PACE_OF_PROGRESS: Duration = Duration::from_secs(1);

/// How often `update` and `restart` begin anew, for a group or a process, because another client came in between.
pub(crate) const MAX_NEW_BEGINNINGS: u32 = 20;

/// Longest line of standard input, in bytes; a longer one is taken in pieces.
pub(crate) const MAX_LINE_BYTES: usize = 1024 * 1024;

/// How often it is looked, in milliseconds, whether the line editor has taken a line, while another one waits.
pub(crate) const KEYBOARD_PACE_MILLIS: u8 = 2;

/// Lines of history that are kept.
pub(crate) const MAX_HISTORY_LINES: usize = 1000;

/// Bytes of the history that are read.
pub(crate) const MAX_HISTORY_BYTES: u64 = 16 * 1024 * 1024;

/// Bytes that are asked for first for each line of `tail -n`.
pub(crate) const USUAL_LINE_BYTES: usize = 200;

/// Most bytes of a log that `tail -n` looks for its lines in.
pub(crate) const MAX_TAIL_BYTES: i32 = 16 * 1024 * 1024;

/// `tail` and `maintail` without a number show this many bytes.
pub(crate) const DEFAULT_TAIL_BYTES: i32 = 1600;

/// How often `extension-test` looks whether the extension has ended.
pub(crate) const PACE_OF_EXITS: Duration = Duration::from_millis(10);

/// How long an extension may take to answer `initialize`, as supervisord has it (docs/extensions.md, «Bounds»).
pub(crate) const EXTENSION_START: Duration = Duration::from_secs(10);

/// How long `extension-test` waits for an answer to what can be answered at once.
pub(crate) const EXTENSION_ANSWER: Duration = Duration::from_secs(10);

/// How long it waits for the answers to as many calls as may be open.
pub(crate) const EXTENSION_ANSWERS: Duration = Duration::from_mins(1);

/// How long it waits for the call that somebody names with `--call`.
pub(crate) const EXTENSION_CALL: Duration = Duration::from_mins(5);

/// How long an extension may take to end once it is asked to, before it gets SIGTERM.
pub(crate) const EXTENSION_END: Duration = Duration::from_secs(2);

/// How long the channel may be open after the end of its extension: a process that has ended has closed it.
pub(crate) const EXTENSION_CHANNEL_END: Duration = Duration::from_secs(1);

/// Calls of an extension that are open at once.
pub(crate) const MAX_EXTENSION_CALLS: usize = 1024;

/// Mistakes of an extension that are told at a time.
pub(crate) const MAX_EXTENSION_COMPLAINTS: usize = 10;
