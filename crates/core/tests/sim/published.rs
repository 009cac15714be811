//! What was published of processes, as a client would find it.

use std::collections::BTreeMap;

use supervisor_core::{ProcessId, ProcessInfo, Publication};

/// The publications so far, put together.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    infos: BTreeMap<ProcessId, ProcessInfo>,
    all: Vec<ProcessId>,
    is_changing: bool,
}

/// Nothing is published yet.
impl Default for Published {
    fn default() -> Self {
        Self { infos: BTreeMap::new(), all: Vec::new(), is_changing: true }
    }
}

impl Published {
    /// Whether what was published may be untrue.
    pub(crate) fn is_changing(&self) -> bool {
        self.is_changing
    }

    /// It is from now on; false when it was before.
    pub(crate) fn begin_change(&mut self) -> bool {
        !std::mem::replace(&mut self.is_changing, true)
    }

    pub(crate) fn take_over(&mut self, publication: Publication<'_>) {
        self.infos.extend(publication.changed);
        if let Some(all) = publication.all {
            self.all = all.collect();
            self.infos.retain(|id, _| self.all.contains(id));
        }
        self.is_changing = false;
    }

    /// What a client is told, sorted by group, then name.
    pub(crate) fn infos(&self) -> impl Iterator<Item = &ProcessInfo> {
        self.all.iter().map(|id| &self.infos[id])
    }
}
