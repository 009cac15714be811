//! What stands behind the `?` of a page, and what a form sends: names and values, decoded once.

use crate::control::percent::decode;

use super::html::quoted;

/// See above. Names may come more than once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn read(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        let decoded = |text: &str| decode(&text.replace('+', " ")).into_owned();
        Self(
            pairs
                .map(|pair| {
                    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                    (decoded(name), decoded(value))
                })
                .collect(),
        )
    }

    /// The last value of a name; empty where it is not given.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.iter().rfind(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    }

    /// Every value of a name.
    pub(super) fn all<'q>(&'q self, name: &'q str) -> impl Iterator<Item = &'q str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A number; `None`: not given, or no number.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.get(name).parse().ok()
    }
}

/// A link within the same page: those that are not empty.
pub(super) fn link(pairs: &[(&str, &str)]) -> String {
    let written = pairs.iter().filter(|(_, value)| !value.is_empty());
    format!("?{}", written.map(|(name, value)| format!("{name}={}", quoted(value))).collect::<Vec<_>>().join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_decoded_once() {
        let query = Query::read("q=a+b%20c&process=x%3Ay&process=%253A&empty=&bare&=v&n=12&m=-1");
        assert_eq!((query.get("q"), query.get("nosuch"), query.get("bare")), ("a b c", "", ""));
        assert_eq!(query.all("process").collect::<Vec<_>>(), ["x:y", "%3A"]);
        assert_eq!((query.number("n"), query.number("m"), query.number("q")), (Some(12), None, None));
    }

    #[test]
    fn a_link_has_what_is_not_empty() {
        assert_eq!(link(&[("q", "a b&c"), ("show", ""), ("sort", "cpu")]), "?q=a%20b%26c&sort=cpu");
        assert_eq!(link(&[("q", "")]), "?");
    }
}
