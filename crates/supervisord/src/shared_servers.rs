//! The sockets of the servers, shared between those who need them: the main thread, which hands them from one life of
//! supervisord to the next; the thread that prepares a restart; and the control plane, which puts a socket back that
//! was swept away. Nobody holds them for longer than it takes to open one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use supervisor_config::HttpServerAddress;

use crate::control::{BoundServer, SocketKeeper};
use crate::http_servers::HttpServers;

/// See the module.
#[derive(Clone, Debug, Default)]
pub(crate) struct SharedServers(Arc<Mutex<HttpServers>>);

impl SharedServers {
    pub(crate) fn lock(&self) -> MutexGuard<'_, HttpServers> {
        // Every socket in it is whole, whoever has panicked meanwhile.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same servers, with what keeps those at their paths that have one.
    pub(crate) fn kept(&self, servers: Vec<BoundServer>) -> Vec<BoundServer> {
        let keeper = |address: &HttpServerAddress| match address {
            HttpServerAddress::Inet { .. } => None,
            HttpServerAddress::Unix { path, .. } => {
                let (sockets, kept) = (self.clone(), path.clone());
                Some(SocketKeeper { path: path.clone(), renew: Arc::new(move || sockets.lock().renew(&kept)) })
            }
        };
        servers.into_iter().map(|server| BoundServer { keeper: keeper(&server.address), ..server }).collect()
    }
}
