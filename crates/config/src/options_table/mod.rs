//! Every option of every section as data: name, data type, default, one line of help.
//!
//! The parser reads names and defaults from here, the warning about an unknown option its candidates, and
//! documentation all of it. An option that is not here does not exist.

mod client;
mod daemon;
mod groups;
mod programs;
mod servers;

use std::fmt;

pub(crate) use client::supervisorctl;
pub(crate) use daemon::supervisord;
pub(crate) use groups::{eventlistener, fcgi_program, group};
pub(crate) use programs::program;
pub(crate) use servers::{ctlplugin, include, inet_http_server, rpcinterface, unix_http_server};

/// An option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptionRow {
    /// In lower case.
    pub name: &'static str,
    /// What its value has to be.
    pub data_type: DataType,
    /// What it is when it is not set.
    pub default: DefaultValue,
    /// One line of help.
    pub help: &'static str,
}

/// What an option is when it is not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultValue {
    /// It has to be set.
    Required,
    /// Nothing.
    Unset,
    /// As if this had been written.
    Text(&'static str),
    /// Depends on something else, in words.
    Computed(&'static str),
}

/// Data types of options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "`DataType::description` says what each accepts")]
pub enum DataType {
    Autorestart,
    Boolean,
    ByteSize,
    Directory,
    Environment,
    EventTypes,
    ExitCodes,
    Factory,
    FilePatterns,
    InetAddress,
    Integer,
    LogFile,
    LogLevel,
    Names,
    Octal,
    OverflowPolicy,
    Owner,
    Path,
    ProtocolErrorPolicy,
    Signal,
    Socket,
    Text,
    Url,
    User,
}

impl DataType {
    /// What a value may be, in a few words.
    pub fn description(self) -> &'static str {
        match self {
            Self::Autorestart => "true, false or unexpected",
            Self::Boolean => "true or false (also yes, no, on, off, 1, 0)",
            Self::ByteSize => "bytes; KB, MB or GB may follow",
            Self::Directory => "an existing directory",
            Self::Environment => "KEY=\"value\" pairs with commas between them",
            Self::EventTypes => "event types with commas between them",
            Self::ExitCodes => "numbers 0 to 255 with commas between them",
            Self::Factory => "module:attribute",
            Self::FilePatterns => "file name patterns with blanks between them",
            Self::InetAddress => "port, or host:port; * is every host",
            Self::Integer => "a whole number",
            Self::LogFile => "a path, AUTO or NONE",
            Self::LogLevel => "critical, error, warn, info, debug, trace or blather",
            Self::Names => "names with commas between them",
            Self::Octal => "an octal number",
            Self::Owner => "user, or user:group",
            Self::OverflowPolicy => "drop-oldest, block or spill",
            Self::Path => "a path in an existing directory",
            Self::ProtocolErrorPolicy => "unknown or restart",
            Self::Signal => "name or number of a signal",
            Self::Socket => "tcp://host:port or unix:///path",
            Self::Text => "any text",
            Self::Url => "http://host:port or unix:///path",
            Self::User => "name or id of a user",
        }
    }
}

/// Types of sections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are those of the sections")]
pub enum SectionType {
    Supervisord,
    UnixHttpServer,
    InetHttpServer,
    Program,
    FcgiProgram,
    EventListener,
    Group,
    Include,
    Supervisorctl,
    RpcInterface,
    CtlPlugin,
}

impl SectionType {
    /// Every type.
    pub const ALL: [Self; 11] = [
        Self::Supervisord,
        Self::UnixHttpServer,
        Self::InetHttpServer,
        Self::Program,
        Self::FcgiProgram,
        Self::EventListener,
        Self::Group,
        Self::Include,
        Self::Supervisorctl,
        Self::RpcInterface,
        Self::CtlPlugin,
    ];

