//! A check: all that is wrong with a configuration, each thing once, with its place in the text.
//!
//! It reads as a start does, and goes on after an error with what is left. It changes nothing and starts nothing.

use std::cell::RefCell;

use crate::command_line::ClientOptions;
use crate::context::Context;
use crate::diagnostics::ConfigError;
use crate::explain::{explain_error, explain_warning};
use crate::limits::ERRORS;
use crate::lints::lint;
use crate::load::{LoadRequest, new_context, read};
use crate::problem::{Problem, Severity};
use crate::problems::Problems;
use crate::python_repr::Repr;
use crate::recorder::{Recorder, Source};
use crate::secrets::{MASK, ValuesEnd, hides, mask};
use crate::sections::supervisorctl::read_supervisorctl;
use crate::spans::Spans;

/// All that can be said about a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckReport {
    /// Why it cannot be used, in the order in which [`crate::load`] would find it; none: it can be used.
    pub errors: Vec<ConfigError>,
    /// The errors explained, and what is probably not meant, in the order of the text.
    pub problems: Vec<Problem>,
    /// The files that were read.
    pub sources: Vec<Source>,
}

/// Reads as [`crate::load`] does, but goes on after an error with what is left.
pub fn check(request: &LoadRequest<'_>) -> CheckReport {
    let mut context = new_context(request, Problems::Collect(RefCell::default()));
    context.recorder = Some(Recorder::default());
    context.document.note_repeated();
    let (config, fatal) = match read(&mut context, request) {
        Ok((config, _)) => (Some(config), None),
        Err(error) => (None, Some(error)),
    };
    let mut errors = context.problems.take_collected();
    errors.extend(fatal);
    let of_client = client_errors(&context);
    let lints = lint(&context, config.as_ref(), &errors, request.environment);
    let recorder = context.recorder.as_ref().expect("it was put there");
    let spans = Spans::new(&recorder.sources, &context.document);
    let mut problems: Vec<Problem> = lints.into_iter().map(|lint| lint.underlined(&spans)).collect();
    let is_strict = context.strictness.is_strict;
    problems.extend(context.take_warnings().into_iter().map(|warning| {
        let severity = if is_strict && warning.is_doubt { Severity::Error } else { Severity::Warning };
        Problem { severity, ..explain_warning(warning, &spans) }
    }));
    problems.extend(errors.iter().flat_map(|error| explain_error(error, &context, &spans)).take(ERRORS));
    problems.extend(of_client.iter().flat_map(|error| {
        let explained = explain_error(error, &context, &spans);
        explained.into_iter().map(|problem| Problem { severity: Severity::Warning, ..problem })
    }));
    let order = |problem: &Problem| {
        let place = problem.place.as_ref()?;
        let file = recorder.sources.iter().position(|source| source.file == place.file);
        Some((file, place.line, place.column, problem.severity))
    };
    problems.sort_by_key(order);
    for problem in &mut problems {
        mask_message(problem, &context);
    }
    drop(spans);
    CheckReport { errors, problems, sources: context.recorder.map(|recorder| recorder.sources).unwrap_or_default() }
}

/// Messages quote values, and a check is shown around.
fn mask_message(problem: &mut Problem, context: &Context) {
    let section = problem.section.as_deref().and_then(|name| context.document.section(name));
    if let (Some(section), Some(option)) = (section, &problem.option)
        && let Some(entry) = context.document.get(section, option).filter(|entry| hides(option, &entry.value))
    {
        let quoted = Repr(&entry.value).to_string();
        problem.message = problem.message.replace(&quoted, MASK).replace(&entry.value, MASK);
    }
    let is_list = problem.option.as_deref() == Some("environment");
    let values_end = if is_list { ValuesEnd::AtComma } else { ValuesEnd::AtBlank };
    problem.message = mask(&problem.message, values_end).into_owned();
}

/// What supervisorctl would not take; to supervisord it is no error.
fn client_errors(context: &Context) -> Vec<ConfigError> {
    let Some(section) = context.document.section("supervisorctl") else { return Vec::new() };
    let fatal = read_supervisorctl(context, section, &ClientOptions::default()).err();
    let mut errors = context.problems.take_collected();
    errors.extend(fatal);
    errors
}
