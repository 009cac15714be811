//! What the core does, in simulated time: one module a behaviour, `sim` for the simulated world.
//!
//! Transcripts name events as their payloads do and log lines as the main log does. Contract sections are those of
//! contract/processes.md unless a test says another.

mod capture;
mod clock;
mod deferred;
mod dependency_order;
mod essential;
mod event_backpressure;
mod event_payloads;
mod event_spill;
mod event_stream;
mod extension_processes;
mod groups;
mod lifecycle;
mod listener_histories;
mod listener_pool;
mod listener_protocol;
mod listener_restart;
mod lives;
mod membership;
mod properties;
mod reload;
mod result_handlers;
mod shutdown;
mod sim;
mod sockets;
mod tick;
