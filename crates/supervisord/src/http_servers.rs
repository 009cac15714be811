//! The sockets of the HTTP servers: claimed before anything else is touched, at the start and before a restart stops
//! anything; served by the control plane, removed at the end (contract/processes.md §9.5).

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use supervisor_config::{HttpServerAddress, HttpServerConfig};
use supervisor_core::{LogLevel, SocketOwner};
use supervisor_protocol::terminal::visible;
use supervisor_sys::{AtPath, SocketError, SocketFile, listen_tcp, listen_unix};

use crate::control::{self, BoundListener, BoundServer, RememberedLogins, SocketPlace, Tls};
use crate::exposure;
use crate::server_trouble::in_words;

/// Looks at what would keep a server from being served safely, before anything is touched: at the start, at a reread
/// and before a restart stops what runs.
///
/// # Errors
/// One line for the user.
pub fn check(configs: &[HttpServerConfig]) -> Result<(), String> {
    problems(configs).next().map_or(Ok(()), |(_, problem)| Err(problem))
}

/// What does not keep a start from being, but keeps strangers out, one after the other, with its server.
pub fn warnings(configs: &[HttpServerConfig]) -> impl Iterator<Item = (&HttpServerConfig, String)> {
    configs.iter().filter_map(|config| Some((config, exposure::open_door(config)?)))
}

/// All that [`check`] would refuse, one after the other, with its server.
pub fn problems(configs: &[HttpServerConfig]) -> impl Iterator<Item = (&HttpServerConfig, String)> {
    configs.iter().flat_map(|config| {
        let found =
            [load_tls(config).err(), config.password.as_deref().and_then(|password| bad_hash(config, password))];
        found.into_iter().flatten().map(move |problem| (config, problem))
    })
}

fn bad_hash(config: &HttpServerConfig, password: &str) -> Option<String> {
    let HttpServerConfig { section, place, .. } = config;
    let error = control::check_password(password).err()?;
    let file = &place.file;
    Some(format!("password= in [{section}] is no argon2 hash, though it looks like one: {error} (file {file})"))
}

/// The sockets of all servers, for the whole life of supervisord. A restart keeps those whose address stays the same
/// open, so that nobody can come in between; what it needs besides is claimed before anything is stopped. Dropping
/// it closes all of them and removes the files that are still ours.
#[derive(Debug, Default)]
pub struct HttpServers {
    open: Vec<OpenServer>,
    logins: RememberedLogins,
}

/// A socket that listens, and the file of one that has one.
#[derive(Debug)]
struct OpenServer {
    address: HttpServerAddress,
    listener: BoundListener,
    file: Option<SocketFile>,
    /// What the main log is told of it.
    notice: Option<String>,
}

impl HttpServers {
    /// Opens what is not open yet: all of it, or none. What one of ours has the place of, and leaves, comes later.
    ///
    /// # Errors
    /// The contract's text. What was opened until then is closed and removed.
    pub fn claim(&mut self, configs: &[HttpServerConfig]) -> Result<(), String> {
        let mut claimed = Vec::new();
        for config in configs {
            let known = self.open.iter().chain(&claimed).any(|server: &OpenServer| server.address == config.address);
            let leaves = |server: &OpenServer| {
                server.is_in_the_way_of(&config.address) && !configs.iter().any(|it| it.address == server.address)
            };
            if known {
                continue;
            }
            match OpenServer::open(config) {
                Ok(server) => claimed.push(server),
                Err(SocketError::AddressInUse { .. }) if self.open.iter().any(leaves) => {}
                Err(error) => return Err(in_words(config, &error)),
            }
        }
        self.open.append(&mut claimed);
        Ok(())
    }

    /// Closes what is wanted no more, opens what is missing, and gives what the control plane is to serve; and what
    /// there is to say, above all why servers are missing from it.
    pub fn serve(&mut self, configs: &[HttpServerConfig]) -> (Vec<BoundServer>, Vec<(LogLevel, String)>) {
        self.open.retain(|server| configs.iter().any(|config| config.address == server.address));
        let (mut bound, mut messages) = (Vec::new(), Vec::new());
        for config in configs {
            match self.bound(config) {
                Ok(server) => bound.push(server),
                Err(why) => {
                    messages
                        .push((LogLevel::Critical, format!("supervisord goes on without one of its servers: {why}")));
                }
            }
        }
        let notices = self.open.iter_mut().filter_map(|server| server.notice.take());
        messages.extend(notices.map(|notice| (LogLevel::Warn, notice)));
        (bound, messages)
    }

    /// Puts the socket of this path back to its place if it was swept away.
    pub(crate) fn renew(&mut self, path: &Path) -> SocketPlace {
        let is_it = |server: &&mut OpenServer| matches!(&server.address, HttpServerAddress::Unix { path: ours, .. } if ours == path);
        match self.open.iter_mut().find(is_it) {
            Some(server) => server.renew(),
            // Closed meanwhile: there is nothing to keep.
            None => SocketPlace::InPlace,
        }
    }

    /// Closes all of them and removes their files.
    pub fn close(&mut self) {
        self.open.clear();
    }

    /// Gives the files to who we are about to become, but for those that the configuration gives to somebody.
    ///
    /// # Errors
    /// As `fchownat(2)`.
    pub fn give_to(&self, owner: SocketOwner) -> io::Result<()> {
        for server in &self.open {
            if let (Some(file), HttpServerAddress::Unix { owner: None, .. }) = (&server.file, &server.address) {
                file.give_to(owner)?;
            }
        }
        Ok(())
    }

