//! What would keep a server from listening: told by a check without trying it, for somebody may be using the address.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs as _};
use std::path::Path;

use supervisor_config::{Config, HttpServerAddress, HttpServerConfig, may_not_write};

use super::listening::{self, Socket};

/// Bytes of the path of a socket that the kernel takes (unix(7), without the byte that ends it).
const SOCKET_PATH_BYTES: usize = 107;

/// Ports below are root's, where the kernel does not say otherwise.
const FIRST_OPEN_PORT: u16 = 1024;

/// A server, what is in its way, and what to do.
pub(super) struct Obstacle<'c> {
    pub(super) server: &'c HttpServerConfig,
    pub(super) message: String,
    pub(super) hint: String,
}

/// All that would refuse a start here and now.
pub(super) fn obstacles(config: &Config) -> Vec<Obstacle<'_>> {
    let mut found = Vec::new();
    for (position, server) in config.http_servers.iter().enumerate() {
        let obstacle = match &server.address {
            HttpServerAddress::Unix { path, .. } => unix(config, path),
            HttpServerAddress::Inet { host, port } => inet(config, host, *port),
        };
        let earlier = config.http_servers.iter().take(position).find(|earlier| is_same_place(earlier, server));
        let twice = earlier.map(|earlier| {
            let message = format!("[{}] listens there, too", earlier.section);
            (message, "give each its own address".to_owned())
        });
        found.extend(twice.or(obstacle).map(|(message, hint)| Obstacle { server, message, hint }));
    }
    found
}

fn is_same_place(one: &HttpServerConfig, other: &HttpServerConfig) -> bool {
    match (&one.address, &other.address) {
        (HttpServerAddress::Unix { path, .. }, HttpServerAddress::Unix { path: other, .. }) => path == other,
        (HttpServerAddress::Inet { host, port }, HttpServerAddress::Inet { host: other, port: other_port }) => {
            port == other_port && (host == other || host.is_empty() || other.is_empty())
        }
        (HttpServerAddress::Unix { .. }, HttpServerAddress::Inet { .. })
        | (HttpServerAddress::Inet { .. }, HttpServerAddress::Unix { .. }) => false,
    }
}

fn unix(config: &Config, path: &Path) -> Option<(String, String)> {
    let shown = path.display();
    let length = path.as_os_str().len();
    if length > SOCKET_PATH_BYTES {
        let message =
            format!("the path of this socket is too long for the kernel: {length} bytes of {SOCKET_PATH_BYTES}");
        return Some((message, "put it in a folder with a shorter name, /run for instance".to_owned()));
    }
    let folder = path.parent()?;
    if !folder.is_dir() {
        let what = if folder.exists() { "is no directory" } else { "is not there" };
        let message = format!("the folder of this socket {what}: {}", folder.display());
        return Some((message, format!("mkdir -p {}", folder.display())));
    }
    if path.is_dir() {
        return Some((format!("{shown} is a directory"), format!("name a file in it: {shown}/supervisor.sock")));
    }
    if let Some((name, barrier)) = config.supervisord.user.and_then(|uid| may_not_write(uid, &folder.join(".new"))) {
        let message = format!("user {name} may not make a socket in {}", folder.display());
        return Some((message, format!("ls -ld {0} shows whose it is; chown and chmod change it", barrier.display())));
    }
    let socket = listening::unix_listener(path).filter(|socket| !is_of_running_instance(config, *socket))?;
    let message = format!("somebody listens at {shown} already{}", who(socket));
    Some((message, "stop it, or name another file".to_owned()))
}

fn inet(config: &Config, host: &str, port: u16) -> Option<(String, String)> {
    let Ok(address) = resolve(host, port) else {
        let message = format!("nobody knows the address of {host}");
        return Some((message, format!("port = 127.0.0.1:{port} is this machine alone")));
    };
    let address = address?;
    if !listening::is_here(address) {
        let message = format!("{address} is no address of this machine");
        return Some((
            message,
            format!("port = 127.0.0.1:{port} is this machine alone, port = *:{port} all of its addresses"),
        ));
    }
    let first_open = fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start");
    let first_open = first_open.ok().and_then(|text| text.trim().parse().ok()).unwrap_or(FIRST_OPEN_PORT);
    if port < first_open && config.supervisord.user.is_some_and(|uid| uid != 0) {
        let message =
            format!("ports below {first_open} are root's, and supervisord is somebody else when it opens them");
        return Some((
            message,
            "take a higher port, or leave out user= in [supervisord] and give it to each program".to_owned(),
        ));
    }
    let socket = listening::tcp_listener(address, port).filter(|socket| !is_of_running_instance(config, *socket))?;
    let message = format!("somebody listens on port {port} already{}", who(socket));
    Some((message, "stop it, or take another port".to_owned()))
}

/// The process that listens on a port, as far as it can be looked at.
pub(crate) fn listener_of_port(host: &str, port: u16) -> Option<u32> {
    listening::owner(listening::tcp_listener(resolve(host, port).ok()??, port)?)
}

/// The address that a start would take; IPv4 is preferred.
fn resolve(host: &str, port: u16) -> std::io::Result<Option<IpAddr>> {
    if host.is_empty() {
        return Ok(Some(Ipv4Addr::UNSPECIFIED.into()));
    }
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let addresses: Vec<SocketAddr> = (bare, port).to_socket_addrs()?.collect();
    let ipv4 = addresses.iter().find(|address| address.is_ipv4());
    Ok(ipv4.or(addresses.first()).map(SocketAddr::ip))
}

fn who(socket: Socket) -> String {
    let Some(pid) = listening::owner(socket) else { return String::new() };
    let name = name_of(pid).map(|name| format!(", {name}")).unwrap_or_default();
    format!(" (pid {pid}{name})")
}

fn name_of(pid: u32) -> Option<String> {
    fs::read_to_string(format!("/proc/{pid}/comm")).ok().map(|name| name.trim().to_owned())
}

/// Whether a socket is of the supervisord that runs on this configuration: a check beside it is no second start.
fn is_of_running_instance(config: &Config, socket: Socket) -> bool {
    let pid = fs::read_to_string(&config.supervisord.pidfile).ok().and_then(|text| text.trim().parse().ok());
    pid.is_some_and(|pid: u32| match listening::has_socket(pid, socket) {
        Some(has) => has,
        // Another user's; its name is all that is to be seen.
        None => name_of(pid).is_some_and(|name| name.starts_with("supervisord")),
    })
}
