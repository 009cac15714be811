//! Options that take one of a few words.

use crate::context::SectionReader;
use crate::datatypes::Checked;
use crate::options_table::OptionRow;

/// One of a few words, in any case; the error says which there are.
pub(super) fn word<T: Copy>(
    words: &[(&str, T)],
    text: &str,
    row: &OptionRow,
    reader: &SectionReader<'_>,
) -> Checked<T> {
    let found = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text));
    found.map(|(_, value)| *value).ok_or_else(|| {
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let (section, option, place) = (&reader.section.name, row.name, reader.place(row));
        format!(
            "[{section}] section sets invalid {option} ({text}), it has to be one of {} (file {}, line {})",
            known.join(", "),
            place.file,
            place.line
        )
    })
}