    fn bound(&mut self, config: &HttpServerConfig) -> Result<BoundServer, String> {
        if !self.open.iter().any(|server| server.address == config.address) {
            self.open.push(OpenServer::open(config).map_err(|error| in_words(config, &error))?);
        }
        let server = self.open.iter().rfind(|server| server.address == config.address);
        let listener = server.expect("it was opened just now, if not before").listener.clone();
        Ok(BoundServer {
            open_door: open_door(config, &listener),
            listener,
            address: config.address.clone(),
            section: config.section.clone(),
            username: config.username.clone(),
            password: config.password.clone(),
            own_host: own_host(config),
            allowed_hosts: config.allowed_hosts.clone(),
            web: config.web.clone(),
            tls: load_tls(config)?,
            keeper: None,
            logins: self.logins.clone(),
        })
    }
}

impl OpenServer {
    fn renew(&mut self) -> SocketPlace {
        let (Some(file), HttpServerAddress::Unix { path, mode, owner }) = (&mut self.file, &self.address) else {
            return SocketPlace::InPlace;
        };
        let shown = path.display();
        match file.look() {
            Ok(AtPath::Ours) => return SocketPlace::InPlace,
            Ok(AtPath::Nothing | AtPath::OtherSocket) => {}
            Ok(AtPath::NoSocket) => return SocketPlace::Away(format!("something that is no socket lies at {shown}")),
            Err(error) => return SocketPlace::Away(format!("it cannot be seen who has {shown}: {error}")),
        }
        match listen_unix(path, *mode, *owner) {
            Ok(bound) => {
                let listener = Arc::new(bound.listener);
                (self.listener, self.file) = (BoundListener::Unix(Arc::clone(&listener)), Some(bound.file));
                SocketPlace::Renewed(listener)
            }
            Err(SocketError::AddressInUse { listener }) => {
                let who = listener.map_or_else(String::new, |pid| format!(", the process with pid {pid}"));
                SocketPlace::Away(format!("another program listens at {shown}{who}"))
            }
            Err(error) => SocketPlace::Away(format!("{shown} cannot be made again: {error}")),
        }
    }

    fn open(config: &HttpServerConfig) -> Result<Self, SocketError> {
        let address = config.address.clone();
        match &address {
            HttpServerAddress::Inet { host, port } => {
                let listener = listen_tcp(host, *port)?;
                Ok(Self { listener: BoundListener::Tcp(Arc::new(listener)), address, file: None, notice: None })
            }
            HttpServerAddress::Unix { path, mode, owner } => {
                let bound = listen_unix(path, *mode, *owner)?;
                for _ in 0..bound.stale_removed {
                    let notice = format!("Unlinking stale socket {}\n", path.display());
                    io::stderr().write_all(visible(&notice).as_bytes()).ok();
                }
                let notice = bound.mode_instead.map(|found| {
                    let path = path.display();
                    format!("{path} has mode 0{found:o} and not 0{mode:o}, which its file system cannot give it")
                });
                let listener = BoundListener::Unix(Arc::new(bound.listener));
                Ok(Self { listener, address, file: Some(bound.file), notice })
            }
        }
    }

    /// Whether another address cannot be had while this one is open: the port, on whatever addresses, or the path.
    fn is_in_the_way_of(&self, address: &HttpServerAddress) -> bool {
        match (&self.address, address) {
            (HttpServerAddress::Inet { port: ours, .. }, HttpServerAddress::Inet { port: wanted, .. }) => {
                ours == wanted
            }
            (HttpServerAddress::Unix { path: ours, .. }, HttpServerAddress::Unix { path: wanted, .. }) => {
                ours == wanted
            }
            (HttpServerAddress::Inet { .. }, HttpServerAddress::Unix { .. })
            | (HttpServerAddress::Unix { .. }, HttpServerAddress::Inet { .. }) => false,
        }
    }
}

/// What is said of it when it admits everybody, from wherever it is that they come.
fn open_door(config: &HttpServerConfig, listener: &BoundListener) -> Option<String> {
    match listener {
        BoundListener::Unix(_) => None,
        BoundListener::Tcp(listener) => match listener.local_addr() {
            Ok(address) => exposure::open_door_at(config, address.ip()),
            Err(_) => exposure::open_door(config),
        },
    }
}

/// What a server needs to speak HTTPS, if it does.
fn load_tls(config: &HttpServerConfig) -> Result<Option<Tls>, String> {
    let HttpServerConfig { section, place, tls, .. } = config;
    let file = &place.file;
    tls.as_ref().map(Tls::load).transpose().map_err(|error| format!("[{section}] {error} (file {file})"))
}

/// The host that it listens on.
fn own_host(config: &HttpServerConfig) -> Option<String> {
    match &config.address {
        HttpServerAddress::Inet { host, .. } => Some(host.clone()),
        HttpServerAddress::Unix { .. } => None,
    }
}

impl Drop for OpenServer {
    fn drop(&mut self) {
        if let Some(file) = &mut self.file {
            // With the time that it has now.
            file.look().ok();
            // One that another has replaced is not ours to remove.
            file.remove_if_ours().ok();
        }
    }
}
