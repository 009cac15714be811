//! The socket that the processes of a FastCGI program share.

/// The socket of an `[fcgi-program:x]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketConfig {
    /// As in the file, normalised: `unix:///path` or `tcp://host:port`.
    pub url: Box<str>,
    /// Where to bind.
    pub address: SocketAddress,
    /// `listen(2)` backlog; `None`: as much as the kernel gives.
    pub backlog: Option<u32>,
}

/// Where a FastCGI socket is bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketAddress {
    /// A path, with who may reach it.
    Unix {
        /// Absolute path.
        path: Box<str>,
        /// User and group id, when they are to be changed.
        owner: Option<SocketOwner>,
        /// File mode.
        mode: u32,
    },
    /// Host name or address, and port.
    Tcp {
        /// Host name or address.
        host: Box<str>,
        /// Port, 1..=65535.
        port: u16,
    },
}

/// Owner of a socket file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketOwner {
    /// User id.
    pub uid: u32,
    /// Group id; `None`: unchanged.
    pub gid: Option<u32>,
}
