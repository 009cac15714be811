//! What in a configuration is nobody's business, and how it is shown: as [`MASK`].
//!
//! What a value means cannot be seen, so names tell: those of variables, options and flags (`names.rs`), and the places
//! where tools take passwords (`text.rs`, `tools.rs`). What is in doubt is masked; what only refers to a secret (a
//! variable, a file) is not. Nothing here changes what is read; only `--show-config` and `--check` come by.

mod line;
mod names;
mod text;
mod tokens;
mod tools;

use std::borrow::Cow;
use std::ops::Range;

pub use line::{MaskedLine, masked_line};
pub(crate) use names::{hides, is_secret_option, is_secret_value};
pub(crate) use text::ValuesEnd;
use text::secret_ranges;

/// What stands for a secret.
pub const MASK: &str = "********";

/// A text with its secrets masked; borrowed, if there are none.
pub(crate) fn mask(text: &str, values_end: ValuesEnd) -> Cow<'_, str> {
    let ranges = secret_ranges(text, values_end);
    if ranges.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(replace(text, &ranges)) }
}

/// `ranges` are in order and apart, each at the borders of characters.
fn replace(text: &str, ranges: &[Range<usize>]) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut from = 0;
    for range in ranges {
        masked += text.get(from..range.start).unwrap_or_default();
        masked += MASK;
        from = range.end;
    }
    masked + text.get(from..).unwrap_or_default()
}
