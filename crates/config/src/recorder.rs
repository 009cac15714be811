//! What a check and a listing of the configuration have to know beyond the configuration itself: the texts that were
//! read, and which section made which processes. A start of supervisord records nothing.

use std::cell::RefCell;
use std::sync::Arc;

use supervisor_core::ProcessConfig;

use crate::environment::Variables;

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its name, as places have it.
    pub file: Arc<str>,
    /// Its text; bytes that are no UTF-8 replaced.
    pub text: String,
}

impl Source {
    /// A line, by its number from 1, without its end.
    pub fn line(&self, number: u32) -> Option<&str> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        crate::ini::lines(&self.text).nth(index)
    }
}

/// The processes that a section made for one group.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    pub(crate) section: Box<str>,
    pub(crate) group: Box<str>,
    pub(crate) processes: Vec<Arc<ProcessConfig>>,
}

/// See above.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    pub(crate) sources: Vec<Source>,
    pub(crate) made: RefCell<Vec<Made>>,
    /// `[supervisord] environment`
    pub(crate) environment: Variables,
}
