//! `supervisord --check`: tells all that is wrong with a configuration, and starts nothing.
//!
//! For people with the lines of the file and what is wrong underlined, for programs with one JSON object a line. Exit
//! status 0: nothing is wrong; 1: warnings, with `--strict`; 2: errors.

mod listening;
mod servers;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde_json::json;
use supervisor_config::{
    CheckFormat, CheckReport, Config, HttpServerAddress, HttpServerConfig, Place, Problem, Severity, Source,
    SupervisordOptions, check, load, masked_line,
};

pub(crate) use servers::listener_of_port;

use crate::offline::Offline;
use crate::{http_servers, limits, plugin_check, rpc_interfaces};

/// Exit status of warnings that count.
const WARNINGS_STATUS: u8 = 1;
/// Exit status of a configuration that cannot be used.
const ERRORS_STATUS: u8 = 2;

/// Lines around a problem that are shown, too.
const CONTEXT_LINES: u32 = 1;

/// Runs the check and prints what it tells on standard output.
///
/// # Errors
/// When there is no configuration file to look at, or nobody takes the output.
pub(crate) fn run(
    program: &str,
    options: &SupervisordOptions,
    strict: bool,
    format: CheckFormat,
) -> Result<ExitCode, String> {
    let report = report(&Offline::find(program, options)?, Plugins::AreImported);
    let text = match format {
        CheckFormat::Json => report.problems.iter().map(json_line).collect(),
        CheckFormat::Text => {
            let colour =
                io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
            human_text(&report.problems, &report.sources, colour)
        }
    };
    match io::stdout().write_all(text.as_bytes()) {
        // A reader that has seen enough (`| head`) is no failure.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error.to_string()),
        Ok(()) | Err(_) => {}
    }
    let has = |severity| report.problems.iter().any(|problem| problem.severity == severity);
    Ok(if !report.errors.is_empty() || has(Severity::Error) {
        ExitCode::from(ERRORS_STATUS)
    } else if strict && has(Severity::Warning) {
        ExitCode::from(WARNINGS_STATUS)
    } else {
        ExitCode::SUCCESS
    })
}

/// Whether the modules of plug-ins in Python are imported, which takes as long as an interpreter needs to start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plugins {
    AreImported,
    AreNot,
}

/// Whether a check would tell errors, of what is no plug-in; quietly.
pub(crate) fn finds_errors(program: &str, options: &SupervisordOptions) -> bool {
    let is_error = |problem: &Problem| problem.severity == Severity::Error;
    Offline::find(program, options).is_ok_and(|offline| report(&offline, Plugins::AreNot).problems.iter().any(is_error))
}

/// All that there is to tell, in the order of the text.
fn report(offline: &Offline<'_>, plugins: Plugins) -> CheckReport {
    let mut report = check(&offline.request());
    if let Ok(config) = load(&offline.request()) {
        report.problems.extend(refusals(&config, &report.sources));
        match plugins {
            Plugins::AreImported => report.problems.extend(missing_plugins(&config, &report.sources)),
            Plugins::AreNot => {}
        }
        let file = |name: &str| report.sources.iter().position(|source| *source.file == *name);
        let order = |problem: &Problem| {
            problem.place.as_ref().map(|place| (file(&place.file), place.line, place.column, problem.severity))
        };
        report.problems.sort_by_key(order);
    }
    report
}

/// What a start would refuse though the file can be read: servers that lack their files, interfaces that cannot be
/// made. And servers that stand open, which it warns of.
fn refusals(config: &Config, sources: &[Source]) -> Vec<Problem> {
    let of_server = |server: &HttpServerConfig, message: String, hint: Option<String>| {
        let problem = refusal(server.section.clone(), message);
        Problem { hint, ..with_line(problem, server.place.clone(), sources) }
    };
    let refused = http_servers::problems(&config.http_servers);
    let mut problems: Vec<Problem> = refused.map(|(server, message)| of_server(server, message, None)).collect();
    for (server, message) in http_servers::warnings(&config.http_servers) {
        problems.push(Problem { severity: Severity::Warning, ..of_server(server, message, None) });
    }
    for servers::Obstacle { server, message, hint } in servers::obstacles(config) {
        let option = match server.address {
            HttpServerAddress::Unix { .. } => "file",
            HttpServerAddress::Inet { .. } => "port",
        };
        problems.push(Problem { option: Some(option.to_owned()), ..of_server(server, message, Some(hint)) });
    }
    if let Err(refused) = rpc_interfaces::check(config) {
        let section = format!("rpcinterface:{}", refused.name);
        let message = format!("{refused}: {}", refused.reason());
        problems.push(Problem { option: Some(refused.option), ..refusal(section, message) });
    }
    problems
}

