//! Configurations and processes for tests.

use std::sync::Arc;

use supervisor_core::{GroupConfig, GroupKind, LogFile, LogPaths, ProcessConfig, ProcessInfo, ProcessState, Tally};

/// A program with the defaults, an AUTO log for stdout and none for stderr.
pub(crate) fn process_config(name: &str) -> ProcessConfig {
    let mut config = ProcessConfig::new(name, "/bin/cat");
    config.log.stderr.logfile = LogFile::None;
    config
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
        tally: Tally::default(),
        protocol_error: None,
        starts_at: None,
    }
}

/// A group of programs.
pub(crate) fn group_config(name: &str, processes: Vec<Arc<ProcessConfig>>) -> GroupConfig {
    GroupConfig { name: name.into(), priority: 999, kind: GroupKind::Programs, processes }
}
