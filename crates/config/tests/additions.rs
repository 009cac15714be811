//! Options that Python does not know.

use std::time::Duration;

use supervisor_core::{
    AttributesConfig, BackoffShape, Capabilities, CpuRange, DaemonSignal, IoPriority, Limit, Resource, ResourceLimit,
    Scheduler, Signal, SignalRewrite,
};

use crate::folder::{load, warnings};

#[test]
fn exitsignals_are_read_for_each_process_with_its_own_names() {
    let config = load(
        "[program:a]\ncommand=x\nnumprocs=2\nprocess_name=%(process_num)d\n\
         environment=LAST=\"1%(process_num)d\"\nexitsignals=TERM, %(ENV_LAST)s,\n",
    )
    .unwrap();
    let processes = config.groups[0].processes.iter();
    let signals: Vec<Vec<&str>> =
        processes.map(|process| process.restart.exitsignals.iter().map(|signal| signal.name()).collect()).collect();
    assert_eq!(signals, [["SIGTERM", "SIGUSR1"], ["SIGTERM", "SIGSEGV"]]);
}

#[test]
fn a_listener_may_have_exitsignals_too() {
    let config = load("[eventlistener:l]\ncommand=x\nevents=EVENT\nexitsignals=kill\n").unwrap();
    assert_eq!(*config.groups[0].processes[0].restart.exitsignals, [Signal::KILL]);
}

#[test]
fn what_is_no_signal_ends_the_start() {
    let error = load("[program:a]\ncommand=x\nexitsignals=TERM,NOSUCH\n").unwrap_err();
    let expected = "value 'NOSUCH' is not a valid signal name in section 'program:a' (file: ";
    assert!(error.starts_with(expected), "{error}");
}

/// What is said of a program with these options, from the section on.
fn refused(options: &str) -> String {
    load(&format!("[program:a]\ncommand=x\n{options}\n")).expect_err("it cannot be meant")
}

#[test]
fn kill_mode_says_who_gets_both_signals() {
    for (options, as_group) in [
        ("kill_mode=process", (false, false)),
        ("kill_mode=Group", (true, true)),
        ("kill_mode=group\nstopasgroup=true", (true, true)),
        ("kill_mode=group\nkillasgroup=true", (true, true)),
        ("kill_mode=process\nstopasgroup=false\nkillasgroup=off", (false, false)),
        ("killasgroup=true", (false, true)),
    ] {
        let config = load(&format!("[program:a]\ncommand=x\n{options}\n")).unwrap();
        let stop = &config.groups[0].processes[0].stop;
        assert_eq!((stop.stopasgroup, stop.killasgroup), as_group, "{options}");
    }
    let contradicts = "[program:a] kill_mode=process: it contradicts killasgroup=true; keep one (file ";
    let error = refused("kill_mode=process\nkillasgroup=true");
    assert!(error.starts_with(contradicts) && error.ends_with("main.conf, line 4)"), "{error}");
    let error = refused("kill_mode=group\nstopasgroup=false");
    assert!(error.starts_with("[program:a] kill_mode=group: it contradicts stopasgroup=false; keep one"), "{error}");
    let error = refused("kill_mode=tree");
    let expected = "[program:a] section sets invalid kill_mode (tree), it has to be one of process, group (file ";
    assert!(error.starts_with(expected) && error.ends_with("main.conf, line 4)"), "{error}");
}

#[test]
fn how_supervisord_itself_ends_is_read() {
    let config = load("shutdown_timeout=1.5m\nsignal_rewrite=QUIT:TERM, usr1:Ignore,\n").unwrap();
    assert_eq!(config.supervisord.shutdown_timeout, Duration::from_secs(90));
    let rewrites = [
        SignalRewrite { from: DaemonSignal::Quit, to: Some(DaemonSignal::Term) },
        SignalRewrite { from: DaemonSignal::Other(10), to: None },
    ];
    assert_eq!(*config.supervisord.signal_rewrite, rewrites);
    let error = load("shutdown_timeout=5x\n").unwrap_err();
    let expected = "[supervisord] section sets invalid shutdown_timeout (5x), it has to be a number of seconds, or a \
                    number with ms, s, m, h or d (file {dir}/main.conf, line 2)";
    assert_eq!(error, expected);
}

