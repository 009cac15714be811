//! `environment=`: key/value lists (contract/config.md §4.1) with the quoting rules of a POSIX shell
//! (quirks.md D1).
//!
//! Tokens are taken in fours: key, `=`, value, and a separator, which may be any token and is not looked at; the
//! last separator may be missing. So an unquoted value ends at the first character that is no word character, and
//! what follows is lost (quirks.md K16).

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::datatypes::Checked;
use crate::shlex::tokens;

/// Names and values in the order of first appearance, each name once.
pub(crate) type Variables = Vec<(Box<str>, Box<str>)>;

/// The variables of a list. Of a name given twice the last value counts.
pub(crate) fn parse_environment(text: &str) -> Checked<Variables> {
    let tokens = tokens(text).map_err(|error| error.to_string())?;
    let mut list = VariableList::default();
    for pair in tokens.chunks(4) {
        match pair {
            [name, equals, value, ..] if equals == "=" => list.set(name, value),
            _ => return Err(format!("Unexpected end of key/value pairs in value '{text}'")),
        }
    }
    Ok(list.variables)
}

/// A list that [`parse_environment`] reads as these variables, as far as the quoting allows. A comment of the file
/// cannot begin in it.
pub(crate) fn write_environment(variables: &Variables) -> String {
    let quoted = |value: &str| {
        let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
        // In the file a blank before `;` or `#` would begin a comment; two quotes in between change nothing else.
        format!("\"{}\"", escaped.replace(" ;", " \"\";").replace(" #", " \"\"#"))
    };
    let pair = |(name, value): &(Box<str>, Box<str>)| format!("{name}={}", quoted(value));
    variables.iter().map(pair).collect::<Vec<_>>().join(",")
}

/// `base` with the variables of `own` added, those it has replaced.
pub(crate) fn merge(base: &Variables, own: &Variables) -> Variables {
    let mut list = VariableList::default();
    for (name, value) in base.iter().chain(own) {
        list.set(name, value);
    }
    list.variables
}

/// Variables in the making, with the position of each name.
#[derive(Default)]
struct VariableList<'t> {
    variables: Variables,
    positions: HashMap<&'t str, usize>,
}

impl<'t> VariableList<'t> {
    fn set(&mut self, name: &'t str, value: &str) {
        match self.positions.entry(name) {
            Entry::Occupied(position) => self.variables[*position.get()].1 = value.into(),
            Entry::Vacant(position) => {
                position.insert(self.variables.len());
                self.variables.push((name.into(), value.into()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Result<String, String> {
        let variables = parse_environment(text)?;
        Ok(variables.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("|"))
    }

    #[test]
    fn the_rows_of_the_contract() {
        for (text, expected) in [
            ("A=1,B=2", "A=1|B=2"),
            ("A = 1 , B = 2", "A=1|B=2"),
            ("A=1,\nB=2", "A=1|B=2"),
            ("A=1;B=2", "A=1|B=2"),
            ("A=1,B=2,", "A=1|B=2"),
            ("A=/x/y.z+w-v():q", "A=/x/y.z+w-v():q"),
            ("A=\"x,y\"", "A=x,y"),
            ("A='x,y'", "A=x,y"),
            ("A=\"a=b\"", "A=a=b"),
            ("A=\"a#b\"", "A=a#b"),
            ("A=\"\"", "A="),
            ("A=\"x'y\"", "A=x'y"),
            ("A=\"'q'\"", "A='q'"),
            ("A='\"q\"'", "A=\"q\""),
            ("A=\"x\\\"y\"", "A=x\"y"),
            ("A=\"a\\\\b\"", "A=a\\b"),
            ("A=a\"b\"", "A=ab"),
            ("A=\"a\"b", "A=ab"),
            ("A=\"a\"\"b\"", "A=ab"),
            ("A=a b", "A=a"),
            ("A=a#b", "A=a"),
            ("A=~/x", "A=~"),
            ("A=$HOME", "A=$"),
            ("A=%x", "A=%"),
            ("A=é", "A=é"),
            ("A=éa", "A=éa"),
            ("A=http://x/y?z=1", "A=http://x/y|z=1"),
            ("A=1,B=2,A=3", "A=3|B=2"),
            ("", ""),
        ] {
            assert_eq!(shown(text), Ok(expected.to_owned()), "{text:?}");
        }
        for text in ["A=1,,B=2", "A=1 B=2", "A=1\nB=2", "A=a=b", "A=a@b", "A=a*b", "A={a}", "A", "A=", "A=,B=1", ","] {
            assert_eq!(shown(text), Err(format!("Unexpected end of key/value pairs in value '{text}'")));
        }
        assert_eq!(shown("A='a\\'b'"), Err("No closing quotation".to_owned()));
        assert_eq!(shown("A=\\"), Err("No escaped character".to_owned()));
    }

    #[test]
    fn own_variables_replace_those_of_the_base() {
        let base = parse_environment("A=1,B=2").unwrap();
        let own = parse_environment("C=3,A=4").unwrap();
        assert_eq!(merge(&base, &own), parse_environment("A=4,B=2,C=3").unwrap());
    }
}
