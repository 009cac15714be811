//! `getAllConfigInfo`: the struct that tells how a process is configured (contract/rpc.md §4.3).
//!
//! Members, order and words are the original's; dashboards depend on `auto` and `none` (contract/quirks.md K10).

use supervisor_core::{Channel, ConfigInfo, LogFile};
use supervisor_protocol::xmlrpc::Writer;

use super::process_info::capped;

/// Stands for what is not configured.
const NONE: &str = "none";
/// Stands for a log file whose name supervisord chooses.
const AUTO: &str = "auto";

/// Writes one struct.
pub(super) fn write_config_info(writer: &mut Writer, info: &ConfigInfo) {
    let config = &info.process;
    writer.begin_struct();
    writer.boolean_member("autostart", config.start.autostart);
    writer.string_member("directory", config.identity.directory.as_deref().unwrap_or(NONE));
    match config.identity.uid {
        Some(uid) => writer.int_member("uid", i64::from(uid)),
        None => writer.string_member("uid", NONE),
    }
    writer.string_member("command", &config.command);
    writer.member("exitcodes", |writer| {
        writer.begin_array();
        for code in &config.restart.exitcodes {
            writer.int(i64::from(*code));
        }
        writer.end_array();
    });
    writer.string_member("group", &info.group.name);
    writer.int_member("group_prio", capped(info.group.priority));
    writer.boolean_member("inuse", info.in_use);
    writer.boolean_member("killasgroup", config.stop.killasgroup);
    writer.string_member("name", &config.name);
    writer.int_member("process_prio", capped(config.priority));
    writer.boolean_member("redirect_stderr", config.log.redirect_stderr);
    writer.int_member("startretries", capped(config.restart.startretries));
    writer.int_member("startsecs", capped(config.start.startsecs));
    write_channel(writer, info, Channel::Stdout);
    writer.int_member("stopsignal", i64::from(config.stop.stopsignal.number()));
    writer.int_member("stopwaitsecs", capped(config.stop.stopwaitsecs));
    write_channel(writer, info, Channel::Stderr);
    writer.string_member("serverurl", config.environment.serverurl.as_deref().unwrap_or(NONE));
    writer.end_struct();
}

/// The members that both channels have.
fn write_channel(writer: &mut Writer, info: &ConfigInfo, channel: Channel) {
    let config = info.process.log.channel(channel);
    let (names, auto_log) = match channel {
        Channel::Stdout => (&STDOUT, &info.auto_logs.stdout),
        Channel::Stderr => (&STDERR, &info.auto_logs.stderr),
    };
    let logfile = match &config.logfile {
        LogFile::None => NONE,
        LogFile::Auto => auto_log.as_deref().unwrap_or(AUTO),
        LogFile::Path(path) => path,
    };
    writer.int_member(names.capture_maxbytes, capped(config.capture_maxbytes));
    writer.boolean_member(names.events_enabled, config.events_enabled);
    writer.string_member(names.logfile, logfile);
    writer.int_member(names.logfile_backups, capped(config.backups));
    writer.int_member(names.logfile_maxbytes, capped(config.maxbytes));
    writer.boolean_member(names.syslog, config.syslog);
}

/// Names of the members of one channel.
struct ChannelNames {
    capture_maxbytes: &'static str,
    events_enabled: &'static str,
    logfile: &'static str,
    logfile_backups: &'static str,
    logfile_maxbytes: &'static str,
    syslog: &'static str,
}

static STDOUT: ChannelNames = ChannelNames {
    capture_maxbytes: "stdout_capture_maxbytes",
    events_enabled: "stdout_events_enabled",
    logfile: "stdout_logfile",
    logfile_backups: "stdout_logfile_backups",
    logfile_maxbytes: "stdout_logfile_maxbytes",
    syslog: "stdout_syslog",
};

static STDERR: ChannelNames = ChannelNames {
    capture_maxbytes: "stderr_capture_maxbytes",
    events_enabled: "stderr_events_enabled",
    logfile: "stderr_logfile",
    logfile_backups: "stderr_logfile_backups",
    logfile_maxbytes: "stderr_logfile_maxbytes",
    syslog: "stderr_syslog",
};

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use supervisor_core::{LogPaths, ProcessConfig};
    use supervisor_protocol::xmlrpc::{Answer, Value, read_answer};

    use super::*;
    use crate::test_data::{group_config, process_config};

    fn struct_of(process: ProcessConfig, auto_logs: LogPaths) -> Value {
        let group = group_config("web", vec![Arc::new(process)]);
        let process = Arc::clone(group.processes.first().unwrap());
        let info = ConfigInfo { group: Arc::new(group), process, in_use: true, auto_logs };
        let mut writer = Writer::response(0);
        write_config_info(&mut writer, &info);
        match read_answer(&writer.finish_response()) {
            Ok(Answer::Result(value)) => value,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_members_are_the_originals_in_its_order() {
        let Value::Struct(members) = struct_of(process_config("cat"), LogPaths::default()) else { panic!("a struct") };
        let names: Vec<_> = members.iter().map(|(name, _)| name.as_str()).collect();
        let expected = "autostart directory uid command exitcodes group group_prio inuse killasgroup name process_prio \
             redirect_stderr startretries startsecs stdout_capture_maxbytes stdout_events_enabled stdout_logfile \
             stdout_logfile_backups stdout_logfile_maxbytes stdout_syslog stopsignal stopwaitsecs \
             stderr_capture_maxbytes stderr_events_enabled stderr_logfile stderr_logfile_backups \
             stderr_logfile_maxbytes stderr_syslog serverurl";
        assert_eq!(names, expected.split_whitespace().collect::<Vec<_>>());
    }

    #[test]
    fn what_is_not_configured_is_the_word_none() {
        let value = struct_of(process_config("cat"), LogPaths::default());
        for name in ["directory", "uid", "serverurl", "stderr_logfile"] {
            assert_eq!(value.member(name), Some(&Value::from("none")), "{name}");
        }
        let mut process = process_config("cat");
        process.identity.directory = Some("/srv".into());
        process.identity.uid = Some(33);
        process.environment.serverurl = Some("http://x".into());
        let value = struct_of(process, LogPaths::default());
        assert_eq!(value.member("directory"), Some(&Value::from("/srv")));
        assert_eq!(value.member("uid"), Some(&Value::Int(33)));
        assert_eq!(value.member("serverurl"), Some(&Value::from("http://x")));
    }

    #[test]
    fn an_auto_log_is_its_path_while_it_has_one() {
        let logfile = |auto_logs| struct_of(process_config("cat"), auto_logs).member("stdout_logfile").cloned();
        assert_eq!(logfile(LogPaths::default()), Some(Value::from("auto")));
        let known = LogPaths { stdout: Some("/tmp/cat-stdout---x.log".into()), stderr: None };
        assert_eq!(logfile(known), Some(Value::from("/tmp/cat-stdout---x.log")));
    }

    #[test]
    fn numbers_beyond_32_bits_are_capped() {
        let mut process = process_config("cat");
        process.log.stdout.maxbytes = 5 << 30;
        let value = struct_of(process, LogPaths::default());
        assert_eq!(value.member("stdout_logfile_maxbytes"), Some(&Value::Int(i64::from(i32::MAX))));
    }
}
