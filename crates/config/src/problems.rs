//! What becomes of an error: supervisord stops at the first one, a check goes on and collects them all.

use std::cell::RefCell;

use crate::diagnostics::ConfigError;
use crate::limits::ERRORS;

/// How errors are taken.
#[derive(Debug)]
pub(crate) enum Problems {
    /// The first one ends it: upstream's way, and its order decides which that is.
    EndAtFirst,
    /// All of them, each once, up to [`ERRORS`].
    Collect(RefCell<Vec<ConfigError>>),
}

impl Problems {
    /// Hands in an error; `Ok` means: go on with something in its place.
    pub(crate) fn report(&self, error: ConfigError) -> Result<(), ConfigError> {
        match self {
            Self::EndAtFirst => Err(error),
            Self::Collect(collected) => {
                let mut collected = collected.borrow_mut();
                if collected.len() + 1 >= ERRORS {
                    return Err(error);
                }
                // A value may be read for a pool and again for each of its processes.
                if !collected.iter().any(|known| known.is_about_the_same(&error)) {
                    collected.push(error);
                }
                Ok(())
            }
        }
    }

    /// Hands in the error of a part, if it has one; `None` means: go on without that part.
    pub(crate) fn part<T>(&self, part: Result<T, ConfigError>) -> Result<Option<T>, ConfigError> {
        part.map(Some).or_else(|error| self.report(error).map(|()| None))
    }

    /// What was collected since the last time.
    pub(crate) fn take_collected(&self) -> Vec<ConfigError> {
        match self {
            Self::EndAtFirst => Vec::new(),
            Self::Collect(collected) => collected.take(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_end_it_or_are_collected_once() {
        let error = |text: &str, option: &str| ConfigError::new(text).in_section("a").in_option(option);
        assert!(Problems::EndAtFirst.report(error("x", "o")).is_err());
        let problems = Problems::Collect(RefCell::default());
        for (text, option) in [("x", "o"), ("y", "o"), ("z", "p")] {
            assert_eq!(problems.report(error(text, option)), Ok(()));
        }
        assert_eq!(problems.part(Err::<(), _>(ConfigError::new("w"))), Ok(None));
        let texts: Vec<String> = problems.take_collected().iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["x", "z", "w"]);
    }
}
