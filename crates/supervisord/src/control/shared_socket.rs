//! A listening socket that others keep open too, waited for under the descriptor that it has: a copy would cost one
//! more for each server.

use std::io;
use std::os::fd::AsRawFd;
use std::sync::Arc;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// A socket in the runtime's care that is not the runtime's alone.
pub(super) type SharedSocket<T> = AsyncFd<Arc<T>>;

/// Takes it into the runtime's care, within which it is to be called. It must not block.
#[expect(
    deprecated,
    reason = "what has replaced it is unsafe, for the sake of types whose descriptor changes; one in an Arc does not"
)]
pub(super) fn shared_socket<T: AsRawFd>(socket: Arc<T>) -> io::Result<SharedSocket<T>> {
    AsyncFd::with_interest(socket, Interest::READABLE)
}
