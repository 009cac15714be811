//! Sections and options that are given twice: of an option the later one counts, and nobody says so.

use std::collections::BTreeSet;

use super::Lint;
use crate::context::Context;
use crate::diagnostics::Place;
use crate::ini::Repeated;
use crate::problem::Problem;

pub(super) fn sections_and_options(context: &Context) -> Vec<Lint> {
    let repeated = context.document.repeated();
    let files_read_twice: BTreeSet<&str> =
        repeated.iter().filter(|repeated| is_read_twice(repeated)).map(|repeated| &*repeated.place.file).collect();
    let mut once: Vec<&Repeated> = Vec::new();
    for repeated in repeated.iter().filter(|repeated| !is_read_twice(repeated)) {
        if once.iter().all(|known| known.place != repeated.place) {
            once.push(repeated);
        }
    }
    let twice = files_read_twice.into_iter().filter_map(|file| {
        let section = context.document.section("include")?;
        let message = format!("{file} is read twice: [include] names it again");
        let hint = "let the patterns name files in a folder of their own".to_owned();
        Some(Lint::about_option(context, section, "files", message, Some(hint)))
    });
    once.into_iter().map(lint).chain(twice).collect()
}

/// Whether both are one place of one file, which may have two names.
fn is_read_twice(repeated: &Repeated) -> bool {
    let Repeated { first, place, .. } = repeated;
    let real = |place: &Place| std::fs::canonicalize(&*place.file).ok();
    first.line == place.line && real(first).is_some_and(|file| real(place) == Some(file))
}

fn lint(repeated: &Repeated) -> Lint {
    let Repeated { section, option, first, place } = repeated;
    let earlier = |first: &Place| {
        if first.file == place.file { format!("line {}", first.line) } else { format!("{}:{}", first.file, first.line) }
    };
    let problem = match option {
        None => Problem::warning(format!("section [{section}] is there twice, first in {}", earlier(first))).with_hint(
            Some(
                "both are read as one, in which the later of two options counts: give one of them another name"
                    .to_owned(),
            ),
        ),
        Some(option) => Problem::warning(format!("`{option}` is set twice, first in {}", earlier(first)))
            .in_option(option)
            .with_hint(Some("this one counts: take the other one out".to_owned())),
    };
    Lint::about(problem.at(place.clone()).in_section(section))
}
