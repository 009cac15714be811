//! What a command line means (contract/config.md §6).
//!
//! Options are data: one table a program, from which both the parser and the usage text are made. An option that
//! may be given once is a conflict when given twice, by whatever name.

mod supervisorctl;
mod supervisord;

pub use supervisorctl::{
    ClientOptions, ClientSwitch, SupervisorctlCommand, parse_supervisorctl_command_line, supervisorctl_switches,
};
pub use supervisord::{
    CheckFormat, SdNotify, ShowConfigFormat, SupervisordCommand, SupervisordOptions, parse_supervisord_command_line,
};

use crate::datatypes::Checked;
use crate::diagnostics::UsageError;
use crate::getopt::Occurrence;
use crate::python_repr::Repr;

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
