//! Plug-ins that are Python code: a process of the plug-in host for each.

use std::sync::Arc;

use supervisor_config::{Config, HostedPlugin};
use supervisor_core::{Autorestart, ExtensionKind, GroupKind, LogFile, ResultHandler};

use crate::folder::load;

const INTERFACE: &str = "[rpcinterface:mine]\nsupervisor.rpcinterface_factory = my.mod:make\nSpool = /var/spool\n\
                         command = not a program\n";

fn only(config: &Config) -> &HostedPlugin {
    let [plugin] = &*config.hosted_plugins else { panic!("{:?}", config.hosted_plugins) };
    let [group] = &*config.groups else { panic!("{:?}", config.groups) };
    assert_eq!((&group.name, &group.kind), (&plugin.process.name, &GroupKind::Extension));
    assert!(Arc::ptr_eq(&group.processes[0], &plugin.process));
    plugin
}

#[test]
fn a_factory_gets_all_options_and_a_process_of_its_own() {
    let config = load(&format!("[supervisord]\nenvironment=A=\"1\"\n{INTERFACE}")).unwrap();
    let plugin = only(&config);
    assert_eq!((plugin.section.as_str(), plugin.place.line), ("rpcinterface:mine", 4));
    let process = &plugin.process;
    assert_eq!((&*process.name, &*process.command, process.priority), ("rpcinterface.mine", "'python3'", 0));
    assert_eq!((process.restart.autorestart, process.restart.startretries), (Autorestart::Always, i64::MAX));
    assert_eq!(process.environment.variables.len(), 1);
    let extension = plugin.extension();
    assert_eq!((extension.kind, &*extension.namespace), (ExtensionKind::RpcInterface, "mine"));
    assert_eq!((&*extension.factory, &extension.allow), ("my.mod:make", &None));
    let options: Vec<(&str, &str)> = extension.options.iter().map(|(name, value)| (&**name, &**value)).collect();
    assert_eq!(options, [("spool", "/var/spool"), ("command", "not a program")]);
    assert!(config.rpcinterfaces[0].is_hosted && config.rpcinterfaces[0].built_in().is_none());
}

#[test]
fn a_result_handler_has_a_process_that_prints_where_supervisord_does() {
    let config = load(
        "[eventlistener:judged]\ncommand=cat\nevents=EVENT\nresult_handler=my.mod:judge\npriority=7\n\
         [eventlistener:usual]\ncommand=cat\nevents=EVENT\nresult_handler=supervisor.dispatchers:default_handler\n",
    )
    .unwrap();
    let [plugin] = &*config.hosted_plugins else { panic!("{:?}", config.hosted_plugins) };
    assert_eq!(plugin.section, "eventlistener:judged");
    assert_eq!(
        (&*plugin.process.name, plugin.extension().kind),
        ("result_handler.judged", ExtensionKind::ResultHandler)
    );
    let log = &plugin.process.log;
    assert_eq!(log.stdout.logfile, LogFile::Path("/dev/stdout".into()));
    assert_eq!(log.stderr.logfile, LogFile::Path("/dev/stderr".into()));
    assert_eq!((log.stdout.maxbytes, log.stderr.maxbytes), (0, 0));
    let names: Vec<&str> = config.groups.iter().map(|group| &*group.name).collect();
    assert_eq!(names, ["usual", "result_handler.judged", "judged"], "by priority");
    let handlers: Vec<&ResultHandler> = config
        .groups
        .iter()
        .filter_map(|group| match &group.kind {
            GroupKind::EventListeners(pool) => Some(&pool.result_handler),
            GroupKind::Programs | GroupKind::FastCgi | GroupKind::Extension => None,
        })
        .collect();
    assert_eq!(handlers, [&ResultHandler::Ours, &ResultHandler::Plugin("my.mod:judge".into())]);
}

#[test]
fn the_interpreter_is_that_of_the_file() {
    let command = |value: &str| {
        let config = load(&format!("[supervisord]\npython_host={value}\n{INTERFACE}")).unwrap();
        only(&config).process.command.to_string()
    };
    assert_eq!(command("/opt/it's here/python"), "'/opt/it'\\''s here/python'");
    assert_eq!(command("python3.12"), "'python3.12'");
    assert_eq!(command(""), "'python3'");
}

#[test]
fn what_is_built_in_runs_in_python_where_that_is_wished() {
    let both = |value: &str| {
        let config = load(&format!(
            "[supervisord]\npython_namespaces={value}\n[rpcinterface:cache]\nsupervisor.rpcinterface_factory=\
             supervisor_cache.rpcinterface:make_cache_rpcinterface\n[rpcinterface:supervisor]\n\
             supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n",
        ))
        .unwrap();
        let built_in: Vec<bool> = config.rpcinterfaces.iter().map(|interface| interface.built_in().is_some()).collect();
        (built_in, config.hosted_plugins.len())
    };
    assert_eq!(both("false"), (vec![true, true], 0));
    assert_eq!(both("true"), (vec![false, true], 1));
}
