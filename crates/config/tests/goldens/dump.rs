//! A configuration as text, in the words of generate.py, which prints Python's in the same way. Used by the goldens and
//! by `examples/dump_config.rs`.

use std::path::Path;

use supervisor_config::{Config, HttpServerAddress, HttpServerConfig, MainLogFile, Repr};
use supervisor_core::{
    Autorestart, Channel, GroupConfig, GroupKind, LogFile, LogLevel, ProcessConfig, RestartConfig, SocketAddress,
    SocketOwner, StartConfig, StopConfig,
};

/// One line for each thing, details indented.
pub(crate) fn dump(config: &Config) -> String {
    let daemon = &config.supervisord;
    let path = |path: &Path| Repr(&path.to_string_lossy()).to_string();
    let logfile = match &daemon.logfile {
        MainLogFile::Path(file) => path(file),
        MainLogFile::Syslog => "'syslog'".to_owned(),
    };
    let mut lines = vec![
        format!(
            "logfile {logfile} {} {} {}",
            daemon.logfile_maxbytes,
            daemon.logfile_backups,
            level_number(daemon.loglevel)
        ),
        format!(
            "pidfile {} {} {} {} {} {} {}",
            path(&daemon.pidfile),
            Repr(&daemon.identifier),
            daemon.nodaemon,
            daemon.silent,
            daemon.minfds,
            daemon.minprocs,
            daemon.umask
        ),
        format!(
            "user {} {} {} {} {}",
            number(daemon.user),
            daemon.directory.as_deref().map_or("-".to_owned(), path),
            path(&daemon.childlogdir),
            daemon.nocleanup,
            daemon.strip_ansi
        ),
    ];
    lines.extend(config.http_servers.iter().map(dump_server));
    lines.push(format!("url {}", optional(config.server_url.as_deref())));
    lines.extend(config.rpcinterfaces.iter().map(|plugin| {
        let options: Vec<String> = plugin.options.iter().map(|(k, v)| format!("{}={}", Repr(k), Repr(v))).collect();
        format!("rpcinterface {} {}", Repr(&plugin.name), options.join(" "))
    }));
    lines.extend(config.groups.iter().flat_map(|group| dump_group(group)));
    // What we warn of and upstream does not is tested elsewhere.
    let messages = config.messages.iter().filter(|(_, text)| !text.starts_with("Unknown option"));
    lines.extend(messages.map(|(level, text)| format!("{} {text}", level.abbreviation())));
    lines.join("\n")
}

fn optional(text: Option<&str>) -> String {
    text.map_or("-".to_owned(), |text| Repr(text).to_string())
}

fn number(number: Option<u32>) -> String {
    number.map_or("-".to_owned(), |number| number.to_string())
}

fn dump_server(server: &HttpServerConfig) -> String {
    let place = match &server.address {
        HttpServerAddress::Inet { host, port } => format!("{} {port}", Repr(host)),
        HttpServerAddress::Unix { path, mode, owner } => {
            let owner = owner.map_or("-1 -1".to_owned(), |owner| format!("{} {}", owner.uid, gid(owner)));
            format!("{} {mode} {owner}", Repr(&path.to_string_lossy()))
        }
    };
    let (username, password) = (optional(server.username.as_deref()), optional(server.password.as_deref()));
    format!("server {} {place} {username} {password}", Repr(&server.section))
}

fn dump_group(group: &GroupConfig) -> Vec<String> {
    let kind = match &group.kind {
        GroupKind::Programs => "programs",
        GroupKind::FastCgi => "fcgi",
        GroupKind::EventListeners(_) => "listeners",
        GroupKind::Extension => "extension",
    };
    let mut lines = vec![format!("group {kind} {} {}", Repr(&group.name), group.priority)];
    match &group.kind {
        GroupKind::Programs | GroupKind::Extension => {}
        GroupKind::EventListeners(pool) => {
            let mut events: Vec<&str> = pool.events.iter().map(supervisor_core::EventType::name).collect();
            events.sort_unstable();
            lines.push(format!(" pool {} {}", pool.buffer_size, events.join(" ")));
        }
        GroupKind::FastCgi => {
            let Some(socket) = group.processes.first().and_then(|process| process.socket.as_ref()) else {
                return lines;
            };
            let access = match &socket.address {
                SocketAddress::Tcp { .. } => String::new(),
                SocketAddress::Unix { owner, mode, .. } => {
                    let owner = owner.map_or("None".to_owned(), |owner| format!("({}, {})", owner.uid, gid(owner)));
                    format!(" {mode} {owner}")
                }
            };
            lines.push(format!(" socket {} {}{access}", Repr(&socket.url), number(socket.backlog)));
        }
    }
    lines.extend(group.processes.iter().flat_map(|process| dump_process(process)));
    lines
}

fn dump_process(process: &ProcessConfig) -> Vec<String> {
    let autorestart = match process.restart.autorestart {
        Autorestart::Always => "always",
        Autorestart::Unexpected => "unexpected",
        Autorestart::Never => "never",
    };
    let (name, command, directory) =
        (Repr(&process.name), Repr(&process.command), optional(process.identity.directory.as_deref()));
    let ProcessConfig { priority, start, restart, stop, log, identity, .. } = process;
    let StartConfig { autostart, startsecs, .. } = start;
    let RestartConfig { startretries, exitcodes, .. } = restart;
    let (redirect_stderr, StopConfig { stopsignal, stopwaitsecs, stopasgroup, killasgroup, .. }) =
        (log.redirect_stderr, stop);
    let mut lines = vec![
        format!(" process {name} {command} {directory} {} {} {priority}", number(identity.umask), number(identity.uid)),
        format!(
            "  {autostart} {autorestart} {startsecs} {startretries} {exitcodes:?} {} {stopwaitsecs}",
            stopsignal.number()
        ),
        format!(
            "  {stopasgroup} {killasgroup} {redirect_stderr} {}",
            optional(process.environment.serverurl.as_deref())
        ),
    ];
    lines.extend(Channel::BOTH.map(|name| {
        let channel = process.log.channel(name);
        let logfile = match &channel.logfile {
            LogFile::None => "none".to_owned(),
            LogFile::Auto => "auto".to_owned(),
            LogFile::Path(path) => Repr(path).to_string(),
        };
        format!(
            "  {} {logfile} {} {} {} {} {}",
            name.name(),
            channel.maxbytes,
            channel.backups,
            channel.capture_maxbytes,
            channel.events_enabled,
            channel.syslog
        )
    }));
    let variables: Vec<String> =
        process.environment.variables.iter().map(|(k, v)| format!("{}={}", Repr(k), Repr(v))).collect();
    lines.push(format!("  {}", variables.join(" ")));
    lines
}

/// The number of a group; -1 for none.
pub(crate) fn gid(owner: SocketOwner) -> String {
    owner.gid.map_or("-1".to_owned(), |gid| gid.to_string())
}

/// The number of a level in upstream's logger.
pub(crate) fn level_number(level: LogLevel) -> u32 {
    match level {
        LogLevel::Critical => 50,
        LogLevel::Error => 40,
        LogLevel::Warn => 30,
        LogLevel::Info => 20,
        LogLevel::Debug => 10,
        LogLevel::Trace => 5,
        LogLevel::Blather => 3,
    }
}
