//! What the integration tests share. Not a framework: a daemon in a folder, a way to wait, a way to call.
//!
//! Invariant: whatever a test starts carries a mark in its environment, and is gone when the test ends.

#![expect(
    clippy::disallowed_methods,
    reason = "the test program is no supervisor: std may start and await its children, and polling needs a clock"
)]

mod binaries;
mod daemon;
mod marked_processes;
mod memory;
mod program;
mod rpc;
mod streamed;
mod two_machines;
mod untested;
mod until;

pub(crate) use binaries::{project_root, python_environment, supervisorctl, supervisord, testing_the_original};
pub(crate) use daemon::{TestDaemon, free_port};
pub(crate) use marked_processes::{Mark, send_signal};
pub(crate) use memory::{peak_kilobytes, resident_kilobytes};
pub(crate) use program::{Ended, Program};
pub(crate) use rpc::{Value, http_get, raw_http};
pub(crate) use streamed::Streamed;
pub(crate) use two_machines::TwoMachines;
pub(crate) use untested::{is_root, not_tested};
pub(crate) use until::{until, until_at_most};
