//! What supervisord, supervisorctl and the programs that call back have in common of TLS, which is rustls with ring.
//!
//! It opens no socket and does no handshake: who speaks does that, with a runtime or without. It knows no
//! configuration either; every error names the option, or the variable, that the caller names.
#![forbid(unsafe_code)]

pub mod pem;
#[cfg(feature = "client")]
mod trust;
#[cfg(feature = "client")]
mod words;

#[cfg(feature = "client")]
pub use trust::{Identity, NamedFile, Trust, client_config};
#[cfg(feature = "client")]
pub use words::{distrust, refusal};
