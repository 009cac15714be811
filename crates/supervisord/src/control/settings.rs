//! What the control plane is given at its start.

use std::fmt;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::Arc;

use supervisor_config::{HttpServerAddress, ProgramReader, WebConfig};
use supervisor_core::{GroupConfig, LogLevel};
use supervisor_protocol::method::Namespaces;

use super::{RememberedLogins, Tls};
use crate::boundary::inbox::CommandSender;
use crate::boundary::outbox::{ExtensionNotices, Notices};
use crate::boundary::snapshot::ProcessSnapshot;
use crate::name_service::NameService;

/// All that [`super::start`] needs.
#[derive(Debug)]
pub struct ControlSettings {
    /// Where clients come in.
    pub servers: Vec<BoundServer>,
    /// The way to the supervision plane.
    pub sender: CommandSender,
    /// What the supervision plane tells by itself.
    pub notices: Notices,
    /// What the supervision plane tells of extensions.
    pub extensions: ExtensionNotices,
    /// What is told of processes, published by the supervision plane.
    pub processes: ProcessSnapshot,
    /// Who we say we are.
    pub identity: Identity,
    /// The namespaces under which the supervisor methods are offered.
    pub namespaces: Namespaces,
    /// Reads the configuration anew for `reloadConfig`.
    pub config_reader: ConfigReader,
    /// What is probably not meant in the configuration that runs, as the main log has it.
    pub warnings: Vec<String>,
    /// Reads programs that clients add, until `config_reader` brings another one; `None`: they cannot be added.
    pub program_reader: Option<ProgramReader>,
    /// The main log, for `readLog` and `/mainlogtail`; `None`: there is none.
    pub main_log: Option<PathBuf>,
    /// What the main log shows; less severe lines are not even made.
    pub log_level: LogLevel,
}

/// A server section whose socket is bound and listens.
pub struct BoundServer {
    /// Its socket.
    pub listener: BoundListener,
    /// Where it listens, as configured.
    pub address: HttpServerAddress,
    /// The section's name, for the log: `unix_http_server`, `inet_http_server`.
    pub section: String,
    /// `username`; `None` or empty: everybody is admitted.
    pub username: Option<String>,
    /// `password`, plain, or `{SHA}` and the digest in hexadecimal digits, or an argon2 hash.
    pub password: Option<String>,
    /// The host in `port=`, by which browsers may call it; `None`, or empty: every address, or a unix socket.
    pub own_host: Option<String>,
    /// `host` or `host:port` that browsers may call it by besides this machine's own names, and whose pages are its
    /// own; of no meaning for a unix socket.
    pub allowed_hosts: Vec<String>,
    /// Its pages.
    pub web: WebConfig,
    /// What clients on other machines are told, who are not answered; `None`: everybody is.
    pub open_door: Option<String>,
    /// What it needs to speak HTTPS; `None`: it speaks HTTP.
    pub tls: Option<Tls>,
    /// What puts its socket back to its path; `None`: nothing does.
    pub keeper: Option<SocketKeeper>,
    /// Who was right lately, since before a restart.
    pub logins: RememberedLogins,
}

/// Looks after the path of a unix socket.
#[derive(Clone)]
pub struct SocketKeeper {
    /// Where the socket is to be, absolute.
    pub path: PathBuf,
    /// Puts it back there. Waits for nobody but another server at the path.
    pub renew: Arc<dyn Fn() -> SocketPlace + Send + Sync>,
}

impl fmt::Debug for SocketKeeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketKeeper").field("path", &self.path).finish_non_exhaustive()
    }
}

/// What became of a socket at its path.
#[derive(Debug)]
pub enum SocketPlace {
    /// It is there.
    InPlace,
    /// It was not; this one is.
    Renewed(Arc<UnixListener>),
    /// It cannot be: why.
    Away(String),
}

/// Kinds of listening sockets.
#[derive(Clone, Debug)]
pub enum BoundListener {
    /// TCP
    Tcp(Arc<TcpListener>),
    /// Unix stream socket
    Unix(Arc<UnixListener>),
}

/// What clients are told about this supervisord.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// `identifier`; a reread may change it.
    pub identifier: String,
    /// The pid of supervisord.
    pub pid: u32,
    /// What extensions are told besides.
    pub place: Whereabouts,
}

/// Where a supervisord is, as extensions are told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whereabouts {
    /// `SUPERVISOR_SERVER_URL` of children; empty: there is no server.
    pub server_url: String,
    /// The configuration file.
    pub config_file: String,
    /// What `%(here)s` stands for.
    pub here: String,
}

/// A configuration as `reloadConfig` needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreshConfig {
    /// `identifier`, or the one of the command line.
    pub identifier: String,
    /// All groups, in start order.
    pub groups: Vec<Arc<GroupConfig>>,
    /// What is probably not meant in it.
    pub warnings: Vec<String>,
    /// Reads programs that clients add.
    pub program_reader: Option<ProgramReader>,
}

/// Reads the configuration files. May block: it is called on a thread for file access, one call at a time. The
/// error is the text behind `CANT_REREAD: `.
#[derive(Clone)]
pub struct ConfigReader {
    read: ReadFreshConfig,
    pub(super) names: NameService,
}

type ReadFreshConfig = Arc<dyn Fn() -> Result<FreshConfig, String> + Send + Sync>;

impl ConfigReader {
    /// A reader from a function.
    pub fn new(read: impl Fn() -> Result<FreshConfig, String> + Send + Sync + 'static) -> Self {
        Self { read: Arc::new(read), names: NameService::default() }
    }

    /// What is known of the users and hosts of programs is asked for again before a start.
    #[must_use]
    pub fn with_names(self, names: NameService) -> Self {
        Self { names, ..self }
    }

    /// Reads.
    pub(super) fn read(&self) -> Result<FreshConfig, String> {
        (self.read)()
    }
}

/// Without the secrets.
impl fmt::Debug for BoundServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoundServer")
            .field("listener", &self.listener)
            .field("section", &self.section)
            .field("has_username", &self.username.is_some())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ConfigReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConfigReader")
    }
}
