//! Python's `repr` of a string, which upstream's error texts quote values with.

use std::fmt::{self, Write};

/// Shows a string as Python's `repr` does: `'it'` in single quotes, or `"it's"` in double ones, with control
/// and other unprintable characters escaped.
#[derive(Clone, Copy, Debug)]
pub struct Repr<'a>(pub &'a str);

impl fmt::Display for Repr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quote = if self.0.contains('\'') && !self.0.contains('"') { '"' } else { '\'' };
        f.write_char(quote)?;
        for character in self.0.chars() {
            write_character(f, character, quote, false)?;
        }
        f.write_char(quote)
    }
}

/// Python's `ascii`: as `repr`, and everything beyond ASCII is escaped.
pub(crate) struct Ascii<'a>(pub(crate) &'a str);

impl fmt::Display for Ascii<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quote = if self.0.contains('\'') && !self.0.contains('"') { '"' } else { '\'' };
        f.write_char(quote)?;
        for character in self.0.chars() {
            write_character(f, character, quote, true)?;
        }
        f.write_char(quote)
    }
}

/// `repr` of a list of strings.
pub(crate) struct ReprList<'a>(pub(crate) &'a [String]);

impl fmt::Display for ReprList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('[')?;
        for (index, text) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            Repr(text).fmt(f)?;
        }
        f.write_char(']')
    }
}

fn write_character(f: &mut fmt::Formatter<'_>, character: char, quote: char, ascii_only: bool) -> fmt::Result {
    match character {
        '\\' => f.write_str("\\\\"),
        '\n' => f.write_str("\\n"),
        '\r' => f.write_str("\\r"),
        '\t' => f.write_str("\\t"),
        _ if character == quote => write!(f, "\\{quote}"),
        ' '..='~' => f.write_char(character),
        _ if !ascii_only && is_printable(character) => f.write_char(character),
        '\0'..='\u{ff}' => write!(f, "\\x{:02x}", u32::from(character)),
        '\u{100}'..='\u{ffff}' => write!(f, "\\u{:04x}", u32::from(character)),
        _ => write!(f, "\\U{:08x}", u32::from(character)),
    }
}

/// Python's `str.isprintable` beyond ASCII: no control, format, private or unassigned character and no blank
/// but the space. Rust's table says the same; a character that is not the first of a string keeps its
/// combining marks, which are printable to Python.
fn is_printable(character: char) -> bool {
    let mut pair = String::from("a");
    pair.push(character);
    character >= '\u{a1}' && pair.escape_debug().count() == 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_chosen_and_controls_escaped() {
        for (text, expected) in [
            ("abc", "'abc'"),
            ("", "''"),
            ("it's", "\"it's\""),
            ("say \"x\"", "'say \"x\"'"),
            ("it's \"x\"", "'it\\'s \"x\"'"),
            ("a\\b\n\r\t\0\x7f", "'a\\\\b\\n\\r\\t\\x00\\x7f'"),
            ("é→😀", "'é→😀'"),
            ("e\u{301}", "'e\u{301}'"),
            ("\u{a0}\u{ad}\u{200b}\u{2028}\u{feff}\u{e000}", "'\\xa0\\xad\\u200b\\u2028\\ufeff\\ue000'"),
            ("\u{e0001}", "'\\U000e0001'"),
        ] {
            assert_eq!(Repr(text).to_string(), expected);
        }
        assert_eq!(Ascii("é→😀").to_string(), "'\\xe9\\u2192\\U0001f600'");
        assert_eq!(ReprList(&["a".into(), "b c".into()]).to_string(), "['a', 'b c']");
    }
}
