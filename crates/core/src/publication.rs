//! What clients are told of processes, published: so that whoever asks for it need not ask the core.
//!
//! At the end of each input the host gets what has changed, and nothing when nothing has. Between the first change of
//! an input and that end, what was published before is not what a client would be told, and the host knows it
//! ([`Host::processes_change`]): effects of the input may be seen by then.

use crate::host::Host;
use crate::process_group::ProcessGroups;
use crate::process_id::ProcessId;
use crate::process_table::ProcessTable;
use crate::reply::ProcessInfo;
use crate::supervisor::Supervisor;

/// What has changed since the last publication.
#[derive(Debug)]
pub struct Publication<'a> {
    processes: &'a ProcessTable,
    groups: &'a ProcessGroups,
}

impl Publication<'_> {
    /// Processes that are new or not as they were, as they are now.
    pub fn changed(&self) -> impl Iterator<Item = (ProcessId, ProcessInfo)> {
        self.processes.changed().map(|(id, process)| (id, process.info()))
    }

    /// All processes, sorted by group, then name; `None`: they are the same as before.
    pub fn all(&self) -> Option<impl Iterator<Item = ProcessId>> {
        self.processes.has_others().then(|| self.groups.members_by_name())
    }
}

impl Supervisor {
    /// Publishes what has changed.
    pub(crate) fn publish_changes(&mut self, host: &mut impl Host) {
        if self.processes.has_changes() {
            host.publish_processes(&Publication { processes: &self.processes, groups: &self.groups });
            self.processes.forget_changes();
        }
    }

    /// How every process is told of, sorted by group, then name.
    pub fn process_infos(&self) -> impl Iterator<Item = ProcessInfo> {
        self.groups.members_by_name().map(|id| self.processes[id].info())
    }
}
