//! Who listens where on this machine, as the kernel's tables tell: nothing is opened, bound or asked.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// State of a TCP socket that listens, in the kernel's tables.
const LISTEN: &str = "0A";

/// A socket by the number of its inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Socket(u64);

/// The socket that listens on a port at an address, if one does; an unspecified address means all of them.
pub(crate) fn tcp_listener(address: IpAddr, port: u16) -> Option<Socket> {
    let of = |table: &str| fs::read_to_string(table).unwrap_or_default();
    let (v4, v6) = (of("/proc/net/tcp"), of("/proc/net/tcp6"));
    let lines = v4.lines().skip(1).chain(v6.lines().skip(1));
    lines.filter_map(listener).find(|(at, on, _)| *on == port && overlap(*at, address)).map(|(_, _, socket)| socket)
}

/// The socket that listens at a path.
pub(crate) fn unix_listener(path: &Path) -> Option<Socket> {
    let table = fs::read("/proc/net/unix").unwrap_or_default();
    let is_of_path = |line: &&[u8]| line.ends_with(path.as_os_str().as_bytes());
    table.split(|byte| *byte == b'\n').filter(is_of_path).find_map(|line| {
        let text = String::from_utf8_lossy(line);
        // Num: RefCount Protocol Flags Type St Inode Path; a flag says that it listens.
        let mut words = text.split_whitespace();
        let flags = u32::from_str_radix(words.nth(3)?, 16).ok()?;
        let inode = words.nth(2)?.parse().ok()?;
        let is_path = text.split_once('/').is_some_and(|(_, rest)| format!("/{rest}") == path.to_string_lossy());
        (flags & 0x1_0000 != 0 && is_path).then_some(Socket(inode))
    })
}

/// Whether a process has a socket; `None`: it cannot be looked at.
pub(crate) fn has_socket(pid: u32, socket: Socket) -> Option<bool> {
    let wanted = format!("socket:[{}]", socket.0);
    let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).ok()?;
    let links = descriptors.flatten().filter_map(|entry| fs::read_link(entry.path()).ok());
    Some(links.into_iter().any(|link| link.as_os_str() == wanted.as_str()))
}

/// The process that has a socket, as far as processes can be looked at.
pub(crate) fn owner(socket: Socket) -> Option<u32> {
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let mut pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.find(|pid| has_socket(*pid, socket) == Some(true))
}

/// Whether an address is one of this machine, where a server can listen.
pub(crate) fn is_here(address: IpAddr) -> bool {
    if address.is_unspecified() || address.is_loopback() {
        return true;
    }
    match address {
        IpAddr::V4(_) => {
            let table = fs::read_to_string("/proc/net/fib_trie").unwrap_or_default();
            let wanted = format!("|-- {address}");
            let lines = || table.lines().map(str::trim);
            table.is_empty()
                || lines().zip(lines().skip(1)).any(|(one, next)| one == wanted && next.contains("host LOCAL"))
        }
        IpAddr::V6(address) => {
            let table = fs::read_to_string("/proc/net/if_inet6").unwrap_or_default();
            let wanted = format!("{:032x}", u128::from(address));
            table.is_empty() || table.lines().any(|line| line.starts_with(&wanted))
        }
    }
}

/// Address, port and inode of a line of the kernel's table, if it is of a socket that listens.
fn listener(line: &str) -> Option<(IpAddr, u16, Socket)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (address, port) = words.get(1)?.split_once(':')?;
    (*words.get(3)? == LISTEN).then_some(())?;
    let socket = Socket(words.get(9)?.parse().ok()?);
    Some((ip(address)?, u16::from_str_radix(port, 16).ok()?, socket))
}

/// An address as the kernel prints it: words of 32 bits in the order of the machine's bytes.
fn ip(hexadecimal: &str) -> Option<IpAddr> {
    let word = |at: usize| u32::from_str_radix(hexadecimal.get(at * 8..at * 8 + 8)?, 16).ok().map(u32::to_ne_bytes);
    match hexadecimal.len() {
        8 => Some(IpAddr::from(Ipv4Addr::from(word(0)?))),
        32 => {
            let words = [word(0)?, word(1)?, word(2)?, word(3)?];
            let bytes: Vec<u8> = words.into_iter().flatten().collect();
            Some(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?).to_canonical())
        }
        _ => None,
    }
}

/// Whether listening at one address is in the way of the other.
fn overlap(one: IpAddr, other: IpAddr) -> bool {
    let (one, other) = (one.to_canonical(), other.to_canonical());
    // `::` takes IPv4, too, unless it is told not to, which cannot be seen here.
    let is_all = |all: IpAddr, of: IpAddr| all.is_unspecified() && (all.is_ipv6() || of.is_ipv4());
    one == other || is_all(one, other) || is_all(other, one)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::os::unix::net::UnixListener;

    use super::*;
    use crate::test_folder::TestFolder;

    #[test]
    fn listeners_are_found_and_belong_to_somebody() {
        for host in ["127.0.0.1", "0.0.0.0"] {
            let Ok(listener) = TcpListener::bind((host, 0)) else { continue };
            let port = listener.local_addr().unwrap().port();
            for asked in ["127.0.0.1", "0.0.0.0", "::"] {
                let socket = tcp_listener(asked.parse().unwrap(), port).unwrap_or_else(|| panic!("{host} {asked}"));
                assert_eq!(has_socket(std::process::id(), socket), Some(true));
                assert_ne!(has_socket(1, socket), Some(true));
            }
            drop(listener);
            assert_eq!(tcp_listener("127.0.0.1".parse().unwrap(), port), None);
        }
        let elsewhere = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = elsewhere.local_addr().unwrap().port();
        assert_eq!(tcp_listener("127.0.0.2".parse().unwrap(), port), None);
    }

    #[test]
    fn addresses_of_other_machines_are_not_here() {
        for (address, expected) in
            [("127.0.0.1", true), ("0.0.0.0", true), ("::1", true), ("192.0.2.7", false), ("2001:db8::7", false)]
        {
            assert_eq!(is_here(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn socket_files_are_found() {
        let folder = TestFolder::new();
        let path = folder.path("a b.sock");
        assert_eq!(unix_listener(&path), None);
        let listener = UnixListener::bind(&path).unwrap();
        let socket = unix_listener(&path).unwrap();
        assert_eq!(has_socket(std::process::id(), socket), Some(true));
        drop(listener);
        assert_eq!(unix_listener(&path), None);
    }
}
