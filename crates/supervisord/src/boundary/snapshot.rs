//! What clients are told of processes, written by the supervision plane and read by the control plane.
//!
//! So `getProcessInfo` and `getAllProcessInfo` need no round trip between the planes: one slot for each process, and a
//! table of the slots, each swapped as a whole. No lock: neither plane ever waits for the other.
//!
//! Invariant: whoever has seen an effect of a change is never told what was before it. The supervision plane marks the
//! snapshot before the first change that an input makes and publishes at the end of that input; whatever a change
//! brings about (a child that runs, a signal, an event, a log line, an answer) is seen in between or later. Marked, the
//! snapshot tells nothing, and its reader asks the supervision plane as it would without a snapshot. So an answer is as
//! new as if the supervision plane had given it, and one about all processes is of one moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use supervisor_core::{Fault, ProcessId, ProcessInfo, find_process};

/// How often a look at all processes is tried while they change.
const LOOKS: usize = 3;

/// Both ends. Nothing is published yet, so the snapshot tells nothing.
pub fn process_snapshot() -> (SnapshotPublisher, ProcessSnapshot) {
    let shared = Arc::new(Shared { version: AtomicU64::new(1), table: ArcSwap::default() });
    (SnapshotPublisher { shared: Arc::clone(&shared), slots: Vec::new() }, ProcessSnapshot(shared))
}

#[derive(Debug)]
struct Shared {
    /// Odd from the first change of an input to its publication; another number after each.
    version: AtomicU64,
    table: ArcSwap<Table>,
}

/// All processes, sorted by group, then name.
#[derive(Debug, Default)]
struct Table(Box<[Arc<Slot>]>);

/// A process, as long as there is one.
#[derive(Debug)]
struct Slot(ArcSwap<ProcessInfo>);

/// The supervision plane's end.
#[derive(Debug)]
pub struct SnapshotPublisher {
    shared: Arc<Shared>,
    /// By [`ProcessId::index`].
    slots: Vec<Option<(ProcessId, Arc<Slot>)>>,
}

impl SnapshotPublisher {
    /// What was published is about to be no longer true.
    pub fn begin_change(&self) {
        self.shared.version.fetch_or(1, Ordering::SeqCst);
    }

    /// Publishes processes that are new or have changed, and which there are when others are there than before, sorted
    /// by group, then name. Ends what [`SnapshotPublisher::begin_change`] began.
    pub fn publish(
        &mut self,
        changed: impl Iterator<Item = (ProcessId, ProcessInfo)>,
        all: Option<impl Iterator<Item = ProcessId>>,
    ) {
        for (id, info) in changed {
            let index = id.index();
            if self.slots.len() <= index {
                self.slots.resize_with(index + 1, || None);
            }
            match &self.slots[index] {
                Some((known, slot)) if *known == id => slot.0.store(Arc::new(info)),
                Some(_) | None => self.slots[index] = Some((id, Arc::new(Slot(ArcSwap::from_pointee(info))))),
            }
        }
        if let Some(all) = all {
            self.publish_table(all);
        }
        self.shared.version.fetch_add(1, Ordering::SeqCst);
    }

    /// Others are there than before. Slots of processes that are gone go with the last table that has them.
    fn publish_table(&mut self, all: impl Iterator<Item = ProcessId>) {
        let mut left: Vec<_> = std::iter::repeat_with(|| None).take(self.slots.len()).collect();
        let mut table = Vec::with_capacity(self.slots.len());
        for id in all {
            let slot = self.slots.get_mut(id.index()).and_then(Option::take).filter(|(known, _)| *known == id);
            if let Some((_, slot)) = &slot {
                table.push(Arc::clone(slot));
                left[id.index()] = Some((id, Arc::clone(slot)));
            }
        }
        self.slots = left;
        self.shared.table.store(Arc::new(Table(table.into())));
    }
}

/// The control plane's end.
#[derive(Clone, Debug)]
pub struct ProcessSnapshot(Arc<Shared>);

impl ProcessSnapshot {
    /// One process, by its namespec. `None`: something changes just now, the supervision plane is to be asked.
    pub fn find(&self, namespec: &str) -> Option<Result<Arc<ProcessInfo>, Fault>> {
        self.settled_version()?;
        let table = self.0.table.load();
        Some(find_process(namespec, |group, process| table.find(group, process)))
    }

    /// All processes as of one moment, sorted by group, then name. `None`: they change, the supervision plane is to be
    /// asked.
    pub fn all(&self) -> Option<Vec<Arc<ProcessInfo>>> {
        self.all_with_version().map(|(_, infos)| infos)
    }

    /// The same, with the number of that moment: another one when anything of a process has changed since.
    pub fn all_with_version(&self) -> Option<(u64, Vec<Arc<ProcessInfo>>)> {
        (0..LOOKS).find_map(|_| {
            let before = self.settled_version()?;
            let infos = self.0.table.load().0.iter().map(|slot| slot.0.load_full()).collect();
            (self.settled_version() == Some(before)).then_some((before / 2, infos))
        })
    }

    /// The version, unless something changes.
    fn settled_version(&self) -> Option<u64> {
        let version = self.0.version.load(Ordering::SeqCst);
        version.is_multiple_of(2).then_some(version)
    }
}

impl Table {
    fn find(&self, group: &str, process: &str) -> Option<Arc<ProcessInfo>> {
        let place = self.0.binary_search_by(|slot| {
            let info = slot.0.load();
            (*info.group).cmp(group).then_with(|| (*info.config.name).cmp(process))
        });
        place.ok().map(|place| self.0[place].0.load_full())
    }
}

