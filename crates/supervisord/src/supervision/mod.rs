//! The supervision plane: the main thread, synchronous, without any runtime.
//!
//! [`event_loop`] waits and feeds the core, [`os_host`] does what the core decides. Knows nothing of HTTP, and parses
//! nothing that a stranger sent; no lock, no shared state: everything here has one owner.

mod auto_logs;
mod catching_up;
mod child;
mod child_attributes;
pub mod child_environment;
mod child_streams;
pub mod credentials_folder;
mod disk_watch;
mod env_file;
mod environment_sources;
mod event_backpressure;
mod event_journal;
mod event_journals;
pub mod event_loop;
mod extensions;
pub mod kernel;
mod limits;
mod log_backpressure;
mod log_batch;
pub mod log_file;
mod log_stream;
mod log_table;
mod log_writer;
mod log_writers;
pub mod main_log;
mod open_log;
pub mod os_host;
mod process_logs;
mod program_search;
mod queued_log;
mod regular_file;
pub mod restart_config;
pub mod service_manager;
mod slow_logs;
mod start_child;
mod syslog;
mod wanted_stdins;

pub use auto_logs::clean as clean_auto_logs;
