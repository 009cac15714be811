//! What the kernel does: starting and reaping programs, waiting, signals, sockets, privileges.
//!
//! The only crate with `unsafe`; each module that needs it says why. One safe function for each need, none of which
//! decides anything: when to start, stop or log is the core's and the daemon's.
//!
//! Invariants:
//! - every descriptor made here is closed on exec; a program gets those of its list and nothing else;
//! - nothing sleeps, and nothing but [`Poller::wait`] waits without a bound;
//! - every signal handler does no more than to set a bit and to write to a descriptor.
#![deny(unsafe_op_in_unsafe_fn)]

mod c_str_array;
mod child;
mod child_attributes;
mod child_message;
mod child_stack;
mod close_descriptors;
mod credentials;
mod daemonize;
mod errno;
mod exec_report;
mod fcgi_socket;
mod file_place;
mod filesystem;
mod heap;
mod inherited_socket;
mod kill;
pub mod limits;
mod listen;
mod low_copy;
mod make_child;
mod open_file;
mod own_addresses;
mod path_watch;
mod pidfile;
pub mod pipe;
mod place_descriptors;
mod poller;
mod process_attributes;
mod random;
mod raw_credentials;
mod reap;
mod refusal;
pub mod rlimits;
mod shelf;
mod signal_dispositions;
mod signal_mask;
mod signals;
mod socket_error;
mod socket_file;
mod socket_path;
mod spawn;
mod standard_fds;
mod tcp_listener;
mod thread_start;
mod unix_client;
mod unix_listener;
mod unseen_listener;

pub use c_str_array::CStrArray;
pub use child_attributes::{ChildAttributes, ChildSetting, CpuSet, Setting};
pub use credentials::{Credentials, Login, PrivilegeChange, drop_privileges, may_become, resolve_login, resolve_user};
pub use daemonize::{WaitingCaller, daemonize};
pub use errno::errno_name;
pub use exec_report::ExecFailure;
pub use fcgi_socket::FcgiSocket;
pub use file_place::{FilePlace, SameFile};
pub use filesystem::{FileSystem, MountTable};
pub use heap::return_large_pieces;
pub use inherited_socket::inherited_socket;
pub use kill::kill;
pub use own_addresses::is_own_address;
pub use path_watch::watch_path;
pub use pidfile::Pidfile;
pub use poller::{Events, Interest, LAST_KEY, Poller, Waker};
pub use process_attributes::{is_pid1, set_subreaper, umask};
pub use random::random_key;
pub use reap::{may_adopt_children, peek_any, reap_any, wait_pid};
pub use shelf::{Shelf, Shelved};
pub use signals::Signals;
pub use socket_error::{SocketError, SocketStep};
pub use socket_file::{AtPath, SocketFile};
pub use socket_path::{SocketPath, connect_unix, own_uid, peer_uid};
pub use spawn::{Child, SpawnMethod, SpawnPlan, Spawner};
pub use standard_fds::ensure_standard_fds_open;
pub use tcp_listener::{listen_tcp, resolve_host};
pub use thread_start::start_thread;
pub use unix_client::connect_unix_at_once;
pub use unix_listener::{BoundUnixListener, listen_unix};
pub use unseen_listener::unseen_listener;
