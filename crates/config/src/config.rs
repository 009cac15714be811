//! The configuration of supervisord and that of supervisorctl, as values: read, expanded, checked, every
//! default filled in and the command line applied.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use supervisor_core::{
    EndingConfig, EnvironmentFile, GroupConfig, LogLevel, ProcessConfig, SignalRewrite, SocketOwner,
};

use crate::command_line::SdNotify;
use crate::datatypes::list_of_strings;
use crate::diagnostics::Place;
use crate::sections::plugins::RpcInterfaceFactory;

/// All that supervisord is configured to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The file it was read from, absolute.
    pub path: PathBuf,
    /// What `%(here)s` stands for: the directory of that file.
    pub here: String,
    /// `[supervisord]` and the command line.
    pub supervisord: SupervisordConfig,
    /// HTTP servers in the order in which they are opened: inet, then unix, each in file order.
    pub http_servers: Vec<HttpServerConfig>,
    /// RPC namespaces in file order.
    pub rpcinterfaces: Vec<RpcInterfaceConfig>,
    /// Plug-ins that are not built in, in file order; their groups are among `groups`.
    pub hosted_plugins: Vec<HostedPlugin>,
    /// Process groups in start order: by priority, then name; each name once.
    pub groups: Vec<Arc<GroupConfig>>,
    /// What is to be logged at start: warnings first, then information, each in the order of discovery.
    pub messages: Vec<(LogLevel, String)>,
    /// `SUPERVISOR_SERVER_URL` of children whose program names none: the first unix server, else the last
    /// inet one.
    pub server_url: Option<String>,
}

/// Where the main log goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MainLogFile {
    /// A file, by its absolute path.
    Path(PathBuf),
    /// syslog(3).
    Syslog,
}

/// `[supervisord]`, overridden by the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent switch of the file")]
pub struct SupervisordConfig {
    /// The main log.
    pub logfile: MainLogFile,
    /// Size in bytes at which the main log rotates; 0 or less: never.
    pub logfile_maxbytes: i64,
    /// Rotated main logs that are kept.
    pub logfile_backups: i64,
    /// What is logged: this severity and worse.
    pub loglevel: LogLevel,
    /// The pid file, absolute.
    pub pidfile: PathBuf,
    /// The name that this supervisord answers with; may be empty.
    pub identifier: String,
    /// Stay in the foreground.
    pub nodaemon: bool,
    /// Nothing on standard output in the foreground.
    pub silent: bool,
    /// File descriptors that must be available.
    pub minfds: i64,
    /// Processes that must be available.
    pub minprocs: i64,
    /// File mode creation mask; applied by a daemon only.
    pub umask: u32,
    /// User to become, by id; it exists.
    pub user: Option<u32>,
    /// Directory to change to; by a daemon only.
    pub directory: Option<PathBuf>,
    /// Where AUTO logs are created, absolute.
    pub childlogdir: PathBuf,
    /// AUTO logs of earlier runs are left alone.
    pub nocleanup: bool,
    /// Escape sequences are removed from what is logged.
    pub strip_ansi: bool,
    /// Variables of every program; `%(ENV_x)s` knows them too.
    pub environment: Vec<(Box<str>, Box<str>)>,
    /// Interpreter of Python plug-ins: an absolute path, or a name to be looked for in `PATH`. `None`: not told.
    pub python_host: Option<String>,
    /// The least time between two starts that nobody asked for; zero: none.
    pub start_stagger: Duration,
    /// How long a shutdown may take before everything is killed; zero: as long as it takes.
    pub shutdown_timeout: Duration,
    /// Signals to supervisord that count as others.
    pub signal_rewrite: Box<[SignalRewrite]>,
    /// Files of variables for all programs, which are read at each start of one.
    pub env_files: Box<[EnvironmentFile]>,
    /// When it ends by itself, and with whose exit status.
    pub ending: EndingConfig,
    /// Whether orphans of programs become children of ours.
    pub subreaper: Subreaper,
    /// When the service manager is told that supervisord is ready; that of the first start counts to the end.
    pub sd_notify: SdNotify,
}

/// Whether supervisord takes in orphans among the descendants of its programs, where it is not PID 1 anyway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Subreaper {
    /// Where an option of a program needs it; none does yet.
    #[default]
    Auto,
    /// Yes.
    On,
    /// No.
    Off,
}

/// One `[unix_http_server]` or `[inet_http_server]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpServerConfig {
    /// The section's name.
    pub section: String,
    /// Where it listens.
    pub address: HttpServerAddress,
    /// Set together with `password`, or neither is; empty: no login is asked for.
    pub username: Option<String>,
    /// In clear, or `{SHA}` and 40 hexadecimal digits, or an argon2 hash.
    pub password: Option<String>,
    /// Where its address stands: that of the option, file and line.
    pub place: Place,
    /// It may listen where other machines can reach it, without a password.
    pub allow_insecure: bool,
    /// Host names that browsers may use for it, in lower case, besides those that are this machine's anyway.
    pub allowed_hosts: Vec<String>,
    /// What it needs to speak HTTPS; `None`: it speaks HTTP.
    pub tls: Option<TlsFiles>,
    /// What it shows to browsers, and what it believes of them.
    pub web: WebConfig,
}

/// The pages of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebConfig {
    /// Which ones there are.
    pub interface: WebInterface,
    /// The URL under which browsers reach them; `None`: the one that they ask for.
    pub base_url: Option<BaseUrl>,
    /// A browser that asks for an action and says not from which page has it carried out, and is not asked about it.
    pub classic_actions: bool,
    /// What is told without a password.
    pub anonymous: AnonymousPaths,
}

