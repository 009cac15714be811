//! Every bound of this crate, named. Upstream has none of them; no file that means anything comes near.

/// Bytes of one configuration file; a longer one (or `/dev/zero`) is refused.
pub const FILE_BYTES: u64 = 64 << 20;

/// Processes of one configuration, over all its sections and their `numprocs`.
pub const PROCESSES: usize = 100_000;

/// Characters that one `%(name)100s` may ask for as width or precision.
pub const FORMAT_WIDTH: usize = 4_096;
