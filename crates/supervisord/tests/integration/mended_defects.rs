//! Defects of the Python release that are gone, seen from outside. Each test names its row in COMPATIBILITY.md; none
//! of them can pass against the original.

use std::fs;

use crate::support::{TestDaemon, http_get, raw_http, testing_the_original, until};

/// A started daemon, or nothing when the original is under test.
#[track_caller]
fn started(configuration: &str) -> Option<TestDaemon> {
    (!testing_the_original()).then(|| TestDaemon::started(configuration))
}

/// F02
#[test]
fn death_at_once_is_never_called_a_success() {
    let Some(mut daemon) = started("[program:dead]\ncommand=/bin/false\nstartretries=1\n") else { return };
    daemon.wait_for_state("dead", "FATAL");
    assert_eq!(daemon.log_lines("success: "), Vec::<String>::new());
    assert_eq!(daemon.log_lines("gave up: ").len(), 1);
    daemon.stop();
}

/// F12
#[test]
fn stdin_that_nobody_reads_is_queued() {
    let Some(mut daemon) = started("[program:deaf]\ncommand=/bin/sleep 1000\nstartsecs=0\n") else { return };
    daemon.wait_for_state("deaf", "RUNNING");
    let more_than_a_pipe_holds = "x".repeat(200_000);
    let answer = daemon.call("supervisor.sendProcessStdin", &["deaf".into(), more_than_a_pipe_holds.as_str().into()]);
    assert_eq!(answer, Ok(true.into()));
    let bound = 1 << 20;
    let fault = (0..=bound / more_than_a_pipe_holds.len())
        .find_map(|_| {
            let chars = more_than_a_pipe_holds.as_str().into();
            daemon.call("supervisor.sendProcessStdin", &["deaf".into(), chars]).err()
        })
        .expect("it is not queued without end");
    assert_eq!(fault.text, "FAILED: deaf does not read its stdin, its buffer is full");
    daemon.stop();
}

const SPEAKER: &str = "[program:speaker]
command=/usr/bin/printf 'h\\303\\251llo\\001\\377'
stdout_logfile={dir}/speaker.log
autorestart=false
startsecs=0
";

/// F14
#[test]
fn log_is_read_in_the_middle_of_a_character() {
    let Some(mut daemon) = started(SPEAKER) else { return };
    daemon.wait_for_state("speaker", "EXITED");
    let read = |offset: i64, length: i64| {
        daemon.call("supervisor.readProcessStdoutLog", &["speaker".into(), offset.into(), length.into()])
    };
    assert_eq!(read(0, 2), Ok("h\u{fffd}".into()));
    assert_eq!(read(3, 3), Ok("llo".into()));
    daemon.stop();
}

/// F15
#[test]
fn bytes_that_xml_cannot_carry_do_not_spoil_the_answer() {
    let Some(mut daemon) = started(SPEAKER) else { return };
    daemon.wait_for_state("speaker", "EXITED");
    let text = daemon.call("supervisor.readProcessStdoutLog", &["speaker".into(), 0.into(), 0.into()]);
    assert_eq!(text, Ok("h\u{e9}llo\u{fffd}\u{fffd}".into()));
    daemon.stop();
}

/// F14
#[test]
fn argument_of_the_wrong_type_is_a_fault() {
    let Some(mut daemon) = started("") else { return };
    let fault = daemon.call("supervisor.getProcessInfo", &[1.into()]).expect_err("it is no name");
    assert_eq!(fault.code, 2);
    assert!(fault.text.starts_with("INCORRECT_PARAMETERS"), "{}", fault.text);
    daemon.stop();
}

/// F18
#[test]
fn stop_right_after_the_start_is_heard() {
    let Some(mut daemon) = started("[program:sleeper]\ncommand=/bin/sleep 1000\nautostart=false\nstartsecs=0\n") else {
        return;
    };
    for _ in 0..50 {
        daemon.call("supervisor.startProcess", &["sleeper".into(), false.into()]).expect("it starts");
        daemon.call("supervisor.stopProcess", &["sleeper".into()]).expect("it stops");
    }
    assert_eq!(daemon.log_lines("killing 'sleeper'"), Vec::<String>::new());
    assert_eq!(daemon.log_lines("stopped: sleeper (terminated by SIGTERM)").len(), 50);
    daemon.stop();
}

