//! From an error, which has upstream's words, to a [`Problem`], which says what to do about it.

use supervisor_core::EventType;

use crate::context::Context;
use crate::diagnostics::{ConfigError, ConfigWarning, Culprit, Place};
use crate::nearest::nearest;
use crate::options_table::{DefaultValue, Errors, SectionType};
use crate::problem::{Problem, Severity};
use crate::spans::Spans;

/// The problems that an error stands for: one, or one for each bad line.
pub(crate) fn explain_error(error: &ConfigError, context: &Context, spans: &Spans<'_>) -> Vec<Problem> {
    if let (Some(place), [_, ..]) = (error.place(), error.lines()) {
        let at = |line: &u32| spans.underline(bad_line(Place { line: *line, ..place.clone() }, spans));
        return error.lines().iter().map(at).collect();
    }
    let mut problem = Problem::new(Severity::Error, error.short_text());
    problem.place = error.place().cloned();
    problem.section = error.section().map(ToOwned::to_owned);
    problem.option = error.option().map(ToOwned::to_owned);
    if error.short_text().starts_with("File contains no section headers.") {
        "File contains no section headers.".clone_into(&mut problem.message);
        let line = problem.place.as_ref().and_then(|place| spans.line(place)).unwrap_or_default();
        if line.starts_with('\u{feff}') {
            "the file begins with a byte order mark (BOM), which makes its first line no section"
                .clone_into(&mut problem.message);
            let file = problem.place.as_ref().map_or("FILE", |place| &*place.file);
            problem.hint = Some(format!("save it as UTF-8 without a BOM: sed -i '1s/^\\xef\\xbb\\xbf//' {file}"));
        } else {
            problem.hint = Some("a line like [supervisord] has to come before the first option".to_owned());
        }
    } else if error.short_text().starts_with("'utf-8' codec can't decode") {
        problem.hint = problem.place.as_ref().map(|place| encoding_hint(error.short_text(), place));
    } else {
        problem.hint = hint(error, context);
    }
    vec![match error.culprit() {
        Some(Culprit::Name { name, .. }) => spans.underline_within(problem, &format!("%({name})")),
        Some(Culprit::Member(word) | Culprit::Event(word)) => spans.underline_within(problem, word),
        Some(Culprit::Percent) | None => spans.underline(problem),
    }]
}

/// What the file probably is, that is no UTF-8; UTF-16 begins with a mark.
fn encoding_hint(text: &str, place: &Place) -> String {
    let is_marked = (place.line, place.column) == (1, 1) && (text.contains("0xff") || text.contains("0xfe"));
    let probably = if is_marked { "UTF-16" } else { "LATIN1" };
    let file = &place.file;
    format!("save it as UTF-8; if it is {probably}: iconv -f {probably} -t UTF-8 {file} > {file}.utf-8")
}

/// The problem that a warning stands for.
pub(crate) fn explain_warning(warning: ConfigWarning, spans: &Spans<'_>) -> Problem {
    let mut problem = Problem::warning(warning.text);
    if let Some(place) = warning.place {
        let (section, option) = spans.owner(&place);
        (problem.section, problem.option) = (section, option);
        problem.place = Some(place);
    }
    spans.underline(problem)
}

fn bad_line(place: Place, spans: &Spans<'_>) -> Problem {
    let line = spans.line(&place).unwrap_or_default().trim_start();
    let (message, hint) = if line.starts_with('[') {
        ("this section header has no end", "a `]` is missing")
    } else if line.starts_with(['=', ':']) {
        ("this line has a value without an option", "write option = value")
    } else {
        (
            "this line is neither a section nor an option",
            "write option = value; a line that belongs to the value before it is indented, a comment begins with # or ;",
        )
    };
    Problem::new(Severity::Error, message).at(place).with_hint(Some(hint.to_owned()))
}

fn hint(error: &ConfigError, context: &Context) -> Option<String> {
    if let Some(hint) = error.hint() {
        return Some(hint.to_owned());
    }
    match error.culprit() {
        Some(Culprit::Name { name, words }) => Some(name_hint(name, words, context)),
        Some(Culprit::Percent) => Some("a percent sign that begins no %(name)s is written %%".to_owned()),
        Some(Culprit::Member(name)) => member_hint(name, context),
        Some(Culprit::Event(name)) => {
            let upper = name.to_uppercase();
            let known = EventType::names();
            Some(nearest(&upper, known).map_or_else(|| "see docs/configuration.md".to_owned(), did_you_mean))
        }
        None => option_hint(error, context),
    }
}

fn did_you_mean(word: &str) -> String {
    format!("did you mean `{word}`?")
}

fn name_hint(name: &str, words: &[&'static str], context: &Context) -> String {
    if let Some(variable) = name.strip_prefix("ENV_") {
        let known = context.environment.names();
        return match nearest(variable, known) {
            Some(near) => did_you_mean(&format!("%(ENV_{near})s")),
            None => format!("the environment of supervisord has no variable {variable}"),
        };
    }
    if let Some(near) = nearest(name, words.iter().copied()) {
        return did_you_mean(&format!("%({near})s"));
    }
    if context.environment.contains(name) {
        return did_you_mean(&format!("%(ENV_{name})s"));
    }
    let words: Vec<String> = words.iter().map(|word| format!("%({word})s, ")).collect();
    format!("what can be used here is {}%(ENV_x)s for a variable x; a percent sign is written %%", words.concat())
}

fn member_hint(name: &str, context: &Context) -> Option<String> {
    let sections = || context.document.sections.iter().map(|section| &*section.name);
    if name.is_empty() {
        return Some("there is a comma too many".to_owned());
    }
    if sections().any(|section| section.strip_prefix("eventlistener:") == Some(name)) {
        return Some("an event listener cannot be a member of a group".to_owned());
    }
    let programs =
        sections().filter_map(|name| name.strip_prefix("program:").or_else(|| name.strip_prefix("fcgi-program:")));
    nearest(name, programs).map(did_you_mean)
}

/// A hint about the whole value of an option.
fn option_hint(error: &ConfigError, context: &Context) -> Option<String> {
    let section = context.document.section(error.section()?)?;
    let section_type = SectionType::of(&section.name)?;
    let row = section_type.options().find(|row| Some(row.name) == error.option())?;
    if row.name == "process_name" && error.short_text().contains("numprocs") {
        return Some("write process_name = %(program_name)s_%(process_num)02d".to_owned());
    }
    let Some(entry) = context.document.get(section, row.name) else {
        return Some(format!("write {} = value: {}", row.name, row.help));
    };
    if row.default == DefaultValue::Required && entry.value.is_empty() {
        return Some(format!("it must not be empty: {}", row.help));
    }
    if entry.value.contains([';', '#']) {
        return Some("a comment begins only after a blank: ` ;`".to_owned());
    }
    let known = nearest(&entry.value.to_lowercase(), row.data_type.words().iter().copied());
    match (known, row.data_type.errors()) {
        (Some(known), _) => Some(did_you_mean(known)),
        (None, Errors::Upstreams) => Some(format!("it has to be {}", row.data_type.description())),
        // The error says so.
        (None, Errors::Ours) => None,
    }
}
