//! The methods of `supervisorx`: what `supervisor.*` has no place for (programs.md §16.2). They are offered wherever
//! those are, and not listed with them, since old clients compare that list. Sorted by name.

use supervisor_core::Command;

use super::request::LocalRequest;
use super::row::{command, local, required, row};
use super::{Method, Parameter, Type};

/// The namespace.
pub(super) const NAME: &str = "supervisorx";

const PROCESS: Parameter =
    required("name", Type::String, "`group:process`, or `process` for the only one of its group");
const NAME_OR_GROUP: Parameter = required("name", Type::String, "`group:process`, or `group:*` for the whole group");

pub(super) static TABLE: &[Method] = &[
    row(
        "supervisorx.getAllProcessDetails",
        &[],
        Type::Array,
        "All that is known of all processes: a struct for each, as getProcessDetails returns it, sorted by group and \
         name.",
        |_| command(Command::GetAllProcessDetails),
    ),
    row(
        "supervisorx.getHistory",
        &[PROCESS],
        Type::Array,
        "The last lives of a process that are over, the oldest first: a struct for each with life, pid, start, end, \
         exit_code, signal, core, expected, reason, runtime.",
        |given| local(LocalRequest::History { name: given.text()? }),
    ),
    row(
        "supervisorx.getProcessDetails",
        &[PROCESS],
        Type::Struct,
        "All that is known of a process: what is wanted of it and why, the gates that a pending start has yet to pass, \
         its last end, its restarts. What there is not is left out.",
        |given| command(Command::GetProcessDetails { name: given.text()? }),
    ),
    row("supervisorx.listMethods", &[], Type::Array, "The names of these methods.", |_| {
        local(LocalRequest::ListOwnMethods)
    }),
    row(
        "supervisorx.resetFailed",
        &[NAME_OR_GROUP],
        Type::Array,
        "Forgets failed starts and counted restarts; a process that is FATAL is STOPPED then. The result has a struct \
         for each: name, group, status, description.",
        |given| command(Command::ResetFailed { name: given.text()? }),
    ),
];
