//! `[rpcinterface:x]` with `command=` (docs/extensions.md).

use std::sync::Arc;

use supervisor_core::{Autorestart, EventType, GroupConfig, GroupKind};

use crate::folder::load;

fn group(text: &str) -> Arc<GroupConfig> {
    let config = load(text).expect("it can be read");
    let [group] = &*config.groups else { panic!("{:?}", config.groups) };
    assert_eq!(config.rpcinterfaces, [], "it is no plug-in");
    Arc::clone(group)
}

#[test]
fn it_is_a_program_with_few_options_and_the_rest_is_its_own() {
    let group = group(
        "[supervisord]\nenvironment=A=\"1\"\n[rpcinterface:queue]\ncommand=%(here)s/queue --depth 10\n\
         user=root\nenvironment=B=\"2\"\nstopwaitsecs=7\nstdout_logfile=NONE\nallow=sup.*, supervisor.getState\n\
         startsecs=never\nnumprocs=%(ENV_A)s\nSpool=/var/%(host_node_name)s\n",
    );
    assert_eq!((&*group.name, group.priority, &group.kind), ("rpcinterface.queue", 0, &GroupKind::Extension));
    let [process] = &*group.processes else { panic!("one process") };
    assert_eq!(&*process.name, "rpcinterface.queue");
    assert!(process.command.ends_with("/queue --depth 10") && !process.command.contains('%'), "{}", process.command);
    assert_eq!((process.identity.uid, process.stop.stopwaitsecs, process.start.startsecs), (Some(0), 7, 1));
    assert_eq!(process.environment.variables.len(), 2);
    assert_eq!((process.restart.autorestart, process.restart.startretries), (Autorestart::Always, i64::MAX));
    let extension = process.extension.as_ref().unwrap();
    assert_eq!(&*extension.namespace, "queue");
    let names: Vec<&str> = extension.options.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["startsecs", "numprocs", "spool"]);
    assert!(extension.options.iter().all(|(_, value)| !value.contains('%')), "{:?}", extension.options);
    let allow: Vec<&str> = extension.allow.as_deref().unwrap().iter().map(|name| &**name).collect();
    assert_eq!(allow, ["sup.*", "supervisor.getState"]);
}

#[test]
fn allow_is_everything_unless_it_is_said_and_nothing_when_it_is_empty() {
    let allow = |line: &str| {
        let group = group(&format!("[rpcinterface:x]\ncommand=/bin/x\n{line}"));
        group.processes[0].extension.as_ref().unwrap().allow.clone()
    };
    assert_eq!(allow(""), None);
    assert_eq!(allow("allow=\n"), Some([].into()));
}

#[test]
fn a_factory_takes_all_options_one_called_command_too() {
    let config = load(
        "[rpcinterface:cache]\nsupervisor.rpcinterface_factory=\
         supervisor_cache.rpcinterface:make_cache_rpcinterface\ncommand=/bin/x\n",
    )
    .unwrap();
    assert_eq!((config.groups.len(), config.rpcinterfaces.len()), (0, 1));
}

#[test]
fn event_types_of_extensions_are_taken_where_there_are_extensions() {
    let listener = "[eventlistener:l]\ncommand=/bin/l\nevents=QUEUE_DEPTH,tick_5\n";
    let error = load(listener).unwrap_err();
    assert!(error.contains("Unknown event type QUEUE_DEPTH"), "{error}");
    let config = load(&format!("{listener}[rpcinterface:x]\ncommand=/bin/x\n")).unwrap();
    let Some(GroupKind::EventListeners(pool)) =
        config.groups.iter().map(|group| &group.kind).find(|kind| **kind != GroupKind::Extension)
    else {
        panic!("a pool")
    };
    let names: Vec<&str> = pool.events.iter().map(EventType::name).collect();
    assert_eq!(names, ["TICK_5", "QUEUE_DEPTH"]);
    let error = load(
        &listener.replace("QUEUE_DEPTH", "queue-depth").replace("[event", "[rpcinterface:x]\ncommand=/bin/x\n[event"),
    );
    assert!(error.unwrap_err().contains("Unknown event type QUEUE-DEPTH"));
}
