//! Where we differ from upstream on purpose (contract/quirks.md, tables 2 and 3).

use supervisor_config::{AnonymousPaths, BaseUrl, WebConfig, WebInterface};
use supervisor_core::{GroupKind, LogFile, SocketAddress};

use crate::folder::{Folder, load, names, warnings};

#[test]
fn f16_an_fcgi_program_in_a_group_keeps_its_socket() {
    let config = load(
        "[fcgi-program:f]\ncommand=x\nsocket=unix:///tmp/%(program_name)s.sock\nnumprocs=2\nprocess_name=f%(process_num)d\n\
         [group:g]\nprograms=f\n[group:h]\nprograms=f\n",
    )
    .unwrap();
    assert_eq!(names(&config), ["g: f0 f1", "h: f0 f1"]);
    assert!(config.groups.iter().all(|group| group.kind == GroupKind::Programs));
    let sockets: Vec<_> = config
        .groups
        .iter()
        .flat_map(|group| &group.processes)
        .map(|process| process.socket.clone().unwrap())
        .collect();
    assert!(sockets.iter().all(|socket| std::sync::Arc::ptr_eq(socket, &sockets[0])), "one program, one socket");
    assert_eq!(sockets[0].address, SocketAddress::Unix { path: "/tmp/f.sock".into(), owner: None, mode: 0o700 });
}

#[test]
fn f16_a_group_member_without_socket_still_runs() {
    let text = "[fcgi-program:f]\ncommand=x\n[group:g]\nprograms=f\n";
    assert_eq!(load(text).unwrap().groups[0].processes[0].socket, None);
    assert_eq!(warnings(text), ["For [fcgi-program:f], no socket is set, it runs as a program without one"]);
}

#[test]
fn f23_errors_of_a_group_name_the_group() {
    let text = "[program:a]\ncommand=x\n[group:g]\nprograms=a,nosuch\n";
    assert_eq!(load(text).unwrap_err(), "[group:g] names unknown program or fcgi-program nosuch");
    let text = "[program:a]\ncommand=x\n[program:b]\ncommand=x\n[fcgi-program:b]\ncommand=x\n[group:g]\nprograms=a,b\n";
    assert_eq!(load(text).unwrap_err(), "[group:g] name b is ambiguous (exists as program and fcgi-program)");
}

#[test]
fn f42_the_later_of_two_groups_with_one_name_is_left_out_with_a_warning() {
    let text = "[program:a]\ncommand=1\npriority=5\n[eventlistener:a]\ncommand=2\nevents=TICK_5\n";
    let config = load(text).unwrap();
    assert_eq!(names(&config), ["a: a"]);
    assert_eq!(&*config.groups[0].processes[0].command, "2");
    let warning =
        "Group name \"a\" is used by both [eventlistener:a] and [program:a], [program:a] is left out".to_owned();
    assert_eq!(warnings(text), [warning]);
}

#[test]
fn f43_a_header_without_its_end_is_an_error() {
    let folder = Folder::new();
    assert_eq!(
        folder.load("[supervisord]\n[program:a\ncommand=x\n").unwrap_err(),
        "Source contains parsing errors: '{dir}/main.conf'\n\t[line  2]: '[program:a\\n'"
    );
}

#[test]
fn f44_names_are_checked_after_expansion_too_and_must_not_be_empty() {
    let folder = Folder::new();
    let in_section = |section: &str| format!(" in section '{section}' (file: '{{dir}}/main.conf')");
    for (text, error) in [
        (
            "[program:a]\ncommand=x\nprocess_name=%(here)s\n",
            format!("Invalid name: '{{dir}}' because of character: '/'{}", in_section("program:a")),
        ),
        (
            "[program:a]\ncommand=x\nenvironment=E=\"a:b c\"\nprocess_name=%(ENV_E)s\n",
            format!("Invalid name: 'a:b c' because of character: ' '{}", in_section("program:a")),
        ),
        (
            "[program:a]\ncommand=x\nenvironment=E=\"\"\nprocess_name=%(ENV_E)s\n",
            format!("Invalid name: '' because it is empty{}", in_section("program:a")),
        ),
        ("[program:]\ncommand=x\n", "Invalid name: '' because it is empty".to_owned()),
        ("[group: ]\n", "Invalid name: ' ' because it is empty".to_owned()),
        (
            "[eventlistener:]\ncommand=x\nevents=TICK_5\n",
            format!("Invalid name: '' because it is empty{}", in_section("eventlistener:")),
        ),
    ] {
        assert_eq!(folder.load(format!("[supervisord]\n{text}")).unwrap_err(), error, "{text}");
    }
}

