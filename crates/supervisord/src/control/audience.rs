//! Whom a server answers at all: everybody, or, where it stands open without a password, this machine alone
//! (COMPATIBILITY.md, N09).
//!
//! Decided once for a connection, by the addresses of its two ends. What a client says of itself or of others
//! (`X-Forwarded-For`) counts for nothing here.

use std::net::SocketAddr;

use supervisor_sys::is_own_address;
use tokio::net::TcpStream;

/// Whom a server answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    Everybody,
    /// Clients on this machine; others are told this.
    ThisMachine {
        refusal: String,
    },
}

/// Where a client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Visitor {
    /// On this machine, or wherever it likes.
    Welcome,
    /// On another machine, where this one has to be.
    Stranger,
}

impl Audience {
    /// What kind of client has connected.
    pub(super) fn visitor(&self, stream: &TcpStream) -> Visitor {
        match self {
            Self::Everybody => Visitor::Welcome,
            Self::ThisMachine { .. } => match (stream.peer_addr(), stream.local_addr()) {
                (Ok(peer), Ok(local)) if is_of_this_machine(peer, local) => Visitor::Welcome,
                (_, _) => Visitor::Stranger,
            },
        }
    }

    /// What a client is refused with; `None`: it is not.
    pub(super) fn refusal(&self, visitor: Visitor) -> Option<&str> {
        match (self, visitor) {
            (Self::ThisMachine { refusal }, Visitor::Stranger) => Some(refusal),
            (Self::ThisMachine { .. }, Visitor::Welcome) | (Self::Everybody, _) => None,
        }
    }
}

/// Both ends with one address are on one machine, also where a whole network is routed to it.
fn is_of_this_machine(peer: SocketAddr, local: SocketAddr) -> bool {
    peer.ip() == local.ip() || is_own_address(peer)
}
