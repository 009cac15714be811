//! The arena of processes. An id of a removed process finds nothing, never another process.

use crate::process::Process;
use crate::process_id::ProcessId;

/// All processes by id.
#[derive(Debug, Default)]
pub(crate) struct ProcessTable {
    slots: Vec<Slot>,
    free: Vec<u32>,
}

#[derive(Debug)]
struct Slot {
    generation: u32,
    process: Option<Process>,
}

impl ProcessTable {
    pub(crate) fn insert(&mut self, process: Process) -> ProcessId {
        if let Some(index) = self.free.pop() {
            let slot = &mut self.slots[index as usize];
            slot.process = Some(process);
            return ProcessId::new(index, slot.generation);
        }
        let index = u32::try_from(self.slots.len()).expect("memory ends before four thousand million processes");
        self.slots.push(Slot { generation: 0, process: Some(process) });
        ProcessId::new(index, 0)
    }

    pub(crate) fn remove(&mut self, id: ProcessId) {
        let Some(slot) = self.slots.get_mut(id.index()) else { return };
        if slot.generation == id.generation() && slot.process.take().is_some() {
            slot.generation = slot.generation.wrapping_add(1);
            self.free.push(u32::try_from(id.index()).expect("an index of ours was a u32"));
        }
    }

    pub(crate) fn get(&self, id: ProcessId) -> Option<&Process> {
        let slot = self.slots.get(id.index())?;
        if slot.generation == id.generation() { slot.process.as_ref() } else { None }
    }

    pub(crate) fn get_mut(&mut self, id: ProcessId) -> Option<&mut Process> {
        let slot = self.slots.get_mut(id.index())?;
        if slot.generation == id.generation() { slot.process.as_mut() } else { None }
    }
}

/// For ids that are known to be alive: those that a group lists.
impl std::ops::Index<ProcessId> for ProcessTable {
    type Output = Process;
    fn index(&self, id: ProcessId) -> &Process {
        self.get(id).expect("a group lists only processes that are alive")
    }
}

impl std::ops::IndexMut<ProcessId> for ProcessTable {
    fn index_mut(&mut self, id: ProcessId) -> &mut Process {
        self.get_mut(id).expect("a group lists only processes that are alive")
    }
}
