//! What processes use: CPU time and memory, from `/proc`, for whoever asks (reference/web.md §5.3).
//!
//! Nothing is read while nobody asks, and it is read on a thread for files. What cannot be read is absent, never 0.

mod process_tree;
mod sampler;
mod usage;

pub(super) use process_tree::{clock_ticks, fields_of_stat, page_bytes};
pub(super) use sampler::Sampler;
pub(super) use usage::{Now as Use, Round, Usage};
