//! The resources: one row each, in the order of their paths.

use super::row::{Parameter, Role, Row, Type, Verb};

/// Processes that one list tells at most, where it is asked for fewer than all.
const LIST_ROWS: u64 = 5_000;

/// What is told or done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each has its help in the table")]
pub enum Resource {
    Root,
    ConfigurationWarnings,
    EventPools,
    Events,
    Group,
    Groups,
    Methods,
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

const RESOURCES: Parameter =
    parameter("resources", Type::Boolean, "`resources` besides, what each uses, see [below](#cpu-and-memory)");

/// All of them, by path.
pub const TABLE: &[Row] = &[
    get(Resource::Root, "/", "`version`, `api_version`, `identifier`, and `resources`: the paths of this table.", &[]),
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
    get(
        Resource::Methods,
        "/methods",
        "`methods` of XML-RPC that this supervisord offers: `name`, `signature` (result, then parameters), `help`.",
        &[],
    ),
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
        ],
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
    fn reading_is_for_viewers_and_needs_no_body() {
        for row in TABLE.iter().filter(|row| row.verb == Verb::Get) {
            assert_eq!((row.role, row.body.len()), (Role::Viewer, 0), "{}", row.path);
        }
    }
}
