//! What each program has used over all its runs, added up from rounds through `/proc`.
//!
//! A number of CPU seconds never decreases: what a run had used when it was last seen stays when the next one begins.
//! What it used between that look and its end is not known to anybody. One round serves all who ask within a while; no
//! round is made by itself. Invariant: rounds never take more than a fiftieth of a processor.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use supervisor_core::{ProcessInfo, make_namespec};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::process_tree::{self, Tree, clock_ticks, page_bytes};
use super::usage::{Now, Round, Sample, Usage};
use crate::clock;
use crate::control::context::Context;
use crate::control::limits;

/// What was seen so far.
#[derive(Debug, Default)]
pub(in crate::control) struct Sampler {
    seen: RefCell<Seen>,
    /// One round at a time: who waits for it finds it done.
    round: Mutex<()>,
}

#[derive(Debug, Default)]
struct Seen {
    /// The last round that could be read.
    last: Option<Look>,
    /// How many there were.
    number: u64,
    programs: BTreeMap<String, Program>,
}

#[derive(Clone, Copy, Debug)]
struct Look {
    begun: Instant,
    /// How long it took.
    took: Duration,
    /// The wall clock, since the Unix epoch.
    at: Duration,
}

/// One program.
#[derive(Clone, Debug, Default)]
struct Program {
    /// Pid and time of the start of the run that was seen last.
    run: (u32, i64),
    /// Ticks of the runs before it.
    before: u64,
    tree: Tree,
    now: Option<Now>,
    /// What was last found worth telling to whoever is told of changes alone, and the number of that round.
    told: (u64, Option<Now>),
    /// The newest last.
    samples: VecDeque<Sample>,
    /// Somebody has looked at it by itself, in the round of this number.
    looked_at: Option<u64>,
}

impl Sampler {
    /// What these processes use, as of a round that is no older than this, or than fifty times what a round takes.
    /// `infos` are all there are. `None`: `/proc` cannot be read.
    pub(in crate::control) async fn sample(
        &self,
        infos: &[Arc<ProcessInfo>],
        age: Duration,
        context: &Context,
    ) -> Option<Round> {
        let _turn = self.round.lock().await;
        if self.next_round(age).is_none_or(|next| next <= Instant::now()) {
            let begun = Instant::now();
            let roots =
                infos.iter().filter_map(|info| info.pid).map(|pid| pid.get().cast_unsigned()).collect::<Vec<_>>();
            let read = move || process_tree::read(Path::new("/proc"), &roots);
            let trees = context.files.run(read).await.ok()?.ok()?;
            let look = Look { begun, took: begun.elapsed(), at: clock::wall_clock() };
            self.seen.borrow_mut().add(infos, trees, look);
        }
        self.last(infos)
    }

    /// When the next round is due for somebody who wants one that is no older than this; `None`: there was none yet.
    pub(in crate::control) fn next_round(&self, age: Duration) -> Option<Instant> {
        let last = self.seen.borrow().last?;
        Some(last.begun + age.max(last.took * limits::SAMPLE_SHARE))
    }

    /// What these processes have used in the last round.
    fn last(&self, infos: &[Arc<ProcessInfo>]) -> Option<Round> {
        let seen = self.seen.borrow();
        let usages = infos.iter().map(|info| seen.usage_of(info)).collect();
        seen.last.map(|look| Round { at: look.at, usages })
    }

    /// Notes that a process is looked at by itself: more of its past is kept.
    pub(in crate::control) fn look_at(&self, info: &ProcessInfo) {
        let mut seen = self.seen.borrow_mut();
        let number = seen.number;
        if let Some(program) = seen.programs.get_mut(&name_of(info)) {
            program.looked_at = Some(number);
        }
    }

    /// What is worth telling of these processes to whoever knows it up to the round of this number; and the number of
    /// the last round.
    pub(in crate::control) fn changed_since<'i>(
        &self,
        known: u64,
        infos: impl Iterator<Item = &'i Arc<ProcessInfo>>,
    ) -> (u64, Vec<(String, Now)>) {
        let seen = self.seen.borrow();
        let changed = infos.filter_map(|info| {
            let name = name_of(info);
            let (number, now) = seen.programs.get(&name)?.told;
            now.filter(|_| number > known).map(|now| (name, now))
        });
        (seen.number, changed.collect())
    }

    /// What was seen of a process lately, the oldest first.
    pub(in crate::control) fn samples_of(&self, info: &ProcessInfo) -> Vec<Sample> {
        let seen = self.seen.borrow();
        seen.programs.get(&name_of(info)).map(|program| program.samples.iter().copied().collect()).unwrap_or_default()
    }
}

