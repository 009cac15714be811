//! `[include]`: which files it names, and reading them (contract/config.md §2.4).

use std::path::Path;

use nix::errno::Errno;

use crate::context::Context;
use crate::diagnostics::{ConfigError, Place};
use crate::expand::{Label, Names, expand};
use crate::include_patterns::{Pattern, patterns};
use crate::options_table::include::FILES;
use crate::python_path::{absolute, dirname, text_of};
use crate::recorder::Source;
use crate::source::{Text, read_regular};

/// Reads the files that the main file includes; `folder` is what relative patterns are relative to. Gives what is to
/// be logged about them. An `[include]` in an included file is not acted on.
pub(crate) fn read_includes(context: &mut Context, folder: &str) -> Result<Vec<String>, ConfigError> {
    if context.document.section("include").is_none() {
        return Ok(Vec::new());
    }
    let written = written_files(context);
    let here = context.here.clone();
    context.document.expand_here(&here);
    let mut included = Vec::new();
    for pattern in patterns_of(context, &written, folder)? {
        let paths = pattern.files(folder);
        if paths.is_empty() {
            context.doubt(format!("No file matches via include \"{}\"", pattern.told(folder)), None);
        }
        for path in paths {
            included.push(format!("Included extra file \"{}\" during parsing", path.display()));
            include_file(context, &path)?;
        }
    }
    Ok(included)
}

/// `files=` before `%(here)s` is replaced in it.
fn written_files(context: &Context) -> String {
    let section = context.document.section("include");
    let entry = section.and_then(|section| context.document.get(section, FILES.name));
    entry.map(|entry| entry.value.clone()).unwrap_or_default()
}

/// The patterns of `files=`; upstream's error, if names in it cannot be replaced.
fn patterns_of(context: &Context, written: &str, folder: &str) -> Result<Vec<Pattern>, ConfigError> {
    let Some(section) = context.document.section("include") else { return Ok(Vec::new()) };
    let reader = context.reader(section, &[]);
    let Some(entry) = reader.entry(&FILES) else {
        reader.refuse(&FILES, ".ini file has [include] section, but no files setting")?;
        return Ok(Vec::new());
    };
    let words = [context.here_word(), context.host_node_name_word()];
    let names = Names::new(&context.environment, &words);
    match expand(&entry.value, names, Label::Word("include.files")) {
        Ok(_) => Ok(patterns(written, &context.here, names, folder)),
        Err(refusal) => reader.refuse(&FILES, refusal).map(|()| Vec::new()),
    }
}

fn include_file(context: &mut Context, path: &Path) -> Result<(), ConfigError> {
    let name = text_of(path);
    match read_regular(path) {
        Ok(text) => {
            let parsed = merge(context, &name, &text);
            context.problems.part(parsed)?;
        }
        Err(error) => {
            let reason =
                error.raw_os_error().map_or_else(|| error.to_string(), |code| format!("{:?}", Errno::from_raw(code)));
            context.doubt(format!("Extra file \"{name}\" was skipped, it cannot be read: {reason}"), None);
        }
    }
    let here = text_of(&absolute(dirname(&name)));
    context.document.expand_here(&here);
    Ok(())
}

/// Reads the text of a file into the document.
pub(crate) fn merge(context: &mut Context, file: &str, text: &Text) -> Result<(), ConfigError> {
    if let Some(recorder) = &mut context.recorder {
        recorder.sources.push(Source { file: file.into(), text: text.whole().to_owned() });
    }
    let parsed = context.document.read(file, &text.text);
    let Some(undecodable) = &text.error else { return parsed };
    // Python sees only the lines before the bad bytes; of what is wrong with those it says at once only this:
    match parsed {
        Err(error) if context.document.sections.is_empty() => Err(error),
        Ok(()) | Err(_) => {
            let place = Place { file: file.into(), line: undecodable.line, column: undecodable.column };
            Err(ConfigError::new(&*undecodable.text).at(&place))
        }
    }
}
