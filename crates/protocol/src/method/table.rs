//! The methods of `supervisor` and `system`: one row each, aliases too, sorted by name.

use supervisor_core::{Channel, Command, Fault};

use super::arguments::Arguments;
use super::request::{LocalRequest, Request};
use super::row::{command, local, optional, required, row};
use super::{Method, Parameter, Type};

const NAME: Parameter = required("name", Type::String, "`group:process`, or `process` for the only one of its group");
const NAME_OR_GROUP: Parameter = required("name", Type::String, "`group:process`, or `group:*` for the whole group");
const GROUP: Parameter = required("name", Type::String, "name of a process group");
const WAIT_START: Parameter = optional("wait", "answer when it has started or failed to, not at once");
const WAIT_STOP: Parameter = optional("wait", "answer when it has stopped, not at once");
const SIGNAL: Parameter = required("signal", Type::String, "name (`HUP`, `SIGHUP`) or number (`1`) of the signal");
const CHARS: Parameter = required("chars", Type::String, "what to write, as UTF-8");
const KIND: Parameter = required("type", Type::String, "what kind of message it is");
const DATA: Parameter = required("data", Type::String, "the message");
const OFFSET: Parameter = required("offset", Type::Int, "first byte to read; below zero: that many from the end");
const LENGTH: Parameter = required("length", Type::Int, "how many bytes to read; zero: up to the end");
const READ_SO_FAR: Parameter = required("offset", Type::Int, "size of the log at the last call; zero at first");
const AT_MOST: Parameter = required("length", Type::Int, "how many bytes to return at most");
const METHOD: Parameter = required("name", Type::String, "name of a method, with its namespace");
const CALLS: Parameter = required("calls", Type::Array, "structs with `methodName` and, if it takes any, `params`");

