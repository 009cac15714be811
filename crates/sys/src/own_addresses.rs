//! Which addresses are this machine's own.
//!
//! Nobody else can have a conversation by one of them: an answer to it never leaves the machine.

use std::net::{IpAddr, SocketAddr};

use nix::ifaddrs::getifaddrs;
use nix::sys::socket::SockaddrStorage;

/// Whether a connection whose other end has this address comes from this machine: loopback, or an address that one of
/// its interfaces has just now. IPv4 in the form of IPv6 counts as IPv4. A link-local address counts on its own link
/// alone, since on another link it may be another machine's. Asks the kernel for all addresses; never waits.
pub fn is_own_address(address: SocketAddr) -> bool {
    if address.ip().to_canonical().is_loopback() {
        return true;
    }
    // What cannot be asked is not known to be ours.
    let Ok(interfaces) = getifaddrs() else { return false };
    is_among(address, interfaces.filter_map(|interface| socket_address(&interface.address?)))
}

fn is_among(address: SocketAddr, mut own: impl Iterator<Item = SocketAddr>) -> bool {
    let place = place_of(address);
    own.any(|own| place_of(own) == place)
}

/// The address, and the link where it holds; 0: everywhere.
fn place_of(address: SocketAddr) -> (IpAddr, u32) {
    let scope = match address {
        SocketAddr::V6(address) if address.ip().is_unicast_link_local() => address.scope_id(),
        SocketAddr::V6(_) | SocketAddr::V4(_) => 0,
    };
    (address.ip().to_canonical(), scope)
}

fn socket_address(address: &SockaddrStorage) -> Option<SocketAddr> {
    if let Some(ipv4) = address.as_sockaddr_in() {
        return Some(SocketAddr::V4((*ipv4).into()));
    }
    address.as_sockaddr_in6().map(|ipv6| SocketAddr::V6((*ipv6).into()))
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddrV6;

    use super::*;

    fn address(text: &str) -> SocketAddr {
        SocketAddr::new(text.parse().unwrap(), 1234)
    }

    #[test]
    fn loopback_is_ours_and_what_nobody_has_is_not() {
        for own in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert!(is_own_address(address(own)), "{own}");
        }
        // For documentation alone (RFC 5737, RFC 3849).
        for foreign in ["192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1", "0.0.0.0", "::"] {
            assert!(!is_own_address(address(foreign)), "{foreign}");
        }
    }

    #[test]
    fn an_address_is_compared_without_its_port_and_in_either_form() {
        let own = || [address("192.0.2.1"), address("2001:db8::1")].into_iter();
        for (text, is_own) in
            [("192.0.2.1", true), ("::ffff:192.0.2.1", true), ("192.0.2.2", false), ("2001:db8::1", true)]
        {
            assert_eq!(is_among(SocketAddr::new(text.parse().unwrap(), 9), own()), is_own, "{text}");
        }
    }

    #[test]
    fn a_link_local_address_is_ours_on_its_own_link_alone() {
        let on_link = |scope| SocketAddr::V6(SocketAddrV6::new("fe80::1".parse().unwrap(), 9, 0, scope));
        assert!(is_among(on_link(2), [on_link(2)].into_iter()));
        assert!(!is_among(on_link(3), [on_link(2)].into_iter()));
    }
}
