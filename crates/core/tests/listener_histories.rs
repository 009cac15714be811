//! Random listeners: whatever they say in whatever pieces, whenever they die, every event is accounted for.
//!
//! A ledger reads the main log, which names each step of an event, and objects to what cannot be: an event given to two
//! members at once, one given away after it was done, one dropped while a member works on it, one forgotten.
//! `LISTENER_HISTORIES` says how many histories are run, `HISTORY_SEED` which is the first.

use std::collections::BTreeMap;

use supervisor_core::{
    Channel, ChannelConfig, DaemonSignal, EventType, ExitStatus, Input, OnProtocolError, Overflow, ProcessState,
    StdinError,
};

use crate::sim::Sim;
use crate::sim::config::{alone, channel, program, with};
use crate::sim::listeners::{pool, with_options};
use crate::sim::random::{Random, seeds};

const HISTORIES: u64 = 2_000;

/// Pools and their members. Names of members are unique, since the log names nothing else.
const POOLS: [(&str, &[&str]); 2] = [("p", &["a", "b", "c"]), ("q", &["d"])];

const MEMBERS: [(&str, &str); 4] = [("p:a", "a"), ("p:b", "b"), ("p:c", "c"), ("q:d", "d")];

/// What listeners say, in any pieces.
const PHRASES: [&str; 14] = [
    "READY\n",
    "READY\n",
    "READY\n",
    "RESULT 2\nOK",
    "RESULT 2\nOK",
    "RESULT 2\nOKREADY\n",
    "RESULT 2\nOKREADY\n",
    "RESULT 4\nFAIL",
    "RESULT 4\nFAILREADY\n",
    "RESULT 0\n",
    "RESULT -1\n",
    "RESULT 12\nRESULT 2\nOK\n",
    "\n",
    "garbage \u{fffd}",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Waiting,
    With(char),
    Done,
    Dropped,
}

/// Where each event of each pool is.
#[derive(Debug, Default)]
struct Ledger {
    places: BTreeMap<(char, u64), Place>,
    accepted: u64,
}

impl Ledger {
    fn pool_of(member: char) -> char {
        if member == 'd' { 'q' } else { 'p' }
    }

    fn with(&self, member: char) -> Option<(char, u64)> {
        let found = self.places.iter().find(|(_, place)| **place == Place::With(member));
        found.map(|(event, _)| *event)
    }

    /// Reads what has been logged, in its order.
    fn read(&mut self, sim: &mut Sim) {
        for line in sim.take().lines() {
            let words: Vec<&str> = line.split(' ').collect();
            match words.as_slice() {
                ["REMOTE_COMMUNICATION" | "PROCESS_LOG_STDOUT", ..] => {
                    for pool in ['p', 'q'] {
                        self.places.insert((pool, self.accepted), Place::Waiting);
                    }
                    self.accepted += 1;
                }
                ["DEBG", "event", serial, "sent", "to", "listener", member] => {
                    let member = letter(member);
                    assert_eq!(self.with(member), None, "{member} is busy");
                    self.step((Self::pool_of(member), number(serial)), Place::Waiting, Place::With(member));
                }
                ["DEBG", member, "event", "was", "processed"] => {
                    let member = letter(member);
                    let event = self.with(member).expect("one that has processed an event had one");
                    self.step(event, Place::With(member), Place::Done);
                }
                ["DEBG", "rebuffering", "event", serial, "for", "pool", pool, ..] => {
                    let event = (letter(pool), number(serial));
                    let Place::With(member) = self.places[&event] else { panic!("{event:?} was with nobody") };
                    self.step(event, Place::With(member), Place::Waiting);
                }
                ["ERRO", "pool", pool, "event", "buffer", "overflowed,", "discarding", "event", serial]
                | ["DEBG", "pool", pool, "discards", "event", serial] => {
                    self.step((letter(pool), number(serial)), Place::Waiting, Place::Dropped);
                }
                _ => {}
            }
        }
    }

    fn step(&mut self, event: (char, u64), from: Place, to: Place) {
        let before = self.places.insert(event, to);
        assert_eq!(before, Some(from), "{event:?} goes to {to:?}");
    }

    fn count(&self, pool: char, place: Place) -> u64 {
        self.places.iter().filter(|((of, _), is)| *of == pool && **is == place).count() as u64
    }

    /// Compares with the counters.
    fn check(&self, sim: &Sim) {
        for (pool, members) in POOLS {
            let (statistics, pool) = (sim.statistics(pool), letter(pool));
            let busy: u64 = members.iter().map(|member| self.count(pool, Place::With(letter(member)))).sum();
            assert_eq!(statistics.accepted, self.accepted);
            assert_eq!(statistics.delivered, self.count(pool, Place::Done));
            assert_eq!(statistics.dropped_by_count, self.count(pool, Place::Dropped));
            assert_eq!(statistics.waiting as u64 + statistics.spilled, self.count(pool, Place::Waiting));
            assert_eq!(statistics.in_progress as u64, busy);
        }
    }
}

fn letter(word: &str) -> char {
    word.chars().next().expect("words are not empty")
}

fn number(word: &str) -> u64 {
    word.parse().expect("a serial is a number")
}

