//! The active groups: in the order they were added, by name, and by priority.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::fault::{Fault, FaultCode};
use crate::group_config::GroupConfig;
use crate::namespec::{self, Namespec};
use crate::process::table::ProcessTable;
use crate::process_id::ProcessId;

/// An active process group.
#[derive(Clone, Debug)]
pub(crate) struct ProcessGroup {
    pub(crate) config: Arc<GroupConfig>,
    pub(crate) name: Arc<str>,
    /// In configuration order.
    members: Box<[ProcessId]>,
    /// The same, sorted by process name.
    by_name: Box<[ProcessId]>,
}

impl ProcessGroup {
    /// A group of processes that stand in the table, given in configuration order.
    pub(crate) fn new(config: Arc<GroupConfig>, name: Arc<str>, members: Vec<ProcessId>, table: &ProcessTable) -> Self {
        let mut by_name = members.clone();
        by_name.sort_by(|a, b| table[*a].config.name.cmp(&table[*b].config.name));
        Self { config, name, members: members.into(), by_name: by_name.into() }
    }

    /// Members in configuration order.
    pub(crate) fn members(&self) -> &[ProcessId] {
        &self.members
    }

    /// Members sorted by name.
    pub(crate) fn by_name(&self) -> &[ProcessId] {
        &self.by_name
    }

    /// Members by ascending priority; equal ones in configuration order.
    pub(crate) fn by_priority(&self, table: &ProcessTable) -> Vec<ProcessId> {
        let mut members = self.members.to_vec();
        members.sort_by_key(|id| table[*id].config.priority);
        members
    }

    /// The member of this name.
    pub(crate) fn find(&self, name: &str, table: &ProcessTable) -> Option<ProcessId> {
        let place = self.by_name.binary_search_by(|id| (*table[*id].config.name).cmp(name)).ok()?;
        Some(self.by_name[place])
    }

    /// No member is in a state that a removal or a shutdown has to wait for.
    pub(crate) fn is_stopped(&self, table: &ProcessTable) -> bool {
        self.members.iter().all(|id| table[*id].state().is_stopped())
    }
}

/// What a namespec was found to name.
pub(crate) enum Target {
    Process(ProcessId),
    /// All members of a group, by ascending priority.
    Group(Vec<ProcessId>),
}

/// The active groups.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProcessGroups {
    by_name: BTreeMap<Arc<str>, ProcessGroup>,
    in_order_added: Vec<Arc<str>>,
}

impl ProcessGroups {
    /// Adds a group; the caller knows that none of its name is active.
    pub(crate) fn add(&mut self, group: ProcessGroup) {
        self.in_order_added.push(Arc::clone(&group.name));
        self.by_name.insert(Arc::clone(&group.name), group);
    }

    /// Puts a group in the place of the one of its name.
    pub(crate) fn replace(&mut self, group: ProcessGroup) {
        self.by_name.insert(Arc::clone(&group.name), group);
    }

    pub(crate) fn remove(&mut self, name: &str) -> Option<ProcessGroup> {
        self.in_order_added.retain(|known| **known != *name);
        self.by_name.remove(name)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&ProcessGroup> {
        self.by_name.get(name)
    }

    /// What a namespec names.
    ///
    /// # Errors
    /// BAD_NAME for what is not known.
    pub(crate) fn find(&self, name: &str, table: &ProcessTable) -> Result<Target, Fault> {
        let bad_name = || Fault::new(FaultCode::BadName, name);
        let spec = Namespec::parse(name);
        let group = self.get(spec.group).ok_or_else(bad_name)?;
        match spec.process {
            None => Ok(Target::Group(group.by_priority(table))),
            Some(process) => group.find(process, table).map(Target::Process).ok_or_else(bad_name),
        }
    }

    /// The process that a namespec names.
    ///
    /// # Errors
    /// BAD_NAME for a group, and for what is not known.
    pub(crate) fn find_process(&self, name: &str, table: &ProcessTable) -> Result<ProcessId, Fault> {
        namespec::find_process(name, |group, process| self.get(group)?.find(process, table))
    }

    /// Groups sorted by name.
    pub(crate) fn by_name(&self) -> impl Iterator<Item = &ProcessGroup> {
        self.by_name.values()
    }

    /// All members, sorted by group, then name.
    pub(crate) fn members_by_name(&self) -> impl Iterator<Item = ProcessId> {
        self.by_name().flat_map(|group| group.by_name().iter().copied())
    }

    /// Groups in the order they were added.
    pub(crate) fn in_order_added(&self) -> impl Iterator<Item = &ProcessGroup> {
        self.in_order_added.iter().filter_map(|name| self.by_name.get(name))
    }

    /// Groups by ascending priority; equal ones in the order they were added.
    pub(crate) fn by_priority(&self) -> Vec<&ProcessGroup> {
        let mut groups: Vec<_> = self.in_order_added().collect();
        groups.sort_by_key(|group| group.config.priority);
        groups
    }
}
