//! What a program is told by its environment.

use std::sync::Arc;

/// See above.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvironmentConfig {
    /// `[supervisord] environment` and the program's own, merged; in file order, each key once.
    pub variables: Arc<[(Box<str>, Box<str>)]>,
    /// `SUPERVISOR_SERVER_URL` of the child, when the program names its own.
    pub serverurl: Option<Box<str>>,
}