/// Something happens to one of the listeners, or an event comes.
fn happen(sim: &mut Sim, unsaid: &mut BTreeMap<&str, Vec<u8>>, random: &mut Random) {
    let (full_name, name) = random.pick(&MEMBERS);
    match random.below(20) {
        0..5 => sim.send_event("event"),
        5 => sim.write("cat", Channel::Stdout, b"some output of a program"),
        6..9 => unsaid.entry(full_name).or_default().extend(random.pick(&PHRASES).bytes()),
        9..16 => {
            let bytes = unsaid.entry(full_name).or_default();
            let length = random.below(bytes.len() as u64 + 1);
            let part: Vec<u8> = bytes.drain(..usize::try_from(length).expect("it is small")).collect();
            if !part.is_empty() && sim.pid(full_name).is_some() {
                sim.output(full_name, Channel::Stdout, &part);
            }
        }
        16 if sim.pid(full_name).is_some() => {
            unsaid.remove(full_name);
            sim.exit(full_name, ExitStatus::Exited(1));
        }
        17 => {
            let error = random.pick(&[StdinError::Full, StdinError::Closed]);
            sim.host.stdin_errors.insert(name.to_owned(), error);
        }
        18 => {
            sim.host.stdin_errors.remove(name);
            let life = sim.life(full_name);
            sim.feed(Input::StdinTaken { life });
        }
        _ => sim.advance(random.pick(&[0.0, 0.5, 1.0, 3.0])),
    }
}

/// All listeners begin anew and do their work: nothing may be left.
fn settle(sim: &mut Sim, ledger: &mut Ledger) {
    sim.host.stdin_errors.clear();
    for (full_name, _) in MEMBERS {
        if sim.pid(full_name).is_some() {
            sim.exit(full_name, ExitStatus::Exited(1));
        }
    }
    sim.advance(120.0);
    for (full_name, _) in MEMBERS {
        if sim.state(full_name) == ProcessState::Fatal {
            sim.start(full_name);
        }
    }
    sim.advance(2.0);
    sim.deliveries();
    ledger.read(sim);
    for (full_name, _) in MEMBERS {
        sim.say(full_name, "READY\n");
    }
    loop {
        let sent = sim.deliveries();
        if sent.is_empty() {
            break;
        }
        for delivery in sent {
            let (full_name, _) = MEMBERS.iter().find(|(_, name)| *name == delivery.to).expect("a member");
            sim.say_done(full_name);
            sim.read_pipes();
        }
        ledger.read(sim);
    }
    ledger.read(sim);
}

/// In the middle of it all: everybody is answered, and it ends.
fn shut_down(sim: &mut Sim, random: &mut Random) {
    sim.signal(random.pick(&[DaemonSignal::Term, DaemonSignal::Hup]));
    assert_eq!(sim.host.witness.open_requests(), 0);
    sim.read_pipes();
    assert_eq!(sim.unread("cat", Channel::Stdout), 0);
    sim.advance(100.0);
    assert!(sim.supervisor.is_finished());
}

#[test]
fn every_event_is_done_once_or_dropped_with_a_line() {
    for seed in seeds("LISTENER_HISTORIES", HISTORIES) {
        let mut random = Random::seeded(seed);
        let buffer_size = random.pick(&[1, 2, 5, 1_000]);
        let events = [EventType::RemoteCommunication, EventType::ProcessLogStdout];
        let mut lossless = Vec::new();
        let mut groups: Vec<_> = Vec::new();
        for (name, members) in POOLS {
            let overflow = random.pick(&[Overflow::DropOldest, Overflow::Block, Overflow::Spill]);
            let on_error = random.pick(&[OnProtocolError::Unknown, OnProtocolError::Restart]);
            lossless.extend((overflow != Overflow::DropOldest).then_some(name));
            groups.push(with_options(&pool(name, buffer_size, &events, members), |config| {
                (config.overflow, config.on_protocol_error) = (overflow, on_error);
            }));
        }
        let stdout = ChannelConfig { events_enabled: true, ..channel() };
        groups.push(alone(with(program("cat"), |it| it.log.stdout = stdout)));
        let mut sim = Sim::with(groups);
        let (mut ledger, mut unsaid) = (Ledger::default(), BTreeMap::new());
        for _ in 0..random.below(150) {
            happen(&mut sim, &mut unsaid, &mut random);
            sim.read_pipes();
            ledger.read(&mut sim);
            ledger.check(&sim);
        }
        if random.percent(20) {
            shut_down(&mut sim, &mut random);
            continue;
        }
        settle(&mut sim, &mut ledger);
        ledger.check(&sim);
        for (pool, _) in POOLS {
            let statistics = sim.statistics(pool);
            assert_eq!(
                (statistics.waiting, statistics.spilled, statistics.in_progress),
                (0, 0, 0),
                "history {seed}: {statistics:?}"
            );
            if lossless.contains(&pool) {
                assert_eq!(statistics.delivered, statistics.accepted, "history {seed}: nothing is dropped");
            }
        }
        assert_eq!(sim.host.witness.open_requests(), 0, "history {seed}");
        assert_eq!(sim.unread("cat", Channel::Stdout), 0, "history {seed}");
        assert_eq!(sim.state("cat"), ProcessState::Running, "history {seed}");
    }
}
