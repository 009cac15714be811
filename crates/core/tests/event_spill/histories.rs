//! Random histories of a pool that spills: each event is done once, or counted, whatever ends supervisord and whatever
//! the disk does.
//!
//! `SPILL_HISTORIES` says how many are run, `HISTORY_SEED` which is the first.

use std::collections::{BTreeMap, BTreeSet};

use supervisor_core::{ExitStatus, ProcessState, StdinError};

use super::{groups, journal_of, work};
use crate::sim::Sim;
use crate::sim::random::{Random, seeds};

const HISTORIES: u64 = 2_000;

/// What a random history knows of its events.
#[derive(Default)]
struct Account {
    sent: usize,
    /// Those that listeners have said to be done.
    done: BTreeSet<usize>,
    /// What each listener works on.
    with: BTreeMap<String, usize>,
    /// The last event that this supervisord has sent for the first time in its life.
    newest: Option<usize>,
    seen: BTreeSet<usize>,
    never_crashes: bool,
    /// Dropped events that the log has told of.
    told: usize,
}

impl Account {
    fn read(&mut self, sim: &mut Sim) {
        for sent in sim.deliveries().into_iter().filter(|sent| sent.to != "m") {
            let data = sent.payload.strip_prefix("type:test\n").expect("it was sent as a test");
            let number: usize = data.parse().expect("its data is a number");
            assert_eq!(sent.serial(), number as u64, "an event keeps its serial");
            assert_eq!(sent.poolserial(), number as u64, "and its poolserial");
            assert!(!self.done.contains(&number), "{number} is done");
            assert!(!self.with.values().any(|other| *other == number), "{number} is with two");
            if self.seen.insert(number) {
                assert!(self.newest.is_none_or(|newest| newest < number), "{number} comes after {:?}", self.newest);
                self.newest = Some(number);
            }
            self.with.insert(sent.to, number);
        }
    }

    fn happen(&mut self, sim: &mut Sim, buffer_size: usize, random: &mut Random) {
        let name = random.pick(&["a", "b"]);
        let full_name = format!("l:{name}");
        match random.below(20) {
            0..8 => {
                sim.send_event(&self.sent.to_string());
                self.sent += 1;
            }
            8..11 => {
                if !self.with.contains_key(name) && sim.pid(&full_name).is_some() {
                    sim.say(&full_name, "READY\n");
                }
            }
            11..15 => {
                if let Some(number) = self.with.remove(name) {
                    self.done.insert(number);
                    sim.say(&full_name, random.pick(&["RESULT 2\nOK", "RESULT 2\nOKREADY\n"]));
                }
            }
            15 => {
                if self.with.remove(name).is_some() {
                    sim.say(&full_name, random.pick(&["RESULT 4\nFAIL", "RESULT 0\n", "garbage\n"]));
                }
            }
            16 => {
                if sim.pid(&full_name).is_some() {
                    self.with.remove(name);
                    sim.exit(&full_name, ExitStatus::Exited(1));
                }
            }
            17 if random.percent(50) && !self.never_crashes => {
                self.with.clear();
                (self.newest, self.seen) = (None, BTreeSet::new());
                sim.crash(groups(buffer_size));
            }
            18 if random.percent(30) => {
                sim.host.stdin_errors.insert(name.to_owned(), StdinError::Full);
            }
            18 => sim.host.stdin_errors.clear(),
            _ => sim.advance(random.pick(&[0.0, 0.5, 1.0, 3.0])),
        }
        self.read(sim);
    }

    /// A last life in which all is well.
    fn settle(&mut self, sim: &mut Sim) {
        self.with.clear();
        (self.newest, self.seen) = (None, BTreeSet::new());
        sim.crash(groups(3));
        self.read(sim);
        sim.advance(2.0);
        assert_eq!(sim.state("l:a"), ProcessState::Running);
        for (_, _, data) in work(sim) {
            assert!(self.done.insert(data.parse().expect("a number")), "{data} came again");
        }
    }
}

#[test]
fn every_event_is_done_once_whatever_ends_supervisord() {
    for seed in seeds("SPILL_HISTORIES", HISTORIES) {
        let mut random = Random::seeded(seed);
        let buffer_size = random.pick(&[1, 2, 5, 100]);
        let mut sim = Sim::with(groups(buffer_size));
        let mut account = Account::default();
        for _ in 0..random.below(150) {
            account.happen(&mut sim, buffer_size, &mut random);
            let statistics = sim.statistics("l");
            let known = statistics.waiting as u64 + statistics.spilled + statistics.in_progress as u64;
            assert_eq!(known, (account.sent - account.done.len()) as u64, "history {seed}: nothing is lost");
            assert!(statistics.waiting <= buffer_size + 2, "history {seed}: memory is bounded");
        }
        account.settle(&mut sim);
        assert_eq!(account.done.len(), account.sent, "history {seed}");
        assert_eq!(journal_of(&sim), [], "history {seed}");
    }
}

#[test]
fn whatever_the_disk_does_each_event_is_done_once_or_counted() {
    for seed in seeds("SPILL_HISTORIES", HISTORIES) {
        let mut random = Random::seeded(seed);
        let buffer_size = random.pick(&[1, 2, 5]);
        let mut sim = Sim::with(groups(buffer_size));
        let mut account = Account { never_crashes: true, ..Account::default() };
        for _ in 0..random.below(200) {
            let journal = sim.host.journals.get_mut("l").expect("it is open");
            match random.below(20) {
                0 => journal.trouble = Some("EIO".to_owned()),
                1 => journal.trouble = None,
                2 => journal.max_events = random.pick(&[None, Some(1), Some(4)]),
                _ => account.happen(&mut sim, buffer_size, &mut random),
            }
            let known = sim.statistics("l");
            let dropped = known.dropped_by_count + known.dropped_by_bytes;
            let held = known.waiting as u64 + known.spilled + known.in_progress as u64;
            assert_eq!(known.delivered, account.done.len() as u64, "history {seed}");
            assert_eq!(known.delivered + dropped + held, account.sent as u64, "history {seed}: {known:?}");
            let lines = sim.take();
            let first = lines.with("ERRO pool l event buffer overflowed, discarding event").lines().len();
            account.told += first + lines.with("DEBG pool l discards event").lines().len();
            assert_eq!(account.told as u64, dropped, "history {seed}: each is told");
            assert!(known.waiting <= 2 * buffer_size + 2, "history {seed}: memory is bounded");
        }
        let journal = sim.host.journals.get_mut("l").expect("it is open");
        (journal.trouble, journal.max_events) = (None, None);
        for listener in ["l:a", "l:b"] {
            if sim.pid(listener).is_some() {
                sim.exit(listener, ExitStatus::Exited(1));
            }
        }
        sim.host.stdin_errors.clear();
        account.with.clear();
        sim.advance(100.0);
        if sim.state("l:a") == ProcessState::Fatal {
            sim.start("l:a");
            sim.advance(1.0);
        }
        assert_eq!(sim.state("l:a"), ProcessState::Running, "history {seed}");
        // What was under way when they ended comes again.
        sim.deliveries();
        for (_, _, data) in work(&mut sim) {
            assert!(account.done.insert(data.parse().expect("a number")), "history {seed}: {data} came again");
        }
        let rest = sim.statistics("l");
        assert_eq!((rest.waiting, rest.spilled, rest.in_progress), (0, 0, 0), "history {seed}: it is never stuck");
    }
}