/// Plug-ins in Python that cannot be imported. Whether their factories make something is not tried: that is their own
/// code at work, and a check starts nothing.
fn missing_plugins(config: &Config, sources: &[Source]) -> Vec<Problem> {
    let missing = plugin_check::not_imported(config).into_iter();
    let problem = |refused: plugin_check::Refusal| {
        let problem = refusal(refused.section.clone(), refused.message());
        let hint = "see python_host= of [supervisord] for the interpreter that has to find it".to_owned();
        Problem { hint: Some(hint), ..with_line(problem, refused.place, sources) }
    };
    missing.map(problem).collect()
}

/// A problem with the whole of a line, from its place on.
fn with_line(problem: Problem, place: Place, sources: &[Source]) -> Problem {
    let line = sources.iter().find(|source| source.file == place.file).and_then(|source| source.line(place.line));
    let length = line.map_or(0, |line| line.trim_end().chars().count());
    let length = u32::try_from(length).unwrap_or(u32::MAX).saturating_sub(place.column.saturating_sub(1));
    Problem { place: Some(place), length, ..problem }
}

fn refusal(section: String, message: String) -> Problem {
    let section = Some(section);
    Problem { severity: Severity::Error, place: None, length: 0, section, option: None, message, hint: None }
}

/// One problem for a program; what is not known is null.
fn json_line(problem: &Problem) -> String {
    let place = problem.place.as_ref();
    let object = json!({
        "severity": problem.severity.to_string(),
        "file": place.map(|place| &*place.file),
        "line": place.map(|place| place.line),
        "column": place.map(|place| place.column),
        "length": place.map(|_| problem.length),
        "section": problem.section,
        "option": problem.option,
        "message": problem.message,
        "hint": problem.hint,
    });
    format!("{object}\n")
}

/// All problems for a person, and a line that counts them.
fn human_text(problems: &[Problem], sources: &[Source], colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    let mut text = String::new();
    for problem in problems {
        text += &renderer.render(&[describe(problem, sources)]);
        text += "\n\n";
    }
    text + &summary(problems)
}

fn describe<'p>(problem: &'p Problem, sources: &[Source]) -> Group<'p> {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = level.primary_title(printable(&problem.message)).elements(snippet(problem, sources));
    if let Some(section) = &problem.section {
        let option = problem.option.as_ref().map(|option| format!(" {option}")).unwrap_or_default();
        group = group.element(Level::NOTE.with_name("in").message(printable(&format!("[{section}]{option}"))));
    }
    if let Some(hint) = &problem.hint {
        group = group.element(Level::HELP.message(printable(hint)));
    }
    group
}

/// The line of a problem with those around it; none, if it is in no file.
fn snippet<'p>(problem: &'p Problem, sources: &[Source]) -> Option<Snippet<'p, annotate_snippets::Annotation<'p>>> {
    let place = problem.place.as_ref()?;
    let source = sources.iter().find(|source| source.file == place.file)?;
    let first = place.line.saturating_sub(CONTEXT_LINES).max(1);
    let mut shown = String::new();
    let mut span = 0..0;
    for number in first..=place.line.saturating_add(CONTEXT_LINES) {
        let Some(masked) = masked_line(source, number) else { continue };
        let line: String = masked.text.chars().take(limits::SHOWN_LINE_CHARACTERS).map(printable_character).collect();
        if number == place.line {
            let column = usize::try_from(place.column).unwrap_or(1).saturating_sub(1);
            let length = usize::try_from(problem.length).unwrap_or_default();
            let offset =
                |original: usize| line.char_indices().nth(masked.column(original)).map_or(line.len(), |(at, _)| at);
            span = shown.len() + offset(column)..shown.len() + offset(column.saturating_add(length));
        }
        shown += &line;
        shown.push('\n');
    }
    let name = printable(&place.file);
    let start = usize::try_from(first).unwrap_or(1);
    Some(Snippet::source(shown).line_start(start).path(name).fold(false).annotation(AnnotationKind::Primary.span(span)))
}

/// A text in which nothing moves a terminal's cursor.
fn printable(text: &str) -> String {
    text.chars().map(printable_character).collect()
}

fn printable_character(character: char) -> char {
    match character {
        '\t' | '\n' | '\u{a0}' => ' ',
        _ if character.is_control() || character == '\u{feff}' => '\u{fffd}',
        _ => character,
    }
}

fn summary(problems: &[Problem]) -> String {
    let count = |severity| problems.iter().filter(|problem| problem.severity == severity).count();
    let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let [errors, warnings] = [count(Severity::Error), count(Severity::Warning)];
    format!("{}, {}\n", plural(errors, "error"), plural(warnings, "warning"))
}