/// F19
#[test]
fn malformed_requests_are_answered() {
    let Some(mut daemon) = started("[inet_http_server]\nport=127.0.0.1:{port}\nusername=u\npassword=p\n") else {
        return;
    };
    let status = |request: &str| {
        let answer = raw_http(daemon.port(), request).expect("it is answered");
        answer.split(' ').nth(1).map(str::to_owned).unwrap_or_default()
    };
    assert_eq!(status("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), "401");
    assert_eq!(status("GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Basic !\r\nConnection: close\r\n\r\n"), "400");
    assert_eq!(status("nonsense\r\n\r\n"), "400");
    let signed = "Authorization: Basic dTpw\r\nHost: x\r\nConnection: close\r\n";
    assert_eq!(status(&format!("GET /logtail HTTP/1.1\r\n{signed}\r\n")), "404");
    assert_eq!(status(&format!("POST /RPC2 HTTP/1.1\r\n{signed}Content-Length: 0\r\n\r\n")), "400");
    daemon.stop();
}

/// F22
#[test]
fn program_search_passes_by_what_cannot_be_run() {
    let Some(mut daemon) = started(
        "[program:tool]
command=tool
environment=PATH=\"{dir}/one:{dir}/two:{dir}/three\"
stdout_logfile={dir}/tool.log
autostart=false
autorestart=false
startsecs=0
",
    ) else {
        return;
    };
    for folder in ["one/tool", "two", "three"] {
        fs::create_dir_all(daemon.path(folder)).expect("the folder is ours");
    }
    daemon.write("two/tool", "not executable");
    daemon.write("three/tool", "#!/bin/sh\necho found\n");
    make_executable(&daemon, "three/tool");
    daemon.call("supervisor.startProcess", &["tool".into()]).expect("it starts");
    daemon.wait_for_text("tool.log", "found\n");
    daemon.stop();
}

fn make_executable(daemon: &TestDaemon, name: &str) {
    use std::os::unix::fs::PermissionsExt;

    fs::set_permissions(daemon.path(name), fs::Permissions::from_mode(0o755)).expect("the file is ours");
}

/// F26
#[test]
fn usr1_does_no_harm() {
    let Some(mut daemon) = started("[program:sleeper]\ncommand=/bin/sleep 1000\nstartsecs=0\n") else { return };
    daemon.wait_for_state("sleeper", "RUNNING");
    let before = daemon.pid_of("sleeper");
    daemon.signal("USR1");
    daemon.signal("USR2");
    daemon.wait_for_log("SIGUSR2");
    assert_eq!((daemon.state("sleeper").as_str(), daemon.pid_of("sleeper")), ("RUNNING", before));
    daemon.stop();
}

/// F31
#[test]
fn limit_of_descriptors_names_the_real_limit() {
    if testing_the_original() {
        return;
    }
    let daemon = TestDaemon::prepared("");
    let ended = daemon.run(&["-n", "-c", "{dir}/supervisord.conf", "-a", "2147483647"]);
    let limits = fs::read_to_string("/proc/self/limits").expect("proc(5)");
    let line = limits.lines().find(|line| line.starts_with("Max open files")).expect("proc(5)");
    let hard = line.split_whitespace().nth(4).expect("the hard limit");
    let text = format!("The current environment will only allow you to open {hard} file descriptors.");
    assert!(ended.stderr.contains(&text), "{}", ended.stderr);
    assert_eq!(ended.status, 2);
}

/// F32
#[test]
fn configuration_of_an_always_restarted_program_is_told() {
    let Some(mut daemon) = started("[program:cat]\ncommand=/bin/cat\nautorestart=true\nstartsecs=0\n") else { return };
    let told = daemon.ctl(&["avail"]);
    assert_eq!(told.stdout, "cat                              in use    auto      999:999\n");
    assert!(daemon.call("supervisor.getAllConfigInfo", &[]).is_ok());
    daemon.stop();
}

const FASTCGI: &str = "[fcgi-program:fc]
command=python3 -c \"import socket,time; s = socket.socket(fileno=0); print(s.family.name, flush=True); time.sleep(1000)\"
socket=unix://{dir}/fc.sock
stdout_logfile={dir}/fc.log
startsecs=0
";

/// F16
#[test]
fn fastcgi_program_in_a_group_has_its_socket() {
    let Some(mut daemon) = started(&format!("{FASTCGI}[group:g]\nprograms=fc\n")) else { return };
    daemon.wait_for_state("g:fc", "RUNNING");
    daemon.wait_for_text("fc.log", "AF_UNIX\n");
    daemon.stop();
}

/// F45
#[test]
fn fastcgi_socket_is_removed_when_nobody_uses_it() {
    let Some(mut daemon) = started(FASTCGI) else { return };
    daemon.wait_for_text("fc.log", "AF_UNIX\n");
    assert!(daemon.path("fc.sock").exists());
    daemon.call("supervisor.stopProcess", &["fc".into()]).expect("it stops");
    until("the socket is gone", || (!daemon.path("fc.sock").exists()).then_some(()));
    daemon.call("supervisor.startProcess", &["fc".into()]).expect("it starts");
    assert!(daemon.path("fc.sock").exists());
    daemon.stop();
}

/// F51
#[test]
fn reread_does_not_mislay_the_main_log() {
    let Some(mut daemon) = started("") else { return };
    let text = daemon.read("supervisord.conf");
    daemon.write("supervisord.conf", &text.replace("supervisord.log", "other.log").replace("supervisord.pid", "other"));
    assert!(daemon.call("supervisor.reloadConfig", &[]).is_ok());
    let log = daemon.call("supervisor.readLog", &[0.into(), 0.into()]).expect("there is a log");
    assert!(log.as_text().contains("supervisord started with pid"));
    daemon.stop();
}

/// Runs supervisord on a configuration that cannot be used; brings the first line of its complaint.
fn complaint(configuration: &str) -> String {
    let daemon = TestDaemon::prepared(configuration);
    let ended = daemon.run(&["-n", "-c", "{dir}/supervisord.conf"]);
    assert_eq!(ended.status, 2, "{ended:?}");
    ended.stderr.lines().next().unwrap_or_default().to_owned()
}

/// F23, F43, F44
#[test]
fn configurations_that_mean_nothing_are_refused_in_their_own_words() {
    if testing_the_original() {
        return;
    }
    let group = complaint("[program:good]\ncommand=/bin/cat\n[group:x]\nprograms=good,bad\n");
    assert!(group.starts_with("Error: [group:x] names unknown program or fcgi-program bad"), "{group}");
    let header = complaint("[program:a\ncommand=/bin/cat\n");
    assert!(header.starts_with("Error: Source contains parsing errors: "), "{header}");
    let name = complaint("[program:a]\ncommand=/bin/cat\nprocess_name=%(ENV_HOME)s\n");
    assert!(name.contains("because of character: '/'"), "{name}");
    let empty = complaint("[program:]\ncommand=/bin/cat\n");
    assert!(empty.starts_with("Error: ") && empty.contains("Invalid name"), "{empty}");
}

/// F42
#[test]
fn group_that_is_left_out_is_told() {
    let Some(mut daemon) =
        started("[program:a]\ncommand=/bin/cat\n[program:b]\ncommand=/bin/cat\n[group:a]\nprograms=b\n")
    else {
        return;
    };
    let told = daemon.log_lines("is used by both");
    assert!(told.len() == 1 && told[0].starts_with("WARN ") && told[0].contains("[program:a] is left out"), "{told:?}");
    daemon.stop();
}

/// F39
#[test]
fn log_that_is_a_pipe_needs_no_settings() {
    let Some(mut daemon) = started(
        "[program:talker]
command=/bin/sh -c \"while [ ! -e {dir}/go ]; do sleep 0.05; done; echo one; echo two; exec sleep 1000\"
stdout_logfile={dir}/pipe
autostart=false
startsecs=0
",
    ) else {
        return;
    };
    let mut reader = daemon.start_script("mkfifo pipe && touch ready && exec cat pipe");
    until("the pipe is there", || daemon.path("ready").exists().then_some(()));
    daemon.call("supervisor.startProcess", &["talker".into()]).expect("it starts");
    daemon.write("go", "");
    until("both lines came through", || (reader.stdout() == "one\ntwo\n").then_some(()));
    assert_eq!(daemon.log_lines("CRIT").len(), daemon.log_lines("CRIT S").len(), "{}", daemon.log());
    daemon.stop();
    reader.kill();
}

/// K19
#[test]
fn include_that_cannot_be_read_is_told() {
    if testing_the_original() {
        return;
    }
    let mut daemon = TestDaemon::prepared("[include]\nfiles=more/*.conf\n");
    fs::create_dir_all(daemon.path("more/folder.conf")).expect("the folder is ours");
    daemon.start();
    let told = daemon.log_lines("was skipped");
    assert!(told.len() == 1 && told[0].starts_with("WARN ") && told[0].contains("folder.conf"), "{told:?}");
    daemon.stop();
}

/// N01
#[test]
fn option_that_is_misspelt_is_told() {
    let Some(mut daemon) = started("[program:cat]\ncommand=/bin/cat\nautostrat=false\n") else { return };
    let told = daemon.log_lines("autostrat");
    assert!(told.len() == 1 && told[0].starts_with("WARN ") && told[0].contains("'autostart'"), "{told:?}");
    daemon.stop();
}

/// F41
#[test]
fn address_with_the_word_error_is_no_error() {
    let Some(mut daemon) = started("[supervisord]\nloglevel=trace\n[inet_http_server]\nport=127.0.0.1:{port}\n") else {
        return;
    };
    let (status, _) = http_get(daemon.port(), "/error.html").expect("it is answered");
    assert_eq!(status, 404);
    daemon.wait_for_log("GET /error.html");
    let told = daemon.log_lines("GET /error.html");
    assert!(told.len() == 1 && told[0].starts_with("TRAC "), "{told:?}");
    daemon.stop();
}

/// N53
#[test]
fn answer_that_waited_is_whole_whatever_the_names() {
    let program = "[program:größe]\ncommand=/bin/cat\nstartsecs=0\n";
    let Some(mut daemon) = started(&format!("[inet_http_server]\nport=127.0.0.1:{{port}}\n{program}")) else { return };
    daemon.wait_for_state("größe", "RUNNING");
    let call = "<methodCall><methodName>supervisor.stopProcessGroup</methodName><params><param><value>größe</value>\
                </param></params></methodCall>";
    let head = format!("POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n", call.len());
    let answer = raw_http(daemon.port(), &(head + call)).expect("it is answered");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    assert!(head.to_lowercase().contains(&format!("content-length: {}\r\n", body.len())), "{answer}");
    assert!(body.contains("<string>größe</string>") && body.ends_with("</methodResponse>\n"), "{answer}");
    daemon.stop();
}
