//! Token sets: `key:value` separated by blanks, the form of headers and of most payloads (contract/events.md §2).

/// The tokens of one line. A token without a colon is passed over; a value may contain colons.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tokens<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Tokens<'a> {
    /// Takes a line apart.
    pub fn parse(line: &'a str) -> Self {
        Self(line.split_whitespace().filter_map(|token| token.split_once(':')).collect())
    }

    /// The value of the first token with this key.
    pub fn get(&self, key: &str) -> Option<&'a str> {
        self.0.iter().find(|(known, _)| *known == key).map(|(_, value)| *value)
    }

    /// The value as a number, if it is one.
    pub fn number<T: std::str::FromStr>(&self, key: &str) -> Option<T> {
        self.get(key)?.parse().ok()
    }
}

/// Splits a payload at its first line feed: tokens before it, data behind it. Without one there is no data.
pub fn event_data(payload: &str) -> (Tokens<'_>, &str) {
    let (line, data) = payload.split_once('\n').unwrap_or((payload, ""));
    (Tokens::parse(line), data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_come_apart_at_the_first_line_feed() {
        let (tokens, data) = event_data("processname:cat pid:7\none:1\ntwo");
        assert_eq!((tokens.get("processname"), tokens.number("pid"), data), (Some("cat"), Some(7), "one:1\ntwo"));
        assert_eq!(tokens.get("one"), None);
        let (tokens, data) = event_data("when:5");
        assert_eq!((tokens.number::<u64>("when"), tokens.number::<u64>("then"), data), (Some(5), None, ""));
    }

    #[test]
    fn odd_lines_are_no_reason_to_fail() {
        let tokens = Tokens::parse("a:b:c  nothing x:");
        assert_eq!((tokens.get("a"), tokens.get("nothing"), tokens.get("x")), (Some("b:c"), None, Some("")));
    }
}
