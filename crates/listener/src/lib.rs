//! For programs that supervisord runs: event listeners, messages of ordinary programs, calls back to supervisord.
//!
//! What `supervisor.childutils` is for Python. Blocking and without threads, since a listener waits for one event,
//! works on it and answers. Nothing here talks to a process but through the documented interfaces: the listener
//! protocol (contract/events.md §3, §4), the tokens of capture mode (contract/processes.md §6.3) and XML-RPC.
//!
//! ```no_run
//! use supervisor_listener::{Event, Listener, Verdict};
//!
//! fn main() -> std::io::Result<()> {
//!     Listener::of_this_process().run(|notification| {
//!         if let Event::ProcessState { process, to, .. } = &notification.event {
//!             eprintln!("{process} is {}", to.name());
//!         }
//!         Verdict::Ok
//!     })
//! }
//! ```
#![forbid(unsafe_code)]

mod event;
mod header;
mod limits;
mod listener;
mod message;
mod rpc;
mod server_url;
#[cfg(feature = "tls")]
mod tls;
mod tokens;
#[cfg(any(test, not(feature = "tls")))]
mod without_tls;

pub use event::{Event, EventError};
pub use header::{Header, HeaderError};
pub use listener::{Listener, Notification, Verdict};
pub use message::{BEGIN_TOKEN, END_TOKEN, send_message};
pub use rpc::{CallError, Client};
pub use server_url::{ServerUrl, ServerUrlError};
pub use supervisor_core::{Channel, ProcessState};
pub use supervisor_protocol::xmlrpc::Value;
pub use tokens::{Tokens, event_data};
