//! Configurations to start from. A test writes only what it is about:
//! `ProcessConfig { startsecs: 0, ..program("cat") }`.

use std::sync::Arc;

use supervisor_core::{
    Autorestart, ChannelConfig, GroupConfig, GroupKind, LogFile, ProcessConfig, Signal, SocketAddress, SocketConfig,
};

/// A program with the defaults of the file format, but for its logs.
pub(crate) fn program(name: &str) -> ProcessConfig {
    ProcessConfig {
        name: name.into(),
        command: format!("/bin/{name}").into(),
        directory: None,
        umask: None,
        uid: None,
        priority: 999,
        autostart: true,
        autorestart: Autorestart::Unexpected,
        startsecs: 1,
        startretries: 3,
        exitcodes: [0].into(),
        stopsignal: Signal::TERM,
        stopwaitsecs: 10,
        stopasgroup: false,
        killasgroup: false,
        redirect_stderr: false,
        stdout: channel(),
        stderr: channel(),
        environment: Arc::from([]),
        serverurl: None,
        socket: None,
    }
}

/// An output channel that goes nowhere.
pub(crate) fn channel() -> ChannelConfig {
    ChannelConfig {
        logfile: LogFile::None,
        maxbytes: 0,
        backups: 0,
        capture_maxbytes: 0,
        events_enabled: false,
        syslog: false,
    }
}

/// The group of a `[program:x]`: its name and priority are those of its one process.
pub(crate) fn alone(process: ProcessConfig) -> Arc<GroupConfig> {
    Arc::new(GroupConfig {
        name: process.name.clone(),
        priority: process.priority,
        kind: GroupKind::Programs,
        processes: vec![Arc::new(process)],
    })
}

/// A `[group:x]`.
pub(crate) fn group(name: &str, priority: i64, processes: impl IntoIterator<Item = ProcessConfig>) -> Arc<GroupConfig> {
    Arc::new(GroupConfig {
        name: name.into(),
        priority,
        kind: GroupKind::Programs,
        processes: processes.into_iter().map(Arc::new).collect(),
    })
}

/// The unix socket of a FastCGI program.
pub(crate) fn unix_socket(path: &str) -> Arc<SocketConfig> {
    Arc::new(SocketConfig {
        url: format!("unix://{path}").into(),
        address: SocketAddress::Unix { path: path.into(), owner: None, mode: 0o700 },
        backlog: None,
    })
}
