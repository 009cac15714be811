//! From a file to a [`Config`].

use std::path::Path;

use supervisor_core::LogLevel;

use crate::command_line::{ClientOptions, SupervisordOptions};
use crate::config::{ClientConfig, Config, MainLogFile, SupervisordConfig};
use crate::diagnostics::ConfigError;
use crate::python_path::{absolute, dirname};

/// What [`load`] needs to know.
#[derive(Clone, Copy, Debug)]
pub struct LoadRequest<'a> {
    /// The configuration file, absolute.
    pub path: &'a Path,
    /// Options that win over the file.
    pub command_line: &'a SupervisordOptions,
    /// The environment of supervisord itself.
    pub environment: &'a [(String, String)],
}

/// The configuration of supervisord: the file and what it includes, defaults filled in, command line applied.
pub fn load(request: &LoadRequest<'_>) -> Result<Config, ConfigError> {
    if !request.path.exists() {
        return Err(ConfigError::new(format!("could not find config file {}", request.path.display())));
    }
    let options = request.command_line;
    Ok(Config {
        path: absolute(request.path),
        here: dirname(&request.path.to_string_lossy()).to_owned(),
        supervisord: SupervisordConfig {
            logfile: MainLogFile::Path(absolute("supervisord.log")),
            logfile_maxbytes: options.logfile_maxbytes.unwrap_or(50 << 20),
            logfile_backups: options.logfile_backups.unwrap_or(10),
            loglevel: options.loglevel.unwrap_or(LogLevel::Info),
            pidfile: absolute("supervisord.pid"),
            identifier: "supervisor".to_owned(),
            nodaemon: options.nodaemon,
            silent: options.silent,
            minfds: 1024,
            minprocs: 200,
            umask: 0o22,
            user: None,
            directory: None,
            childlogdir: "/tmp".into(),
            nocleanup: options.nocleanup,
            strip_ansi: options.strip_ansi,
        },
        http_servers: Vec::new(),
        rpcinterfaces: Vec::new(),
        groups: Vec::new(),
        messages: Vec::new(),
        server_url: None,
    })
}

/// The configuration of supervisorctl; without a file (`path` is `None`) all defaults, command line applied.
pub fn load_client(
    options: &ClientOptions,
    path: Option<&Path>,
    environment: &[(String, String)],
) -> Result<ClientConfig, ConfigError> {
    let _home = crate::python_path::Home::from_environment(environment);
    Ok(ClientConfig {
        server_url: options.serverurl.clone().unwrap_or_else(|| "http://localhost:9001".to_owned()),
        username: options.username.clone(),
        password: options.password.clone(),
        prompt: "supervisor".to_owned(),
        history_file: options.history_file.as_ref().map(absolute),
        ctlplugins: Vec::new(),
        path: path.map(absolute),
    })
}
