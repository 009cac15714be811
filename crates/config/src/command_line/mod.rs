//! What a command line means (contract/config.md §6).
//!
//! Options are data: one table a program, from which both the parser and the usage text are made. An option that
//! may be given once is a conflict when given twice, by whatever name.

mod build;
mod supervisorctl;
mod supervisord;

pub use build::build_text;
pub use supervisorctl::{
    ClientOptions, SupervisorctlCommand, parse_supervisorctl_command_line, supervisorctl_switches,
};
pub use supervisord::{
    CheckFormat, SdNotify, ShowConfigFormat, SupervisordCommand, SupervisordOptions, parse_supervisord_command_line,
    supervisord_switches,
};

use crate::datatypes::Checked;
use crate::diagnostics::UsageError;
use crate::getopt::{Occurrence, Switch};
use crate::python_repr::Repr;

/// An option of a program, as completion of shells and manual pages want to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandSwitch {
    /// `-c`, `--configuration`: all that are typed for it.
    pub spellings: Vec<String>,
    /// What its value is called in the usage text; `None` if it takes none.
    pub value: Option<&'static str>,
    /// The words of the usage text; empty for another spelling of the option before.
    pub help: &'static str,
}

impl CommandSwitch {
    /// Whether its value is the name of a file.
    pub fn takes_file(&self) -> bool {
        self.value == Some("FILENAME")
    }
}

/// Every option of a table that has a word, in the order of its usage text.
fn shown<Id>(switches: &[Switch<Id>]) -> Vec<CommandSwitch> {
    let spellings = |switch: &Switch<Id>| {
        let short = switch.short.map(|letter| format!("-{letter}"));
        short.into_iter().chain(switch.long.map(|word| format!("--{word}"))).collect()
    };
    let shown = switches.iter().filter(|switch| switch.long.is_some());
    shown
        .map(|switch| CommandSwitch { spellings: spellings(switch), value: switch.argument, help: switch.help })
        .collect()
}

/// Puts the value of an option where it belongs, unless there is one already.
fn set<Id, T>(slot: &mut Option<T>, occurrence: &Occurrence<Id>, value: T) -> Result<(), UsageError> {
    if slot.is_some() {
        return Err(UsageError(format!("conflicting command line option {}", Repr(&occurrence.spelling))));
    }
    *slot = Some(value);
    Ok(())
}

/// The value of an option's argument.
fn convert<Id, T>(occurrence: &Occurrence<Id>, data_type: impl FnOnce(&str) -> Checked<T>) -> Result<T, UsageError> {
    let Occurrence { spelling, argument, .. } = occurrence;
    data_type(argument).map_err(|error| UsageError(format!("invalid value for {spelling} {}: {error}", Repr(argument))))
}
