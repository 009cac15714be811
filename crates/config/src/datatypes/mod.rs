//! What a value means: the data types of options (contract/config.md §4).
//!
//! A function takes the text of a value and gives the value or upstream's words for what is wrong with it; where
//! the value stands in which file is its caller's to add. Of a type that only we have it says what the value has to be.

mod addresses;
mod attributes;
mod choices;
mod durations;
mod environment_sources;
mod numbers;
mod paths;
mod quantities;
mod users;
mod words;

pub(crate) use addresses::{InetAddress, base_url, inet_address, port_number, url};
pub(crate) use attributes::{
    ambient_capabilities, capability_bounding, cpu_range, io_priority, limit_of_bytes, limit_of_number, nice,
    oom_score_adj, scheduler, signal_or_none,
};
pub(crate) use choices::{
    anonymous_paths, autorestart, boolean, exitcodes, list_of_strings, loglevel, process_or_group_name, signal,
    signal_rewrite,
};
pub(crate) use durations::duration;
pub(crate) use environment_sources::{credential, environment_file, secret_variable, variable_pattern};
pub(crate) use numbers::{byte_size, file_mode, integer, octal};
pub(crate) use paths::{existing_directory, existing_dirpath, temporary_directory};
pub(crate) use quantities::{count, pause, percent};
pub(crate) use users::{NamedGroup, UserDatabase};
pub(crate) use words::{
    KillMode, aftermath, backoff, exit_when, kill_mode, on_protocol_error, overflow, sd_notify, subreaper,
    web_interface,
};

/// A value, or the words for what is wrong with it.
pub(crate) type Checked<T> = Result<T, String>;

/// A text that is the value.
#[expect(clippy::unnecessary_wraps, reason = "it is one of the data types")]
pub(crate) fn as_written(text: &str) -> Checked<Box<str>> {
    Ok(text.into())
}
