//! Which page of ours a path is (reference/web.md §6.1), and how paths and links are written.

use super::frame::Tab;
use super::html::quoted;
use crate::control::percent::decode;

/// A page, without what it is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::control) enum View {
    Home,
    Processes,
    Process,
    Group,
    Events,
    Configuration,
    Daemon,
    Help,
}

impl View {
    /// The page at a path as it was sent, and the name that its last part is.
    pub(in crate::control) fn of(path: &str) -> Option<(Self, String)> {
        let path = path.strip_prefix('/')?;
        let named = |prefix: &str, view| {
            let rest = path.strip_prefix(prefix).filter(|rest| !rest.is_empty() && !rest.contains('/'))?;
            Some((view, decode(rest).into_owned()))
        };
        let view = match path {
            "" => Self::Home,
            "processes" => Self::Processes,
            "events" => Self::Events,
            "configuration" => Self::Configuration,
            "daemon" => Self::Daemon,
            "help" => Self::Help,
            _ => return named("processes/", Self::Process).or_else(|| named("groups/", Self::Group)),
        };
        Some((view, String::new()))
    }

    /// From the page to where all URLs begin.
    pub(super) fn root(self) -> &'static str {
        match self {
            Self::Process | Self::Group => "../",
            Self::Home | Self::Processes | Self::Events | Self::Configuration | Self::Daemon | Self::Help => "./",
        }
    }

    pub(super) fn tab(self) -> Tab {
        match self {
            Self::Home | Self::Processes | Self::Process | Self::Group => Tab::Processes,
            Self::Events => Tab::Events,
            Self::Configuration => Tab::Configuration,
            Self::Daemon => Tab::Daemon,
            Self::Help => Tab::None,
        }
    }
}

/// The path of a process's page, below the root.
pub(super) fn process_path(name: &str) -> String {
    format!("processes/{}", segment(name))
}

/// The path of a group's page, below the root.
pub(super) fn group_path(name: &str) -> String {
    format!("groups/{}", segment(name))
}

/// A segment of a path. A colon may stand in it, since it is never the first.
pub(super) fn segment(name: &str) -> String {
    quoted(name).replace('/', "%2F").replace("%3A", ":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_pages() {
        let of = |path: &str| View::of(path);
        let named = |view, name: &str| Some((view, name.to_owned()));
        for (path, view) in [
            ("/", named(View::Home, "")),
            ("/processes", named(View::Processes, "")),
            ("/processes/web:cat", named(View::Process, "web:cat")),
            ("/processes/a%20b%2Fc%25", named(View::Process, "a b/c%")),
            ("/groups/web", named(View::Group, "web")),
            ("/daemon", named(View::Daemon, "")),
            ("/processes/", None),
            ("/processes/a/b", None),
            ("//processes", None),
            ("/Processes", None),
            ("/nosuch", None),
            ("", None),
        ] {
            assert_eq!(of(path), view, "{path}");
        }
    }

    #[test]
    fn a_link_leads_to_its_page() {
        for name in ["web:cat", "a b", "x/y", "100%", "é\"<'&>?#", "..", "q=1&x+y"] {
            let path = format!("/{}", process_path(name));
            assert_eq!(View::of(&path), Some((View::Process, name.to_owned())), "{path}");
        }
    }
}
