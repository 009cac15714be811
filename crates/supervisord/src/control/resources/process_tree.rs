//! One round through `/proc`: which processes belong to which program, and what they use together.
//!
//! A process belongs to the program whose pid is met first on the way to its ancestors, else to the one whose pid is
//! its process group: an orphan that went to another parent keeps its group. Resident memory counts pages that are
//! shared as often as they are. Times of children that were waited for are in their parent's, so the sum does not fall
//! with their ends.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::Path;

use nix::unistd::{SysconfVar, sysconf};

/// What a program and its descendants use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tree {
    /// CPU time so far, in clock ticks.
    pub(super) ticks: u64,
    /// Resident memory, in pages.
    pub(super) pages: u64,
    /// Processes in it.
    pub(super) members: u64,
}

/// A line of `/proc/PID/stat` (proc(5)).
struct Stat {
    parent: u32,
    group: u32,
    ticks: u64,
    pages: u64,
}

/// The trees of these pids, in their order; `None`: there is no such process. Takes time with the number of all
/// processes of the machine: for a thread that may block.
///
/// # Errors
/// `/proc` cannot be read.
pub(super) fn read(proc: &Path, roots: &[u32]) -> io::Result<Vec<Option<Tree>>> {
    let mut all = HashMap::new();
    for entry in fs::read_dir(proc)? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
        // One that has ended meanwhile, or that we may not see, is not there.
        let stat = fs::read_to_string(proc.join(&name).join("stat")).ok().and_then(|line| Stat::parse(&line));
        if let Some(stat) = stat {
            all.insert(pid, stat);
        }
    }
    let places: HashMap<u32, usize> = roots.iter().enumerate().map(|(place, pid)| (*pid, place)).collect();
    let mut trees: Vec<_> = roots.iter().map(|pid| all.contains_key(pid).then(Tree::default)).collect();
    for (pid, stat) in &all {
        let owner = owner_of(*pid, &all, &places).or_else(|| places.get(&stat.group).copied());
        if let Some(Some(tree)) = owner.and_then(|place| trees.get_mut(place)) {
            tree.ticks += stat.ticks;
            tree.pages += stat.pages;
            tree.members += 1;
        }
    }
    Ok(trees)
}

/// The nearest program among a process and its ancestors.
fn owner_of(pid: u32, all: &HashMap<u32, Stat>, places: &HashMap<u32, usize>) -> Option<usize> {
    let mut pid = pid;
    // Read one after the other, they may seem to be each other's parents.
    for _ in 0..all.len() {
        if let Some(place) = places.get(&pid) {
            return Some(*place);
        }
        pid = all.get(&pid)?.parent;
    }
    None
}

impl Stat {
    fn parse(line: &str) -> Option<Self> {
        let fields = fields_of_stat(line)?;
        let number = |place: usize| fields.get(place)?.parse::<u64>().ok();
        // User and system time, and those of children that were waited for.
        let ticks = [11, 12, 13, 14].into_iter().filter_map(number).sum();
        let id = |place| number(place).and_then(|number| u32::try_from(number).ok());
        Some(Self { parent: id(1)?, group: id(2)?, ticks, pages: number(21)? })
    }
}

/// The fields behind the name, which may hold blanks and brackets itself: the state is the first.
pub(in crate::control) fn fields_of_stat(line: &str) -> Option<Vec<&str>> {
    line.rsplit_once(')').map(|(_, fields)| fields.split_ascii_whitespace().collect())
}

/// Clock ticks of a second.
pub(in crate::control) fn clock_ticks() -> u64 {
    system_number(SysconfVar::CLK_TCK).unwrap_or(100)
}

/// Bytes of a page.
pub(in crate::control) fn page_bytes() -> u64 {
    system_number(SysconfVar::PAGE_SIZE).unwrap_or(4_096)
}

fn system_number(what: SysconfVar) -> Option<u64> {
    sysconf(what).ok().flatten().and_then(|number| u64::try_from(number).ok()).filter(|number| *number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_folder::TestFolder;

    /// A `/proc` of these processes: pid, parent, group, ticks, pages.
    fn proc_of(processes: &[(u32, u32, u32, u64, u64)]) -> TestFolder {
        let folder = TestFolder::new();
        for (pid, parent, group, ticks, pages) in processes {
            let place = folder.path(pid.to_string());
            fs::create_dir(&place).unwrap();
            let line =
                format!("{pid} (a ) (b) S {parent} {group} 1 0 -1 0 0 0 0 0 {ticks} 0 0 0 20 0 1 0 5 4096 {pages} 9\n");
            fs::write(place.join("stat"), line).unwrap();
        }
        fs::create_dir(folder.path("self")).unwrap();
        folder
    }

    fn tree(ticks: u64, pages: u64, members: u64) -> Tree {
        Tree { ticks, pages, members }
    }

    #[test]
    fn a_process_belongs_to_its_nearest_ancestor_that_is_a_program_else_to_its_group() {
        let proc = proc_of(&[
            (1, 0, 1, 1_000, 1_000),
            (10, 1, 10, 1, 1),
            (11, 10, 10, 2, 2),
            (12, 11, 10, 4, 4),
            (20, 10, 20, 8, 8),
            (21, 20, 20, 16, 16),
            (30, 1, 10, 32, 32),
            (40, 1, 40, 64, 64),
        ]);
        let trees = read(proc.root(), &[10, 20, 99]).unwrap();
        assert_eq!(trees, [Some(tree(39, 39, 4)), Some(tree(24, 24, 2)), None]);
    }

    #[test]
    fn processes_that_seem_to_be_each_others_parents_belong_to_nobody() {
        let proc = proc_of(&[(10, 1, 10, 1, 1), (50, 51, 50, 1, 1), (51, 50, 51, 1, 1)]);
        assert_eq!(read(proc.root(), &[10]).unwrap(), [Some(tree(1, 1, 1))]);
    }

    #[test]
    fn this_process_is_found_in_the_real_one() {
        let trees = read(Path::new("/proc"), &[std::process::id()]).unwrap();
        assert!(trees[0].is_some_and(|tree| tree.pages > 0 && tree.members >= 1), "{trees:?}");
    }
}