/// What a server tells to whoever reaches it, though it asks others for a password.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AnonymousPaths {
    /// `/healthz`: that it works.
    pub healthz: bool,
    /// `/readyz`: which processes it waits for.
    pub readyz: bool,
    /// `/metrics`: names and numbers of all processes.
    pub metrics: bool,
}

/// Which pages a server shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WebInterface {
    /// What suits who asks: pages of today for browsers, those of Supervisor 4.3 for programs that read pages.
    #[default]
    Auto,
    /// Those of today for all; those of Supervisor 4.3 are at `/index.html`.
    New,
    /// Those of Supervisor 4.3 alone, the same for all.
    Classic,
    /// None.
    Off,
}

/// An `http://` or `https://` URL without a slash at its end, of visible ASCII characters alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    /// `scheme://authority` or `scheme://authority/path`
    pub url: String,
    /// `host` or `host:port`
    pub authority: String,
}

/// The files of a server that speaks HTTPS, all PEM; their paths are absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// Its certificate, and those that lead from it to an authority.
    pub certificate: PathBuf,
    /// The private key of the certificate.
    pub key: PathBuf,
    /// Authorities; clients have to show a certificate of one of them.
    pub client_ca: Option<PathBuf>,
}

/// Where an HTTP server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HttpServerAddress {
    /// A TCP port.
    Inet {
        /// Host name or address in lower case; empty: all interfaces.
        host: String,
        /// 1..=65535
        port: u16,
    },
    /// A socket file.
    Unix {
        /// Absolute path.
        path: PathBuf,
        /// File mode.
        mode: u32,
        /// User and group, when they are to be changed.
        owner: Option<SocketOwner>,
    },
}

/// One `[rpcinterface:x]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RpcInterfaceConfig {
    /// The namespace of its methods.
    pub name: String,
    /// `module:attribute` as in the file.
    pub factory: String,
    /// All other options of the section, `[DEFAULT]` ones included.
    pub options: Vec<(String, String)>,
    /// It runs in a process of the plug-in host.
    pub is_hosted: bool,
}

impl RpcInterfaceConfig {
    /// Which of the built-in factories makes it; `None`: another one.
    pub fn built_in(&self) -> Option<RpcInterfaceFactory> {
        RpcInterfaceFactory::of(&self.factory).filter(|_| !self.is_hosted)
    }

    /// `whitelist`: the only methods that clients may call; empty: all.
    pub fn whitelist(&self) -> Vec<String> {
        let option = self.options.iter().find(|(name, _)| name == "whitelist");
        option.map_or_else(Vec::new, |(_, value)| list_of_strings(value).into_iter().map(str::to_owned).collect())
    }
}

/// All that supervisorctl is configured to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientConfig {
    /// Where supervisord listens: `http://…`, `https://…` or `unix:///…`; another scheme fails at first use.
    pub server_url: String,
    /// Login name.
    pub username: Option<String>,
    /// Password, in clear.
    pub password: Option<String>,
    /// What stands before `> ` in the shell.
    pub prompt: String,
    /// Where the shell keeps its history, absolute.
    pub history_file: Option<PathBuf>,
    /// For an `https://…` server.
    pub tls: ClientTlsFiles,
    /// Users who serve the unix socket, as far as the same file says: `user=` of `[supervisord]`, `chown=` of
    /// `[unix_http_server]`.
    pub server_users: Vec<u32>,
    /// The plug-ins, in file order.
    pub plugins: Vec<CtlPluginConfig>,
    /// As in [`SupervisordConfig`], as far as the same file says.
    pub python_host: Option<String>,
    /// What is of no use in the file, and costs no more than itself: a sentence each.
    pub warnings: Vec<String>,
    /// The file it was read from, absolute; `None`: there was none, all of the above are defaults.
    pub path: Option<PathBuf>,
}

/// A plug-in of Python code that runs in a process of the plug-in host: of `[rpcinterface:x]` the factory, of
/// `[eventlistener:x]` the `result_handler`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostedPlugin {
    /// The section that names it.
    pub section: String,
    /// Where that begins.
    pub place: Place,
    /// Its process, the only one of a group of its own. The command is the interpreter alone.
    pub process: Arc<ProcessConfig>,
}

/// One `[ctlplugin:x]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CtlPluginConfig {
    /// `x`
    pub name: String,
    /// `module:attribute` as in the file.
    pub factory: String,
    /// All other options of the section, `[DEFAULT]` ones included.
    pub options: Vec<(String, String)>,
    /// Where the section begins.
    pub place: Place,
}

impl CtlPluginConfig {
    /// What is said when its commands are missing: why.
    pub fn warning(&self, why: &str) -> String {
        plugin_warning(&format!("ctlplugin:{}", self.name), &self.place, why)
    }
}

/// The sentence about a plug-in of supervisorctl that cannot be used.
pub(crate) fn plugin_warning(section: &str, place: &Place, why: &str) -> String {
    format!("[{section}] in {} line {}: {why}; its commands are missing", place.file, place.line)
}

/// Whom supervisorctl believes, and what it shows of itself. Paths are absolute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientTlsFiles {
    /// Authorities (PEM) that may have signed the server's certificate; `None`: those of the system.
    pub ca: Option<PathBuf>,
    /// Certificate chain and private key (PEM), for a server that asks for them.
    pub identity: Option<(PathBuf, PathBuf)>,
}
