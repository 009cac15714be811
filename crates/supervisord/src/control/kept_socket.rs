//! A unix socket that comes back when its file is swept away: by a cleaner of /tmp, or by an operator.
//!
//! The kernel tells (inotify), so that a socket that is in its place costs nothing; where it cannot, or where the
//! descriptor that this takes is worth more to programs, the path is looked at now and then. While the place cannot be
//! had (a folder that is gone, another program that listens there), it is tried again every second, and told once. What
//! another program has made there is left alone.

use std::cell::RefCell;
use std::fs::File;
use std::io;
use std::os::unix::net::UnixListener;
use std::sync::Arc;

use supervisor_core::LogLevel;
use supervisor_sys::rlimits::descriptors_allowed;
use supervisor_sys::watch_path;
use tokio::io::Interest;
use tokio::net::UnixStream;
use tokio::net::unix::pipe::Receiver;
use tokio::sync::Notify;
use tokio::time::sleep;

use super::context::Context;
use super::limits;
use super::settings::{SocketKeeper, SocketPlace};
use super::shared_socket::{SharedSocket, shared_socket};

/// A listening socket that may be exchanged for another one while it is served.
pub(super) struct KeptSocket {
    current: RefCell<Arc<SharedSocket<UnixListener>>>,
    exchanged: Notify,
}

impl KeptSocket {
    /// To be called within the runtime.
    pub(super) fn new(socket: Arc<UnixListener>) -> io::Result<Self> {
        Ok(Self { current: RefCell::new(Arc::new(served(socket)?)), exchanged: Notify::new() })
    }

    /// The next client; those that wait at a socket that was exchanged come first.
    pub(super) async fn accept(&self) -> io::Result<UnixStream> {
        loop {
            let current = Arc::clone(&self.current.borrow());
            tokio::select! {
                biased;
                accepted = current.async_io(Interest::READABLE, |socket| socket.accept()) => {
                    let (stream, _) = accepted?;
                    stream.set_nonblocking(true)?;
                    return UnixStream::from_std(stream);
                }
                () = self.exchanged.notified() => {}
            }
        }
    }

    fn exchange(&self, socket: Arc<UnixListener>) -> io::Result<()> {
        *self.current.borrow_mut() = Arc::new(served(socket)?);
        self.exchanged.notify_one();
        Ok(())
    }
}

fn served(socket: Arc<UnixListener>) -> io::Result<SharedSocket<UnixListener>> {
    socket.set_nonblocking(true)?;
    shared_socket(socket)
}

/// Keeps a socket at its path, for as long as it is polled.
pub(super) async fn keep(keeper: &SocketKeeper, socket: &KeptSocket, section: &str, context: &Context) {
    let path = keeper.path.display();
    let may_watch = descriptors_allowed() >= limits::FEW_DESCRIPTORS;
    let mut told: Option<String> = None;
    loop {
        // Watched before it is looked at, so that nothing goes unnoticed in between.
        let watch = may_watch.then(|| watch_path(&keeper.path));
        let away = match (keeper.renew)() {
            SocketPlace::InPlace => None,
            SocketPlace::Renewed(listener) => {
                context.log(LogLevel::Warn, || format!("the socket {path} of {section} was gone, and is there again"));
                match socket.exchange(listener) {
                    Ok(()) => {
                        told = None;
                        continue;
                    }
                    Err(error) => Some(format!("{path} cannot be served: {error}")),
                }
            }
            SocketPlace::Away(why) => Some(why),
        };
        match away {
            Some(why) => {
                if told.as_ref() != Some(&why) {
                    context.log(LogLevel::Critical, || {
                        format!("the socket {path} of {section} is gone, and nobody can connect to it: {why}")
                    });
                }
                told = Some(why);
                sleep(limits::SOCKET_RENEWAL_PAUSE).await;
            }
            None => changed(watch).await,
        }
    }
}

/// Returns when the path is to be looked at again.
async fn changed(watch: Option<io::Result<File>>) {
    // What can be waited for like a pipe is a pipe to tokio.
    match watch.map(|watch| watch.and_then(Receiver::from_file_unchecked)) {
        // An error of a descriptor of ours is a reason to look.
        Some(Ok(watch)) => drop(watch.readable().await),
        Some(Err(_)) | None => sleep(limits::SOCKET_LOOK_PAUSE).await,
    }
}
