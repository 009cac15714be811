//! Options that name PEM files, of servers and of the client. Says where the files are; `pem.rs` reads them.

use std::path::PathBuf;

use crate::context::{Context, SectionReader};
use crate::diagnostics::ConfigError;
use crate::options_table::OptionRow;
use crate::python_text::strip;

/// The absolute path that an option names; an empty value is none.
pub(crate) fn pem_path(
    context: &Context,
    reader: &SectionReader<'_>,
    row: &OptionRow,
) -> Result<Option<PathBuf>, ConfigError> {
    let text = reader.text(row)?;
    Ok(text.filter(|text| !strip(text).is_empty()).map(|text| context.home.normalize(strip(&text))))
}

/// One option is of no use without the other.
pub(crate) fn refuse_alone(
    reader: &SectionReader<'_>,
    set: &OptionRow,
    missing: &OptionRow,
) -> Result<(), ConfigError> {
    let (section, set_name, missing_name) = (&reader.section.name, set.name, missing.name);
    let place = reader.place(set);
    let whence = format!("(file {}, line {})", place.file, place.line);
    reader
        .refuse(set, format!("Section [{section}] has {set_name} but no {missing_name}: set both or neither {whence}"))
}
