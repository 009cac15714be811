//! Every bound of the control plane, named. Refused or waited for where it is enforced.

use std::ops::RangeInclusive;
use std::time::Duration;

/// How long it takes until a socket that cannot be put back to its path is tried again.
pub(super) const SOCKET_RENEWAL_PAUSE: Duration = Duration::from_secs(1);

/// How often the path of a socket is looked at where the kernel does not tell of changes.
pub(super) const SOCKET_LOOK_PAUSE: Duration = Duration::from_secs(5);

/// With fewer descriptors than this, each is worth more to programs than what only saves a look now and then.
pub(super) const FEW_DESCRIPTORS: u64 = 256;

/// Connections of one listener at a time, if there are descriptors for them. For one more, the connection that has been
/// idle for longest is closed; when none is idle, the newcomer waits. Counted for each listener, so that a flood over
/// TCP leaves the unix socket reachable.
pub(super) const CONNECTIONS: usize = 256;

/// Seconds after which a client that was refused for want of a place may try again.
pub(super) const RETRY_AFTER_SECONDS: u16 = 10;

/// Connections that each listener may have, however few descriptors there are: one has to get in to mend things.
pub(super) const FEWEST_CONNECTIONS: usize = 8;

/// The share of all descriptors that the connections of all listeners may take: one of so many. Those that follow logs
/// have a file open besides.
pub(super) const CONNECTION_SHARE: u64 = 4;

/// Connections of each listener that may have one of the descriptors that are reserved: one to mend things, and one
/// that follows a log beside it.
pub(super) const LAST_CONNECTIONS: usize = 2;

/// Descriptors that clients leave free for what must not fail: a few starts, each with six pipes, two for its report
/// and a log or two for a moment.
pub(super) const RESERVED_DESCRIPTORS: u64 = 32;

/// Where there are few descriptors, the reserve is one of so many.
pub(super) const RESERVE_SHARE: u64 = 8;

/// However few there are, the reserve is enough for one start beside the last connections of two listeners.
pub(super) const LEAST_RESERVED_DESCRIPTORS: u64 = 16;

/// Passwords of servers of which it is remembered over restarts who was right; for one more, the oldest is forgotten.
pub(super) const REMEMBERED_PASSWORDS: usize = 64;

/// Time without trouble after which new trouble with accepting clients is told again.
pub(super) const ACCEPT_TROUBLE_QUIET: Duration = Duration::from_mins(1);

/// Bytes of a request's head.
pub(super) const HEAD_BYTES: usize = 64 * 1024;

/// Bytes that are read ahead of what has been understood; room for a head.
pub(super) const READ_BUFFER_BYTES: usize = 2 * HEAD_BYTES;

/// Header fields of a request.
pub(super) const HEADERS: usize = 100;

/// Bytes of a request's body; more is 413.
pub(super) const BODY_BYTES: usize = 8 * 1024 * 1024;

/// Time from the first byte of a request's head to its last.
pub(super) const HEAD_TIME: Duration = Duration::from_secs(30);

/// Time for a request's body.
pub(super) const BODY_TIME: Duration = Duration::from_mins(1);

/// Bytes of a refused request's body that are read and forgotten.
pub(super) const REFUSED_BODY_BYTES: usize = 1024 * 1024;

/// Time for the body of a refused request: whoever has not been admitted does not hold a connection for long.
pub(super) const REFUSED_BODY_TIME: Duration = Duration::from_secs(2);

/// Refused requests whose bodies are waited for at a time; one more is answered at once. Few against [`CONNECTIONS`],
/// since connections that wait for a body do not make room for others.
pub(super) const REFUSED_BODIES: usize = 16;

/// Time between requests on a connection; long, since clients keep theirs for interactive sessions.
pub(super) const IDLE_TIME: Duration = Duration::from_mins(30);

/// Time in which a client has to take some bytes of its answer. Log streams may pause for as long as they like.
pub(super) const WRITE_TIME: Duration = Duration::from_mins(1);

/// Time that a request still gets after its client has said that it sends no more; it may be gone altogether.
pub(super) const HALF_CLOSED_TIME: Duration = Duration::from_secs(10);

/// Pause after an `accept` that failed.
pub(super) const ACCEPT_PAUSE: Duration = Duration::from_millis(500);

/// Time that answers on their way get when the control plane stops.
pub(super) const STOP_GRACE: Duration = Duration::from_secs(2);