impl Seen {
    /// Takes in a round: the trees of those that have a pid, in their order.
    fn add(&mut self, infos: &[Arc<ProcessInfo>], trees: Vec<Option<Tree>>, look: Look) {
        self.number += 1;
        let before = self.last.replace(look);
        let since = before.map(|before| look.begun - before.begun).filter(|since| *since <= limits::SAMPLE_GAP);
        let mut left = std::mem::take(&mut self.programs);
        let mut trees = trees.into_iter();
        for info in infos {
            let name = name_of(info);
            let known = left.remove(&name);
            // Of one that was not there nobody knows how much of it was used since.
            let since = since.filter(|_| known.is_some());
            let mut program = known.unwrap_or_default();
            let tree = info.pid.and_then(|pid| Some((pid, trees.next().flatten()?)));
            program.add(info, tree, since);
            program.note(self.number, look.at);
            self.programs.insert(name, program);
        }
    }

    fn usage_of(&self, info: &ProcessInfo) -> Usage {
        let Some(program) = self.programs.get(&name_of(info)) else { return Usage::default() };
        Usage { cpu_seconds: seconds(program.ticks()), now: program.now }
    }
}

impl Program {
    /// CPU time over all runs.
    fn ticks(&self) -> u64 {
        self.before + self.tree.ticks
    }

    /// Takes in what was seen of it, and how long the look before is ago if that says anything.
    fn add(&mut self, info: &ProcessInfo, tree: Option<(supervisor_core::Pid, Tree)>, since: Option<Duration>) {
        let Some((pid, tree)) = tree else {
            self.now = None;
            return;
        };
        let before = self.ticks();
        let run = (pid.get().cast_unsigned(), info.start);
        if self.run != run {
            (self.run, self.before, self.tree) = (run, before, Tree::default());
        }
        // A child that is not waited for takes its time with it.
        self.tree = Tree { ticks: tree.ticks.max(self.tree.ticks), ..tree };
        let used = seconds(self.ticks() - before);
        let cpu = since.filter(|since| !since.is_zero()).map(|since| used / since.as_secs_f64());
        self.now = Some(Now { cpu, memory: tree.pages * page_bytes(), processes: tree.members });
    }

    /// Keeps what was seen for whoever looks later, and marks it if it is worth telling.
    fn note(&mut self, number: u64, at: Duration) {
        let Some(now) = self.now else {
            self.told = (self.told.0, None);
            return;
        };
        if self.told.1.is_none_or(|told| told.differs_from(&now)) {
            self.told = (number, Some(now));
        }
        let is_looked_at = self.looked_at.is_some_and(|looked_at| number - looked_at <= limits::SAMPLES_LOOKED_AT);
        let most = if is_looked_at { limits::SAMPLES_LOOKED_AT } else { limits::SAMPLES };
        while self.samples.len() as u64 >= most {
            self.samples.pop_front();
        }
        self.samples.push_back(Sample::new(at, &now));
    }
}

