//! The data types of options, each declared once: its words in documentation and hints, and how a value is read.
//!
//! What a reader says of a bad value are upstream's words (contract/config.md §4). An option with words of its own is
//! read by its section, and so is one whose text is only taken apart there: its value is the text.

use crate::context::Context;
use crate::datatypes::Checked;
use crate::python_text::strip;

/// From the text of an option, its names replaced, to its value, or to what is wrong with it.
pub(crate) type Read<T> = fn(&Context, &str) -> Checked<T>;

/// `Name(type of its values), what a value may be, [words, if it has to be one of them], reader;`
macro_rules! data_types {
    ($($name:ident($value:ty), $description:literal, [$($word:expr),*], $read:expr;)*) => {
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
            use super::{Read, list, value};
            use crate::datatypes as types;

            $(pub(crate) const $name: Read<value::$name> = $read;)*
        }
    };
}

data_types! {
    AnonymousPaths(crate::config::AnonymousPaths), "healthz, readyz, metrics, with commas between them", [],
        |_, text| types::anonymous_paths(text);
    Autorestart(supervisor_core::Autorestart), "true, false or unexpected", ["true", "false", "unexpected"],
        |_, text| types::autorestart(text);
    BaseUrl(Option<crate::config::BaseUrl>), "http://host/path or https://host/path", [], |_, text| types::base_url(text);
    Boolean(bool), "true or false (also yes, no, on, off, 1, 0)", ["true", "false", "yes", "no", "on", "off"],
        |_, text| types::boolean(text);
    ByteSize(i64), "bytes; KB, MB or GB may follow", [], |_, text| types::byte_size(text);
    Directory(String), "an existing directory", [], |context, text| types::existing_directory(text, &context.home);
    Environment(Box<str>), "KEY=\"value\" pairs with commas between them", [], |_, text| types::as_written(text);
    EventTypes(Box<str>), "event types with commas between them", [], |_, text| types::as_written(text);
    ExitCodes(Box<[i32]>), "numbers 0 to 255 with commas between them", [], |_, text| types::exitcodes(text);
    Factory(Box<str>), "module:attribute", [], |_, text| types::as_written(text);
    FilePatterns(Box<str>), "file name patterns with blanks between them", [], |_, text| types::as_written(text);
    InetAddress(crate::datatypes::InetAddress), "port, or host:port; * is every host", [],
        |_, text| types::inet_address(text);
    Integer(i64), "a whole number", [], |_, text| types::integer(text);
    LogFile(Box<str>), "a path, AUTO or NONE", [], |_, text| types::as_written(text);
    LogLevel(supervisor_core::LogLevel), "critical, error, warn, info, debug, trace or blather",
        ["critical", "error", "warn", "info", "debug", "trace", "blather"], |_, text| types::loglevel(text);
    Names(Box<str>), "names with commas between them", [], |_, text| types::as_written(text);
    Octal(u32), "an octal number", [], |_, text| types::octal(text).map(types::file_mode);
    OverflowPolicy(Box<str>), "drop-oldest, block or spill", ["drop-oldest", "block", "spill"],
        |_, text| types::as_written(text);
    Owner(Box<str>), "user, or user:group", [], |_, text| types::as_written(text);
    Path(String), "a path in an existing directory", [], |context, text| types::existing_dirpath(text, &context.home);
    ProtocolErrorPolicy(Box<str>), "unknown or restart", ["unknown", "restart"], |_, text| types::as_written(text);
    Signal(supervisor_core::Signal), "name or number of a signal", [], |_, text| types::signal(text);
    Signals(Box<[supervisor_core::Signal]>), "names or numbers of signals with commas between them", [],
        |_, text| list(text, types::signal);
    Socket(Box<str>), "tcp://host:port or unix:///path", [], |_, text| types::as_written(text);
    Text(Box<str>), "any text", [], |_, text| types::as_written(text);
    Url(Box<str>), "http://host:port or unix:///path", [], |_, text| types::as_written(text);
    User(u32), "name or id of a user", [], |context, text| context.users.uid(text);
    WebInterface(Box<str>), "auto, classic or off", ["auto", "classic", "off"], |_, text| types::as_written(text);
}

/// Values with commas between them; blanks around them and empty places do not count.
fn list<T>(text: &str, value: fn(&str) -> Checked<T>) -> Checked<Box<[T]>> {
    text.split(',').map(strip).filter(|word| !word.is_empty()).map(value).collect()
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