/// Threads that read files.
pub(super) const FILE_READERS: usize = 4;

/// Threads that read the configuration and certificates anew.
pub(super) const REREAD_THREADS: usize = 1;

/// Threads that ask the name service before a start.
pub(super) const NAME_THREADS: usize = 1;

/// Jobs that wait for the threads of one kind; one more is refused. More than there are connections of a few servers,
/// each of which waits for one.
pub(super) const WAITING_JOBS: usize = 2_048;

/// Bytes of a thread's stack.
pub(super) const WORKER_STACK_BYTES: usize = 2 * 1024 * 1024;

/// Time without work after which a thread ends.
pub(super) const WORKER_IDLE_TIME: Duration = Duration::from_secs(10);

/// Bytes of a part of a log that is answered at once; what is longer is sent piece by piece.
pub(super) const SHORT_LOG_BYTES: u64 = 64 * 1024;

/// Bytes of a log that are read at a time. Written, they are five times as many at most.
pub(super) const LOG_PIECE_BYTES: usize = 16 * 1024;

/// Pieces of a log that are measured before others get the thread.
pub(super) const MEASURED_PIECES: usize = 1_024;

/// Long parts of logs that are sent at a time, for all servers: each holds a descriptor.
pub(super) const LOG_ANSWERS: usize = 32;

/// Bytes of a request, or of an answer, up to which it is not counted: connections bound the sum of those.
pub(super) const UNCOUNTED_BYTES: usize = 64 * 1024;

/// Bytes of all requests that are being carried out; one more waits, for [`BODY_TIME`] at most, and is 503 then.
pub(super) const REQUESTS_BYTES: usize = 32 * 1024 * 1024;

/// Bytes of all answers that are made or wait to be taken; one more is a fault.
pub(super) const ANSWERS_BYTES: usize = 64 * 1024 * 1024;

/// Bytes of an answer of `system.multicall` from which on the calls that are left fail.
pub(super) const MULTICALL_BYTES: usize = 16 * 1024 * 1024;

/// Characters of a bad request that are shown in the main log.
pub(super) const LOGGED_REQUEST_CHARACTERS: usize = 512;

/// Characters of an unknown host name that are shown to whoever used it.
pub(super) const SHOWN_HOST_CHARACTERS: usize = 255;

/// Memory that an argon2 hash may demand, in KiB.
pub(super) const ARGON2_KIBIBYTES: u32 = 1 << 20;

/// Passes that an argon2 hash may demand.
pub(super) const ARGON2_PASSES: u32 = 64;

/// Threads that compute argon2 hashes. One, since each takes the memory that its hash demands.
pub(super) const LOGIN_THREADS: usize = 1;

/// Logins that wait for an argon2 hash, for each server; one more is 503.
pub(super) const WAITING_LOGINS: usize = 16;

/// Those of them that come from one address.
pub(super) const WAITING_LOGINS_OF_ONE_ADDRESS: usize = 4;

/// Credentials that were right and are remembered, for each server.
pub(super) const KNOWN_CREDENTIALS: usize = 16;

/// Time for which credentials that were right are remembered after their last use.
pub(super) const KNOWN_CREDENTIALS_TIME: Duration = Duration::from_hours(1);

/// Bytes at a time of what the client of a log stream sends, which nobody reads.
pub(super) const IGNORED_BYTES: usize = 512;

/// Bytes at the end of a log that a log stream begins with.
pub(super) const STREAM_HEAD_BYTES: u64 = 1024;

/// Bytes of a log stream in one piece.
pub(super) const STREAM_PIECE_BYTES: u64 = 64 * 1024;

/// Pieces of a log stream that wait for a slow client; then the log is read no further.
pub(super) const STREAM_PIECES: usize = 2;

/// Time between two looks at a followed log that nobody has said anything about: others may write to it too.
pub(super) const STREAM_RECHECK: Duration = Duration::from_secs(1);

/// Clients of one listener that follow events at a time, among its streams; one more is refused.
pub(super) const EVENT_STREAMS: usize = 64;

/// Time without an event after which a stream of events gives a sign of life.
pub(super) const EVENT_STREAM_HEARTBEAT: Duration = Duration::from_secs(15);

/// Streams of one listener for pages, among its streams; one more is refused.
pub(super) const STREAMS: usize = 64;

