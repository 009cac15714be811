//! `essential`, `on_exit`, `on_fatal`: what the end of a program means to supervisord (docs/containers.md).
//!
//! A group may say it for its members. A member that says of itself whether it is essential is not spoken for.

use supervisor_core::EssentialConfig;

use crate::context::SectionReader;
use crate::diagnostics::ConfigError;
use crate::ini::Section;
use crate::options_table::essential as rows;

/// Reads what a program says, or its group for it.
pub(crate) fn read_essential(
    reader: &SectionReader<'_>,
    group: Option<&Section>,
) -> Result<EssentialConfig, ConfigError> {
    let group = group.filter(|_| reader.entry(&rows::ESSENTIAL).is_none()).map(|group| reader.of_section(group));
    let of_group = |row| group.as_ref().filter(|group| reader.entry(row).is_none() && group.entry(row).is_some());
    let is_essential = of_group(&rows::ESSENTIAL).unwrap_or(reader).value(&rows::ESSENTIAL)?;
    let short = if is_essential { EssentialConfig::ESSENTIAL } else { EssentialConfig::default() };
    Ok(EssentialConfig {
        on_exit: of_group(&rows::ON_EXIT).unwrap_or(reader).optional(&rows::ON_EXIT)?.unwrap_or(short.on_exit),
        on_fatal: of_group(&rows::ON_FATAL).unwrap_or(reader).optional(&rows::ON_FATAL)?.unwrap_or(short.on_fatal),
    })
}
