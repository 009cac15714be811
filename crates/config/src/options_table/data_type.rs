//! The data types of options, each declared once: its words in documentation and hints, and how a value is read.
//!
//! What a reader says of a bad value are upstream's words (contract/config.md §4); of the types that only we have it
//! says what the value has to be (programs.md §0.3), and the error is made of that. An option with words of its own is
//! read by its section, and so is one whose text is only taken apart there: its value is the text.

use supervisor_core::CpuRange;

use crate::context::Context;
use crate::datatypes::{self as types, Checked};
use crate::python_text::strip;

/// From the text of an option, its names replaced, to its value, or to what is wrong with it.
pub(crate) type Read<T> = fn(&Context, &str) -> Checked<T>;

/// Whose words tell of a bad value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Errors {
    /// The reader gives upstream's text, whole.
    Upstreams,
    /// The reader gives what the value has to be.
    Ours,
}

/// `Name(type of its values), what a value may be, [words, if it has to be one of them], reader;`, and `, ours` before
/// the semicolon where a bad value is told in our words: what it has to be.
macro_rules! data_types {
    (@errors) => { Errors::Upstreams };
    (@errors ours) => { Errors::Ours };
    ($($name:ident($value:ty), $description:literal, [$($word:expr),*], $read:expr $(, $errors:ident)?;)*) => {
        /// Data types of options.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[expect(missing_docs, reason = "`DataType::description` says what each accepts")]
        pub enum DataType {
            $($name,)*
        }

        impl DataType {
            /// What a value may be, in a few words.
            pub fn description(self) -> &'static str {
                match self {
                    $(Self::$name => $description,)*
                }
            }

            /// Whose words tell of a bad value.
            pub(crate) fn errors(self) -> Errors {
                match self {
                    $(Self::$name => data_types!(@errors $($errors)?),)*
                }
            }

            /// The words that there are, where a value has to be one of a few; else none.
            pub(crate) fn words(self) -> &'static [&'static str] {
                match self {
                    $(Self::$name => &[$($word),*],)*
                }
            }
        }

        /// What the values are.
        pub(crate) mod value {
            $(pub(crate) type $name = $value;)*
        }

        /// How they are read.
        #[expect(non_upper_case_globals, reason = "these are the names of the types")]
        pub(crate) mod read {
            use super::{Read, cpus, groups, list, value};
            use crate::datatypes as types;

            $(pub(crate) const $name: Read<value::$name> = $read;)*
        }
    };
}