    /// The type of a section by its name; `None`: a section that means nothing here.
    pub fn of(section: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|section_type| match section_type.heading() {
            (name, Heading::Alone) => section == name,
            (prefix, Heading::Begins | Heading::BeforeColon) => section.starts_with(prefix),
        })
    }

    fn heading(self) -> (&'static str, Heading) {
        match self {
            Self::Supervisord => ("supervisord", Heading::Alone),
            Self::UnixHttpServer => ("unix_http_server", Heading::Begins),
            Self::InetHttpServer => ("inet_http_server", Heading::Begins),
            Self::Program => ("program:", Heading::BeforeColon),
            Self::FcgiProgram => ("fcgi-program:", Heading::BeforeColon),
            Self::EventListener => ("eventlistener:", Heading::BeforeColon),
            Self::Group => ("group:", Heading::BeforeColon),
            Self::Include => ("include", Heading::Alone),
            Self::Supervisorctl => ("supervisorctl", Heading::Alone),
            Self::RpcInterface => ("rpcinterface:", Heading::BeforeColon),
            Self::CtlPlugin => ("ctlplugin:", Heading::BeforeColon),
        }
    }

    /// What the names of its sections begin with: all of it, or all up to the colon.
    pub(crate) fn prefix(self) -> &'static str {
        self.heading().0
    }

    /// Its options; those of its own first, then the ones that it shares with other types.
    pub fn options(self) -> impl Iterator<Item = &'static OptionRow> {
        let (own, shared): (&[OptionRow], &[OptionRow]) = match self {
            Self::Supervisord => (supervisord::TABLE, &[]),
            Self::UnixHttpServer => (unix_http_server::TABLE, &[]),
            Self::InetHttpServer => (inet_http_server::TABLE, &[]),
            Self::Program => (program::TABLE, &[]),
            Self::FcgiProgram => (fcgi_program::TABLE, program::TABLE),
            Self::EventListener => (eventlistener::TABLE, program::TABLE),
            Self::Group => (group::TABLE, &[]),
            Self::Include => (include::TABLE, &[]),
            Self::Supervisorctl => (supervisorctl::TABLE, &[]),
            Self::RpcInterface => (rpcinterface::TABLE, &[]),
            Self::CtlPlugin => (ctlplugin::TABLE, &[]),
        };
        let is_new = move |row: &&OptionRow| own.iter().all(|known| known.name != row.name);
        own.iter().chain(shared.iter().filter(is_new))
    }

    /// Whether options beyond the table belong to somebody else: they are passed on to a plug-in.
    pub fn takes_any_option(self) -> bool {
        matches!(self, Self::RpcInterface | Self::CtlPlugin)
    }
}

/// `[program:x]`
impl fmt::Display for SectionType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.heading() {
            (name, Heading::Alone | Heading::Begins) => write!(f, "[{name}]"),
            (prefix, Heading::BeforeColon) => write!(f, "[{prefix}x]"),
        }
    }
}

/// How a section's name tells its type.
#[derive(Clone, Copy)]
enum Heading {
    /// The name is the type.
    Alone,
    /// Any name that begins so.
    Begins,
    /// Any name that begins so, the rest is the name of what it defines.
    BeforeColon,
}

/// A module with a constant for each option and a table of all.
macro_rules! options {
    ($(#[$doc:meta])* $section:ident { $($constant:ident: $name:literal, $data_type:ident, $default:expr, $help:literal;)* }) => {
        $(#[$doc])*
        pub(crate) mod $section {
            #[allow(unused_imports, reason = "not every table has every kind of default")]
            use super::{DataType, OptionRow, DefaultValue::{Computed, Required, Text, Unset}};

            $(pub(crate) const $constant: OptionRow =
                OptionRow { name: $name, data_type: DataType::$data_type, default: $default, help: $help };)*

            pub(crate) const TABLE: &[OptionRow] = &[$($constant),*];
        }
    };
}
use options;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn section_names_tell_their_type() {
        for (section, expected) in [
            ("supervisord", Some(SectionType::Supervisord)),
            ("supervisord:x", None),
            ("Supervisord", None),
            ("unix_http_server", Some(SectionType::UnixHttpServer)),
            ("inet_http_server:x", Some(SectionType::InetHttpServer)),
            ("inet_http_serverfoo", Some(SectionType::InetHttpServer)),
            ("program:x", Some(SectionType::Program)),
            ("program", None),
            ("fcgi-program:", Some(SectionType::FcgiProgram)),
            ("mystery:section", None),
        ] {
            assert_eq!(SectionType::of(section), expected, "{section:?}");
        }
    }

    #[test]
    fn each_option_is_once_in_its_table_and_has_help() {
        for section_type in SectionType::ALL {
            let names: Vec<&str> = section_type.options().map(|row| row.name).collect();
            for row in section_type.options() {
                assert_eq!(names.iter().filter(|name| **name == row.name).count(), 1, "{section_type} {}", row.name);
                assert_eq!(row.name, row.name.to_lowercase());
                assert!(!row.help.is_empty() && !row.help.ends_with('.') && !row.data_type.description().is_empty());
            }
        }
        let priority = SectionType::EventListener.options().find(|row| row.name == "priority");
        assert_eq!(priority.map(|row| row.default), Some(DefaultValue::Text("-1")));
    }
}
