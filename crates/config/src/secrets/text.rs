//! Where secrets stand in a text: a command, the value of a variable, a line, a message.
//!
//! Looked for are `scheme://user:secret@host`, `name=secret` (arguments, queries, connection strings, lists of
//! variables), `Name: secret` (headers, JSON), `--name secret`, the flags of `tools.rs`, and the forms of `tokens.rs`.
//! Quotes are followed as far as they tell where a value ends; nothing here has to be a correct command.

use std::ops::Range;

use super::names::{Secrecy, hides, says_nothing, secrecy};
use super::tokens::tokens;
use super::tools::{Takes, flag, is_tool};

/// Where a value ends that stands in no quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ValuesEnd {
    /// At a blank: commands.
    AtBlank,
    /// At a comma: lists of variables, where a blank is a mistake that may be all that the text is shown for.
    AtComma,
}

/// A name without a password in a URL that is so long is a token.
const TOKEN_CHARACTERS: usize = 20;

/// The secrets of a text, in order and apart.
pub(crate) fn secret_ranges(text: &str, values_end: ValuesEnd) -> Vec<Range<usize>> {
    let scan = Scan { text, enclosing: enclosing_quotes(text), values_end };
    let mut found = scan.urls();
    found.extend(scan.pairs());
    found.extend(scan.flags());
    found.extend(tokens(text));
    found.retain(|range| !range.is_empty());
    found.sort_by_key(|range| (range.start, range.end));
    let mut apart: Vec<Range<usize>> = Vec::new();
    for range in found {
        match apart.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            Some(_) | None => apart.push(range),
        }
    }
    apart
}

struct Scan<'t> {
    text: &'t str,
    /// For each byte the quote that it stands in, or 0.
    enclosing: Vec<u8>,
    values_end: ValuesEnd,
}

