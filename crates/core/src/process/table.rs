//! The arena of processes, and which of them have changed. An id of a removed process finds nothing, never another
//! process.
//!
//! Below [`super`], since nobody else can reach what it gives out to be changed. Invariants: what clients are told of a
//! process changes by [`ProcessTable::change`] alone; before the first change
//! since a publication the host is told that what was published is no longer true.

use crate::host::Host;
use crate::process_id::ProcessId;

use super::{Process, Told};

/// All processes by id.
#[derive(Clone, Debug)]
pub(crate) struct ProcessTable {
    slots: Vec<Slot>,
    free: Vec<u32>,
    /// Processes that have changed since the last publication, each once; of those that were removed, some.
    changed: Vec<ProcessId>,
    /// Processes were added or removed since the last publication.
    others: bool,
}

#[derive(Clone, Debug)]
struct Slot {
    generation: u32,
    process: Option<Process>,
    /// Its process stands in `changed`.
    is_changed: bool,
}

/// Empty, and even that is not published yet.
impl Default for ProcessTable {
    fn default() -> Self {
        Self { slots: Vec::new(), free: Vec::new(), changed: Vec::new(), others: true }
    }
}

impl ProcessTable {
    pub(crate) fn insert(&mut self, process: Process, host: &mut impl Host) -> ProcessId {
        self.announce_change(host);
        self.others = true;
        let index = self.free.pop().unwrap_or_else(|| {
            let index = u32::try_from(self.slots.len()).expect("memory ends before four thousand million processes");
            self.slots.push(Slot { generation: 0, process: None, is_changed: false });
            index
        });
        let slot = &mut self.slots[index as usize];
        slot.process = Some(process);
        slot.is_changed = true;
        let id = ProcessId::new(index, slot.generation);
        self.changed.push(id);
        id
    }

    pub(crate) fn remove(&mut self, id: ProcessId, host: &mut impl Host) {
        if self.get(id).is_none() {
            return;
        }
        self.announce_change(host);
        self.others = true;
        let slot = &mut self.slots[id.index()];
        slot.process = None;
        slot.generation = slot.generation.wrapping_add(1);
        slot.is_changed = false;
        self.free.push(u32::try_from(id.index()).expect("an index of ours was a u32"));
    }

    pub(crate) fn get(&self, id: ProcessId) -> Option<&Process> {
        let slot = self.slots.get(id.index())?;
        if slot.generation == id.generation() { slot.process.as_ref() } else { None }
    }

    /// What is nobody's business but the core's; see [`ProcessTable::change`].
    pub(crate) fn get_mut(&mut self, id: ProcessId) -> Option<&mut Process> {
        let slot = self.slots.get_mut(id.index())?;
        if slot.generation == id.generation() { slot.process.as_mut() } else { None }
    }

    /// What clients are told of a process, to be changed. To be called before the change shows anywhere else. For ids
    /// that are known to be alive.
    pub(crate) fn change(&mut self, id: ProcessId, host: &mut impl Host) -> &mut Told {
        self.announce_change(host);
        let slot = self.slots.get_mut(id.index()).filter(|slot| slot.generation == id.generation());
        let slot = slot.expect(ALIVE);
        if !std::mem::replace(&mut slot.is_changed, true) {
            self.changed.push(id);
        }
        &mut slot.process.as_mut().expect(ALIVE).told
    }

    /// Whether something is to be published.
    pub(crate) fn has_changes(&self) -> bool {
        self.others || !self.changed.is_empty()
    }

    /// The processes that are to be published.
    pub(crate) fn changed(&self) -> impl Iterator<Item = (ProcessId, &Process)> {
        self.changed.iter().filter_map(|id| Some((*id, self.get(*id)?)))
    }

    /// Whether others are there than were published.
    pub(crate) fn has_others(&self) -> bool {
        self.others
    }

    /// All changes are published.
    pub(crate) fn forget_changes(&mut self) {
        self.others = false;
        for id in self.changed.drain(..) {
            if let Some(slot) = self.slots.get_mut(id.index()) {
                slot.is_changed = false;
            }
        }
    }

    fn announce_change(&mut self, host: &mut impl Host) {
        if !self.has_changes() {
            host.processes_change();
        }
    }
}

const ALIVE: &str = "a group lists only processes that are alive";

/// For ids that are known to be alive: those that a group lists.
impl std::ops::Index<ProcessId> for ProcessTable {
    type Output = Process;
    fn index(&self, id: ProcessId) -> &Process {
        self.get(id).expect(ALIVE)
    }
}

impl std::ops::IndexMut<ProcessId> for ProcessTable {
    fn index_mut(&mut self, id: ProcessId) -> &mut Process {
        self.get_mut(id).expect(ALIVE)
    }
}
