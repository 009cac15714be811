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

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use supervisor_core::{Fault, ProcessId, ProcessInfo, find_process, make_namespec};

use crate::limits;

/// How often a look at all processes is tried while they change.
const LOOKS: usize = 3;

/// Both ends. Nothing is published yet, so the snapshot tells nothing.
pub fn process_snapshot() -> (SnapshotPublisher, ProcessSnapshot) {
    let shared = Arc::new(Shared { version: AtomicU64::new(1), table: ArcSwap::default() });
    (SnapshotPublisher { shared: Arc::clone(&shared), slots: Vec::new(), gone: Vec::new() }, ProcessSnapshot(shared))
}

#[derive(Debug)]
struct Shared {
    /// Odd from the first change of an input to its publication; another number after each.
    version: AtomicU64,
    table: ArcSwap<Table>,
}

/// All processes, sorted by group, then name.
#[derive(Debug, Default)]
struct Table {
    slots: Box<[Arc<Slot>]>,
    /// The version with which others are there than before.
    changed: u64,
    /// Processes that have gone, by the version with which they went: the newest, the oldest of them first.
    removed: VecDeque<(u64, Arc<ProcessInfo>)>,
    /// The version up to which it is not known any more who has gone.
    forgotten: u64,
}

/// A process, as long as there is one.
#[derive(Debug)]
struct Slot {
    info: ArcSwap<ProcessInfo>,
    /// The version of its last change.
    changed: AtomicU64,
}

/// What is not as it was in an older version.
#[derive(Debug)]
pub struct Changes {
    /// The version that tells it.
    pub version: u64,
    /// Processes that are new or have changed, sorted by group, then name.
    pub changed: Vec<Arc<ProcessInfo>>,
    /// Whether others are there.
    pub others: Others,
}

/// Which processes there are, beside those of an older version.
#[derive(Debug)]
pub enum Others {
    /// The same.
    Same,
    /// Others.
    Known {
        /// The names of those that have gone.
        removed: Vec<String>,
        /// All that are there, sorted by group, then name.
        all: Vec<Arc<ProcessInfo>>,
    },
    /// Others; who has gone is not known any more.
    Unknown,
}

