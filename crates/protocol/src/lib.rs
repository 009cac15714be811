//! What travels between supervisord and its clients: XML-RPC documents, the table of methods, JSON, the lines of
//! extensions.
//!
//! Pure functions from bytes to values and back. It opens no socket, asks no process and knows no HTTP; what a
//! method does is the control plane's and the core's. Rules: contract/rpc.md §2–§6.
#![forbid(unsafe_code)]

pub mod api;
pub mod extension;
pub mod json;
pub mod limits;
pub mod method;
pub mod name_pattern;
pub mod plugin_host;
mod python;
pub mod terminal;
pub mod xmlrpc;

/// What `getAPIVersion` answers.
pub const API_VERSION: &str = "3.0";

/// What `getSupervisorVersion` answers: `X.Y.Z`, which some clients compare number by number (contract/quirks.md D8).
pub const SUPERVISOR_VERSION: &str = env!("CARGO_PKG_VERSION");
