//! What stands behind the `?` of a request, as the table of resources allows it.

use supervisor_protocol::api::{ProblemCode, Row};

use super::problem::Problem;
use crate::control::percent::decode;

/// Names and values, each name one of the row's. Of a name that comes twice the last counts.
#[derive(Debug, Default)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// # Errors
    /// A name that the row does not have.
    pub(super) fn read(query: Option<&str>, row: &Row) -> Result<Self, Problem> {
        let mut all = Vec::new();
        for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name).into_owned();
            row.check_parameter(&name).map_err(|text| {
                let known = row.parameters.iter().map(|known| known.name);
                let nearest = supervisor_config::nearest(&name, known).map(str::to_owned);
                Problem::new(ProblemCode::UnknownParameter, text).with_nearest(nearest)
            })?;
            all.push((name, decode(&value.replace('+', " ")).into_owned()));
        }
        Ok(Self(all))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().rfind(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Every value of a name, in their order.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// What is there only when it is asked for.
    ///
    /// # Errors
    /// Neither `true` nor `false`, in a sentence.
    pub(super) fn is_wanted(&self, name: &str) -> Result<bool, String> {
        match self.get(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => Err(format!("{name} takes true or false, not '{other}'")),
        }
    }
}