/// Files for the Python release have `group=nobody`, which it ignores; not every system has such a group.
#[test]
fn a_group_that_is_not_there_costs_a_warning_and_no_start() {
    let text = "[program:a]\ncommand=x\nnumprocs=3\nprocess_name=%(process_num)s\ngroup=no-such-group\n";
    let told = "[program:a] group=no-such-group (file: '{dir}/main.conf', line: 6) is ignored, there is no such group; \
                its user's own is used";
    assert_eq!(warnings(text), [told]);
    let gid = |group: &str| load(&text.replace("no-such-group", group)).unwrap().groups[0].processes[0].identity.gid;
    assert_eq!((gid("no-such-group"), gid("root"), gid("12345")), (None, Some(0), Some(12_345)));
    let error = load(&text.replace("no-such-group", "-3")).unwrap_err();
    assert!(error.starts_with("[program:a] section sets invalid group (-3), it has to be the name or id"), "{error}");
    let error = load(&format!("strict=true\n{text}")).unwrap_err();
    assert!(error.contains("there is no such group"), "{error}");
}

#[test]
fn options_of_restarts_are_read() {
    let text = "[program:a]\ncommand=x\nenvironment=D=\"250ms\"\nbackoff=Exponential\nbackoff_delay=%(ENV_D)s\n\
         backoff_max=1.5m\nbackoff_jitter=12.5%%\nbackoff_reset_secs=30\nrestart_secs=0\nrestart_limit_count=5\n\
         restart_limit_interval=1h\nfatal_retry_secs=10m\nstartretries=-1\n";
    for section in ["[program:a]", "[fcgi-program:a]\nsocket=tcp://localhost:8000", "[eventlistener:a]\nevents=EVENT"] {
        let config = load(&text.replace("[program:a]", section)).unwrap();
        let restart = &config.groups[0].processes[0].restart;
        let (backoff, seconds) = (&restart.backoff, Duration::from_secs);
        assert_eq!((backoff.shape, backoff.delay), (Some(BackoffShape::Exponential), Duration::from_millis(250)));
        assert_eq!((backoff.max, backoff.jitter.millionths()), (Some(seconds(90)), 125_000));
        assert_eq!((backoff.reset_after, restart.delay), (seconds(30), Some(Duration::ZERO)));
        assert_eq!((restart.limit.count, restart.limit.interval), (5, seconds(3_600)));
        assert_eq!((restart.fatal_retry, restart.startretries), (seconds(600), -1));
    }
}

/// S-G1: what is equal does the same.
#[test]
fn options_that_are_set_to_their_defaults_are_as_if_they_were_not_set() {
    let without = load("[program:a]\ncommand=x\n").unwrap();
    let with = load(
        "[program:a]\ncommand=x\nbackoff_delay=1\nbackoff_max=0\nbackoff_jitter=0%%\nbackoff_reset_secs=0\n\
         restart_limit_count=0\nrestart_limit_interval=60\nfatal_retry_secs=0\nexitsignals=\nstartretries=3\n",
    )
    .unwrap();
    let mut expected = without.groups[0].processes[0].restart.clone();
    // No bound, as without: only that it is written is known.
    expected.backoff.max = Some(Duration::ZERO);
    assert_eq!(with.groups[0].processes[0].restart, expected);
    assert_eq!(expected.backoff.longest(), without.groups[0].processes[0].restart.backoff.longest());
}

#[test]
fn a_bad_value_is_told_with_what_it_has_to_be() {
    let duration = "a number of seconds, or a number with ms, s, m, h or d";
    for (option, value, wanted) in [
        ("backoff", "double", "one of linear, exponential, fixed"),
        ("backoff_delay", "0.01", "0.05 seconds or more"),
        ("backoff_max", "5x", duration),
        ("backoff_jitter", "20", "a percentage like 20%"),
        ("backoff_reset_secs", "-1", duration),
        ("restart_secs", "", duration),
        ("restart_limit_count", "1001", "a whole number from 0 to 1000"),
        ("restart_limit_interval", "1 m", duration),
        ("fatal_retry_secs", "11d1", duration),
    ] {
        let error = load(&format!("[program:a]\ncommand=x\n{option}={value}\n")).unwrap_err();
        let (told, place) = error.split_once(" (file ").expect("it says where");
        assert_eq!(told, format!("[program:a] section sets invalid {option} ({value}), it has to be {wanted}"));
        assert!(place.ends_with(", line 4)"), "{error}");
    }
}

