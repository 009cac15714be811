//! For extensions of supervisord: methods of your own beside its own, in a process of their own (docs/extensions.md).
//!
//! The sibling of `supervisor-listener`, whose events these are. Blocking: each call has a thread, so that a method may
//! take as long as it likes, and may call back. Nobody who uses it has to know the protocol.
//!
//! ```no_run
//! use supervisor_extension::{Extension, Fault, Method, Value};
//!
//! fn main() -> std::io::Result<()> {
//!     let depth = Method::new("depth", |call| {
//!         let spool = call.section().config.get("spool").ok_or_else(|| Fault::failed("spool= is missing"))?;
//!         Ok(Value::Int(std::fs::read_dir(spool)?.count() as i64))
//!     });
//!     Extension::new().method(depth.help("How many jobs wait.").signature("int", &[])).run()
//! }
//! ```
//!
//! With `[rpcinterface:queue]`, `command=/usr/local/bin/queue` and `spool=/var/spool/jobs`, whoever may call
//! supervisord may call `queue.depth`.
//!
//! Invariants: every call is answered once, also when its function panics; what waits is bounded (`limits.rs`); nothing
//! is written to stdout.
#![forbid(unsafe_code)]

mod call;
mod event_queue;
mod extension;
mod fault;
mod limits;
mod method;
mod open_calls;
mod supervisor;
mod wire;

pub use call::{Call, Section};
pub use event_queue::{Lost, Notification};
pub use extension::Extension;
pub use fault::Fault;
pub use method::Method;
pub use supervisor::Supervisor;
pub use supervisor_listener::{Channel, Event, ProcessState};
pub use supervisor_protocol::xmlrpc::Value;
