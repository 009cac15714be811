//! The shared sockets of FastCGI programs: each is open while a process holds it (contract/processes.md §7).
//!
//! Counts references, by url; binding and closing is the host's.

use std::collections::BTreeSet;

use crate::group_config::GroupConfig;
use crate::host::Host;
use crate::log_level::LogLevel;
use crate::process_config::{ProcessConfig, SocketConfig};
use crate::supervisor::Supervisor;

impl Supervisor {
    /// Creates and closes each socket of a group once, so that one that cannot be had is known early
    /// (contract/processes.md §7).
    pub(crate) fn probe_sockets(&mut self, config: &GroupConfig, host: &mut impl Host) -> Result<(), String> {
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        for process in &config.processes {
            let Some(socket) = &process.socket else { continue };
            if seen.insert(&socket.url) {
                self.acquire_socket(process, host)?;
                self.release_socket(process, host);
            }
        }
        Ok(())
    }

    /// Takes a reference on the socket of a FastCGI process; the first one creates it.
    pub(crate) fn acquire_socket(&mut self, config: &ProcessConfig, host: &mut impl Host) -> Result<(), String> {
        let Some(socket) = &config.socket else { return Ok(()) };
        if !self.sockets.contains_key(&socket.url) {
            create_socket(socket, host)?;
        }
        *self.sockets.entry(socket.url.clone()).or_insert(0) += 1;
        Ok(())
    }

    /// Gives a reference back; the last one closes the socket.
    pub(crate) fn release_socket(&mut self, config: &ProcessConfig, host: &mut impl Host) {
        let Some(socket) = &config.socket else { return };
        let Some(references) = self.sockets.get_mut(&socket.url) else { return };
        *references -= 1;
        if *references == 0 {
            self.sockets.remove(&socket.url);
            host.log(LogLevel::Info, format_args!("Closing socket {}", socket.url));
            host.close_socket(socket);
        }
    }
}

fn create_socket(socket: &SocketConfig, host: &mut impl Host) -> Result<(), String> {
    host.log(LogLevel::Info, format_args!("Creating socket {}", socket.url));
    host.open_socket(socket).map_err(|error| format!("Could not create FastCGI socket {}: {error}", socket.url))
}