fn seconds(ticks: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a double counts hundredths of seconds for millions of years")]
    let seconds = ticks as f64 / clock_ticks() as f64;
    seconds
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

    fn hundredths(seconds: f64) -> u64 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small and whole")]
        let hundredths = (seconds * 100.0).round() as u64;
        hundredths
    }

    /// Rounds, each so long after the one before.
    struct Rounds(Seen, Instant);

    impl Rounds {
        fn new() -> Self {
            Self(Seen::default(), Instant::now())
        }

        fn add(&mut self, later: Duration, infos: &[Arc<ProcessInfo>], trees: Vec<Option<Tree>>) {
            self.1 += later;
            let look = Look { begun: self.1, took: Duration::ZERO, at: Duration::from_secs(1_000) };
            self.0.add(infos, trees, look);
        }
    }

    const TWO_SECONDS: Duration = Duration::from_secs(2);

    #[tokio::test]
    async fn runs_add_up_and_nothing_decreases() {
        let mut rounds = Rounds::new();
        let hundredth = clock_ticks() / 100;
        let mut told = Vec::new();
        for (pid, start, used) in
            [(7, 1, Some(100)), (7, 1, Some(90)), (8, 2, Some(5)), (8, 2, None), (9, 3, Some(0)), (9, 4, Some(1))]
        {
            let infos = [process("cat", pid, start)];
            let tree = used.map(|hundredths| tree(hundredths * hundredth));
            rounds.add(TWO_SECONDS, &infos, vec![tree]);
            let usage = rounds.0.usage_of(&infos[0]);
            let seen = usage.now.map(|now| (now.memory, now.processes));
            assert_eq!(seen, tree.map(|_| (2 * page_bytes(), 3)));
            told.push(hundredths(usage.cpu_seconds));
        }
        assert_eq!(told, [100, 100, 105, 105, 105, 106]);
    }

    #[tokio::test]
    async fn a_share_of_a_processor_needs_two_looks_that_are_not_far_apart() {
        let mut rounds = Rounds::new();
        let second = clock_ticks();
        let infos = [process("cat", 7, 1)];
        let mut shares = Vec::new();
        for (later, used) in [(TWO_SECONDS, 5), (TWO_SECONDS, 6), (limits::SAMPLE_GAP * 2, 7), (TWO_SECONDS, 11)] {
            rounds.add(later, &infos, vec![Some(tree(used * second))]);
            let now = rounds.0.usage_of(&infos[0]).now.unwrap();
            shares.push(now.cpu.map(hundredths));
        }
        assert_eq!(shares, [None, Some(50), None, Some(200)]);
        // One that comes to it was not seen before, however close the last look is.
        let infos = [process("cat", 7, 1), process("dog", 8, 1)];
        rounds.add(TWO_SECONDS, &infos, vec![Some(tree(11 * second)), Some(tree(second))]);
        assert_eq!(rounds.0.usage_of(&infos[1]).now.unwrap().cpu, None);
    }

    #[tokio::test]
    async fn trees_are_those_of_processes_that_have_a_pid_and_who_is_gone_is_forgotten() {
        let mut rounds = Rounds::new();
        let infos = [process("a", 0, 0), process("b", 5, 1)];
        rounds.add(TWO_SECONDS, &infos, vec![Some(tree(1))]);
        assert_eq!(rounds.0.usage_of(&infos[0]).now, None);
        assert!(rounds.0.usage_of(&infos[1]).now.is_some());
        rounds.add(TWO_SECONDS, &infos[..1], vec![]);
        assert_eq!(rounds.0.programs.len(), 1);
        assert_eq!(rounds.0.usage_of(&infos[1]), Usage::default());
    }

    #[tokio::test]
    async fn what_hardly_changes_is_not_told_again_and_the_past_has_an_end() {
        let mut rounds = Rounds::new();
        let infos = [process("cat", 7, 1)];
        let sampler = Sampler::default();
        for number in 1..=limits::SAMPLES + 10 {
            rounds.add(TWO_SECONDS, &infos, vec![Some(tree(0))]);
            assert_eq!(rounds.0.number, number);
        }
        sampler.seen.replace(rounds.0);
        let changed = |known| sampler.changed_since(known, infos.iter());
        // In the first round it appeared, in the second its share of a processor was known.
        assert_eq!(changed(1).1.len(), 1);
        assert_eq!(changed(2), (limits::SAMPLES + 10, vec![]));
        assert_eq!(sampler.samples_of(&infos[0]).len() as u64, limits::SAMPLES);
        sampler.look_at(&infos[0]);
        let mut rounds = Rounds(sampler.seen.take(), Instant::now() + Duration::from_hours(1));
        rounds.add(TWO_SECONDS, &infos, vec![Some(tree(0))]);
        sampler.seen.replace(rounds.0);
        assert_eq!(sampler.samples_of(&infos[0]).len() as u64, limits::SAMPLES + 1);
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_ask_within_a_while_share_a_round() {
        let (context, _stop, _inbox) = Context::for_tests();
        let infos = [process("this", i32::try_from(std::process::id()).unwrap(), 1)];
        let number = || context.sampler.seen.borrow().number;
        let age = Duration::from_mins(10);
        for expected in [1, 1, 2] {
            if expected == 2 {
                tokio::time::advance(age).await;
            }
            let round = context.sampler.sample(&infos, age, &context).await.unwrap();
            assert!(round.usages[0].now.is_some_and(|now| now.memory > 0));
            assert_eq!(number(), expected);
        }
    }
}
