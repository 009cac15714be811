//! The control plane over real sockets, with a scripted supervision plane behind it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod api;
mod client;
mod event_streams;
mod fake_supervision;
mod http;
mod log_streams;
mod pages;
mod pages_of_today;
mod rpc;
mod stopping;
