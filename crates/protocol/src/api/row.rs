//! A row of the table of resources, and how a path finds the one that is meant.

use std::fmt::{self, Write as _};

use super::table::{Resource, TABLE};

/// A resource, and what is asked of it.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// What is told or done.
    pub resource: Resource,
    /// By which method of HTTP.
    pub verb: Verb,
    /// Below [`super::ROOT`]; a segment in braces stands for any text without a slash.
    pub path: &'static str,
    /// Who may ask.
    pub role: Role,
    /// One to three sentences.
    pub help: &'static str,
    /// What may stand behind the `?`.
    pub parameters: &'static [Parameter],
    /// What may stand in the body.
    pub body: &'static [Member],
}

/// A method of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Tells, and changes nothing; HEAD likewise.
    Get,
    /// Does something.
    Post,
}

/// Who may ask for a resource: each may what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Looks.
    Viewer,
    /// Starts, stops, signals, clears logs, writes to stdin.
    Operator,
    /// Everything.
    Admin,
}

/// A part of a query.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// As it is written.
    pub name: &'static str,
    /// What its value is.
    pub kind: Type,
    /// What its value means.
    pub help: &'static str,
}

/// A member of a body.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// As it is written.
    pub name: &'static str,
    /// What its value is.
    pub kind: Type,
    /// Whether it has to be there.
    pub required: bool,
    /// What its value means.
    pub help: &'static str,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Any text.
    Text,
    /// One of these words.
    Word(&'static [&'static str]),
    /// `true` or `false`
    Boolean,
    /// A whole number from the first to the second.
    Integer(u64, u64),
    /// A number of seconds, of any fineness, from 0 to this.
    Seconds(u64),
    /// A text, or a whole number.
    TextOrInteger,
    /// Texts.
    Texts,
}

/// What a path and a method lead to.
#[derive(Debug)]
pub enum Lookup<'p> {
    /// A row, with the texts that stand for its braces.
    Found(&'static Row, Vec<&'p str>),
    /// There is something, which is asked for by these alone.
    OtherVerbs(Vec<Verb>),
    /// Nothing.
    Nothing,
}

/// The row of a path, decoded and below [`super::ROOT`], and of a method of HTTP.
pub fn find<'p>(path: &'p str, method: &str) -> Lookup<'p> {
    let path = if path.is_empty() { "/" } else { path };
    let mut others = Vec::new();
    for row in TABLE {
        let Some(names) = row.match_path(path) else { continue };
        if row.verb.is(method) {
            return Lookup::Found(row, names);
        }
        others.push(row.verb);
    }
    if others.is_empty() { Lookup::Nothing } else { Lookup::OtherVerbs(others) }
}

impl Verb {
    /// `GET`
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }

    fn is(self, method: &str) -> bool {
        match self {
            Self::Get => matches!(method, "GET" | "HEAD"),
            Self::Post => method == "POST",
        }
    }

    /// `Allow` of a resource that is asked for by these.
    pub fn allow(verbs: &[Self]) -> String {
        let mut text = String::new();
        for verb in verbs {
            text.push_str(match verb {
                Self::Get => "GET, HEAD, ",
                Self::Post => "POST, ",
            });
        }
        text.push_str("OPTIONS");
        text
    }
}

impl Role {
    /// `viewer`
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }
}

/// As documentation says it.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("text"),
            Self::Word(words) => write!(f, "`{}`", words.join("`, `")),
            Self::Boolean => f.write_str("`true` or `false`"),
            Self::Integer(least, most) => write!(f, "{least} to {most}"),
            Self::Seconds(most) => write!(f, "seconds, 0 to {most}"),
            Self::TextOrInteger => f.write_str("text or number"),
            Self::Texts => f.write_str("list of texts"),
        }
    }
}

