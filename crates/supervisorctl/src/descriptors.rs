//! Enough descriptors for the runtime and a connection, or one clear error: the runtime ends the program with a panic
//! where it gets too few.

use std::fmt;
use std::io;
use std::os::fd::AsFd as _;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::limits::{NEEDED_DESCRIPTORS, WANTED_DESCRIPTORS};

/// Fewer than are needed can be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooFew {
    /// How many can.
    free: usize,
    /// What the limit is.
    limit: u64,
}

impl fmt::Display for TooFew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { free, limit } = self;
        write!(
            f,
            "too few files may be open at once: {NEEDED_DESCRIPTORS} more are needed, and {free} are left of {limit} \
             (ulimit -n): raise this limit"
        )
    }
}

impl std::error::Error for TooFew {}

/// Raises the soft limit as far as is wanted, and makes sure that there is room for what is needed.
pub(crate) fn secure() -> Result<(), TooFew> {
    let mut limit = 0;
    // A kernel that does not tell has the last word with the attempt below.
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let wanted = hard.min(WANTED_DESCRIPTORS).max(soft);
        let raised = wanted > soft && setrlimit(Resource::RLIMIT_NOFILE, wanted, hard).is_ok();
        limit = if raised { wanted } else { soft };
    }
    let free = count_free();
    if free < NEEDED_DESCRIPTORS { Err(TooFew { free, limit }) } else { Ok(()) }
}

/// How many can be opened, up to what is needed.
fn count_free() -> usize {
    let duplicates = (0..NEEDED_DESCRIPTORS).map_while(|_| io::stderr().as_fd().try_clone_to_owned().ok());
    duplicates.collect::<Vec<_>>().len()
}
