//! A row of the table with the reader of its value, and where the value goes.

use std::ops::Deref;

use supervisor_core::{Limit, ProcessConfig, Resource, ResourceLimit};

use super::OptionRow;
use super::data_type::Read;
use crate::context::SectionReader;
use crate::datatypes::NamedGroup;
use crate::diagnostics::ConfigError;
use crate::python_repr::Repr;
use crate::sections::program::ProgramSection;

/// An option with how its value is read.
#[derive(Debug)]
pub(crate) struct Row<T> {
    pub(crate) option: OptionRow,
    pub(crate) read: Read<T>,
}

impl<T> Deref for Row<T> {
    type Target = OptionRow;

    fn deref(&self) -> &OptionRow {
        &self.option
    }
}

/// Reads an option of a program into its place.
pub(crate) type ReadInto<T> = fn(&SectionReader<'_>, &mut T) -> Result<(), ConfigError>;

/// When an option of a program is read, and into what.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reading {
    /// Once, for all processes of a section; `all …` and `with …` in the table.
    Section(ReadInto<ProgramSection>),
    /// For each process, with the names that only it has; `each …` in the table.
    Process(ReadInto<ProcessConfig>),
    /// For each process, together with others; `each` alone in the table.
    Together,
}

/// Where a value goes.
pub(crate) trait Place<T> {
    /// Puts the value of an option there.
    fn put(&mut self, reader: &SectionReader<'_>, row: &Row<T>) -> Result<(), ConfigError>;
}

/// An option that has a value in any case, its default if need be.
impl<T> Place<T> for T {
    fn put(&mut self, reader: &SectionReader<'_>, row: &Row<T>) -> Result<(), ConfigError> {
        *self = reader.value(row)?;
        Ok(())
    }
}

/// A group that is not there is a doubt and no error: the option is younger than files that have it, which start.
impl Place<NamedGroup> for Option<u32> {
    fn put(&mut self, reader: &SectionReader<'_>, row: &Row<NamedGroup>) -> Result<(), ConfigError> {
        *self = match reader.optional(row)? {
            None => None,
            Some(NamedGroup::Id(gid)) => Some(gid),
            Some(NamedGroup::Missing(name)) => {
                let (section, option) = (&reader.section.name, row.name);
                let place = reader.place(row);
                let (file, line) = (Repr(&place.file), place.line);
                let text = format!(
                    "[{section}] {option}={name} (file: {file}, line: {line}) is ignored, there is no such group; its \
                     user's own is used"
                );
                reader.context.doubt(text, Some(&place));
                None
            }
        };
        Ok(())
    }
}

/// One of the limits of a program: which one, its option tells.
impl Place<Limit> for Box<[ResourceLimit]> {
    fn put(&mut self, reader: &SectionReader<'_>, row: &Row<Limit>) -> Result<(), ConfigError> {
        let resource = Resource::ALL.into_iter().find(|(_, option)| *option == row.name);
        if let Some(((resource, _), limit)) = resource.zip(reader.optional(row)?) {
            let limits = std::mem::take(self).into_iter().chain([ResourceLimit { resource, limit }]);
            *self = limits.collect();
        }
        Ok(())
    }
}

/// An option that is set or not.
impl<T> Place<T> for Option<T> {
    fn put(&mut self, reader: &SectionReader<'_>, row: &Row<T>) -> Result<(), ConfigError> {
        *self = reader.optional(row)?;
        Ok(())
    }
}
