//! What passes between the two planes, and all that does: plain data, no lock, and neither plane waits here for the
//! other to let go of something. The planes name this folder and not each other, and it names neither of them
//! (`tests/tidy.rs::planes_meet_at_the_boundary_alone`).
//!
//! - [`inbox`], control to supervision: messages through a bounded queue with a wake-up. Those that want an answer are
//!   [`requests`], each with the type of its own.
//! - [`outbox`], supervision to control: notices that nobody has asked for, from a closed list. [`followers`] are the
//!   clients that are told of one thing each: a log, or events.
//! - [`snapshot`], supervision to control: what is told of processes, to be read at any time.
//!
//! What a request, an answer or a process looks like on the wire is not known here: XML-RPC and JSON are read and
//! written at the edge of the control plane. What the name service says of users and hosts is no message of one plane
//! to the other: both ask [`crate::name_service`].

pub mod followers;
pub mod inbox;
pub mod outbox;
pub mod requests;
pub mod snapshot;