#[test]
fn f48_a_stderr_that_goes_to_stdout_warns_only_of_a_file_it_loses() {
    let program = "[program:a]\ncommand=x\nredirect_stderr=true\n";
    for quiet in ["", "stderr_syslog=true\n", "stderr_logfile_maxbytes=0\n", "stderr_logfile=NONE\n"] {
        assert!(warnings(&format!("{program}{quiet}")).is_empty(), "{quiet}");
    }
    let text = format!("{program}stderr_logfile=/tmp/x\n");
    assert_eq!(
        warnings(&text),
        ["For [program:a], redirect_stderr=true but stderr_logfile has also been set to a filename, the filename has \
          been ignored"]
    );
    assert_eq!(load(&text).unwrap().groups[0].processes[0].log.stderr.logfile, LogFile::None);
}

#[test]
fn f49_what_is_no_signal_is_refused() {
    for (value, kind) in [("0", "number"), ("_DFL", "name"), ("SIG_BLOCK", "name"), ("33", "number")] {
        let error = load(&format!("[program:a]\ncommand=x\nstopsignal={value}\n")).unwrap_err();
        assert!(error.starts_with(&format!("value '{value}' is not a valid signal {kind} in section")), "{error}");
    }
}

#[test]
fn k19_a_file_that_cannot_be_included_is_skipped_with_a_warning() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path().join("a.inc")).unwrap();
    folder.write("b.inc", "[program:b]\ncommand=x\n");
    std::os::unix::fs::symlink("nowhere", folder.path().join("c.inc")).unwrap();
    let text = "[supervisord]\n[include]\nfiles=*.inc none\n";
    assert_eq!(
        folder.warnings(text),
        [
            "Extra file \"{dir}/a.inc\" was skipped, it cannot be read: not a regular file",
            "Extra file \"{dir}/c.inc\" was skipped, it cannot be read: ENOENT",
            "No file matches via include \"{dir}/none\"",
        ]
    );
    assert_eq!(names(&folder.load(text).unwrap()), ["b: b"]);
}

#[test]
fn d1_environment_has_posix_quoting_and_is_expanded_once() {
    let config =
        load("environment=A=\"x\\\"y\",B=\"100%%\",H=\"%(host_node_name)s\"\n[program:a]\ncommand=x\n").unwrap();
    let environment = &config.groups[0].processes[0].environment.variables;
    assert_eq!(environment[0], ("A".into(), "x\"y".into()));
    assert_eq!(environment[1], ("B".into(), "100%".into()));
    assert!(!environment[2].1.contains('%'));
}

#[test]
fn unknown_options_work_but_are_told() {
    let folder = Folder::new();
    let text = "[supervisord]\nautostart=true\n[program:a]\ncommand=x\nstout_logfile=%\n[program:b]\ncommand=x\n\
                stout_logfile=y\ndependent_startup=true\n[DEFAULT]\nanything=1\n[mystery]\nx=1\n\
                [rpcinterface:supervisor]\nsupervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n\
                own=1\n";
    assert_eq!(
        folder.warnings(text),
        [
            "Unknown section 'mystery' (file: '{dir}/main.conf', line: 12) is ignored",
            "Unknown option 'autostart' in section 'supervisord' (file: '{dir}/main.conf', line: 2) is ignored",
            "Unknown option 'stout_logfile' in section 'program:a' (file: '{dir}/main.conf', line: 5) and in 1 more is \
             ignored, did you mean 'stdout_logfile'?",
            "Unknown option 'dependent_startup' in section 'program:b' (file: '{dir}/main.conf', line: 9) is ignored",
        ]
    );
}

#[test]
fn n96_unknown_sections_are_told_with_what_was_meant() {
    let folder = Folder::new();
    let text =
        "[supervisord]\n[progam:x]\ncommand=x\n[program y]\ncommand=y\n[eventlistner:z]\n[include]\nfiles=*.inc\n";
    folder.write("a.inc", "[groop:g]\nprograms=x\n[supervisord:2]\n");
    assert_eq!(
        folder.warnings(text),
        [
            "Unknown section 'progam:x' (file: '{dir}/main.conf', line: 2) is ignored, did you mean 'program:x'?",
            "Unknown section 'program y' (file: '{dir}/main.conf', line: 4) is ignored, did you mean 'program:y'?",
            "Unknown section 'eventlistner:z' (file: '{dir}/main.conf', line: 6) is ignored, did you mean \
             'eventlistener:z'?",
            "Unknown section 'groop:g' (file: '{dir}/a.inc', line: 1) is ignored, did you mean 'group:g'?",
            "Unknown section 'supervisord:2' (file: '{dir}/a.inc', line: 3) is ignored, did you mean 'supervisord'?",
        ]
    );
}

