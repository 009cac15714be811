//! Why a server cannot listen, in words: the sentence of the contract, then what could not be done to which file or
//! address, where that is configured, and what to do about it (contract/processes.md §9.5).

use std::path::Path;

use nix::libc;
use supervisor_config::{HttpServerAddress, HttpServerConfig};
use supervisor_sys::{SocketError, SocketStep};

use crate::check_command::listener_of_port;

/// One line for the user.
pub(crate) fn in_words(config: &HttpServerConfig, error: &SocketError) -> String {
    let HttpServerConfig { section, place, address, .. } = config;
    let what = match (error, address) {
        (SocketError::AddressInUse { listener }, _) => {
            format!("{} is in use{}", shown(address), by(listener.or_else(|| who_has(address))))
        }
        (SocketError::UnknownHost(_), HttpServerAddress::Inet { host, .. }) => {
            format!("the name {host} in port= leads to no address; write one that this machine has, or *")
        }
        (SocketError::ChownRefused { .. } | SocketError::UnknownHost(_), _) => String::new(),
        (SocketError::Other { errno, step }, HttpServerAddress::Unix { path, mode, .. }) => {
            of_a_path(path, *mode, *errno, *step)
        }
        (SocketError::Other { errno, .. }, HttpServerAddress::Inet { port, .. }) => {
            of_an_address(&shown(address), *port, *errno)
        }
    };
    let (file, line) = (&place.file, place.line);
    let place = format!("([{section}] in {file}, line {line})");
    let sentence = error.to_string();
    match (what.is_empty(), sentence.ends_with('.')) {
        (true, _) => format!("{sentence} {place}"),
        // As the contract's own sentences follow each other.
        (false, true) => format!("{sentence}  {what} {place}"),
        (false, false) => format!("{sentence}: {what} {place}"),
    }
}

fn shown(address: &HttpServerAddress) -> String {
    match address {
        HttpServerAddress::Unix { path, .. } => path.display().to_string(),
        HttpServerAddress::Inet { host, port } if host.is_empty() => format!("port {port}"),
        HttpServerAddress::Inet { host, port } => format!("{host}, port {port},"),
    }
}

/// Whoever listens on a port, as far as we may see it; of a path the kernel tells at once.
fn who_has(address: &HttpServerAddress) -> Option<u32> {
    match address {
        HttpServerAddress::Unix { .. } => None,
        HttpServerAddress::Inet { host, port } => listener_of_port(host, *port),
    }
}

/// Whoever has called listen(2) may have ended and left the socket to a child, as daemons do.
fn by(listener: Option<u32>) -> String {
    match listener.filter(|pid| Path::new(&format!("/proc/{pid}")).exists()) {
        Some(pid) => format!(" by the process with pid {pid}"),
        None => String::new(),
    }
}

fn of_a_path(path: &Path, mode: u32, errno: i32, step: SocketStep) -> String {
    let (shown, reason) = (path.display(), reason(errno));
    let folder = path.parent().unwrap_or(Path::new("/")).display();
    match (step, errno) {
        (SocketStep::Place, libc::ENOENT) => {
            format!(
                "cannot make {shown}, since there is no folder {folder}; make it, or set file= to a path that is there"
            )
        }
        (SocketStep::Place, libc::ENAMETOOLONG) => {
            format!("the name of {shown} is too long for a socket; choose a shorter one")
        }
        (SocketStep::Place, libc::EACCES | libc::EPERM | libc::EROFS) => {
            let user = nix::unistd::geteuid();
            format!(
                "cannot make {shown}: the folder {folder} may not be written to by uid {user} ({reason}); set file= to a \
                 path in another, or change its owner or mode"
            )
        }
        (SocketStep::Place, _) => format!(
            "cannot make {shown} ({reason}); if its file system has no sockets, as on a mounted volume, set file= to a \
             path on a local one, such as /run or /tmp"
        ),
        (SocketStep::Mode, _) => format!(
            "cannot change the mode of {shown} to 0{mode:o} ({reason}), so that others could connect; if its file \
             system cannot do that, as on a mounted volume, set file= to a path on a local one, such as /run or /tmp"
        ),
        (SocketStep::Look, libc::EISDIR) => format!("{shown} is a folder; set file= to a path in it"),
        (SocketStep::Look, _) => {
            format!("cannot find out who has {shown} ({reason}); remove it, or set file= to another path")
        }
        (SocketStep::Make, _) => format!("cannot have a socket for {shown} ({reason})"),
    }
}

fn of_an_address(shown: &str, port: u16, errno: i32) -> String {
    let reason = reason(errno);
    match errno {
        libc::EADDRNOTAVAIL => format!(
            "{shown} is no address of this machine; set port= to one of its own, to 127.0.0.1:{port} or to *:{port}"
        ),
        libc::EACCES => format!(
            "{shown} may not be listened on ({reason}); choose a port of 1024 or more, or start as root with user= set"
        ),
        libc::EAFNOSUPPORT => format!("{shown} is of a kind that this machine has not ({reason})"),
        _ => format!("cannot listen on {shown} ({reason})"),
    }
}

fn reason(errno: i32) -> &'static str {
    nix::errno::Errno::from_raw(errno).desc()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trouble_names_its_file_and_what_to_do() {
        let path = Path::new("/srv/app/s.sock");
        for (errno, step, words) in [
            (libc::EINVAL, SocketStep::Mode, "cannot change the mode of /srv/app/s.sock to 0700 (Invalid argument)"),
            (libc::ENOENT, SocketStep::Place, "there is no folder /srv/app; make it"),
            (libc::EROFS, SocketStep::Place, "the folder /srv/app may not be written to by uid "),
            (libc::EACCES, SocketStep::Place, "the folder /srv/app may not be written to by uid "),
            (libc::EOPNOTSUPP, SocketStep::Place, "cannot make /srv/app/s.sock (Operation not supported"),
            (libc::ENAMETOOLONG, SocketStep::Place, "the name of /srv/app/s.sock is too long"),
            (libc::EISDIR, SocketStep::Look, "/srv/app/s.sock is a folder"),
            (libc::EACCES, SocketStep::Look, "cannot find out who has /srv/app/s.sock (Permission denied); remove it"),
            (libc::EMFILE, SocketStep::Make, "cannot have a socket for /srv/app/s.sock (Too many open files"),
        ] {
            let said = of_a_path(path, 0o700, errno, step);
            assert!(said.contains(words), "{said}");
        }
        for (errno, words) in [
            (libc::EADDRNOTAVAIL, "is no address of this machine; set port= to one of its own"),
            (libc::EACCES, "choose a port of 1024 or more"),
            (libc::EAFNOSUPPORT, "of a kind that this machine has not"),
            (libc::ENOBUFS, "cannot listen on "),
        ] {
            let said = of_an_address("::1, port 80,", 80, errno);
            assert!(said.contains(words), "{said}");
        }
    }
}