/// The supervision plane's end.
#[derive(Debug)]
pub struct SnapshotPublisher {
    shared: Arc<Shared>,
    /// By [`ProcessId::index`].
    slots: Vec<Option<(ProcessId, Arc<Slot>)>>,
    /// Processes whose slots others have taken since the last table.
    gone: Vec<Arc<ProcessInfo>>,
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
        // It is odd until then.
        let version = self.shared.version.load(Ordering::SeqCst) / 2 + 1;
        for (id, info) in changed {
            let index = id.index();
            if self.slots.len() <= index {
                self.slots.resize_with(index + 1, || None);
            }
            match &self.slots[index] {
                Some((known, slot)) if *known == id => {
                    slot.info.store(Arc::new(info));
                    slot.changed.store(version, Ordering::SeqCst);
                }
                Some(_) | None => {
                    let slot = Slot { info: ArcSwap::from_pointee(info), changed: AtomicU64::new(version) };
                    if let Some((_, gone)) = self.slots[index].replace((id, Arc::new(slot))) {
                        self.gone.push(gone.info.load_full());
                    }
                }
            }
        }
        if let Some(all) = all {
            self.publish_table(version, all);
        }
        self.shared.version.fetch_add(1, Ordering::SeqCst);
    }

    /// Others are there than before. Slots of processes that are gone go with the last table that has them.
    fn publish_table(&mut self, version: u64, all: impl Iterator<Item = ProcessId>) {
        let mut left: Vec<_> = std::iter::repeat_with(|| None).take(self.slots.len()).collect();
        let mut table = Vec::with_capacity(self.slots.len());
        for id in all {
            let slot = self.slots.get_mut(id.index()).and_then(Option::take).filter(|(known, _)| *known == id);
            if let Some((_, slot)) = &slot {
                table.push(Arc::clone(slot));
                left[id.index()] = Some((id, Arc::clone(slot)));
            }
        }
        let gone =
            std::mem::replace(&mut self.slots, left).into_iter().flatten().map(|(_, slot)| slot.info.load_full());
        let gone = self.gone.drain(..).chain(gone).map(|info| (version, info));
        let before = self.shared.table.load();
        let (mut removed, mut forgotten) = (before.removed.clone(), before.forgotten);
        removed.extend(gone);
        while removed.len() > limits::REMEMBERED_REMOVALS {
            forgotten = removed.pop_front().map_or(forgotten, |(version, _)| version);
        }
        self.shared.table.store(Arc::new(Table { slots: table.into(), changed: version, removed, forgotten }));
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
            let infos = self.0.table.load().all();
            (self.settled_version() == Some(before)).then_some((before / 2, infos))
        })
    }

    /// What has changed since this version, as of one moment; all there are since 0. `None`: something changes just
    /// now.
    pub fn since(&self, known: u64) -> Option<Changes> {
        (0..LOOKS).find_map(|_| {
            let before = self.settled_version()?;
            let table = self.0.table.load();
            let changed = table.slots.iter().filter(|slot| slot.changed.load(Ordering::SeqCst) > known);
            let changed = changed.map(|slot| slot.info.load_full()).collect();
            let others = table.others_since(known);
            (self.settled_version() == Some(before)).then_some(Changes { version: before / 2, changed, others })
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
        let place = self.slots.binary_search_by(|slot| {
            let info = slot.info.load();
            (*info.group).cmp(group).then_with(|| (*info.config.name).cmp(process))
        });
        place.ok().map(|place| self.slots[place].info.load_full())
    }

    fn all(&self) -> Vec<Arc<ProcessInfo>> {
        self.slots.iter().map(|slot| slot.info.load_full()).collect()
    }

    fn others_since(&self, known: u64) -> Others {
        if self.changed <= known {
            return Others::Same;
        }
        if known < self.forgotten {
            return Others::Unknown;
        }
        let gone = self.removed.iter().filter(|(version, _)| *version > known).map(|(_, info)| info);
        // One that has come again is there.
        let gone = gone.filter(|info| self.find(&info.group, &info.config.name).is_none());
        let removed = gone.map(|info| make_namespec(&info.group, &info.config.name)).collect();
        Others::Known { removed, all: self.all() }
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

    /// Who has gone, and how many there are.
    type Told = Option<(Vec<String>, usize)>;

    /// The version, the starts of what has changed since, and whether others are there.
    fn since(snapshot: &ProcessSnapshot, known: u64) -> (u64, Vec<i64>, Told) {
        let Changes { version, changed, others } = snapshot.since(known).unwrap();
        let others = match others {
            Others::Same => None,
            Others::Known { removed, all } => Some((removed, all.len())),
            Others::Unknown => Some((vec![], 0)),
        };
        (version, changed.iter().map(|info| info.start).collect(), others)
    }

    #[test]
    fn whoever_knows_a_version_learns_what_has_changed_since() {
        let (mut publisher, snapshot) = process_snapshot();
        assert!(snapshot.since(0).is_none());
        publish(&mut publisher, [(A, info("a", "a", 1)), (B, info("web", "b", 2))], Some(&[A, B]));
        let (first, starts, others) = since(&snapshot, 0);
        assert_eq!((starts, others), (vec![1, 2], Some((vec![], 2))));
        assert_eq!(since(&snapshot, first), (first, vec![], None));
        publish(&mut publisher, [(B, info("web", "b", 3))], None);
        publish(&mut publisher, [(B, info("web", "b", 4))], None);
        let (second, starts, others) = since(&snapshot, first);
        assert!(second > first);
        assert_eq!((starts, others), (vec![4], None));
        publisher.begin_change();
        assert!(snapshot.since(first).is_none());
    }

    #[test]
    fn who_has_gone_is_told_unless_it_has_come_again_or_is_forgotten() {
        const B2: ProcessId = ProcessId::new(1, 1);
        let (mut publisher, snapshot) = process_snapshot();
        publish(&mut publisher, [(A, info("a", "a", 1)), (B, info("web", "b", 2))], Some(&[A, B]));
        let (first, ..) = since(&snapshot, 0);
        publish(&mut publisher, [], Some(&[A]));
        assert_eq!(since(&snapshot, first).2, Some((vec!["web:b".to_owned()], 1)));
        let (second, ..) = since(&snapshot, first);
        publish(&mut publisher, [(B2, info("web", "b", 3))], Some(&[A, B2]));
        assert_eq!(since(&snapshot, first), (second + 1, vec![3], Some((vec![], 2))));
        let mut last = B2;
        for generation in 2..u32::try_from(limits::REMEMBERED_REMOVALS).unwrap() + 4 {
            // Its place is taken by the next at once.
            last = ProcessId::new(1, generation);
            publish(&mut publisher, [(last, info("web", "b", 3))], Some(&[A, last]));
        }
        publish(&mut publisher, [], Some(&[A]));
        assert!(matches!(snapshot.since(first).unwrap().others, Others::Unknown), "{last:?}");
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
