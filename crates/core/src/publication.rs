//! What clients are told of processes, published: so that whoever asks for it need not ask the core.
//!
//! At the end of each input the host gets what has changed, and nothing when nothing has. Between the first change of
//! an input and that end, what was published before is not what a client would be told, and the host knows it
//! ([`crate::Host::processes_change`]): effects of the input may be seen by then.

use std::fmt;

use crate::process_id::ProcessId;
use crate::reply::ProcessInfo;

/// What has changed since the last publication.
pub struct Publication<'a> {
    /// Processes that are new or not as they were, as they are now.
    pub changed: &'a mut dyn Iterator<Item = (ProcessId, ProcessInfo)>,
    /// All processes, sorted by group, then name; `None`: they are the same as before.
    pub all: Option<&'a mut dyn Iterator<Item = ProcessId>>,
}

impl fmt::Debug for Publication<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publication").field("others", &self.all.is_some()).finish_non_exhaustive()
    }
}
