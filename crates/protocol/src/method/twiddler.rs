//! The methods of `[rpcinterface:x]` with the factory of the plug-in supervisor_twiddler (1.0.0): processes that are
//! added to groups, and taken out of them, while supervisord runs. Sorted by name.

use supervisor_core::{Command, Fault};

use super::request::{LocalRequest, Request, TwiddlerRequest};
use super::row::{command, local, required, row};
use super::{DefaultArgument, Method, Parameter, Type};

const GROUP: Parameter = required("group_name", Type::String, "an active process group");
const PROGRAM: Parameter = required("program_name", Type::String, "`x`, as of a section [program:x]");
const OPTIONS: Parameter = required("program_options", Type::Struct, "the options of that section, as texts");
const PROCESS: Parameter = required("process_name", Type::String, "a process of that group");
const MESSAGE: Parameter = required("message", Type::String, "the line");
const LEVEL: Parameter = Parameter {
    name: "level",
    kind: Type::StringOrInt,
    default: Some(DefaultArgument::Text("INFO")),
    help: "CRIT, ERRO, WARN, INFO, DEBG, TRAC or BLAT, or 50, 40, 30, 20, 10, 5 or 3",
};

pub(super) static TABLE: &[Method] = &[
    row(
        "twiddler.addProgramToGroup",
        &[GROUP, PROGRAM, OPTIONS],
        Type::Boolean,
        "Add a new program to an existing process group: as many processes as its numprocs says. They are there until \
         the group is removed or supervisord restarts.",
        |given| {
            let (group, program, options) = (given.text()?, given.text()?, given.any());
            twiddler(TwiddlerRequest::AddProgram { group, program, options })
        },
    ),
    row("twiddler.getAPIVersion", &[], Type::Int, "The version of this interface, as a text.", |_| {
        twiddler(TwiddlerRequest::ApiVersion)
    }),
    row("twiddler.getGroupNames", &[], Type::Array, "The names of the active process groups.", |_| {
        command(Command::GetGroupNames)
    }),
    row("twiddler.log", &[MESSAGE, LEVEL], Type::Boolean, "Writes a line to the main log.", |given| {
        twiddler(TwiddlerRequest::Log { message: given.any_text()?, level: given.any() })
    }),
    row(
        "twiddler.removeProcessFromGroup",
        &[GROUP, PROCESS],
        Type::Boolean,
        "Takes a process that does not run out of its group.",
        |given| command(Command::RemoveProcess { group: given.text()?, process: given.text()? }),
    ),
];

fn twiddler(request: TwiddlerRequest) -> Result<Request, Fault> {
    local(LocalRequest::Twiddler(request))
}
