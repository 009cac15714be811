//! Adding, removing and comparing groups (contract/processes.md §9.10).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::event::Event;
use crate::fault::{Fault, FaultCode};
use crate::group_config::{GroupConfig, GroupKind};
use crate::host::Host;
use crate::log_level::LogLevel;
use crate::process::Process;
use crate::process_config::ProcessConfig;
use crate::process_group::ProcessGroup;
use crate::process_id::ProcessId;
use crate::reply::{ConfigInfo, ReloadDiff, Reply};
use crate::supervisor::Supervisor;
use crate::timers::Timer;

impl Supervisor {
    /// Makes these groups the pending configuration and tells how they differ from the active ones.
    pub(crate) fn reload(&mut self, groups: Vec<Arc<GroupConfig>>) -> ReloadDiff {
        let mut diff = ReloadDiff::default();
        let pending: BTreeSet<&str> = groups.iter().map(|group| &*group.name).collect();
        for group in &groups {
            match self.groups.get(&group.name) {
                None => diff.added.push(group.name.clone()),
                Some(active) if *active.config != **group => diff.changed.push(group.name.clone()),
                Some(_) => {}
            }
        }
        for active in self.groups.in_order_added() {
            if !pending.contains(&*active.name) {
                diff.removed.push((*active.name).into());
            }
        }
        self.pending = groups;
        self.logs_of_removed.clear();
        diff
    }

    /// `addProcessGroup`
    pub(crate) fn add_process_group(&mut self, name: &str, host: &mut impl Host) -> Result<Reply, Fault> {
        let Some(config) = self.pending.iter().find(|group| *group.name == *name).map(Arc::clone) else {
            return Err(Fault::new(FaultCode::BadName, name));
        };
        if self.groups.get(name).is_some() {
            return Err(Fault::new(FaultCode::AlreadyAdded, name));
        }
        self.add_group(&config, host).map_err(|error| Fault::new(FaultCode::Failed, error))?;
        Ok(Reply::Done)
    }

    /// `removeProcessGroup`
    pub(crate) fn remove_process_group(&mut self, name: &str, host: &mut impl Host) -> Result<Reply, Fault> {
        let Some(group) = self.groups.get(name) else { return Err(Fault::new(FaultCode::BadName, name)) };
        if !group.is_stopped(&self.processes) {
            return Err(Fault::new(FaultCode::StillRunning, name));
        }
        if let Some(group) = self.groups.remove(name) {
            self.remember_logs(&group);
            for id in group.members() {
                self.let_go(*id, host);
            }
        }
        self.remove_pool(name, host);
        self.notify(&Event::ProcessGroup { group: name, added: false }, host);
        Ok(Reply::Done)
    }

    /// A group that is added again from the very configuration it was made from goes on with its AUTO logs
    /// (contract/processes.md §6.1).
    fn remember_logs(&mut self, group: &ProcessGroup) {
        if self.pending.iter().any(|pending| Arc::ptr_eq(pending, &group.config)) {
            let process = |id: &ProcessId| &self.processes[*id];
            let logs = group.members().iter().map(|id| (process(id).config.name.clone(), process(id).logs.clone()));
            self.logs_of_removed.insert(group.config.name.clone(), logs.collect());
        }
    }

    /// Forgets a process. One that is UNKNOWN may still run: nobody looks after it from now on, so it is named.
    pub(crate) fn let_go(&mut self, id: ProcessId, host: &mut impl Host) {
        let process = &self.processes[id];
        let (config, pid) = (Arc::clone(&process.config), process.phase.pid());
        self.timers.cancel(Timer::Process(id));
        self.processes.remove(id, host);
        host.forget(id);
        if let Some(pid) = pid {
            host.log(
                LogLevel::Warn,
                format_args!("removed {} (pid {pid}), which still runs and cannot be signalled", config.name),
            );
            self.release_socket(&config, host);
        }
    }

    /// Makes a group and its processes, and lets start what starts by itself.
    pub(crate) fn add_group(&mut self, config: &Arc<GroupConfig>, host: &mut impl Host) -> Result<(), String> {
        self.probe_sockets(config, host)?;
        let name: Arc<str> = Arc::from(&*config.name);
        // Of two processes with the same name the later one counts, at the place of the first, as upstream.
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        let mut chosen: Vec<&Arc<ProcessConfig>> = Vec::new();
        for process in &config.processes {
            let place = *places.entry(&process.name).or_insert(chosen.len());
            match chosen.get_mut(place) {
                Some(earlier) => *earlier = process,
                None => chosen.push(process),
            }
        }
        let mut members = Vec::with_capacity(chosen.len());
        let known = self.logs_of_removed.remove(&config.name).unwrap_or_default();
        for process_config in chosen {
            let mut process = Process::new(Arc::clone(process_config), Arc::clone(&name));
            let full_name = (config.name.clone(), process_config.name.clone());
            process.lives = self.handed_over.remove(&full_name).map_or(0, |before| before.lives);
            let id = self.processes.insert(process, host);
            let known = known.get(&process_config.name).cloned().unwrap_or_default();
            self.processes.change(id, host).logs = host.create_logs(id, process_config, &known);
            members.push(id);
        }
        self.add_pool(config, &name, &members, host);
        let group = ProcessGroup::new(Arc::clone(config), name, members, &self.processes);
        for id in group.by_priority(&self.processes) {
            self.begin_autostart(id, host);
        }
        self.groups.add(group);
        self.notify(&Event::ProcessGroup { group: &config.name, added: true }, host);
        Ok(())
    }

    /// `getAllConfigInfo`: the pending configuration, sorted by process name.
    pub(crate) fn config_info(&self) -> Vec<ConfigInfo> {
        let mut infos = Vec::new();
        for group in self.pending.iter().filter(|group| group.kind != GroupKind::Extension) {
            let active = self.groups.get(&group.name);
            let same = active.filter(|active| Arc::ptr_eq(&active.config, group));
            let removed = self.logs_of_removed.get(&group.name);
            for process in &group.processes {
                let id = same.and_then(|active| active.find(&process.name, &self.processes));
                infos.push(ConfigInfo {
                    group: Arc::clone(group),
                    process: Arc::clone(process),
                    in_use: active.is_some(),
                    auto_logs: id.map_or_else(
                        || removed.and_then(|logs| logs.get(&process.name)).cloned().unwrap_or_default(),
                        |id| self.processes[id].logs.clone(),
                    ),
                });
            }
        }
        infos.sort_by(|a, b| a.process.name.cmp(&b.process.name));
        infos
    }

    /// The members of all groups but extensions, groups and members by ascending priority.
    pub(crate) fn all_by_priority(&self) -> Vec<ProcessId> {
        let groups = self.groups.by_priority().into_iter().filter(|group| group.config.kind != GroupKind::Extension);
        groups.flat_map(|group| group.by_priority(&self.processes)).collect()
    }
}
