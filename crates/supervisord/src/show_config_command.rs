//! `supervisord --show-config`: prints the configuration that is in effect and where each value is from, and starts
//! nothing. As a configuration file, which means the same, or as one JSON object.

use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::{Value, json};
use supervisor_config::{
    EffectiveConfig, EffectiveOption, EffectiveSection, Origin, Secrets, ShowConfigFormat, SupervisordOptions,
    effective_config,
};

use crate::offline::Offline;

/// Prints the configuration on standard output.
///
/// # Errors
/// With upstream's text when it cannot be used; or when nobody takes the output.
pub(crate) fn run(program: &str, options: &SupervisordOptions, format: ShowConfigFormat) -> Result<ExitCode, String> {
    let offline = Offline::find(program, options)?;
    let config = effective_config(&offline.request(), Secrets::Masked).map_err(|error| error.to_string())?;
    let text = match format {
        ShowConfigFormat::Ini => config.to_string(),
        ShowConfigFormat::Json => format!("{:#}\n", json_of(&config)),
    };
    match io::stdout().write_all(text.as_bytes()) {
        // A reader that has seen enough (`| head`) is no failure.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.to_string()),
        Ok(()) | Err(_) => Ok(ExitCode::SUCCESS),
    }
}

fn json_of(config: &EffectiveConfig) -> Value {
    json!({
        "file": config.path.display().to_string(),
        "included": config.included,
        "sections": config.sections.iter().map(json_of_section).collect::<Vec<_>>(),
    })
}

fn json_of_section(section: &EffectiveSection) -> Value {
    json!({
        "name": section.name,
        "known": section.section_type.is_some(),
        "file": &*section.place.file,
        "line": section.place.line,
        "processes": section.processes,
        "options": section.options.iter().map(json_of_option).collect::<Vec<_>>(),
    })
}

fn json_of_option(option: &EffectiveOption) -> Value {
    let (origin, place) = match &option.origin {
        Origin::File(place) => ("file", Some(place)),
        Origin::Default => ("default", None),
        Origin::CommandLine => ("command line", None),
    };
    json!({
        "name": option.name,
        "value": option.value.as_ref().map(|value| &value.text),
        "template": option.value.as_ref().is_some_and(|value| value.is_template),
        "masked": option.value.as_ref().is_some_and(|value| value.is_masked),
        "read": option.is_read,
        "origin": origin,
        "inherited_from": option.inherited_from,
        "file": place.map(|place| &*place.file),
        "line": place.map(|place| place.line),
    })
}
