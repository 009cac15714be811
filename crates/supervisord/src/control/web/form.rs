//! What a page is asked with: `?processname=…&action=…`, and the same from a form (contract/rpc.md §8.3).
//!
//! Only these names are looked at, so that nothing of a request is taken for something else (contract/quirks.md F50).
//! As there: of a name that comes twice in a query the first counts, in a form the last, and a form goes before the
//! query; what is empty is not there.

use crate::control::percent::decode;

/// The values of a request; `None`: not given, or empty.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) processname: Option<String>,
    pub(super) action: Option<String>,
    pub(super) message: Option<String>,
    pub(super) limit: Option<String>,
    /// Proof that a page of ours has made the form.
    pub(super) token: Option<String>,
}

impl Form {
    pub(super) fn of_query(query: Option<&str>) -> Self {
        let mut form = Self::default();
        for (name, value) in pairs(query.unwrap_or_default()) {
            if let Some(place) = form.place_of(&name).filter(|place| place.is_none()) {
                *place = Some(value);
            }
        }
        form
    }

    /// Adds what a form has sent.
    pub(super) fn add_posted(&mut self, body: &str) {
        for (name, value) in pairs(body) {
            if let Some(place) = self.place_of(&name) {
                *place = Some(value);
            }
        }
    }

    fn place_of(&mut self, name: &str) -> Option<&mut Option<String>> {
        match name {
            "processname" => Some(&mut self.processname),
            "action" => Some(&mut self.action),
            "message" => Some(&mut self.message),
            "limit" => Some(&mut self.limit),
            "token" => Some(&mut self.token),
            _ => None,
        }
    }
}

/// Names and values, those without a value left out.
fn pairs(text: &str) -> impl Iterator<Item = (String, String)> {
    let plain = |text: &str| decode(&text.replace('+', " ")).into_owned();
    let given = text.split('&').filter_map(|pair| pair.split_once('=')).filter(|(_, value)| !value.is_empty());
    given.map(move |(name, value)| (plain(name), plain(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_query_the_first_counts_and_of_a_form_the_last() {
        let mut form = Form::of_query(Some("action=stop&action=start&processname=a&message=&limit"));
        let of = |text: &str| Some(text.to_owned());
        assert_eq!((&form.action, &form.message, &form.limit), (&of("stop"), &None, &None));
        form.add_posted("processname=b&processname=c&message=m&action=");
        let expected = Form { processname: of("c"), action: of("stop"), message: of("m"), ..Form::default() };
        assert_eq!(form, expected);
    }

    #[test]
    fn values_are_decoded_once() {
        for (query, value) in [
            ("processname=a+b%20c", "a b c"),
            ("processname=g%3Ap", "g:p"),
            ("processname=%253A", "%3A"),
            ("processname=%C3%A9%ff", "é\u{FFFD}"),
            ("process%6eame=x=y", "x=y"),
            ("processname=a;b", "a;b"),
            ("PATH_INFO=/ok.html&processname=x", "x"),
        ] {
            assert_eq!(Form::of_query(Some(query)).processname.as_deref(), Some(value), "{query}");
        }
        assert_eq!(Form::of_query(None), Form::default());
    }
}