#[cfg(test)]
mod tests {
    use supervisor_core::{FaultCode, ProcessState};

    use super::*;
    use crate::test_data::process_info;

    /// A process that was started at this time.
    fn info(group: &str, name: &str, start: i64) -> ProcessInfo {
        ProcessInfo { group: group.into(), state: ProcessState::Running, start, ..process_info(name) }
    }

    const A: ProcessId = ProcessId::new(0, 0);
    const B: ProcessId = ProcessId::new(1, 0);

    /// Publishes these in an input of their own.
    fn publish<const N: usize>(
        publisher: &mut SnapshotPublisher,
        changed: [(ProcessId, ProcessInfo); N],
        all: Option<&[ProcessId]>,
    ) {
        publisher.begin_change();
        publisher.publish(changed.into_iter(), all.map(|all| all.iter().copied()));
    }

    fn start_of(snapshot: &ProcessSnapshot, name: &str) -> Option<Result<i64, Fault>> {
        snapshot.find(name).map(|found| found.map(|info| info.start))
    }

    fn starts(snapshot: &ProcessSnapshot) -> Option<Vec<i64>> {
        snapshot.all().map(|all| all.iter().map(|info| info.start).collect())
    }

    #[test]
    fn it_tells_nothing_before_the_first_publication_and_while_something_changes() {
        let (mut publisher, snapshot) = process_snapshot();
        assert_eq!((start_of(&snapshot, "a"), starts(&snapshot)), (None, None));
        publisher.publish([(A, info("a", "a", 1))].into_iter(), Some([A].into_iter()));
        assert_eq!((start_of(&snapshot, "a"), starts(&snapshot)), (Some(Ok(1)), Some(vec![1])));
        publisher.begin_change();
        assert_eq!((start_of(&snapshot, "a"), starts(&snapshot)), (None, None));
        publisher.begin_change();
        assert_eq!((start_of(&snapshot, "b"), starts(&snapshot)), (None, None));
        publish(&mut publisher, [(A, info("a", "a", 2))], None);
        assert_eq!((start_of(&snapshot, "a"), starts(&snapshot)), (Some(Ok(2)), Some(vec![2])));
    }

    #[test]
    fn a_name_finds_what_the_core_would_find() {
        let (mut publisher, snapshot) = process_snapshot();
        publish(&mut publisher, [(B, info("web", "b", 2)), (A, info("a", "a", 1))], Some(&[A, B]));
        let bad_name = |name: &str| Some(Err(Fault::new(FaultCode::BadName, name)));
        assert_eq!(start_of(&snapshot, "a"), Some(Ok(1)));
        assert_eq!(start_of(&snapshot, "a:a"), Some(Ok(1)));
        assert_eq!(start_of(&snapshot, "web:b"), Some(Ok(2)));
        for name in ["b", "web", "web:", "web:*", "web:a", "a:b", "nosuch:b", "", ":"] {
            assert_eq!(start_of(&snapshot, name), bad_name(name));
        }
    }

    #[test]
    fn others_come_and_go_and_a_place_that_is_given_away_again_is_another_process() {
        let (mut publisher, snapshot) = process_snapshot();
        publish(&mut publisher, [(A, info("a", "a", 1)), (B, info("b", "b", 2))], Some(&[A, B]));
        publish(&mut publisher, [], Some(&[B]));
        assert_eq!(start_of(&snapshot, "a"), Some(Err(Fault::new(FaultCode::BadName, "a"))));
        publish(&mut publisher, [(B, info("b", "b", 3))], None);
        assert_eq!(starts(&snapshot), Some(vec![3]), "one that stays keeps its slot");
        let another = ProcessId::new(0, 1);
        publish(&mut publisher, [(another, info("c", "c", 4))], Some(&[B, another]));
        publish(&mut publisher, [(another, info("c", "c", 5))], None);
        assert_eq!(starts(&snapshot), Some(vec![3, 5]));
        publish(&mut publisher, [], Some(&[]));
        assert_eq!(starts(&snapshot), Some(vec![]));
    }

    #[test]
    fn whoever_looks_at_all_sees_one_moment_and_never_an_older_one() {
        const PROCESSES: u32 = 40;
        const CHANGES: i64 = 3_000;
        let (mut publisher, snapshot) = process_snapshot();
        let ids: Vec<ProcessId> = (0..PROCESSES).map(|index| ProcessId::new(index, 0)).collect();
        let names: Vec<String> = (10..10 + PROCESSES).map(|number| format!("p{number}")).collect();
        let of = |start| ids.iter().zip(&names).map(move |(id, name)| (*id, info("web", name, start)));
        publisher.publish(of(0), Some(ids.iter().copied()));
        let mut looks = 0;
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for start in 1..=CHANGES {
                    publisher.begin_change();
                    publisher.publish(of(start), None::<std::iter::Empty<_>>);
                }
            });
            let mut last = 0;
            while last < CHANGES {
                if let Some(starts) = starts(&snapshot) {
                    looks += 1;
                    assert!(starts.iter().all(|start| *start == starts[0]), "{starts:?}");
                    assert!(starts[0] >= last, "{} after {last}", starts[0]);
                    last = starts[0];
                }
                if let Some(Ok(start)) = start_of(&snapshot, "web:p20") {
                    assert!(start >= last, "{start} after {last}");
                }
            }
        });
        assert!(looks > 0);
    }
}
