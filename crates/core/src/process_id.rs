//! Names for things that come and go: processes, their lives, and requests.

use std::num::NonZeroI32;

/// A process of the core's table. Carries a generation: an id kept past the removal of its process is an
/// error when used, never another process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessId {
    index: u32,
    generation: u32,
}

impl ProcessId {
    /// An id from its parts; the process table is the one that deals them out.
    pub const fn new(index: u32, generation: u32) -> Self {
        Self { index, generation }
    }

    /// The place in the table: dense, so that a host may keep its own data in a `Vec`.
    pub fn index(self) -> usize {
        self.index as usize
    }

    /// How often the place had been given away before.
    pub fn generation(self) -> u32 {
        self.generation
    }
}

/// A life of a process: from a spawn to the reaping of what was spawned. Whatever comes from the world (output, an end)
/// and whatever is held for a life (pipes) is named by it, so that the last bytes of one are never those of the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Life {
    /// Whose life it is.
    pub process: ProcessId,
    /// Counted per process, from 1; a start that fails before there is a pid is none.
    pub number: u64,
}

/// A kernel process id, always above zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pid(NonZeroI32);

impl Pid {
    /// `None` for zero and for the negative numbers that `kill(2)` reads as process groups.
    pub fn new(raw: i32) -> Option<Self> {
        NonZeroI32::new(raw).filter(|pid| pid.get() > 0).map(Self)
    }

    /// The number that the kernel knows.
    pub fn get(self) -> i32 {
        self.0.get()
    }
}

impl std::fmt::Display for Pid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// One request of the control plane; answered exactly once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);
