//! Python's `shlex`, in its POSIX mode: [`split`] cuts a command into words, the lexer behind it also cuts
//! `environment=` into tokens.
//!
//! The rules are those of Python's documentation («Parsing Rules» of `shlex`), where they differ from a shell's:
//! a backslash before a line end keeps the line end, `#` begins no comment in a command, and within double quotes
//! a backslash escapes only itself and the double quote.

use std::fmt;

/// Why a text cannot be cut into words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShlexError {
    /// A quotation mark without its partner.
    NoClosingQuotation,
    /// A backslash at the end.
    NoEscapedCharacter,
}

impl fmt::Display for ShlexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoClosingQuotation => "No closing quotation",
            Self::NoEscapedCharacter => "No escaped character",
        })
    }
}

impl std::error::Error for ShlexError {}

/// The words of a command: Python's `shlex.split(text)`.
pub fn split(text: &str) -> Result<Vec<String>, ShlexError> {
    Lexer { characters: text.chars(), rules: Rules::Words }.collect()
}

/// A command of this one word.
pub(crate) fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// The tokens of a key/value list: words of letters, digits, `_`, `/.+-():` and the letters of Latin-1; any other
/// character by itself; `#` begins a comment that goes to the end of its line.
pub(crate) fn tokens(text: &str) -> Result<Vec<String>, ShlexError> {
    Lexer { characters: text.chars(), rules: Rules::Tokens }.collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Rules {
    /// Everything but white space belongs to a word; no comments.
    Words,
    /// Only word characters belong to a word; comments.
    Tokens,
}

struct Lexer<'a> {
    characters: std::str::Chars<'a>,
    rules: Rules,
}

impl Iterator for Lexer<'_> {
    type Item = Result<String, ShlexError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let before = self.characters.clone();
            let character = self.characters.next()?;
            if self.begins_comment(character) {
                self.skip_line();
            } else if !is_blank(character) {
                if !matches!(character, '\\' | '"' | '\'') && !self.is_word_character(character) {
                    return Some(Ok(character.to_string()));
                }
                self.characters = before;
                return Some(self.word());
            }
        }
    }
}

impl Lexer<'_> {
    /// A word, from its first character on.
    fn word(&mut self) -> Result<String, ShlexError> {
        let mut word = String::new();
        loop {
            let before = self.characters.clone();
            let Some(character) = self.characters.next() else { return Ok(word) };
            match character {
                '\\' => word.push(self.characters.next().ok_or(ShlexError::NoEscapedCharacter)?),
                '\'' => self.single_quoted(&mut word)?,
                '"' => self.double_quoted(&mut word)?,
                _ if is_blank(character) => return Ok(word),
                _ if self.begins_comment(character) => {
                    self.skip_line();
                    return Ok(word);
                }
                _ if self.is_word_character(character) => word.push(character),
                _ => {
                    self.characters = before;
                    return Ok(word);
                }
            }
        }
    }

    fn single_quoted(&mut self, word: &mut String) -> Result<(), ShlexError> {
        loop {
            match self.characters.next().ok_or(ShlexError::NoClosingQuotation)? {
                '\'' => return Ok(()),
                character => word.push(character),
            }
        }
    }

    fn double_quoted(&mut self, word: &mut String) -> Result<(), ShlexError> {
        loop {
            match self.characters.next().ok_or(ShlexError::NoClosingQuotation)? {
                '"' => return Ok(()),
                '\\' => {
                    let escaped = self.characters.next().ok_or(ShlexError::NoEscapedCharacter)?;
                    if !matches!(escaped, '\\' | '"') {
                        word.push('\\');
                    }
                    word.push(escaped);
                }
                character => word.push(character),
            }
        }
    }

    fn begins_comment(&self, character: char) -> bool {
        self.rules == Rules::Tokens && character == '#'
    }

    fn skip_line(&mut self) {
        self.characters.find(|character| *character == '\n');
    }

    fn is_word_character(&self, character: char) -> bool {
        match self.rules {
            Rules::Words => true,
            Rules::Tokens => {
                character.is_ascii_alphanumeric()
                    || "_/.+-():".contains(character)
                    || ('\u{c0}'..='\u{ff}').contains(&character) && !"×÷".contains(character)
            }
        }
    }
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_command() {
        for (text, words) in [
            ("", &[][..]),
            ("  \t\n ", &[]),
            ("a b\tc\nd", &["a", "b", "c", "d"]),
            ("a #b c", &["a", "#b", "c"]),
            ("a\\ b", &["a b"]),
            ("a\\\nb", &["a\nb"]),
            ("'' \"\" a''b", &["", "", "ab"]),
            ("'a \\ b' \"c \\\\ \\\" \\$ \\x\"", &["a \\ b", "c \\ \" \\$ \\x"]),
            ("a\u{a0}b", &["a\u{a0}b"]),
            ("$HOME ~ * ; && |", &["$HOME", "~", "*", ";", "&&", "|"]),
        ] {
            assert_eq!(split(text).as_deref(), Ok(&words.iter().map(ToString::to_string).collect::<Vec<_>>()[..]));
        }
        for (text, error) in [
            ("a\\", ShlexError::NoEscapedCharacter),
            ("\"a\\", ShlexError::NoEscapedCharacter),
            ("'a", ShlexError::NoClosingQuotation),
            ("a\"", ShlexError::NoClosingQuotation),
            ("'a\\'b'", ShlexError::NoClosingQuotation),
        ] {
            assert_eq!(split(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn tokens_of_a_list() {
        for (text, expected) in [
            ("A=1,B=2", &["A", "=", "1", ",", "B", "=", "2"][..]),
            ("A='x y'\"z\"", &["A", "=", "x yz"]),
            ("a#b\nc # d\n#e", &["a", "c"]),
            ("A=\"\" ;", &["A", "=", "", ";"]),
            ("é×ł", &["é", "×", "ł"]),
            ("a@b", &["a", "@", "b"]),
        ] {
            assert_eq!(tokens(text).as_deref(), Ok(&expected.iter().map(ToString::to_string).collect::<Vec<_>>()[..]));
        }
    }
}
