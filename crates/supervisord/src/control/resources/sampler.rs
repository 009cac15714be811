//! What each program has used over all its runs, added up from rounds through `/proc`.
//!
//! A number of CPU seconds never decreases: what a run had used when it was last seen stays when the next one begins.
//! What it used between that look and its end is not known to anybody. One round serves all who ask within a second.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use supervisor_core::{ProcessInfo, make_namespec};
use tokio::time::Instant;

use super::process_tree::{self, Tree, clock_ticks, page_bytes};
use crate::control::context::Context;
use crate::control::limits;

/// What a program uses, with its descendants.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::control) struct Usage {
    /// CPU time over all its runs, as far as it was seen, in seconds.
    pub(in crate::control) cpu_seconds: f64,
    /// Resident memory in bytes, and processes; `None`: it does not run.
    pub(in crate::control) now: Option<(u64, u64)>,
}

/// What was seen so far.
#[derive(Debug, Default)]
pub(in crate::control) struct Sampler {
    /// When the last round was; `None`: there was none that could be read.
    round: Option<Instant>,
    programs: BTreeMap<String, Seen>,
}

/// One program.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    /// Pid and time of the start of the run that was seen last.
    run: (u32, i64),
    /// Ticks of the runs before it.
    before: u64,
    tree: Tree,
    is_up: bool,
}

/// What these processes use; `None`: `/proc` cannot be read.
pub(in crate::control) async fn sample(
    sampler: &RefCell<Sampler>,
    infos: &[Arc<ProcessInfo>],
    context: &Context,
) -> Option<Vec<Usage>> {
    let is_new = |round: Instant| round.elapsed() < limits::SAMPLE_AGE;
    if !sampler.borrow().round.is_some_and(is_new) {
        let roots: Vec<u32> = infos.iter().filter_map(|info| info.pid).map(|pid| pid.get().cast_unsigned()).collect();
        let read = move || process_tree::read(Path::new("/proc"), &roots);
        let trees = context.files.run(read).await.ok()?.ok()?;
        sampler.borrow_mut().add(infos, trees);
    }
    let sampler = sampler.borrow();
    Some(infos.iter().map(|info| sampler.usage_of(info)).collect())
}

impl Sampler {
    /// Takes in a round: the trees of those that have a pid, in their order.
    fn add(&mut self, infos: &[Arc<ProcessInfo>], trees: Vec<Option<Tree>>) {
        self.round = Some(Instant::now());
        let mut left = std::mem::take(&mut self.programs);
        let mut trees = trees.into_iter();
        for info in infos {
            let name = name_of(info);
            let mut seen = left.remove(&name).unwrap_or_default();
            let tree = info.pid.and_then(|pid| Some((pid, trees.next().flatten()?)));
            seen.is_up = tree.is_some();
            if let Some((pid, tree)) = tree {
                let run = (pid.get().cast_unsigned(), info.start);
                if seen.run != run {
                    seen = Seen { run, before: seen.before + seen.tree.ticks, tree: Tree::default(), is_up: true };
                }
                // A child that is not waited for takes its time with it.
                seen.tree = Tree { ticks: tree.ticks.max(seen.tree.ticks), ..tree };
            }
            self.programs.insert(name, seen);
        }
    }

    fn usage_of(&self, info: &ProcessInfo) -> Usage {
        let Some(seen) = self.programs.get(&name_of(info)) else { return Usage::default() };
        let ticks = seen.before + seen.tree.ticks;
        #[expect(clippy::cast_precision_loss, reason = "a double counts hundredths of seconds for millions of years")]
        let cpu_seconds = ticks as f64 / clock_ticks() as f64;
        let now = seen.is_up.then_some((seen.tree.pages * page_bytes(), seen.tree.members));
        Usage { cpu_seconds, now }
    }
}

fn name_of(info: &ProcessInfo) -> String {
    make_namespec(&info.group, &info.config.name)
}

#[cfg(test)]
mod tests {
    use supervisor_core::Pid;

    use super::*;
    use crate::test_data::process_info;

    fn process(name: &str, pid: i32, start: i64) -> Arc<ProcessInfo> {
        Arc::new(ProcessInfo { pid: Pid::new(pid), start, ..process_info(name) })
    }

    fn tree(ticks: u64) -> Tree {
        Tree { ticks, pages: 2, members: 3 }
    }

    fn seconds(usage: &Usage) -> u64 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small and whole")]
        let ticks = (usage.cpu_seconds * 100.0).round() as u64;
        ticks
    }

    #[tokio::test]
    async fn runs_add_up_and_nothing_decreases() {
        let mut sampler = Sampler::default();
        let hundredth = clock_ticks() / 100;
        let mut told = Vec::new();
        for (pid, start, used) in
            [(7, 1, Some(100)), (7, 1, Some(90)), (8, 2, Some(5)), (8, 2, None), (9, 3, Some(0)), (9, 4, Some(1))]
        {
            let infos = [process("cat", pid, start)];
            let tree = used.map(|hundredths| tree(hundredths * hundredth));
            sampler.add(&infos, vec![tree]);
            let usage = sampler.usage_of(&infos[0]);
            assert_eq!(usage.now, tree.map(|_| (2 * page_bytes(), 3)));
            told.push(seconds(&usage));
        }
        assert_eq!(told, [100, 100, 105, 105, 105, 106]);
    }

    #[tokio::test]
    async fn trees_are_those_of_processes_that_have_a_pid_and_who_is_gone_is_forgotten() {
        let mut sampler = Sampler::default();
        let infos = [process("a", 0, 0), process("b", 5, 1)];
        sampler.add(&infos, vec![Some(tree(1))]);
        assert_eq!(sampler.usage_of(&infos[0]).now, None);
        assert!(sampler.usage_of(&infos[1]).now.is_some());
        sampler.add(&infos[..1], vec![]);
        assert_eq!(sampler.programs.len(), 1);
        assert_eq!(sampler.usage_of(&infos[1]), Usage::default());
    }
}
