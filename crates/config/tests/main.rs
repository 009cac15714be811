//! What a configuration means, through the public interface: one module a subject, `folder` for files to read.
//!
//! That values and error texts are upstream's is shown by the goldens (src/golden_tests.rs); here is what they cannot
//! show: what differs on purpose, files that are none, the command line, the client, and the check.

mod additions;
mod check;
mod client;
mod command_line;
mod defaults;
mod deviations;
mod documentation;
mod effective;
mod essential;
mod extensions;
mod files;
mod folder;
mod hosted_plugins;
mod include_patterns;
mod man_pages;
mod odd_files;
mod places;
mod problems;
mod robustness;
mod sharing;
mod templates;
