//! Configurations to start from. A test writes only what it is about:
//! `with(program("cat"), |it| it.start.startsecs = 0)`.

use std::sync::Arc;

use supervisor_core::{ChannelConfig, GroupConfig, GroupKind, LogFile, ProcessConfig, SocketAddress, SocketConfig};

/// A program with the defaults of the file format, but for its logs.
pub(crate) fn program(name: &str) -> ProcessConfig {
    with(ProcessConfig::new(name, &format!("/bin/{name}")), |it| {
        it.log.stdout = channel();
        it.log.stderr = channel();
    })
}

/// The same with a change.
pub(crate) fn with(mut config: ProcessConfig, change: impl FnOnce(&mut ProcessConfig)) -> ProcessConfig {
    change(&mut config);
    config
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