/// Time between two pieces for one client of such a stream; the first change after quiet goes at once.
pub(super) const STREAM_PAUSE: Duration = Duration::from_millis(50);

/// Seconds between two samples that a client may ask for.
pub(super) const STREAM_SAMPLE_SECONDS: RangeInclusive<u64> = 1..=60;

/// Logs of one stream.
pub(super) const STREAM_LOGS: usize = 8;

/// Where a log begins of which nothing else is said: so many bytes before its end.
pub(super) const STREAM_LOG_FROM: i64 = -65_536;

/// Bytes of a log that a client may be behind; beyond, it goes on near the end.
pub(super) const STREAM_LAG_BYTES: u64 = 1024 * 1024;

/// Bytes of text in a piece of a stream from which on no further log is read for it.
pub(super) const STREAM_TEXT_BYTES: usize = 32 * 1024;

/// Time between two readings for one client that knows all there is: in a storm of events supervision is asked a
/// hundred times a second for each client.
pub(super) const EVENT_STREAM_PAUSE: Duration = Duration::from_millis(10);

/// Rotated files (`log.1`, `log.2`, …) among which a log stream looks for the one that it has read to its end.
pub(super) const ROTATED_FILES: u32 = 64;

/// Bytes that all values of one cache take together (`cache.store`).
pub(super) const CACHE_BYTES: usize = 16 << 20;

/// Processes that a list of `/api/v1` has where it is asked for fewer than all.
pub(super) const LIST_ROWS: usize = 5_000;

/// Bytes of a JSON body; more is 413.
pub(super) const JSON_BODY_BYTES: usize = 1024 * 1024;

/// Processes that one request may be about; more is 413.
pub(super) const ACTION_TARGETS: usize = 10_000;

/// Those of them whose states are waited for at a time: supervision lets so many requests wait, and others have some.
pub(super) const ACTIONS_AT_A_TIME: usize = 1_024;

/// How long an outcome may be waited for.
pub(super) const ACTION_WAIT: Duration = Duration::from_mins(5);

/// How long an outcome is waited for unless it is said.
pub(super) const ACTION_USUAL_WAIT: Duration = Duration::from_mins(1);

/// How long a state is waited for unless it is said.
pub(super) const UNTIL_USUAL_WAIT: Duration = Duration::from_secs(30);

/// How long a file is waited for whose last line would be told besides.
pub(super) const LAST_OUTPUT_PATIENCE: Duration = Duration::from_millis(100);

/// Bytes at the end of a log among which its last line is looked for.
pub(super) const LAST_OUTPUT_BYTES: i64 = 4 * 1024;

/// Characters of that line; the rest is cut off.
pub(super) const LAST_OUTPUT_CHARACTERS: usize = 512;

/// Warnings of a configuration that one answer tells; the rest is counted.
pub(super) const TOLD_WARNINGS: usize = 1_000;

/// How long a start waits for the name service, to know the groups and addresses of now.
pub(super) const NAMES_PATIENCE: Duration = Duration::from_secs(2);

/// Bytes of a form that a page has sent; more is 413.
pub(super) const FORM_BYTES: usize = 64 * 1024;

/// Characters of the sentence with which a page is shown after an action; what names of clients' make longer is cut
/// off.
pub(super) const PAGE_MESSAGE_CHARACTERS: usize = 4_096;

/// Bytes of a log that its page shows at least.
pub(super) const SHORTEST_TAIL_BYTES: u64 = 1_024;

/// Bytes of a log that its page shows at most.
pub(super) const LONGEST_TAIL_BYTES: usize = 4 * 1024 * 1024;

/// Hours for which a form of a page may be sent, after the one in which it was made.
pub(super) const FORM_TOKEN_HOURS: u64 = 12;

/// Time in which supervision has to answer a question, or `/healthz` says that it does not.
pub(super) const HEALTH_PATIENCE: Duration = Duration::from_secs(1);

/// Seconds for which `/readyz` may be asked to wait.
pub(super) const READY_WAIT_SECONDS: u64 = 300;

/// Processes that `/readyz` names of those that it waits for.
pub(super) const READY_NAMES: usize = 20;

/// Time for which a round through `/proc` counts as new for whoever asks once.
pub(super) const SAMPLE_AGE: Duration = Duration::from_secs(1);

/// Time between two rounds for whoever looks on.
pub(super) const SAMPLE_PAUSE: Duration = Duration::from_secs(2);