#[test]
fn where_variables_come_from_is_read_with_paths_that_begin_at_the_file() {
    let config = load(
        "env_file=common.env\n[program:a]\ncommand=x\nnumprocs=2\nprocess_name=%(process_num)d\n\
         env_file=%(process_num)s.env, -/etc/default/%(program_name)s,\nsecret_env=DB_PASSWORD:/run/db\n\
         clear_env=true\npass_env=PATH,LC_*\nunset_env=*_PROXY2\n",
    );
    let error = config.unwrap_err();
    assert!(error.starts_with("[program:a] section sets invalid unset_env (*_PROXY2), it has to be names"), "{error}");
    let config = load(
        "env_file=common.env\n[program:a]\ncommand=x\nnumprocs=2\nprocess_name=%(process_num)d\n\
         environment=A=1\nenv_file=%(process_num)s.env, -/etc/default/%(program_name)s,\nenv_dir=vars\n\
         secret_env=DB_PASSWORD:/run/db\ncredential=key:%(here)s/key\nclear_env=true\npass_env=PATH,LC_*\n\
         unset_env=HTTP_*\nlogin_env=yes\n",
    );
    let config = config.unwrap();
    let here = config.here.clone();
    let environment = &config.groups[0].processes[1].environment;
    let paths: Vec<String> =
        environment.sources.paths().map(|(option, path)| format!("{option} {}", path.replace(&here, "."))).collect();
    assert_eq!(
        paths,
        [
            "env_file ./common.env",
            "env_dir ./vars",
            "env_file ./1.env",
            "env_file /etc/default/a",
            "secret_env /run/db",
            "credential ./key"
        ]
    );
    assert_eq!(environment.sources.files.iter().map(|file| file.is_optional).collect::<Vec<_>>(), [false, true]);
    assert_eq!(*environment.sources.own_names, ["A".into()]);
    assert!(environment.clear && environment.login);
    assert_eq!(environment.pass.as_deref(), Some(&["PATH".into(), "LC_*".into()][..]));
}

#[test]
fn what_may_be_a_secret_in_the_wrong_place_is_not_told() {
    let error = refused("secret_env=hunter2");
    assert!(
        error.starts_with("[program:a] section sets invalid secret_env (********), it has to be NAME:/path"),
        "{error}"
    );
    assert!(!refused("credential=hunter2/x").contains("hunter2"));
}

#[test]
fn what_a_child_sets_of_itself_is_read() {
    let config = load(
        "[program:a]\ncommand=x\nrlimit_nofile=1024:4096\nrlimit_core=unlimited\nnice=-5\nioprio=best-effort:2\n\
         sched=rr:7\ncpu_affinity=0-3, 8\noom_score_adj=-500\ngroup=root\nsupplementary_groups=0,root\n\
         no_new_privs=true\ncapability_bounding=none\nambient_capabilities=CAP_CHOWN\nnew_session=yes\n\
         pdeathsig=KILL\n",
    );
    let config = config.unwrap();
    let process = &config.groups[0].processes[0];
    let limit = |resource, soft, hard| ResourceLimit { resource, limit: Limit { soft, hard } };
    let expected = AttributesConfig {
        limits: [limit(Resource::Core, None, None), limit(Resource::Nofile, Some(1024), Some(Some(4096)))].into(),
        nice: Some(-5),
        ioprio: Some(IoPriority::BestEffort(2)),
        sched: Some(Scheduler::RoundRobin(7)),
        cpu_affinity: Some([CpuRange { first: 0, last: 3 }, CpuRange { first: 8, last: 8 }].into()),
        oom_score_adj: Some(-500),
        no_new_privs: true,
        capability_bounding: Some(Capabilities(0)),
        ambient_capabilities: Capabilities(1),
        new_session: true,
        pdeathsig: Some(Signal::KILL),
    };
    assert_eq!(process.attributes, expected);
    assert_eq!((process.identity.gid, process.identity.groups.as_deref()), (Some(0), Some(&[0, 0][..])));
}
