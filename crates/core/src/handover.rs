//! What passes from one generation of a supervisord to the next: one value, of plain data.
//!
//! A generation begins with a configuration and ends with a restart, for which everything was stopped; so today little
//! passes. Processes pass by their names, since ids are those of a generation. Times in it are those of its clocks:
//! monotonic ones are absolute, and mean the same to whoever comes next on this machine.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::event_ring::EventRing;

/// What the next generation goes on with.
#[derive(Clone, Debug)]
pub struct Handover {
    /// The serial of the next event that a pool accepts.
    pub next_event_serial: u64,
    /// The newest events: the event stream goes on.
    pub events: EventRing,
    /// What is known of processes, by group and name.
    pub processes: BTreeMap<(Box<str>, Box<str>), ProcessHandover>,
    /// Monotonic times of the restarts that programs have brought about lately.
    pub restarts: VecDeque<Duration>,
}

/// What is known of a process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProcessHandover {
    /// Its lives so far: the next one has the number after that.
    pub lives: u64,
}
