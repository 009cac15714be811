//! Processes and their configurations as an extension is told of them: what a plug-in of the Python release finds as
//! attributes, under the same names.

use supervisor_core::{
    Autorestart, Channel, ChannelConfig, DownCause, Goal, GroupConfig, LogFile, ProcessConfig, ProcessDetails,
    ProcessState,
};
use supervisor_protocol::xmlrpc::Value;

type Members = Vec<(String, Value)>;

fn member(name: &str, value: impl Into<Value>) -> (String, Value) {
    (name.to_owned(), value.into())
}

/// `sup.group`
pub(super) fn group(group: &GroupConfig) -> Value {
    let configs = group.processes.iter().map(|process| Value::Struct(config(process)));
    Value::Struct(vec![
        member("name", &*group.name),
        member("priority", group.priority),
        ("configs".to_owned(), Value::Array(configs.collect())),
    ])
}

/// `sup.process`
pub(super) fn process(details: &ProcessDetails) -> Value {
    let ProcessDetails { info, backoff, goal, next_start, .. } = details;
    let next_start = next_start.map_or(0, |at| i64::try_from(at.as_secs()).unwrap_or(i64::MAX));
    Value::Struct(vec![
        member("pid", info.pid.map_or(0, |pid| i64::from(pid.get()))),
        member("state", i64::from(info.state.code())),
        member("laststart", info.start),
        member("laststop", info.stop),
        member("spawnerr", info.spawnerr.as_deref().unwrap_or_default()),
        member("exitstatus", i64::from(info.exit_code.unwrap_or(0))),
        member("killing", info.state == ProcessState::Stopping),
        member("backoff", i64::try_from(*backoff).unwrap_or(i64::MAX)),
        member("delay", next_start),
        member("administrative_stop", *goal == Goal::Down(DownCause::Client)),
        member("system_stop", matches!(goal, Goal::Down(DownCause::GaveUp | DownCause::Unreachable))),
        ("config".to_owned(), Value::Struct(config(&info.config))),
    ])
}

/// The options of a process that are numbers, texts or truth values.
pub(super) fn config(config: &ProcessConfig) -> Members {
    let ProcessConfig { name, command, priority, start, restart, stop, log, environment, identity, .. } = config;
    let mut members = vec![
        member("name", &**name),
        member("command", &**command),
        member("priority", *priority),
        member("autostart", start.autostart),
        member("startsecs", start.startsecs),
        match restart.autorestart {
            Autorestart::Never => member("autorestart", false),
            Autorestart::Always => member("autorestart", true),
            Autorestart::Unexpected => member("autorestart", "unexpected"),
        },
        member("startretries", restart.startretries),
        member("stopsignal", i64::from(stop.stopsignal.number())),
        member("stopwaitsecs", stop.stopwaitsecs),
        member("stopasgroup", stop.stopasgroup),
        member("killasgroup", stop.killasgroup),
        member("redirect_stderr", log.redirect_stderr),
    ];
    members.extend(identity.directory.as_deref().map(|directory| member("directory", directory)));
    members.extend(identity.umask.map(|umask| member("umask", i64::from(umask))));
    members.extend(identity.uid.map(|uid| member("uid", i64::from(uid))));
    members.extend(environment.serverurl.as_deref().map(|url| member("serverurl", url)));
    for (channel, prefix) in [(Channel::Stdout, "stdout"), (Channel::Stderr, "stderr")] {
        members.extend(channel_config(log.channel(channel), prefix));
    }
    members
}

fn channel_config(config: &ChannelConfig, prefix: &str) -> Members {
    let named = |name: &str, value: Value| (format!("{prefix}_{name}"), value);
    let mut members = vec![
        named("logfile_maxbytes", config.maxbytes.into()),
        named("logfile_backups", config.backups.into()),
        named("capture_maxbytes", config.capture_maxbytes.into()),
        named("events_enabled", config.events_enabled.into()),
        named("syslog", config.syslog.into()),
    ];
    match &config.logfile {
        LogFile::None => {}
        LogFile::Auto => members.push(named("logfile", "AUTO".into())),
        LogFile::Path(path) => members.push(named("logfile", (&**path).into())),
    }
    members
}
