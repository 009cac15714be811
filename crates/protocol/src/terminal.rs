//! Which characters a terminal obeys instead of showing them, and how they are shown instead.
//!
//! Names, faults and output come from programs and from strangers, and are shown to people.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a character is a control (C0 with tabs and line ends, DEL, C1), ends a line (UAX #14, BK), or changes the
/// direction in which text is shown: a mark, an embedding, an override or an isolate of the bidirectional algorithm
/// (UAX #9 §2).
pub fn is_obeyed(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text with everything that is obeyed replaced by its escape (`\x1b`, `\u{202e}`); blanks, tabs and line ends
/// stay.
pub fn visible(text: &str) -> Cow<'_, str> {
    escape(text, |c| is_unsafe(c) && c != '\n')
}

/// As [`visible`], and on one line: line ends become their escapes too.
pub fn visible_on_one_line(text: &str) -> Cow<'_, str> {
    escape(text, is_unsafe)
}

fn escape(text: &str, unwanted: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&unwanted) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' if unwanted(c) => safe.push_str("\\n"),
            _ if unwanted(c) && u32::from(c) < 0x100 => {
                write!(safe, "\\x{:02x}", u32::from(c)).expect("a String takes all");
            }
            _ if unwanted(c) => write!(safe, "\\u{{{:x}}}", u32::from(c)).expect("a String takes all"),
            _ => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

/// Blanks and tabs do no harm.
fn is_unsafe(c: char) -> bool {
    is_obeyed(c) && c != '\t'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_not_obeyed() {
        assert!("\0\t\n\u{1b}\u{7f}\u{9b}\u{200e}\u{2028}\u{2029}\u{202e}\u{2069}".chars().all(is_obeyed));
        assert!(!" az~\u{a0}é→\u{200b}😀".chars().any(is_obeyed));
    }

    #[test]
    fn one_line_means_one() {
        assert_eq!(visible_on_one_line("a\nb\u{202e}c"), "a\\nb\\u{202e}c");
        assert_eq!(visible_on_one_line("a\u{2028}b\u{85}c\u{b}"), "a\\u{2028}b\\x85c\\x0b");
        assert_eq!(visible("a\nb\rc\td"), "a\nb\\x0dc\td");
    }
}
