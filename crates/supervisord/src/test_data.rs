//! Configurations and processes for tests.

use std::sync::Arc;

use supervisor_core::{
    Autorestart, ChannelConfig, GroupConfig, GroupKind, LogFile, LogPaths, ProcessConfig, ProcessInfo, ProcessState,
    Signal,
};

/// A program with the defaults, an AUTO log for stdout and none for stderr.
pub(crate) fn process_config(name: &str) -> ProcessConfig {
    let channel = |logfile| ChannelConfig {
        logfile,
        maxbytes: 50 << 20,
        backups: 10,
        capture_maxbytes: 0,
        events_enabled: false,
        syslog: false,
    };
    ProcessConfig {
        name: name.into(),
        command: "/bin/cat".into(),
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
        stdout: channel(LogFile::Auto),
        stderr: channel(LogFile::None),
        environment: [].into(),
        serverurl: None,
        socket: None,
    }
}

/// A program that was never started, alone in its group.
pub(crate) fn process_info(name: &str) -> ProcessInfo {
    ProcessInfo {
        group: name.into(),
        config: Arc::new(process_config(name)),
        state: ProcessState::Stopped,
        pid: None,
        start: 0,
        stop: 0,
        exit_code: None,
        spawnerr: None,
        logs: LogPaths::default(),
        last_exit: None,
        protocol_error: None,
    }
}

/// A group of programs.
pub(crate) fn group_config(name: &str, processes: Vec<Arc<ProcessConfig>>) -> GroupConfig {
    GroupConfig { name: name.into(), priority: 999, kind: GroupKind::Programs, processes }
}