impl Scan<'_> {
    fn bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    fn at(&self, position: usize) -> u8 {
        self.bytes().get(position).copied().unwrap_or_default()
    }

    fn part(&self, range: Range<usize>) -> &str {
        self.text.get(range).unwrap_or_default()
    }

    fn urls(&self) -> Vec<Range<usize>> {
        let starts = self.text.match_indices("://").map(|(at, colon)| at + colon.len());
        starts.filter_map(|start| self.user_info(start)).collect()
    }

    /// The password before the `@` of what follows `://`.
    fn user_info(&self, start: usize) -> Option<Range<usize>> {
        let rest = self.text.get(start..)?;
        let run = rest.find(|character: char| character.is_whitespace() || "\"'<>`".contains(character));
        let run = rest.get(..run.unwrap_or(rest.len()))?;
        // The next variable of a list is another value.
        let next = run.match_indices(',').find(|(at, _)| {
            let after = run.get(at + 1..).unwrap_or_default();
            let name = after.split('=').next().unwrap_or_default();
            after.contains('=') && !name.is_empty() && name.chars().all(is_of_a_name)
        });
        let run = run.get(..next.map_or(run.len(), |(at, _)| at))?;
        let authority = run.get(..run.find(['/', '?', '#']).unwrap_or(run.len()))?;
        let until = authority.rfind('@').or_else(|| end_of_odd_user_info(run, authority))?;
        let info = run.get(..until)?;
        let from = match info.find(':') {
            Some(colon) => colon + 1,
            None if info.chars().count() >= TOKEN_CHARACTERS && !says_nothing(info) => 0,
            None => return None,
        };
        (!says_nothing(info.get(from..)?)).then_some(start + from..start + until)
    }

    fn pairs(&self) -> Vec<Range<usize>> {
        let signs = self.text.match_indices(['=', ':']).map(|(at, _)| at);
        signs.filter_map(|at| self.pair(at)).collect()
    }

    /// The secret after the `=` or `:` at a position.
    fn pair(&self, at: usize) -> Option<Range<usize>> {
        let before = self.text.get(..at)?;
        let unquoted = before.trim_end_matches(['"', '\'', '\\']);
        let is_quoted = unquoted.len() < before.len();
        let name_start =
            unquoted.len() - unquoted.chars().rev().take_while(|c| is_of_a_name(*c)).map(char::len_utf8).sum::<usize>();
        let name = unquoted.get(name_start..)?;
        let is_signature = self.is_in_query(name_start) && name.eq_ignore_ascii_case("sig");
        if secrecy(name) == Secrecy::Open && !is_signature {
            return None;
        }
        let is_colon = self.at(at) == b':';
        let after = self.text.get(at + 1..)?;
        let blanks = after.len() - after.trim_start_matches([' ', '\t']).len();
        if is_colon && blanks == 0 && !is_quoted {
            return None;
        }
        let start = if is_colon { at + 1 + blanks } else { at + 1 };
        let is_header = is_colon && !is_quoted;
        let end = if is_header {
            self.header_end(start)
        } else {
            self.value_end(start, self.delimiters(name_start, is_quoted))
        };
        (is_signature || hides(name, self.part(start..end))).then(|| self.within_quotes(start..end))
    }

    /// Whether a name that begins here is one of the query of a URL.
    fn is_in_query(&self, name_start: usize) -> bool {
        name_start.checked_sub(1).is_some_and(|before| matches!(self.at(before), b'?' | b'&'))
    }

    /// What ends a value besides blanks and quotes.
    fn delimiters(&self, name_start: usize, is_quoted: bool) -> &'static [u8] {
        let before = name_start.checked_sub(1).map(|at| self.at(at));
        let is_flag = self.at(name_start) == b'-';
        match (before, self.values_end) {
            (Some(b'?' | b'&'), _) => b"&#",
            _ if is_quoted => b",}",
            _ if is_flag => b"",
            (_, ValuesEnd::AtComma) => b",\n",
            (_, ValuesEnd::AtBlank) => b";",
        }
    }

    /// A header goes on to the end of its quotes or of its line.
    fn header_end(&self, start: usize) -> usize {
        let enclosing = self.quote_around(start);
        let is_end = |at: &usize| self.at(*at) == b'\n' || (enclosing != 0 && self.at(*at) == enclosing);
        (start..self.bytes().len()).find(is_end).unwrap_or(self.bytes().len())
    }

    fn quote_around(&self, position: usize) -> u8 {
        self.enclosing.get(position).copied().unwrap_or_default()
    }

    /// Where a value ends that begins at a position.
    fn value_end(&self, start: usize, delimiters: &[u8]) -> usize {
        let bytes = self.bytes();
        let enclosing = self.quote_around(start);
        let blank_ends = self.values_end == ValuesEnd::AtBlank;
        // `\"` within quotes
        if let [b'\\', quote @ (b'"' | b'\''), rest @ ..] = bytes.get(start..).unwrap_or_default() {
            let end = rest.windows(2).position(|pair| pair == [b'\\', *quote]);
            return end.map_or(bytes.len(), |end| start + 2 + end + 2);
        }
        let mut at = start;
        while let Some(byte) = bytes.get(at).copied() {
            match byte {
                b'\\' if enclosing != 0 && matches!(self.at(at + 1), b'"' | b'\'') => return at,
                b'\\' => at += 2,
                b'"' | b'\'' if byte == enclosing && at > start => return at,
                b'"' | b'\'' => {
                    at += 1;
                    while at < bytes.len() && self.at(at) != byte {
                        at += if self.at(at) == b'\\' && byte == b'"' { 2 } else { 1 };
                    }
                    at += 1;
                }
                b'\n' => return at,
                _ if byte.is_ascii_whitespace() && blank_ends => return at,
                _ if delimiters.contains(&byte) => return at,
                _ => at += 1,
            }
        }
        at.min(bytes.len())
    }

    /// A value without the quotes around all of it.
    fn within_quotes(&self, range: Range<usize>) -> Range<usize> {
        let value = self.part(range.clone());
        for quote in ["\"", "'", "\\\"", "\\'"] {
            let inner = value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
            if inner.is_some_and(|inner| !inner.contains(quote)) {
                return range.start + quote.len()..range.end - quote.len();
            }
        }
        range
    }

    fn flags(&self) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let mut tool = "";
        let words = self.words();
        for (position, word) in words.iter().enumerate() {
            let text = self.part(word.clone());
            let base = text.rsplit('/').next().unwrap_or_default();
            if text.is_empty() || [";", "|", "||", "&&", "&"].contains(&text) {
                tool = "";
            } else if is_tool(base) {
                tool = base;
            } else if text.starts_with('-') {
                let next = words.get(position + 1).map(|next| next.start).filter(|start| self.at(*start) != b'-');
                found.extend(self.flag(tool, word, next));
            }
        }
        found
    }

    /// The secret that a flag takes; `next` is where the word after it begins.
    fn flag(&self, tool: &str, word: &Range<usize>, next: Option<usize>) -> Option<Range<usize>> {
        let text = self.part(word.clone());
        let value = |start: usize| {
            let start = self.opening_quote(start);
            self.within_quotes(start..self.value_end(start, b""))
        };
        if let Some((length, takes)) = flag(tool, text) {
            let is_attached = text.len() > length;
            let range = match takes {
                Takes::Attached | Takes::AttachedOrNext if is_attached => value(word.start + length),
                Takes::Attached => return None,
                Takes::AttachedOrNext | Takes::Next | Takes::AfterColon | Takes::AfterPercent => value(next?),
            };
            let separator = match takes {
                Takes::AfterColon => Some(':'),
                Takes::AfterPercent => Some('%'),
                Takes::Attached | Takes::AttachedOrNext | Takes::Next => None,
            };
            let start = match separator {
                Some(separator) => range.start + self.part(range.clone()).find(separator)? + 1,
                None => range.start,
            };
            return (!says_nothing(self.part(start..range.end))).then_some(start..range.end);
        }
        let name = text.trim_start_matches('-');
        if secrecy(name) == Secrecy::Open || !name.chars().all(is_of_a_name) {
            return None;
        }
        let range = value(next?);
        hides(name, self.part(range.clone())).then_some(range)
    }

    /// The quote before a word, if it has one: words are without it.
    fn opening_quote(&self, start: usize) -> usize {
        match start.checked_sub(1) {
            Some(before) if matches!(self.at(before), b'"' | b'\'') && self.quote_around(before) == 0 => before,
            Some(_) | None => start,
        }
    }

    /// Words between blanks, without quotes and brackets around them.
    fn words(&self) -> Vec<Range<usize>> {
        let mut words = Vec::new();
        let mut from = 0;
        for piece in self.text.split(char::is_whitespace) {
            let without = piece.trim_start_matches(['"', '\'', '\\', '(', '`']);
            let start = from + (piece.len() - without.len());
            if !piece.is_empty() {
                words.push(start..start + without.trim_end_matches(['"', '\'', '\\', ')', '`', ';']).len());
            }
            from += piece.len()
                + self.text.get(from + piece.len()..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        }
        words
    }
}

/// The `@` after a password with a slash in it, which should have been written otherwise. A port is none.
fn end_of_odd_user_info(run: &str, authority: &str) -> Option<usize> {
    let (_, after_colon) = authority.split_once(':')?;
    let is_port = after_colon.chars().all(|digit| digit.is_ascii_digit());
    run.rfind('@').filter(|_| !is_port && authority.len() < run.len())
}

fn is_of_a_name(character: char) -> bool {
    character.is_alphanumeric() || "_-.".contains(character)
}

/// For each byte the quote that it stands in, as a shell would see it; the quotes themselves stand outside.
fn enclosing_quotes(text: &str) -> Vec<u8> {
    let mut quote = 0;
    let mut escaped = false;
    let follow = |byte: u8| {
        let before = quote;
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quote != b'\'' => escaped = true,
            b'"' | b'\'' if quote == 0 => quote = byte,
            b'"' | b'\'' if quote == byte => quote = 0,
            _ => {}
        }
        if quote == 0 { 0 } else { before }
    };
    text.bytes().map(follow).collect()
}

#[cfg(test)]
mod tests;
