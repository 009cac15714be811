//! The control plane: HTTP for clients, on a thread of its own.
//!
//! It parses what strangers send, reads log files and renders answers, so that none of this can delay reaping or
//! draining. It decides nothing about processes: what needs them goes through [`crate::boundary`] to the supervision
//! plane. One thread, tokio `current_thread`, hyper's HTTP/1 server; a connection that panics ends alone.
//!
//! A connection's way: `listener` accepts, `connection` serves, `auth` admits, `router` picks, `rpc` or
//! `api` answers (contract/rpc.md §1).

mod access_log;
mod api;
mod argon2_hash;
mod attention;
mod audience;
mod auth;
mod budget;
mod capacity;
mod caught;
mod config_changes;
mod config_info;
mod connection;
mod context;
mod crowd;
mod error_page;
mod extensions;
mod followed_file;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod health;
mod host_names;
mod kept_socket;
mod known_credentials;
mod last_output;
mod limits;
mod listener;
mod log_answer;
mod log_levels;
mod log_reader;
mod log_stream;
mod login_queue;
mod metrics;
mod namespaces;
mod origin;
mod password;
mod percent;
mod places;
mod process_details;
mod process_info;
mod published_processes;
mod reply;
mod request_body;
mod resources;
mod response;
mod router;
mod rpc;
mod rpc_fault;
mod settings;
mod shared_socket;
mod system_namespace;
mod timed_stream;
mod tls;
mod traffic;
mod web;
mod workers;

use std::rc::Rc;
use std::thread::{self, JoinHandle};
use std::{io, mem};

use supervisor_sys::start_thread;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, watch};
use tokio::task::{LocalSet, spawn_local};

pub use known_credentials::RememberedLogins;
pub use settings::{
    BoundListener, BoundServer, ConfigReader, ControlSettings, FreshConfig, Identity, SocketKeeper, SocketPlace,
    Whereabouts,
};
pub use tls::Tls;

use capacity::Capacity;
use context::Context;
use listener::Listener;
use password::Password;

/// The running control plane. Dropping it stops it as [`ControlPlane::stop`] does, but does not wait for that.
#[derive(Debug)]
pub struct ControlPlane {
    stop: watch::Sender<bool>,
    thread: JoinHandle<()>,
}

/// Looks at a password of the configuration.
///
/// # Errors
/// Why it cannot be used; does not show it.
pub fn check_password(text: &str) -> Result<(), String> {
    Password::parse(text).map(drop)
}

/// Starts the control thread. The sockets of `settings` are bound and listening already; from now on they are served.
pub fn start(mut settings: ControlSettings) -> io::Result<ControlPlane> {
    let runtime = Builder::new_current_thread().enable_io().enable_time().build()?;
    let (stop, stopped) = watch::channel(false);
    let listeners = {
        let _runtime = runtime.enter();
        let servers = mem::take(&mut settings.servers);
        let capacity = Capacity::of_this_process(servers.len());
        let numbered = servers.into_iter().enumerate();
        numbered.map(|(number, server)| Listener::new(server, number, capacity)).collect::<io::Result<Vec<_>>>()?
    };
    let builder = thread::Builder::new().name("control".to_owned());
    let thread = start_thread(|| builder.spawn(move || run(&runtime, listeners, settings, stopped)))?;
    Ok(ControlPlane { stop, thread })
}

impl ControlPlane {
    /// Admits nobody any more, finishes the answers that are on their way (for at most `limits::STOP_GRACE`), closes
    /// the listening sockets and joins the thread. A request that still waits for the supervision plane is cut off at
    /// that limit, so settle or drop its reply slot before.
    pub fn stop(self) {
        self.stop.send_replace(true);
        // A panic of the thread was reported by the panic hook; there is nobody left to tell.
        drop(self.thread.join());
    }
}

fn run(runtime: &Runtime, listeners: Vec<Listener>, mut settings: ControlSettings, stopped: watch::Receiver<bool>) {
    let extensions = mem::replace(&mut settings.extensions, mpsc::channel(1).1);
    let context = Rc::new(Context::new(settings, stopped));
    let tasks = LocalSet::new();
    let certificates = listeners.iter().filter_map(Listener::certificate).collect();
    runtime.block_on(tasks.run_until(async {
        // They end with the runtime.
        drop(spawn_local(extensions::follow(extensions, Rc::clone(&context))));
        drop(spawn_local(tls::reload_forever(certificates, Rc::clone(&context))));
        let serving: Vec<_> =
            listeners.into_iter().map(|listener| spawn_local(listener::serve(listener, Rc::clone(&context)))).collect();
        for listener in serving {
            // It ends when the control plane stops; what else could end it has been logged.
            drop(listener.await);
        }
    }));
}
