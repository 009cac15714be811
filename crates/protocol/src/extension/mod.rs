//! What travels between supervisord and an extension: JSON-RPC 2.0, one object a line (docs/extensions.md).
//!
//! Pure functions between bytes and values, as for XML-RPC, whose values these are: what JSON lacks is written as
//! `{"$b64": "…"}` and `{"$when": "20260102T03:04:05"}`. Both sides ask and answer; which answer belongs to which
//! question is not looked at here. Everything that is read is bounded ([`crate::limits`]).

mod description;
mod lines;
mod message;
mod names;
mod value;

pub use description::{Description, MethodDescription};
pub use lines::{LineTooLong, Lines};
pub use message::{ErrorAnswer, Id, Message, push_error, push_notification, push_request, push_result, read_message};
pub use names::is_method_name;
pub use value::{push_value, read_value};

/// The version of the protocol, of which there is one.
pub const PROTOCOL_VERSION: i64 = 1;
