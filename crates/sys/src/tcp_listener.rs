//! Listening on a port.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, ToSocketAddrs};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn, SockaddrIn6, bind, setsockopt, socket, sockopt};

use crate::limits::LISTEN_BACKLOG;
use crate::listen::listen;
use crate::socket_error::{SocketError, SocketStep};

/// Listens on a port for an HTTP server. An empty host stands for every IPv4 address; a name is looked up, and its
/// IPv4 address preferred; IPv6 addresses are written with or without brackets.
pub fn listen_tcp(host: &str, port: u16) -> Result<TcpListener, SocketError> {
    let address = resolve_host(host, port)?;
    let listener = bind_tcp(address)?;
    listen(listener.as_fd(), LISTEN_BACKLOG)?;
    Ok(TcpListener::from(listener))
}

/// A socket bound to that address, at once even if connections of a predecessor are still dying (SO_REUSEADDR).
pub(crate) fn bind_tcp(address: SocketAddr) -> Result<OwnedFd, SocketError> {
    let family = if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    let bound = socket(family, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    setsockopt(&bound, sockopt::ReuseAddr, &true)?;
    match address {
        SocketAddr::V4(address) => bind(bound.as_raw_fd(), &SockaddrIn::from(address)),
        SocketAddr::V6(address) => bind(bound.as_raw_fd(), &SockaddrIn6::from(address)),
    }
    .map_err(|errno| SocketStep::Place.failed_with(errno as i32))?;
    Ok(bound)
}

/// The address that a host and a port mean. Asks the name service for names, and so may wait for it.
pub fn resolve_host(host: &str, port: u16) -> Result<SocketAddr, SocketError> {
    if host.is_empty() {
        return Ok((Ipv4Addr::UNSPECIFIED, port).into());
    }
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if let Ok(address) = bare.parse::<Ipv6Addr>() {
        return Ok((IpAddr::V6(address), port).into());
    }
    let failed = |error: std::io::Error| SocketError::UnknownHost(error.to_string());
    let addresses: Vec<SocketAddr> = (host, port).to_socket_addrs().map_err(failed)?.collect();
    let ipv4 = addresses.iter().find(|address| address.is_ipv4());
    let nothing = || SocketError::UnknownHost(format!("no address for {host}"));
    ipv4.or(addresses.first()).copied().ok_or_else(nothing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_read_as_upstream_reads_them() {
        let table = [
            ("", "0.0.0.0:9001"),
            ("127.0.0.1", "127.0.0.1:9001"),
            ("localhost", "127.0.0.1:9001"),
            ("::1", "[::1]:9001"),
            ("[::1]", "[::1]:9001"),
        ];
        for (host, expected) in table {
            assert_eq!(resolve_host(host, 9001).unwrap().to_string(), expected, "{host:?}");
        }
    }

    #[test]
    fn a_port_in_use_is_told() {
        let first = listen_tcp("127.0.0.1", 0).unwrap();
        let port = first.local_addr().unwrap().port();
        assert_eq!(listen_tcp("127.0.0.1", port).unwrap_err(), SocketError::AddressInUse { listener: None });
        drop(first);
        listen_tcp("127.0.0.1", port).unwrap();
    }

    #[test]
    fn the_listener_is_closed_on_exec() {
        let listener = listen_tcp("127.0.0.1", 0).unwrap();
        let flags = nix::fcntl::fcntl(&listener, nix::fcntl::FcntlArg::F_GETFD).unwrap();
        assert_eq!(flags, libc::FD_CLOEXEC);
    }
}
