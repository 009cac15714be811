//! Sections that nobody knows: ignored, as upstream does (quirks.md K36), but not in silence.

use crate::context::Context;
use crate::ini::Section;
use crate::limits::UNKNOWN_SECTIONS;
use crate::nearest::nearest;
use crate::options_table::SectionType;
use crate::python_repr::Repr;

/// Warns of each unknown section.
pub(crate) fn warn_of_unknown_sections(context: &Context) {
    let strictness = &context.strictness;
    let is_unknown =
        |section: &&Section| SectionType::of(&section.name).is_none() && !strictness.ignores(&section.name);
    let unknown = || context.document.sections.iter().filter(is_unknown);
    for section in unknown().take(UNKNOWN_SECTIONS) {
        let (name, file, line) = (Repr(&section.name), Repr(&section.place.file), section.place.line);
        let hint = meant_section(&section.name).map(|meant| format!(", did you mean {}?", Repr(&meant)));
        let text = format!(
            "Unknown section {name} (file: {file}, line: {line}) {}{}",
            strictness.consequence(),
            hint.unwrap_or_default()
        );
        context.doubt(text, Some(&section.place));
    }
    let rest = unknown().count().saturating_sub(UNKNOWN_SECTIONS);
    if rest > 0 {
        context.warn(format!("{rest} more unknown sections are ignored"), None);
    }
}

/// The section that was probably meant.
pub(crate) fn meant_section(name: &str) -> Option<String> {
    let name = name.trim();
    let (kind, rest) = match name.split_once(':') {
        Some((kind, rest)) => (kind.trim(), Some(rest.trim())),
        None => without_colon(name).map_or((name, None), |(kind, rest)| (kind, Some(rest))),
    };
    let near = nearest(&kind.to_lowercase(), kinds())?;
    Some(match (takes_a_name(near), rest) {
        (true, rest) => format!("{near}:{}", rest.filter(|rest| !rest.is_empty()).unwrap_or("name")),
        (false, _) => near.to_owned(),
    })
}

fn kinds() -> impl Iterator<Item = &'static str> {
    SectionType::ALL.into_iter().map(|known| known.prefix().trim_end_matches(':'))
}

fn takes_a_name(kind: &str) -> bool {
    SectionType::ALL.into_iter().any(|known| known.prefix().strip_suffix(':') == Some(kind))
}

/// Kind and name of `program x`, `program-x`, `program=x`.
fn without_colon(name: &str) -> Option<(&str, &str)> {
    if let Some((kind, rest)) = name.split_once(char::is_whitespace) {
        return Some((kind, rest.trim()));
    }
    kinds().filter(|kind| takes_a_name(kind)).find_map(|kind| {
        let rest = name.get(kind.len()..).filter(|_| name.starts_with(kind))?;
        let rest = rest.strip_prefix(['-', '_', '.', '/', '=', ';'])?;
        Some((name.get(..kind.len())?, rest))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_that_are_meant() {
        for (name, expected) in [
            ("programs:web", Some("program:web")),
            ("progam:x", Some("program:x")),
            ("Program:web", Some("program:web")),
            ("program", Some("program:name")),
            ("program x", Some("program:x")),
            ("progrm x y", Some("program:x y")),
            ("program-x", Some("program:x")),
            ("program=x", Some("program:x")),
            ("program;x", Some("program:x")),
            ("group_x", Some("group:x")),
            ("program :web", Some("program:web")),
            ("eventlistner:x", Some("eventlistener:x")),
            ("eventlistener x", Some("eventlistener:x")),
            ("supervisord:x", Some("supervisord")),
            (" supervisord ", Some("supervisord")),
            ("supervisor", Some("supervisord")),
            ("supervisorctrl", Some("supervisorctl")),
            ("unix-http-server", Some("unix_http_server")),
            ("rpcinterface supervisor", Some("rpcinterface:supervisor")),
            ("fcgi_program:x", Some("fcgi-program:x")),
            ("event_listener:x", Some("eventlistener:x")),
            ("includes", Some("include")),
            ("circus", None),
            ("x", None),
        ] {
            assert_eq!(meant_section(name).as_deref(), expected, "{name}");
        }
    }
}
