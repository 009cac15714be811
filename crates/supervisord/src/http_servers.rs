//! The sockets of the HTTP servers: claimed by the main thread before anything else is touched, served by the control
//! plane, removed at the end (contract/processes.md §9.5).

use std::io::{self, Write};

use supervisor_config::{HttpServerAddress, HttpServerConfig};
use supervisor_sys::{SocketError, SocketFile, listen_tcp, listen_unix};

use crate::control::{self, BoundListener, BoundServer, Tls};
use crate::exposure::refuse_open_doors;

/// Looks at what would keep a server from being served safely, before anything is touched: at the start, at a reread
/// and before a restart stops what runs.
///
/// # Errors
/// One line for the user.
pub fn check(configs: &[HttpServerConfig]) -> Result<(), String> {
    problems(configs).next().map_or(Ok(()), |(_, problem)| Err(problem))
}

/// All that [`check`] would refuse, one after the other, with its server.
pub fn problems(configs: &[HttpServerConfig]) -> impl Iterator<Item = (&HttpServerConfig, String)> {
    configs.iter().flat_map(|config| {
        let found = [
            refuse_open_doors(std::slice::from_ref(config)).err(),
            load_tls(config).err(),
            config.password.as_deref().and_then(|password| bad_hash(config, password)),
        ];
        found.into_iter().flatten().map(move |problem| (config, problem))
    })
}

fn bad_hash(config: &HttpServerConfig, password: &str) -> Option<String> {
    let HttpServerConfig { section, place, .. } = config;
    let error = control::check_password(password).err()?;
    let file = &place.file;
    Some(format!("password= in [{section}] is no argon2 hash, though it looks like one: {error} (file {file})"))
}

/// The sockets, and the files of those that have one; dropping it removes the files that are still ours.
#[derive(Debug)]
pub struct HttpServers {
    servers: Vec<BoundServer>,
    files: Vec<SocketFile>,
}

impl HttpServers {
    /// Opens all of them, or none.
    ///
    /// # Errors
    /// The contract's text. What was opened until then is closed and removed.
    pub fn bind(configs: &[HttpServerConfig]) -> Result<Self, String> {
        let mut bound = Self { servers: Vec::new(), files: Vec::new() };
        for config in configs {
            match bound.open(&config.address) {
                Ok(listener) => bound.servers.push(BoundServer {
                    listener,
                    section: config.section.clone(),
                    username: config.username.clone(),
                    password: config.password.clone(),
                    own_host: own_host(config),
                    allowed_hosts: config.allowed_hosts.clone(),
                    tls: load_tls(config)?,
                }),
                Err(error) => return Err(error.to_string()),
            }
        }
        Ok(bound)
    }

    /// Hands the listening sockets over.
    pub fn take_listeners(&mut self) -> Vec<BoundServer> {
        std::mem::take(&mut self.servers)
    }

    fn open(&mut self, address: &HttpServerAddress) -> Result<BoundListener, SocketError> {
        match address {
            HttpServerAddress::Inet { host, port } => Ok(BoundListener::Tcp(listen_tcp(host, *port)?)),
            HttpServerAddress::Unix { path, mode, owner } => {
                let bound = listen_unix(path, *mode, *owner)?;
                for _ in 0..bound.stale_removed {
                    let notice = format!("Unlinking stale socket {}\n", path.display());
                    io::stderr().write_all(notice.as_bytes()).ok();
                }
                self.files.push(bound.file);
                Ok(BoundListener::Unix(bound.listener))
            }
        }
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

impl Drop for HttpServers {
    fn drop(&mut self) {
        for file in &self.files {
            // One that another has replaced is not ours to remove.
            file.remove_if_ours().ok();
        }
    }
}