data_types! {
    Aftermath(supervisor_core::Aftermath), "none, shutdown or restart_supervisor",
        ["none", "shutdown", "restart_supervisor"], |_, text| types::aftermath(text), ours;
    AmbientCapabilities(supervisor_core::Capabilities), "names of capabilities with commas between them", [],
        |_, text| types::ambient_capabilities(text), ours;
    AnonymousPaths(crate::config::AnonymousPaths), "healthz, readyz, metrics, with commas between them", [],
        |_, text| types::anonymous_paths(text);
    Autorestart(supervisor_core::Autorestart), "true, false or unexpected", ["true", "false", "unexpected"],
        |_, text| types::autorestart(text);
    Backoff(supervisor_core::BackoffShape), "linear, exponential or fixed", ["linear", "exponential", "fixed"],
        |_, text| types::backoff(text), ours;
    BaseUrl(Option<crate::config::BaseUrl>), "http://host/path or https://host/path", [], |_, text| types::base_url(text);
    Boolean(bool), "true or false (also yes, no, on, off, 1, 0)", ["true", "false", "yes", "no", "on", "off"],
        |_, text| types::boolean(text);
    ByteSize(i64), "bytes; KB, MB or GB may follow", [], |_, text| types::byte_size(text);
    Count(u32), "a whole number from 0 to 1000", [], |_, text| types::count(text), ours;
    Directory(String), "an existing directory", [], |context, text| types::existing_directory(text, &context.home);
    Duration(std::time::Duration), "a number of seconds, or a number with ms, s, m, h or d", [],
        |_, text| types::duration(text), ours;
    CapabilityBounding(supervisor_core::Capabilities),
        "names of capabilities with commas between them, a - before the first to drop them, or none", [],
        |_, text| types::capability_bounding(text), ours;
    Cpus(Box<[supervisor_core::CpuRange]>), "numbers and ranges of processors like 0-3,8", [],
        |_, text| cpus(text), ours;
    Credentials(Box<[supervisor_core::Credential]>), "name:/path with commas between them", [],
        |context, text| list(text, |word| types::credential(word, &context.folder())), ours;
    Environment(Box<str>), "KEY=\"value\" pairs with commas between them", [], |_, text| types::as_written(text);
    EnvironmentFiles(Box<[supervisor_core::EnvironmentFile]>),
        "paths with commas between them, a - before one that may be missing", [],
        |context, text| list(text, |word| types::environment_file(word, &context.folder())), ours;
    EventTypes(Box<str>), "event types with commas between them", [], |_, text| types::as_written(text);
    ExitCodes(Box<[i32]>), "numbers 0 to 255 with commas between them", [], |_, text| types::exitcodes(text);
    ExitWhen(supervisor_core::ExitWhen), "never, any_fatal, all_exited or essential_exited",
        ["never", "any_fatal", "all_exited", "essential_exited"], |_, text| types::exit_when(text), ours;
    Factory(Box<str>), "module:attribute", [], |_, text| types::as_written(text);
    FilePatterns(Box<str>), "file name patterns with blanks between them", [], |_, text| types::as_written(text);
    Group(crate::datatypes::NamedGroup), "name or id of a group", [],
        |context, text| context.users.named_group(text), ours;
    Groups(Box<[u32]>), "names or ids of groups with commas between them, or none", [],
        |context, text| groups(context, text), ours;
    InetAddress(crate::datatypes::InetAddress), "port, or host:port; * is every host", [],
        |_, text| types::inet_address(text);
    Integer(i64), "a whole number", [], |_, text| types::integer(text);
    IoPriority(supervisor_core::IoPriority),
        "none, idle, best-effort or realtime; the last two perhaps with a level, :0 to :7", [],
        |_, text| types::io_priority(text), ours;
    KillMode(crate::datatypes::KillMode), "process or group", ["process", "group"], |_, text| types::kill_mode(text), ours;
    LimitOfBytes(supervisor_core::Limit), "bytes (KB, MB or GB may follow) or unlimited, perhaps twice as soft:hard", [],
        |_, text| types::limit_of_bytes(text), ours;
    LimitOfNumber(supervisor_core::Limit), "a number or unlimited, perhaps twice as soft:hard", [],
        |_, text| types::limit_of_number(text), ours;
    LogFile(Box<str>), "a path, AUTO or NONE", [], |_, text| types::as_written(text);
    LogLevel(supervisor_core::LogLevel), "critical, error, warn, info, debug, trace or blather",
        ["critical", "error", "warn", "info", "debug", "trace", "blather"], |_, text| types::loglevel(text);
    Names(Box<str>), "names with commas between them", [], |_, text| types::as_written(text);
    Nice(i32), "a number from -20 to 19", [], |_, text| types::nice(text), ours;
    Octal(u32), "an octal number", [], |_, text| types::octal(text).map(types::file_mode);
    OomScore(i32), "a number from -1000 to 1000", [], |_, text| types::oom_score_adj(text), ours;
    OverflowPolicy(supervisor_core::Overflow), "drop-oldest, block or spill", ["drop-oldest", "block", "spill"],
        |_, text| types::overflow(text), ours;
    Owner(Box<str>), "user, or user:group", [], |_, text| types::as_written(text);
    Path(String), "a path in an existing directory", [], |context, text| types::existing_dirpath(text, &context.home);
    Pause(std::time::Duration), "a number of seconds, or a number with ms, s, m, h or d; 0.05 seconds at least", [],
        |_, text| types::pause(text), ours;
    Percent(supervisor_core::Percent), "a percentage like 20%", [], |_, text| types::percent(text), ours;
    ProtocolErrorPolicy(supervisor_core::OnProtocolError), "unknown or restart", ["unknown", "restart"],
        |_, text| types::on_protocol_error(text), ours;
    Scheduler(supervisor_core::Scheduler), "other, batch, idle, fifo:N or rr:N, N from 1 to 99", [],
        |_, text| types::scheduler(text), ours;
    SecretVariables(Box<[supervisor_core::SecretVariable]>),
        "NAME:/path with commas between them, a - before a path that may be missing", [],
        |context, text| list(text, |word| types::secret_variable(word, &context.folder())), ours;
    SdNotify(crate::command_line::SdNotify), "off, started or ready", ["off", "started", "ready"],
        |_, text| types::sd_notify(text), ours;
    Signal(supervisor_core::Signal), "name or number of a signal", [], |_, text| types::signal(text);
    Signals(Box<[supervisor_core::Signal]>), "names or numbers of signals with commas between them", [],
        |_, text| list(text, types::signal);
    SignalOrNone(Option<supervisor_core::Signal>), "name or number of a signal, or none", [],
        |_, text| types::signal_or_none(text), ours;
    SignalRewrites(Box<[supervisor_core::SignalRewrite]>),
        "FROM:TO with commas between them, TO one of TERM, INT, QUIT, HUP, USR2 or ignore", [],
        |_, text| list(text, types::signal_rewrite), ours;
    Socket(Box<str>), "tcp://host:port or unix:///path", [], |_, text| types::as_written(text);
    Subreaper(crate::config::Subreaper), "auto, true or false", ["auto", "true", "false"],
        |_, text| types::subreaper(text), ours;
    Text(Box<str>), "any text", [], |_, text| types::as_written(text);
    Url(Box<str>), "http://host:port or unix:///path", [], |_, text| types::as_written(text);
    User(u32), "name or id of a user", [], |context, text| context.users.uid(text);
    VariableNames(Box<[Box<str>]>), "names of variables with commas between them, * at the end for anything", [],
        |_, text| list(text, types::variable_pattern), ours;
    WebInterface(crate::config::WebInterface), "auto, new, classic or off", ["auto", "new", "classic", "off"],
        |_, text| types::web_interface(text), ours;
}

