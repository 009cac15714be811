//! The resources: one row each, in the order of their paths.

use super::row::{Member, Parameter, Role, Row, Type, Verb};

/// Processes that one list tells at most, where it is asked for fewer than all.
const LIST_ROWS: u64 = 5_000;

/// Seconds for which an answer may be waited for.
const WAIT: Type = Type::Seconds(300);

/// What can be done with processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each has its help in the table")]
pub enum Action {
    Start,
    Stop,
    Restart,
    Signal,
    ClearLogs,
    Stdin,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Start, Self::Stop, Self::Restart, Self::Signal, Self::ClearLogs, Self::Stdin];

    /// `clear-logs`
    pub fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Signal => "signal",
            Self::ClearLogs => "clear-logs",
            Self::Stdin => "stdin",
        }
    }
}

/// What is told or done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each has its help in the table")]
pub enum Resource {
    Root,
    /// On many at once.
    Act,
    /// On one process.
    ActOn(Action),
    /// On the processes of a group.
    ActOnGroup(Action),
    AddGroup,
    RemoveGroup,
    ClearMainLog,
    Reload,
    Shutdown,
    ConfigurationWarnings,
    EventPools,
    Events,
    Group,
    Groups,
    Methods,
    OpenApi,
    Problems,
    Process,
    Processes,
    Stream,
    Summary,
    Supervisor,
}

const fn parameter(name: &'static str, kind: Type, help: &'static str) -> Parameter {
    Parameter { name, kind, help }
}

/// What anybody may read who is admitted.
const fn get(resource: Resource, path: &'static str, help: &'static str, parameters: &'static [Parameter]) -> Row {
    Row { resource, verb: Verb::Get, path, role: Role::Viewer, help, parameters, body: &[] }
}

const fn member(name: &'static str, kind: Type, help: &'static str) -> Member {
    Member { name, kind, required: false, help }
}

const fn needed(name: &'static str, kind: Type, help: &'static str) -> Member {
    Member { name, kind, required: true, help }
}

/// What somebody may have done who may.
const fn post(resource: Resource, path: &'static str, role: Role, help: &'static str, body: &'static [Member]) -> Row {
    Row { resource, verb: Verb::Post, path, role, help, parameters: &[], body }
}

const WAITING: Member =
    member("wait", WAIT, "how long the outcome is waited for, 60 unless it is said; then the answer is 202");
const IF_PID: Member =
    member("if_pid", Type::Integer(1, i32::MAX as u64), "only while this is its pid, else 409 `changed`");
const STRICT: Member =
    member("strict", Type::Boolean, "where nothing has to be done: 409 instead of 200 and `\"changed\": false`");
const SIGNAL: Member = needed("signal", Type::TextOrInteger, "its name or number");
const DRY_RUN: Member = member("dry_run", Type::Boolean, "only who would be meant");

const RESOURCES: Parameter =
    parameter("resources", Type::Boolean, "`resources` besides, what each uses, see [below](#cpu-and-memory)");