impl Row {
    /// The texts that stand for its braces in a path; `None`: it is not its path.
    fn match_path<'p>(&self, path: &'p str) -> Option<Vec<&'p str>> {
        let (mut pattern, mut given) = (self.path.split('/'), path.split('/'));
        let mut names = Vec::new();
        loop {
            match (pattern.next(), given.next()) {
                (None, None) => return Some(names),
                (Some(wanted), Some(name)) if wanted.starts_with('{') && !name.is_empty() => names.push(name),
                (Some(wanted), Some(name)) if wanted == name => {}
                (_, _) => return None,
            }
        }
    }

    /// Whether a parameter may stand in a query for it.
    ///
    /// # Errors
    /// It may not: a sentence that says so, with those that may.
    pub fn check_parameter(&self, name: &str) -> Result<(), String> {
        known(name, "parameter", self.parameters.iter().map(|known| known.name))
    }

    /// Whether a member may stand in a body for it.
    ///
    /// # Errors
    /// It may not: a sentence that says so, with those that may.
    pub fn check_member(&self, name: &str) -> Result<(), String> {
        known(name, "member", self.body.iter().map(|known| known.name))
    }
}

fn known(name: &str, what: &str, mut all: impl Iterator<Item = &'static str> + Clone) -> Result<(), String> {
    if all.clone().any(|known| known == name) {
        return Ok(());
    }
    let mut sentence = format!("unknown {what} '{name}'; there ");
    let Some(first) = all.next() else { return Err(sentence + "are none") };
    let rest: Vec<&str> = all.collect();
    match rest.split_last() {
        None => write!(sentence, "is {first}"),
        Some((last, [])) => write!(sentence, "are {first} and {last}"),
        Some((last, others)) => write!(sentence, "are {first}, {} and {last}", others.join(", ")),
    }
    .expect("a String takes all");
    Err(sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(path: &str) -> String {
        path.split('/')
            .map(|segment| if segment.starts_with('{') { "web:cat" } else { segment })
            .collect::<Vec<_>>()
            .join("/")
    }

    #[test]
    fn each_path_finds_its_row() {
        for row in TABLE {
            let path = filled(row.path);
            let Lookup::Found(found, names) = find(&path, row.verb.name()) else { panic!("{path}") };
            assert_eq!((found.resource, found.verb), (row.resource, row.verb), "{path}");
            assert_eq!(names.len(), row.path.matches('{').count(), "{path}");
        }
        assert!(matches!(find("", "HEAD"), Lookup::Found(row, _) if row.resource == Resource::Root));
        assert!(matches!(find("/processes/web:é", "GET"), Lookup::Found(_, names) if names == ["web:é"]));
        for path in ["/nosuch", "/processes/", "/processes/a/b", "/events/", "/Events", "x"] {
            assert!(matches!(find(path, "GET"), Lookup::Nothing), "{path}");
        }
        assert!(matches!(find("/summary", "POST"), Lookup::OtherVerbs(verbs) if verbs == [Verb::Get]));
        assert!(matches!(find("/summary", "TRACE"), Lookup::OtherVerbs(_)));
    }

    #[test]
    fn what_is_allowed_is_said() {
        assert_eq!(Verb::allow(&[Verb::Get]), "GET, HEAD, OPTIONS");
        assert_eq!(Verb::allow(&[Verb::Get, Verb::Post]), "GET, HEAD, POST, OPTIONS");
    }

    #[test]
    fn a_misspelt_parameter_is_no_empty_answer() {
        let row = |path| match find(path, "GET") {
            Lookup::Found(row, _) => row,
            other => panic!("{other:?}"),
        };
        assert_eq!(row("/events").check_parameter("types"), Ok(()));
        let refusal = row("/events").check_parameter("type").unwrap_err();
        assert_eq!(refusal, "unknown parameter 'type'; there are types and since");
        assert!(row("/summary").check_parameter("x").unwrap_err().ends_with("there are none"));
        assert_eq!(row("/summary").check_member("x").unwrap_err(), "unknown member 'x'; there are none");
    }
}