/// Rounds through `/proc` are so many times as long apart as one takes: a fiftieth of a processor at most.
pub(super) const SAMPLE_SHARE: u32 = 50;

/// Time between two rounds over which a share of a processor still says something about now.
pub(super) const SAMPLE_GAP: Duration = Duration::from_mins(2);

/// What was seen of a process is kept of so many rounds.
pub(super) const SAMPLES: u64 = 60;

/// The same of one that somebody looks at by itself, and for as many rounds after that.
pub(super) const SAMPLES_LOOKED_AT: u64 = 450;

/// How often a look at all processes is tried while they change and supervision refuses to tell of them.
pub(super) const SNAPSHOT_LOOKS: usize = 20;

/// Calls of one extension that may be open; one more is refused.
pub(super) const EXTENSION_CALLS: usize = 1_024;

/// Requests of one extension's own that may be open; one more is refused.
pub(super) const EXTENSION_QUESTIONS: usize = 1_024;

/// Bytes of calls and answers that an extension may leave unread; with more it is cut off.
pub(super) const EXTENSION_UNREAD_BYTES: usize = 32 * 1024 * 1024;

/// Bytes that may wait for an extension for events to be put behind them; with more they are left in the event stream,
/// which forgets the oldest.
pub(super) const EXTENSION_EVENT_BYTES: usize = 8 * 1024 * 1024;

/// Messages that an extension may say at once without being asked, and without waiting for an answer.
pub(super) const EXTENSION_MESSAGES: u32 = 32_768;

/// How many of them it gets back a second; one that has none left is cut off.
pub(super) const EXTENSION_MESSAGES_PER_SECOND: u32 = 2_000;

/// Room for lines that is kept while nothing is to be sent.
pub(super) const EXTENSION_KEPT_BYTES: usize = 64 * 1024;

/// Time from the start of an extension to its answer to `initialize`.
pub(super) const EXTENSION_START: Duration = Duration::from_secs(10);

/// Bytes that are read from an extension at a time.
pub(super) const EXTENSION_READ_BYTES: usize = 64 * 1024;

/// Time in which an extension that was told to stop has to end before it gets the signal; and one that has closed its
/// channel before it is cut off.
pub(super) const EXTENSION_END: Duration = Duration::from_secs(2);

/// Subscriptions of one extension to events.
pub(super) const EXTENSION_SUBSCRIPTIONS: usize = 64;

/// Programs that an extension has had parsed and has not added; one more makes the oldest unknown.
pub(super) const EXTENSION_HANDLES: usize = 1_024;

/// Bytes of a line that an extension writes to the main log.
pub(super) const EXTENSION_LOG_BYTES: usize = 16 * 1024;

/// Rows of the list of processes on one page.
pub(super) const PAGE_ROWS: usize = 100;

/// Processes that need attention and have a card above the list.
pub(super) const PAGE_CARDS: usize = 6;

/// Characters of a filter or a search on a page.
pub(super) const PAGE_QUERY_CHARACTERS: usize = 200;

/// Characters of the message of a link, as pages show it.
pub(super) const LINK_MESSAGE_CHARACTERS: usize = 500;

/// Bytes at the end of a log in which its last line is looked for.
pub(super) const LAST_LINE_BYTES: usize = 4 * 1024;

/// Characters of one line where pages show it by itself.
pub(super) const LAST_LINE_CHARACTERS: usize = 300;

/// Time that a page waits for the last line of a log.
pub(super) const LAST_LINE_PATIENCE: Duration = Duration::from_millis(100);

/// Bytes of a log that a page reads, and lines of it that it shows.
pub(super) const LOG_PAGE_BYTES: usize = 64 * 1024;
pub(super) const LOG_PAGE_LINES: usize = 200;

/// Time that a form waits for what it has ordered; the rest goes on by itself.
pub(super) const FORM_PATIENCE: Duration = Duration::from_secs(10);

/// Times that a page asks for events that follow: more than all that are kept take.
pub(super) const HISTORY_READS: usize = 512;

/// Events on the page of a process.
pub(super) const PROCESS_EVENTS: usize = 8;

/// Events on the page of events.
pub(super) const EVENTS_ROWS: usize = 200;

/// With more processes than these running, the identifier is typed before they are ended with supervisord.
pub(super) const ENDED_UNTYPED: usize = 20;