/// Values with commas between them; blanks around them and empty places do not count.
fn list<T>(text: &str, value: impl Fn(&str) -> Checked<T>) -> Checked<Box<[T]>> {
    text.split(',').map(strip).filter(|word| !word.is_empty()).map(value).collect()
}

fn cpus(text: &str) -> Checked<Box<[CpuRange]>> {
    let ranges = list(text, types::cpu_range)?;
    // Of an empty list there is one thing to say: what it has to be.
    if ranges.is_empty() { types::cpu_range("").map(|range| [range].into()) } else { Ok(ranges) }
}

fn groups(context: &Context, text: &str) -> Checked<Box<[u32]>> {
    if text.eq_ignore_ascii_case("none") {
        return Ok(Box::default());
    }
    list(text, |word| context.users.group(word))
}

#[cfg(test)]
mod tests {
    use super::list;
    use crate::datatypes::signal;

    #[test]
    fn lists() {
        for (text, numbers) in [("", &[][..]), (" , ", &[]), ("TERM", &[15]), ("term, ,SIGUSR1,9,", &[15, 10, 9])] {
            let read = list(text, signal).map(|signals| signals.iter().map(|signal| signal.number()).collect());
            assert_eq!(read, Ok::<Vec<_>, _>(numbers.to_vec()), "{text:?}");
        }
        for (text, word) in [("TERM,NOSUCH,33", "name"), ("33,TERM", "number"), ("TERM USR1", "name")] {
            let bad = text.trim_start_matches("TERM,").split(',').next().unwrap();
            assert_eq!(list(text, signal), Err(format!("value '{bad}' is not a valid signal {word}")), "{text:?}");
        }
    }
}
