//! Every bound of this crate, named. Upstream has none of them; no file that means anything comes near.

use std::time::Duration;

/// Bytes of one configuration file; a longer one (or `/dev/zero`) is refused.
pub const FILE_BYTES: u64 = 16 << 20;

/// How long a pipe that is the configuration file may be silent.
pub const PIPE_WAIT: Duration = Duration::from_secs(5);

/// Processes of one configuration, over all its sections and their `numprocs`.
pub const PROCESSES: usize = 100_000;

/// Characters that one `%(name)100s` may ask for as width or precision.
pub const FORMAT_WIDTH: usize = 4_096;

/// Errors that a check tells; it ends with the last of them.
pub const ERRORS: usize = 1_000;

/// Warnings of a check beyond those of a start.
pub const WARNINGS: usize = 1_000;

/// Unknown options that are warned of one by one; the rest is counted.
pub const UNKNOWN_OPTIONS: usize = 100;

/// Unknown sections that are warned of one by one; the rest is counted.
pub const UNKNOWN_SECTIONS: usize = 100;

/// Templates that may stand behind each other.
pub const TEMPLATE_DEPTH: usize = 8;

/// Lines after that of an option that are searched for a part of its value.
pub const VALUE_LINES: u32 = 1_000;

/// Characters of a bad number that an error quotes, with its quotation marks; Python has the same bound.
pub const QUOTED_CHARACTERS: usize = 200;

/// Bytes of a time zone file that are read; the largest of tzdata has 4 KiB.
pub const ZONE_FILE_BYTES: u64 = 1 << 20;

/// Processes of one section that a check looks at: whether their programs can work.
pub const PROCESSES_LOOKED_AT: usize = 100;

/// Bytes of a program that a check reads to see what runs it; the kernel looks at 256.
pub const SCRIPT_BYTES: u64 = 256;
