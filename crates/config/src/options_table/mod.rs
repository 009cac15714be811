//! Every option of every section, declared in one place: its name, data type (and with it, its reader), default, one
//! line of help, and of a program's option the field that it goes to.
//!
//! The parser reads from here, and so do `--show-config`, the hints of `--check`, the warning about an unknown option
//! and docs/configuration.md. An option that is not here does not exist.

mod client;
mod daemon;
mod data_type;
mod groups;
mod programs;
mod row;
mod servers;

use std::fmt;

pub(crate) use client::supervisorctl;
pub(crate) use daemon::supervisord;
pub use data_type::DataType;
pub(crate) use data_type::Errors;
pub(crate) use groups::{eventlistener, fcgi_program, group, inheritance};
use programs::NOT_OF_LISTENERS;
pub(crate) use programs::{essential, program};
pub(crate) use row::{Place, ReadInto, Reading, Row};
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
    ProgramDefaults,
    Template,
    Include,
    Supervisorctl,
    RpcInterface,
    CtlPlugin,
}

impl SectionType {
    /// Every type.
    pub const ALL: [Self; 13] = [
        Self::Supervisord,
        Self::UnixHttpServer,
        Self::InetHttpServer,
        Self::Program,
        Self::FcgiProgram,
        Self::EventListener,
        Self::Group,
        Self::ProgramDefaults,
        Self::Template,
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
            Self::ProgramDefaults => ("program-defaults", Heading::Alone),
            Self::Template => ("template:", Heading::BeforeColon),
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
        let tables: &[&[OptionRow]] = match self {
            Self::Supervisord => &[supervisord::TABLE],
            Self::UnixHttpServer => &[unix_http_server::TABLE],
            Self::InetHttpServer => &[inet_http_server::TABLE],
            Self::Program | Self::Template => &[program::TABLE, essential::TABLE, inheritance::TABLE],
            Self::FcgiProgram => &[fcgi_program::TABLE, program::TABLE, essential::TABLE, inheritance::TABLE],
            Self::EventListener => &[eventlistener::TABLE, program::TABLE, inheritance::TABLE],
            Self::Group => &[group::TABLE, essential::TABLE, inheritance::TABLE],
            Self::ProgramDefaults => &[program::TABLE, essential::TABLE],
            Self::Include => &[include::TABLE],
            Self::Supervisorctl => &[supervisorctl::TABLE],
            Self::RpcInterface => &[rpcinterface::TABLE],
            Self::CtlPlugin => &[ctlplugin::TABLE],
        };
        let (own, shared) = tables.split_first().expect("each type has a table of its own");
        let is_new = move |row: &&OptionRow| own.iter().all(|known| known.name != row.name);
        let has = move |row: &&OptionRow| self.refused().all(|refused| refused.name != row.name);
        own.iter().chain(shared.iter().copied().flatten().filter(is_new)).filter(has)
    }

    /// Whether its processes may be essential.
    pub(crate) fn may_be_essential(self) -> bool {
        matches!(self, Self::Program | Self::FcgiProgram)
    }

    /// Whether it stands for programs: what is inherited is for them.
    pub(crate) fn inherits(self) -> bool {
        matches!(self, Self::Program | Self::FcgiProgram | Self::EventListener | Self::Template)
    }

    /// The options of programs that it refuses, where others would be ignored with a warning.
    pub(crate) fn refused(self) -> impl Iterator<Item = &'static OptionRow> {
        const OF_EACH_ITS_OWN: &[OptionRow] =
            &[program::COMMAND.option, program::PROCESS_NAME.option, inheritance::EXTENDS.option];
        let tables: [&[OptionRow]; 2] = match self {
            Self::EventListener => [essential::TABLE, NOT_OF_LISTENERS],
            Self::ProgramDefaults => [OF_EACH_ITS_OWN, &[]],
            Self::Supervisord
            | Self::UnixHttpServer
            | Self::InetHttpServer
            | Self::Program
            | Self::FcgiProgram
            | Self::Group
            | Self::Template
            | Self::Include
            | Self::Supervisorctl
            | Self::RpcInterface
            | Self::CtlPlugin => [&[], &[]],
        };
        tables.into_iter().flatten()
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

/// A module with a constant for each option and a table of all. In a table of programs a row may end with when and
/// where its value is read to (`row.rs`).
macro_rules! options {
    ($(#[$doc:meta])* $section:ident {
        $($constant:ident: $name:literal, $data_type:ident, $default:expr, $help:literal
            $(=> $scope:ident $($place:ident).*)?;)*
    }) => {
        $(#[$doc])*
        pub(crate) mod $section {
            #[allow(unused_imports, reason = "not every table has every kind of default")]
            use super::{DataType, OptionRow, Row, data_type, DefaultValue::{Computed, Required, Text, Unset}};

            $(pub(crate) const $constant: Row<data_type::value::$data_type> = Row {
                option: OptionRow { name: $name, data_type: DataType::$data_type, default: $default, help: $help },
                read: data_type::read::$data_type,
            };)*

            pub(crate) const TABLE: &[OptionRow] = &[$($constant.option),*];

            /// The rows that say so, by their names, and how they are read.
            #[allow(dead_code, reason = "only the options of programs say so")]
            pub(crate) const READINGS: &[(&str, super::Reading)] =
                &[$($(($name, super::reading!($constant $scope $($place).*)),)?)*];
        }
    };
}
use options;

/// When and where the value of a row is read to.
macro_rules! reading {
    ($row:ident all $($place:ident).+) => {
        super::Reading::Section(|reader, section| super::Place::put(&mut section.$($place).+, reader, &$row))
    };
    ($row:ident with $function:ident) => { super::Reading::Section(crate::sections::program::$function) };
    ($row:ident each $($place:ident).+) => {
        super::Reading::Process(|reader, process| super::Place::put(&mut process.$($place).+, reader, &$row))
    };
    ($row:ident each) => { super::Reading::Together };
}
#[allow(unused_imports, reason = "for the tables of programs alone")]
use reading;

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
