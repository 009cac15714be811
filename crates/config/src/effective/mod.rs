//! The configuration as it is in effect: every option of every section, defaults filled in, names replaced, the
//! command line applied, and where each came from. It is written as a file that means the same (`ini_form.rs`).
//!
//! **Invariant.** What looks like a secret is masked, and a name of a variable that looks like one is not replaced,
//! unless the caller asks for it.

mod ini_form;
mod pieces;
mod section_values;

use std::path::PathBuf;

use crate::diagnostics::{ConfigError, Place};
use crate::expand::Names;
use crate::load::{LoadRequest, new_context, read};
use crate::options_table::SectionType;
use crate::problems::Problems;
use crate::recorder::Recorder;
use pieces::Pieces;
use section_values::SectionValues;

/// What becomes of passwords and the like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrets {
    /// They are shown as [`MASK`](crate::MASK).
    Masked,
    /// They are shown.
    Shown,
}

/// A configuration in effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectiveConfig {
    /// The main file, absolute.
    pub path: PathBuf,
    /// The files that it includes, in the order of reading.
    pub included: Vec<String>,
    /// In the order of the files.
    pub sections: Vec<EffectiveSection>,
}

/// One section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectiveSection {
    /// As between the brackets.
    pub name: String,
    /// Where it began first.
    pub place: Place,
    /// `None`: nobody knows it, and it is ignored.
    pub section_type: Option<SectionType>,
    /// The processes that it makes, as `group:name`.
    pub processes: Vec<String>,
    /// All options of its type in the order of the table, then the others that it has.
    pub options: Vec<EffectiveOption>,
}

/// One option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectiveOption {
    /// In lower case.
    pub name: String,
    /// `None`: it is not set, and has no default.
    pub value: Option<EffectiveValue>,
    /// Where the value is from.
    pub origin: Origin,
    /// The section that it is inherited from, such as `template:web`.
    pub inherited_from: Option<String>,
    /// Whether supervisord takes it from here; it does not take options that nobody knows, and `[include]` is used up.
    pub is_read: bool,
}

/// The value of an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectiveValue {
    /// The value; if it is a template, as it would be written in a file.
    pub text: String,
    /// It has names in it that stand for something else in each process, or for a secret.
    pub is_template: bool,
    /// It, or a part of it, is masked.
    pub is_masked: bool,
    /// As it has to be written in a file.
    written: String,
    /// As it was written, in case the other cannot be.
    original: Option<String>,
}

/// Where a value is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A file.
    File(Place),
    /// The default, or what follows from other options.
    Default,
    /// The command line.
    CommandLine,
}

/// A value with all its names replaced, by way of taking it apart; `None`: it cannot be.
pub(crate) fn expand_to_text(text: &str, names: Names<'_>) -> Option<String> {
    Pieces::expand(text, names, &|_| false)?.plain().map(ToOwned::to_owned)
}

/// Reads a configuration as [`crate::load`] does and tells what is in effect.
pub fn effective_config(request: &LoadRequest<'_>, secrets: Secrets) -> Result<EffectiveConfig, ConfigError> {
    let mut context = new_context(request, Problems::EndAtFirst);
    context.recorder = Some(Recorder::default());
    let (config, _) = read(&mut context, request)?;
    let recorder = context.recorder.as_ref().expect("it was put there");
    let values = SectionValues::new(&context, recorder, &config, request.command_line, secrets);
    Ok(EffectiveConfig {
        path: config.path.clone(),
        included: recorder.sources.iter().skip(1).map(|source| source.file.to_string()).collect(),
        sections: context.document.sections.iter().map(|section| values.section(section)).collect(),
    })
}