/// All of them, by path.
pub const TABLE: &[Row] = &[
    get(Resource::Root, "/", "`version`, `api_version`, `identifier`, and `resources`: the paths of this table.", &[]),
    post(
        Resource::Act,
        "/actions",
        Role::Operator,
        "Does something with many processes, in the order of their priorities; `results` in the order in which they are \
         done, each with `changed`, `done` and `state`, or with its `problem`. A pattern without a match is 404.",
        &[
            needed("action", Type::Word(&["start", "stop", "restart", "signal", "clear-logs"]), "what is to be done"),
            needed("processes", Type::Texts, "names and patterns: `web:*`, `worker_0*`, `all`"),
            member("signal", Type::TextOrInteger, "its name or number, for `signal`"),
            WAITING,
            STRICT,
            DRY_RUN,
        ],
    ),
    get(
        Resource::ConfigurationWarnings,
        "/configuration/warnings",
        "`warnings`: what is probably not meant in the configuration that was read last.",
        &[],
    ),
    get(
        Resource::EventPools,
        "/event-pools",
        "`pools` and `stream`: what became of events, see [events.md](events.md).",
        &[],
    ),
    get(
        Resource::Events,
        "/events",
        "A stream of events as they happen, see [events.md](events.md).",
        &[
            parameter("types", Type::Text, "names of event types with commas between them; without: all"),
            parameter("since", Type::Text, "the serial of the last event that is known; without: from now on"),
        ],
    ),
    get(
        Resource::Groups,
        "/groups",
        "`groups`: of each `name`, `processes` (how many), and `states` (how many in which).",
        &[],
    ),
    get(Resource::Group, "/groups/{group}", "One group: as in `/groups`, and `members`, each as in `/processes`.", &[]),
    post(
        Resource::AddGroup,
        "/groups/{group}/add",
        Role::Admin,
        "A group of the configuration that was read last becomes active, and what has `autostart` starts.",
        &[STRICT],
    ),
    post(
        Resource::RemoveGroup,
        "/groups/{group}/remove",
        Role::Admin,
        "A group whose processes have all stopped is no longer there; else 409 `still-running`.",
        &[],
    ),
    post(
        Resource::ActOnGroup(Action::Restart),
        "/groups/{group}/restart",
        Role::Operator,
        "Restarts each process of a group by itself: it is started as soon as it has stopped.",
        &[WAITING, DRY_RUN],
    ),
    post(
        Resource::ActOnGroup(Action::Signal),
        "/groups/{group}/signal",
        Role::Operator,
        "Sends a signal to the processes of a group.",
        &[SIGNAL, DRY_RUN],
    ),
    post(
        Resource::ActOnGroup(Action::Start),
        "/groups/{group}/start",
        Role::Operator,
        "Starts the processes of a group, as `/actions` does.",
        &[WAITING, STRICT, DRY_RUN],
    ),
    post(
        Resource::ActOnGroup(Action::Stop),
        "/groups/{group}/stop",
        Role::Operator,
        "Stops the processes of a group, as `/actions` does.",
        &[WAITING, STRICT, DRY_RUN],
    ),
    get(
        Resource::Methods,
        "/methods",
        "`methods` of XML-RPC that this supervisord offers: `name`, `signature` (result, then parameters), `help`.",
        &[],
    ),
    get(Resource::OpenApi, "/openapi.json", "All of this as a document of OpenAPI 3.1.", &[]),
    get(
        Resource::Problems,
        "/problems",
        "`problems`: each word with which requests are refused, its `status` and its `title`.",
        &[],
    ),
    get(
        Resource::Processes,
        "/processes",
        "`processes` by group, then name; `next` where the list goes on behind `limit`.",
        &[
            parameter("q", Type::Text, "words, each of which the name has to contain"),
            parameter("group", Type::Text, "processes of this group alone"),
            parameter(
                "state",
                Type::Text,
                "processes in one of these states, with commas between them; `attention`: those that need some",
            ),
            RESOURCES,
            parameter("limit", Type::Integer(1, LIST_ROWS), "at most so many; without: all of them"),
            parameter("after", Type::Text, "those behind this one, which is `next` of the answer before"),
        ],
    ),
    get(
        Resource::Process,
        "/processes/{process}",
        "One process, `group:process`, or its name alone where its group has the same.",
        &[
            RESOURCES,
            parameter(
                "history",
                Type::Boolean,
                "`samples` besides, what was seen of it lately: seconds since 1970, CPU, memory of each",
            ),
            parameter(
                "until",
                Type::Text,
                "answered when its state is one of these, with commas between them, and `reached` says whether it is",
            ),
            parameter("wait", WAIT, "how long that is waited for, 30 unless it is said"),
        ],
    ),
    post(
        Resource::ActOn(Action::ClearLogs),
        "/processes/{process}/clear-logs",
        Role::Operator,
        "Empties its logs, and removes those that were rotated away.",
        &[],
    ),
    post(
        Resource::ActOn(Action::Restart),
        "/processes/{process}/restart",
        Role::Operator,
        "Stops it and starts it; one that does not run is started.",
        &[WAITING, IF_PID],
    ),
    post(
        Resource::ActOn(Action::Signal),
        "/processes/{process}/signal",
        Role::Operator,
        "Sends it a signal.",
        &[SIGNAL, IF_PID],
    ),
    post(
        Resource::ActOn(Action::Start),
        "/processes/{process}/start",
        Role::Operator,
        "Starts it.",
        &[WAITING, STRICT],
    ),
    post(
        Resource::ActOn(Action::Stdin),
        "/processes/{process}/stdin",
        Role::Operator,
        "Writes to its standard input.",
        &[member("data", Type::Text, "the text"), member("base64", Type::Text, "bytes instead, in base64"), IF_PID],
    ),
    post(
        Resource::ActOn(Action::Stop),
        "/processes/{process}/stop",
        Role::Operator,
        "Stops it.",
        &[WAITING, IF_PID, STRICT],
    ),
    get(
        Resource::Stream,
        "/stream",
        "One stream of everything that changes, see [below](#the-stream).",
        &[
            parameter("processes", Type::Text, "`*`, or names and patterns with commas between them: rows of these"),
            parameter("samples", Type::Integer(1, 60), "seconds: what these processes use, so often"),
            parameter("events", Type::Text, "events of these types, as in `/events`"),
            parameter(
                "log",
                Type::Text,
                "`process/stdout`, `process/stderr` or `supervisor`: a log; up to eight times",
            ),
            parameter(
                "log_from",
                Type::Text,
                "of each log in its order: the first byte, or below zero from the end; without: -65536",
            ),
            parameter("supervisor", Type::Boolean, "supervisord itself"),
        ],
    ),
    get(
        Resource::Summary,
        "/summary",
        "`processes` (how many), `states` (how many in which) and `attention` (how many need some).",
        &[],
    ),
    get(
        Resource::Supervisor,
        "/supervisor",
        "supervisord itself: `identifier`, `version`, `pid`, `state`, `started`, `log`.",
        &[],
    ),
    post(Resource::ClearMainLog, "/supervisor/clear-log", Role::Admin, "Empties the main log.", &[]),
    post(
        Resource::Reload,
        "/supervisor/reload",
        Role::Admin,
        "Stops everything, reads the configuration and starts anew: 202. When the files are broken it is 422 \
         `cannot-reread`, and all stays as it is.",
        &[],
    ),
    post(Resource::Shutdown, "/supervisor/shutdown", Role::Admin, "Stops everything and ends: 202.", &[]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_says_what_each_is() {
        assert!(TABLE.is_sorted_by(|a, b| (a.path, a.verb.name()) < (b.path, b.verb.name())));
        assert!(TABLE.iter().all(|row| row.help.ends_with('.')));
    }

    #[test]
    fn whoever_changes_something_is_no_viewer() {
        for row in TABLE.iter().filter(|row| row.verb == Verb::Post) {
            assert!(row.role > Role::Viewer, "{}", row.path);
        }
    }

    #[test]
    fn reading_is_for_viewers_and_needs_no_body() {
        for row in TABLE.iter().filter(|row| row.verb == Verb::Get) {
            assert_eq!((row.role, row.body.len()), (Role::Viewer, 0), "{}", row.path);
        }
    }
}