#[test]
fn n08_an_inet_server_has_options_of_its_own() {
    let text = "[inet_http_server]\nport=*:9001\nallow_insecure=true\nallowed_hosts=Supervisor.example.com, b ,\n\
                tls_cert=%(here)s/c.pem\ntls_key=/k.pem\ntls_client_ca=/ca.pem\n";
    let config = load(text).unwrap();
    let server = &config.http_servers[0];
    assert!(server.allow_insecure);
    assert_eq!(server.allowed_hosts, ["supervisor.example.com", "b"]);
    assert_eq!((server.place.line, server.place.column), (3, 6));
    let tls = server.tls.as_ref().unwrap();
    assert_eq!(tls.certificate, std::path::Path::new(&config.here).join("c.pem"));
    assert_eq!(tls.key, std::path::Path::new("/k.pem"));
    assert_eq!(tls.client_ca.as_deref(), Some(std::path::Path::new("/ca.pem")));
    assert_eq!(config.server_url.as_deref(), Some("https://localhost:9001"));
    let plain = load("[inet_http_server]\nport=9001\n").unwrap();
    assert!(!plain.http_servers[0].allow_insecure && plain.http_servers[0].tls.is_none());
}

#[test]
fn n08_half_of_a_certificate_is_refused() {
    let error = |options: &str| load(&format!("[inet_http_server]\nport=9001\n{options}\n")).unwrap_err();
    let told = |set: &str, missing: &str| {
        format!(
            "Section [inet_http_server] has {set} but no {missing}: set both or neither (file {{dir}}/main.conf, line 4)"
        )
    };
    assert_eq!(error("tls_cert=/c"), told("tls_cert", "tls_key"));
    assert_eq!(error("tls_key=/k"), told("tls_key", "tls_cert"));
    assert_eq!(error("tls_client_ca=/a"), told("tls_client_ca", "tls_cert"));
}

#[test]
fn n25_a_variable_that_is_gone_from_the_file_is_gone_at_the_next_reading() {
    let folder = Folder::new();
    let program = "[program:a]\ncommand=x %(ENV_COLOUR)s\n";
    assert!(folder.load(format!("[supervisord]\nenvironment=COLOUR=red\n{program}")).is_ok());
    let error = folder.load(format!("[supervisord]\n{program}")).unwrap_err();
    assert!(error.contains("contains names ('ENV_COLOUR') which cannot be expanded"), "{error}");
}

#[test]
fn n27_an_empty_log_file_is_none() {
    let text = "[program:a]\ncommand=x\nredirect_stderr=true\nstdout_logfile=\nstderr_logfile=\n";
    let process = load(text).unwrap().groups[0].processes[0].clone();
    assert_eq!((&process.log.stdout.logfile, &process.log.stderr.logfile), (&LogFile::None, &LogFile::None));
    assert!(warnings(text).is_empty());
}

#[test]
fn n160_servers_say_which_pages_they_show() {
    let of = |options: &str| {
        let text =
            format!("[inet_http_server]\nport=9001\n{options}\n[unix_http_server]\nfile=/tmp/s.sock\n{options}\n");
        load(&text).map(|config| config.http_servers.into_iter().map(|server| server.web).collect::<Vec<_>>())
    };
    assert_eq!(of("").unwrap(), [WebConfig::default(), WebConfig::default()]);
    let web = WebConfig {
        interface: WebInterface::Classic,
        base_url: Some(BaseUrl { url: "https://sup.example/x".to_owned(), authority: "sup.example".to_owned() }),
        classic_actions: true,
        anonymous: AnonymousPaths { healthz: true, readyz: false, metrics: true },
    };
    let options =
        "web_interface=Classic\nbase_url=https://sup.example/x/\nclassic_actions=on\nanonymous=metrics, healthz";
    assert_eq!(of(options).unwrap(), [web.clone(), web]);
    assert_eq!(of("web_interface=off").unwrap()[0].interface, WebInterface::Off);
    assert_eq!(of("base_url=").unwrap()[0].base_url, None, "it may come from a variable");
    assert_eq!(of("web_interface=new").unwrap()[0].interface, WebInterface::New);
    let error = of("web_interface=old").unwrap_err();
    let told =
        "[inet_http_server] section sets invalid web_interface (old), it has to be one of auto, new, classic, off";
    assert!(error.contains(told), "{error}");
    assert!(of("anonymous=metrics,rpc").unwrap_err().contains("'rpc' cannot be told without a password"));
    assert!(of("base_url=sup.example").unwrap_err().contains("is no URL of the form https://host/path"));
}