pub(super) static TABLE: &[Method] = &[
    row(
        "supervisor.addProcessGroup",
        &[GROUP],
        Type::Boolean,
        "Makes a process group of the configuration that was read last active. Its programs start as it says.",
        |given| command(Command::AddProcessGroup { name: given.text()? }),
    ),
    row(
        "supervisor.clearAllProcessLogs",
        &[],
        Type::Array,
        "Empties the logs of all processes. The result has a struct for each: name, group, status, description.",
        |_| command(Command::ClearAllProcessLogs),
    ),
    row("supervisor.clearLog", &[], Type::Boolean, "Empties the main log.", |_| command(Command::ClearLog)),
    row("supervisor.clearProcessLog", &[NAME], Type::Boolean, "The old name of clearProcessLogs.", clear_logs),
    row("supervisor.clearProcessLogs", &[NAME], Type::Boolean, "Empties both logs of a process.", clear_logs),
    row("supervisor.getAPIVersion", &[], Type::String, "The version of this interface.", |_| {
        local(LocalRequest::ApiVersion)
    }),
    row(
        "supervisor.getAllConfigInfo",
        &[],
        Type::Array,
        "How each process is configured, according to the configuration that was read last: a struct for each, sorted \
         by process name.",
        |_| command(Command::GetAllConfigInfo),
    ),
    row(
        "supervisor.getAllProcessInfo",
        &[],
        Type::Array,
        "The status of all processes: a struct for each, as getProcessInfo returns it, sorted by group and name.",
        |_| command(Command::GetAllProcessInfo),
    ),
    row("supervisor.getIdentification", &[], Type::String, "The identifier of this supervisord.", |_| {
        local(LocalRequest::Identification)
    }),
    row("supervisor.getPID", &[], Type::Int, "The process id of supervisord.", |_| local(LocalRequest::Pid)),
    row(
        "supervisor.getProcessInfo",
        &[NAME],
        Type::Struct,
        "The status of a process: name, group, state and its name, times, pid, exit status, logs and a description.",
        |given| command(Command::GetProcessInfo { name: given.text()? }),
    ),
    row("supervisor.getState", &[], Type::Struct, "The state of supervisord: statecode and statename.", |_| {
        local(LocalRequest::State)
    }),
    row("supervisor.getSupervisorVersion", &[], Type::String, "The version of supervisord.", |_| {
        local(LocalRequest::SupervisorVersion)
    }),
    row("supervisor.getVersion", &[], Type::String, "The old name of getAPIVersion.", |_| {
        local(LocalRequest::ApiVersion)
    }),
    row("supervisor.readLog", &[OFFSET, LENGTH], Type::String, "Reads from the main log.", read_main_log),
    row("supervisor.readMainLog", &[OFFSET, LENGTH], Type::String, "The old name of readLog.", read_main_log),
    row(
        "supervisor.readProcessLog",
        &[NAME, OFFSET, LENGTH],
        Type::String,
        "The old name of readProcessStdoutLog.",
        |given| read_log(given, Channel::Stdout),
    ),
    row(
        "supervisor.readProcessStderrLog",
        &[NAME, OFFSET, LENGTH],
        Type::String,
        "Reads from the stderr log of a process.",
        |given| read_log(given, Channel::Stderr),
    ),
    row(
        "supervisor.readProcessStdoutLog",
        &[NAME, OFFSET, LENGTH],
        Type::String,
        "Reads from the stdout log of a process.",
        |given| read_log(given, Channel::Stdout),
    ),
    row(
        "supervisor.reloadConfig",
        &[],
        Type::Array,
        "Reads the configuration files and tells what they change, as [[added, changed, removed]]: three arrays with \
         names of process groups. Nothing is started or stopped.",
        |_| local(LocalRequest::ReloadConfig),
    ),
    row(
        "supervisor.removeProcessGroup",
        &[GROUP],
        Type::Boolean,
        "Makes a process group inactive, none of whose processes may be running.",
        |given| command(Command::RemoveProcessGroup { name: given.text()? }),
    ),
    row("supervisor.restart", &[], Type::Boolean, "Stops everything, then begins anew with the files.", |_| {
        command(Command::Restart)
    }),
    row(
        "supervisor.sendProcessStdin",
        &[NAME, CHARS],
        Type::Boolean,
        "Writes text to the standard input of a running process.",
        |given| {
            let (name, chars) = (given.text(), given.chars());
            let chars = chars?;
            command(Command::SendProcessStdin { name: name?, chars })
        },
    ),
    row(
        "supervisor.sendRemoteCommEvent",
        &[KIND, DATA],
        Type::Boolean,
        "Sends a REMOTE_COMMUNICATION event to the event listeners.",
        |given| command(Command::SendRemoteCommEvent { kind: given.any_text()?, data: given.any_text()? }),
    )
    .in_shutdown(),
    row("supervisor.shutdown", &[], Type::Boolean, "Stops everything, then ends supervisord.", |_| {
        command(Command::Shutdown)
    }),
    row(
        "supervisor.signalAllProcesses",
        &[SIGNAL],
        Type::Array,
        "Sends a signal to all processes. The result has a struct for each that could be signalled.",
        |given| command(Command::SignalAllProcesses { signal: given.signal()? }),
    ),
    row(
        "supervisor.signalProcess",
        &[NAME_OR_GROUP, SIGNAL],
        Type::Boolean,
        "Sends a signal to a process; for a whole group the result is that of signalProcessGroup.",
        |given| command(Command::SignalProcess { name: given.text()?, signal: given.signal()? }),
    ),
    row(
        "supervisor.signalProcessGroup",
        &[GROUP, SIGNAL],
        Type::Array,
        "Sends a signal to the processes of a group. The result has a struct for each that could be signalled.",
        |given| command(Command::SignalProcessGroup { name: given.text()?, signal: given.signal()? }),
    ),
    row(
        "supervisor.startAllProcesses",
        &[WAIT_START],
        Type::Array,
        "Starts all processes. The result has a struct for each that was not running.",
        |given| command(Command::StartAllProcesses { wait: given.truth() }),
    ),
    row(
        "supervisor.startProcess",
        &[NAME_OR_GROUP, WAIT_START],
        Type::Boolean,
        "Start a process; for a whole group the result is that of startProcessGroup.",
        |given| command(Command::StartProcess { name: given.text()?, wait: given.truth() }),
    ),
    row(
        "supervisor.startProcessGroup",
        &[GROUP, WAIT_START],
        Type::Array,
        "Starts the processes of a group. The result has a struct for each that was not running.",
        |given| command(Command::StartProcessGroup { name: given.text()?, wait: given.truth() }),
    ),
    row(
        "supervisor.stopAllProcesses",
        &[WAIT_STOP],
        Type::Array,
        "Stops all processes. The result has a struct for each that was running.",
        |given| command(Command::StopAllProcesses { wait: given.truth() }),
    ),
    row(
        "supervisor.stopProcess",
        &[NAME_OR_GROUP, WAIT_STOP],
        Type::Boolean,
        "Stops a process; for a whole group the result is that of stopProcessGroup.",
        |given| command(Command::StopProcess { name: given.text()?, wait: given.truth() }),
    ),
    row(
        "supervisor.stopProcessGroup",
        &[GROUP, WAIT_STOP],
        Type::Array,
        "Stops the processes of a group. The result has a struct for each that was running.",
        |given| command(Command::StopProcessGroup { name: given.text()?, wait: given.truth() }),
    ),
    row(
        "supervisor.tailProcessLog",
        &[NAME, READ_SO_FAR, AT_MOST],
        Type::Array,
        "The old name of tailProcessStdoutLog.",
        |given| tail_log(given, Channel::Stdout),
    ),
    row(
        "supervisor.tailProcessStderrLog",
        &[NAME, READ_SO_FAR, AT_MOST],
        Type::Array,
        "The end of the stderr log of a process; see tailProcessStdoutLog.",
        |given| tail_log(given, Channel::Stderr),
    ),
    row(
        "supervisor.tailProcessStdoutLog",
        &[NAME, READ_SO_FAR, AT_MOST],
        Type::Array,
        "The end of the stdout log of a process, as [text, size, overflow]. The text is empty while the log is no \
         larger than the given offset; the size is the offset for the next call; overflow is true when more than \
         `length` bytes have come since.",
        |given| tail_log(given, Channel::Stdout),
    ),
    row("system.listMethods", &[], Type::Array, "The names of all methods.", |_| local(LocalRequest::ListMethods))
        .in_shutdown(),
    row("system.methodHelp", &[METHOD], Type::String, "What a method does.", |given| {
        local(LocalRequest::MethodHelp { name: given.text()? })
    })
    .in_shutdown(),
    row(
        "system.methodSignature",
        &[METHOD],
        Type::Array,
        "The types of a method: that of its result, then those of its parameters.",
        |given| local(LocalRequest::MethodSignature { name: given.text()? }),
    )
    .in_shutdown(),
    row(
        "system.multicall",
        &[CALLS],
        Type::Array,
        "Makes several calls, one after the other. The result has for each its bare result, or a struct with \
         faultCode and faultString.",
        |given| local(LocalRequest::Multicall { calls: given.array()? }),
    )
    .in_shutdown(),
];

fn clear_logs(given: &mut Arguments) -> Result<Request, Fault> {
    command(Command::ClearProcessLogs { name: given.text()? })
}

fn read_main_log(given: &mut Arguments) -> Result<Request, Fault> {
    local(LocalRequest::ReadMainLog { offset: given.int()?, length: given.int()? })
}

fn read_log(given: &mut Arguments, channel: Channel) -> Result<Request, Fault> {
    let (name, offset, length) = (given.text()?, given.int()?, given.int()?);
    local(LocalRequest::ReadProcessLog { name, channel, offset, length })
}

fn tail_log(given: &mut Arguments, channel: Channel) -> Result<Request, Fault> {
    let (name, offset, length) = (given.text()?, given.int()?, given.int()?);
    local(LocalRequest::TailProcessLog { name, channel, offset, length })
}
