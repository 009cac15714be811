//! The table of resources below `/api/v1`: what there is to be read, by which path, with which parameters.
//!
//! Routing, the refusal of parameters that nobody knows, and docs/api.md are read from it; a resource that is not here
//! does not exist. Only data and how a path finds its row: what is told is the control plane's.

/// Where all of it is.
pub const ROOT: &str = "/api/v1";

/// A row.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// What is told.
    pub resource: Resource,
    /// Below [`ROOT`]; a segment in braces stands for any text without a slash.
    pub path: &'static str,
    /// One or two sentences.
    pub help: &'static str,
    /// What may stand behind the `?`.
    pub parameters: &'static [Parameter],
}

/// A part of a query.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// As it is written.
    pub name: &'static str,
    /// What its value means.
    pub help: &'static str,
}

/// What is told.
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
    Process,
    Processes,
    Summary,
    Supervisor,
}

const fn parameter(name: &'static str, help: &'static str) -> Parameter {
    Parameter { name, help }
}

const RESOURCES: Parameter =
    parameter("resources", "`true`: `resources` besides, what each uses, see [below](#cpu-and-memory)");

/// All of them, by path.
pub const TABLE: &[Row] = &[
    Row {
        resource: Resource::Root,
        path: "/",
        help: "`version`, `api_version`, `identifier`, and `resources`: the paths of this table.",
        parameters: &[],
    },
    Row {
        resource: Resource::ConfigurationWarnings,
        path: "/configuration/warnings",
        help: "`warnings`: what is probably not meant in the configuration that was read last.",
        parameters: &[],
    },
    Row {
        resource: Resource::EventPools,
        path: "/event-pools",
        help: "`pools` and `stream`: what became of events, see [events.md](events.md).",
        parameters: &[],
    },
    Row {
        resource: Resource::Events,
        path: "/events",
        help: "A stream of events as they happen, see [events.md](events.md).",
        parameters: &[
            parameter("types", "names of event types with commas between them; without: all"),
            parameter("since", "the serial of the last event that is known; without: from now on"),
        ],
    },
    Row {
        resource: Resource::Groups,
        path: "/groups",
        help: "`groups`: of each `name`, `processes` (how many), and `states` (how many in which).",
        parameters: &[],
    },
    Row {
        resource: Resource::Group,
        path: "/groups/{group}",
        help: "One group: as in `/groups`, and `members`, each as in `/processes`.",
        parameters: &[],
    },
    Row {
        resource: Resource::Methods,
        path: "/methods",
        help: "`methods` of XML-RPC that this supervisord offers: `name`, `signature` (result, then parameters), `help`.",
        parameters: &[],
    },
    Row {
        resource: Resource::Processes,
        path: "/processes",
        help: "`processes` by group, then name; `next` where the list goes on behind `limit`.",
        parameters: &[
            parameter("q", "words, each of which the name has to contain"),
            parameter("group", "processes of this group alone"),
            parameter(
                "state",
                "processes in one of these states, with commas between them; `attention`: those that need some",
            ),
            RESOURCES,
            parameter("limit", "at most so many; without: all"),
            parameter("after", "those behind this one, which is `next` of the answer before"),
        ],
    },
    Row {
        resource: Resource::Process,
        path: "/processes/{process}",
        help: "One process, `group:process`, or its name alone where its group has the same.",
        parameters: &[
            RESOURCES,
            parameter(
                "history",
                "`true`: `samples` besides, what was seen of it lately: seconds since 1970, CPU, memory of each",
            ),
        ],
    },
    Row {
        resource: Resource::Summary,
        path: "/summary",
        help: "`processes` (how many), `states` (how many in which) and `attention` (how many need some).",
        parameters: &[],
    },
    Row {
        resource: Resource::Supervisor,
        path: "/supervisor",
        help: "supervisord itself: `identifier`, `version`, `pid`, `state`, `started`, `log`.",
        parameters: &[],
    },
];

/// The row of a path, decoded and below [`ROOT`], with the text that stands for its braces.
pub fn find(path: &str) -> Option<(&'static Row, Option<&str>)> {
    let path = if path.is_empty() { "/" } else { path };
    TABLE.iter().find_map(|row| match row.path.split_once('{') {
        None => (row.path == path).then_some((row, None)),
        Some((before, _)) => {
            let name = path.strip_prefix(before).filter(|name| !name.is_empty() && !name.contains('/'))?;
            Some((row, Some(name)))
        }
    })
}

impl Row {
    /// Whether a parameter may stand in a query for it.
    ///
    /// # Errors
    /// It may not: a sentence that says so, with those that may.
    pub fn check_parameter(&self, name: &str) -> Result<(), String> {
        if self.parameters.iter().any(|known| known.name == name) {
            return Ok(());
        }
        let known: Vec<&str> = self.parameters.iter().map(|known| known.name).collect();
        let there_are = match known.split_last() {
            None => "there are none".to_owned(),
            Some((only, [])) => format!("there is {only}"),
            Some((last, others)) => format!("there are {} and {last}", others.join(", ")),
        };
        Err(format!("unknown parameter '{name}'; {there_are}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_finds_its_row() {
        for row in TABLE {
            let path = row.path.replace("{group}", "web").replace("{process}", "web:cat");
            let (found, name) = find(&path).unwrap();
            assert_eq!(found.resource, row.resource, "{path}");
            assert_eq!(name.is_some(), row.path.contains('{'), "{path}");
        }
        assert_eq!(find("").map(|(row, _)| row.resource), Some(Resource::Root));
        assert_eq!(find("/processes/web:é").and_then(|(_, name)| name), Some("web:é"));
        for path in ["/nosuch", "/processes/", "/processes/a/b", "/events/", "/Events", "x"] {
            assert!(find(path).is_none(), "{path}");
        }
    }

    #[test]
    fn the_table_is_sorted_and_says_what_each_is() {
        assert!(TABLE.is_sorted_by(|a, b| a.path < b.path));
        assert!(TABLE.iter().all(|row| row.help.ends_with('.')));
    }

    #[test]
    fn a_misspelt_parameter_is_no_empty_answer() {
        let row = |path| find(path).unwrap().0;
        assert_eq!(row("/events").check_parameter("types"), Ok(()));
        let refusal = row("/events").check_parameter("type").unwrap_err();
        assert_eq!(refusal, "unknown parameter 'type'; there are types and since");
        assert!(row("/summary").check_parameter("x").unwrap_err().ends_with("there are none"));
    }
}
