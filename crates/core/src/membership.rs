//! Processes that come to a living group, and leave it, without the group being removed and added again: what the
//! plug-in supervisor_twiddler does to Supervisor.
//!
//! A group's configuration is what its members are: it grows and shrinks with them, and while it is still the one that
//! was read last, the pending one does too. So a reread finds the group changed, an update makes it what the files say,
//! and until then nothing of it is lost. No event tells of it, as in the original.
//!
//! Not here: reading the options of a program; that is done before, on the control plane.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::fault::{Fault, FaultCode};
use crate::group_config::{GroupConfig, GroupKind};
use crate::host::Host;
use crate::process::Process;
use crate::process_config::ProcessConfig;
use crate::process_group::ProcessGroup;
use crate::process_id::ProcessId;
use crate::reply::{LogPaths, Reply};
use crate::supervisor::Supervisor;

impl Supervisor {
    /// The names of the active groups, in the order they were added; without extensions.
    pub(crate) fn group_names(&self) -> Reply {
        let groups = self.groups.in_order_added().filter(|group| group.config.kind != GroupKind::Extension);
        Reply::GroupNames(groups.map(|group| Arc::clone(&group.name)).collect())
    }

    /// Adds processes to a group; those with `autostart` start. All of them or none.
    ///
    /// # Errors
    /// BAD_NAME: no such group, or a process of that name is in it; INCORRECT_PARAMETERS: it is a pool of listeners,
    /// which speak a protocol that a program does not.
    pub(crate) fn add_processes(
        &mut self,
        group: &str,
        added: Vec<Arc<ProcessConfig>>,
        host: &mut impl Host,
    ) -> Result<Reply, Fault> {
        let Some(active) = self.groups.get(group) else { return Err(no_such_group(group)) };
        match active.config.kind {
            GroupKind::Programs | GroupKind::FastCgi => {}
            GroupKind::EventListeners(_) => {
                let why = format!("{group} is an event listener pool, which takes no programs");
                return Err(Fault::new(FaultCode::IncorrectParameters, why));
            }
            GroupKind::Extension => {
                let why = format!("{group} is an extension, which takes no programs");
                return Err(Fault::new(FaultCode::IncorrectParameters, why));
            }
        }
        let mut names: BTreeSet<&str> = active.config.processes.iter().map(|process| &*process.name).collect();
        if let Some(twice) = added.iter().find(|process| !names.insert(&process.name)) {
            return Err(Fault::new(FaultCode::BadName, &*twice.name));
        }
        let processes = active.config.processes.iter().chain(&added).map(Arc::clone).collect();
        let (mut members, name) = (active.members().to_vec(), Arc::clone(&active.name));
        let first_added = members.len();
        for config in added {
            let id = self.processes.insert(Process::new(Arc::clone(&config), Arc::clone(&name)), host);
            self.processes.change(id, host).logs = host.create_logs(id, &config, &LogPaths::default());
            members.push(id);
        }
        let newcomers = members[first_added..].to_vec();
        self.replace_members(group, processes, members);
        for id in newcomers {
            self.begin_autostart(id, host);
        }
        Ok(Reply::Done)
    }

    /// Takes a process that does not run out of its group.
    ///
    /// # Errors
    /// BAD_NAME: no such group or process; STILL_RUNNING: it runs, or is about to be started again.
    pub(crate) fn remove_process(&mut self, group: &str, name: &str, host: &mut impl Host) -> Result<Reply, Fault> {
        let Some(active) = self.groups.get(group) else { return Err(no_such_group(group)) };
        let Some(id) = active.find(name, &self.processes) else { return Err(Fault::new(FaultCode::BadName, name)) };
        let process = &self.processes[id];
        if process.phase.pid().is_some() || !process.state().is_stopped() {
            return Err(Fault::new(FaultCode::StillRunning, name));
        }
        let others = active.config.processes.iter().filter(|process| *process.name != *name).map(Arc::clone).collect();
        let members = active.members().iter().copied().filter(|member| *member != id).collect();
        self.replace_members(group, others, members);
        for pool in self.pools.iter_mut().filter(|pool| *pool.name == *group) {
            pool.members.retain(|member| *member != id);
        }
        self.let_go(id, host);
        Ok(Reply::Done)
    }

    /// Gives a group these members, and its configuration their configurations.
    fn replace_members(&mut self, group: &str, processes: Vec<Arc<ProcessConfig>>, members: Vec<ProcessId>) {
        let Some(active) = self.groups.get(group) else { return };
        let before = Arc::clone(&active.config);
        let config = Arc::new(GroupConfig { processes, ..GroupConfig::clone(&before) });
        let changed = ProcessGroup::new(Arc::clone(&config), Arc::clone(&active.name), members, &self.processes);
        self.groups.replace(changed);
        for pending in self.pending.iter_mut().filter(|pending| Arc::ptr_eq(pending, &before)) {
            *pending = Arc::clone(&config);
        }
    }
}

fn no_such_group(name: &str) -> Fault {
    Fault::new(FaultCode::BadName, format!("group: {name}"))
}
