//! What Python calls white space, and its `str.strip`.
//!
//! Rust's `char::is_whitespace` lacks the four separators U+001C to U+001F, which Python strips and its
//! regular expressions match with `\s`.

/// Python's `str.isspace` for one character.
pub(crate) fn is_space(character: char) -> bool {
    character.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&character)
}

/// Python's `str.strip()`.
pub(crate) fn strip(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// Python's `str.split()`: words between white space.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(is_space).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_and_unicode_blanks_are_space() {
        assert_eq!(strip("\u{1c}\u{1f} \t\u{a0}\u{3000}x y\u{85}\n"), "x y");
        assert_eq!(strip("\u{200b}x"), "\u{200b}x", "a zero-width space is no space");
        assert_eq!(words(" a\u{1d}b \n c").collect::<Vec<_>>(), ["a", "b", "c"]);
    }
}
