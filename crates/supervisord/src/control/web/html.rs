//! How texts come into pages, and how they come into their links: the only ways.

use std::fmt::Write as _;

/// Adds text that stands between tags. `>` and quotes stay what they are, as in the pages of the original; what looks
/// like an entity is no exception (contract/quirks.md F27). HTML has no NUL.
pub(super) fn push_text(page: &mut String, text: &str) {
    push_escaped(page, text, &[('<', "&lt;"), ('&', "&amp;"), ('\0', "\u{FFFD}")]);
}

/// Adds the value of an attribute, which stands between double quotes.
pub(super) fn push_attribute(page: &mut String, value: &str) {
    push_escaped(page, value, &[('<', "&lt;"), ('&', "&amp;"), ('"', "&quot;"), ('\0', "\u{FFFD}")]);
}

fn push_escaped(page: &mut String, text: &str, escapes: &[(char, &str)]) {
    let escape_of = |character| escapes.iter().find(|(escaped, _)| *escaped == character);
    for piece in text.split_inclusive(|character| escape_of(character).is_some()) {
        match piece.chars().next_back().and_then(escape_of) {
            Some((escaped, escape)) => {
                page.push_str(piece.strip_suffix(*escaped).unwrap_or(piece));
                page.push_str(escape);
            }
            None => page.push_str(piece),
        }
    }
}

/// Adds a value of a link: as Python's `quote`, which leaves `/` as it is.
pub(super) fn push_quoted(page: &mut String, value: &str) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"_.-~/".contains(&byte) {
            page.push(char::from(byte));
        } else {
            write!(page, "%{byte:02X}").expect("a String takes everything");
        }
    }
}

/// The same as a text of its own.
pub(super) fn quoted(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    push_quoted(&mut text, value);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_markup() {
        for (text, html) in [
            ("plain é", "plain é"),
            ("", ""),
            ("<script>alert(1)</script>", "&lt;script>alert(1)&lt;/script>"),
            ("a&lt;b &amp; &", "a&amp;lt;b &amp;amp; &amp;"),
            ("\"'>", "\"'>"),
            ("\0\u{202E}", "\u{FFFD}\u{202E}"),
        ] {
            let mut page = String::new();
            push_text(&mut page, text);
            assert_eq!(page, html);
        }
    }

    #[test]
    fn no_value_ends_its_attribute() {
        let mut page = String::new();
        push_attribute(&mut page, "\"><img src=x onerror='y'>&quot;\0");
        assert_eq!(page, "&quot;>&lt;img src=x onerror='y'>&amp;quot;\u{FFFD}");
    }

    #[test]
    fn values_of_links_are_quoted_as_python_does() {
        for (value, link) in [
            ("web:cat", "web%3Acat"),
            ("a b/c_.-~", "a%20b/c_.-~"),
            ("<\"'&+%=?#é>", "%3C%22%27%26%2B%25%3D%3F%23%C3%A9%3E"),
            ("\r\n", "%0D%0A"),
        ] {
            assert_eq!(quoted(value), link);
        }
    }
}
