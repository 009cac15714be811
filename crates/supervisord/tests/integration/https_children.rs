//! Programs that are run by a supervisord whose only server speaks HTTPS: what they are told, and calling back.

use crate::https::data;
use crate::listener_programs::example;
use crate::support::{TestDaemon, project_root, supervisorctl, testing_the_original};

/// The certificate is that of sup.example.com, signed by an authority that nobody here is told of, as one is that has
/// been bought: the URL has another name.
const ONLY_SERVER: &str = "\
[supervisord]
logfile={dir}/supervisord.log
pidfile={dir}/supervisord.pid
childlogdir={dir}
[inet_http_server]
port=*:{port}
username=u
password=p
tls_cert=%(here)s/c.pem
tls_key=%(here)s/k.pem
TLS_CLIENT_CA
[supervisorctl]
serverurl=https://localhost:{port}
username=u
password=p
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
";

const LOGIN: &str = "SUPERVISOR_USERNAME=\"u\",SUPERVISOR_PASSWORD=\"p\"";

/// A daemon with this server and these programs, not started yet; `None`: it would be the original.
fn prepared(tls_client_ca: &str, programs: &str) -> Option<TestDaemon> {
    if testing_the_original() {
        return None;
    }
    let daemon = TestDaemon::prepared("");
    for (from, to) in [("server.crt", "c.pem"), ("server.key", "k.pem"), ("other.crt", "a.pem")] {
        daemon.write(to, &std::fs::read_to_string(data(from)).expect("it is there"));
    }
    daemon.write("calls.py", CALLS);
    let server = ONLY_SERVER.replace("TLS_CLIENT_CA", tls_client_ca);
    daemon.write("supervisord.conf", &format!("{server}{programs}"));
    Some(daemon)
}

const CALLS: &str = "\
import os, sys, supervisor_listener
try:
    said = supervisor_listener.getRPCInterface(os.environ).supervisor.getState()['statename']
except OSError as error:
    said = error
print(said, file=sys.stderr, flush=True)
supervisor_listener.run(lambda headers, payload: True)
";

/// A program that asks, a listener of the Rust library that answers, and one of the Python library that calls. The
/// listeners have this `environment`.
fn listeners(environment: &str) -> String {
    let program = example("conversation");
    let (program, python) = (program.display(), project_root().join("python"));
    format!(
        "[program:asks]
command={program} ask 6 7
stdout_capture_maxbytes=1MB
stderr_logfile={{dir}}/asks.err
[eventlistener:rust]
command={program} answer
events=PROCESS_COMMUNICATION
startsecs=0
environment={environment}
stderr_logfile={{dir}}/rust.err
[eventlistener:python]
command=python3 -B {{dir}}/calls.py
events=TICK_3600
startsecs=0
environment={environment},PYTHONPATH=\"{}\"
stderr_logfile={{dir}}/python.err
",
        python.display()
    )
}

#[test]
fn n93_listeners_of_both_libraries_call_back_over_https() {
    let Some(mut daemon) = prepared("", &listeners(LOGIN)) else { return };
    daemon.launch(&["-n"]);
    daemon.wait_for_text("asks.err", "6 times 7 is 42\n");
    daemon.wait_for_text("python.err", "RUNNING\n");
    daemon.stop();
}

#[test]
fn n93_listeners_show_a_certificate_that_their_section_gives() {
    let own = |name: &str| data(name).display().to_string();
    let files =
        format!("{LOGIN},SUPERVISOR_TLS_CERT=\"{}\",SUPERVISOR_TLS_KEY=\"{}\"", own("client.crt"), own("client.key"));
    let Some(mut daemon) = prepared("tls_client_ca=%(here)s/a.pem", &listeners(&files)) else { return };
    daemon.launch(&["-n"]);
    daemon.wait_for_text("asks.err", "6 times 7 is 42\n");
    daemon.wait_for_text("python.err", "RUNNING\n");
    daemon.stop();
}

#[test]
fn n93_listeners_that_cannot_call_say_why_and_what_to_do() {
    let wanted = "give SUPERVISOR_TLS_CERT and SUPERVISOR_TLS_KEY in this program's environment=, or add a \
                  [unix_http_server], which programs of this machine need no TLS for\n";
    let unreadable = "cannot use SUPERVISOR_TLS_CA=/no/such.pem: No such file or directory";
    let stranger = "has a certificate that cannot be trusted: ";
    let of_another = format!("{LOGIN},SUPERVISOR_TLS_CA=\"{}\"", data("localhost.crt").display());
    for (tls_client_ca, environment, told) in [
        ("tls_client_ca=%(here)s/a.pem", LOGIN, wanted),
        ("", &*format!("{LOGIN},SUPERVISOR_TLS_CA=\"/no/such.pem\""), unreadable),
        ("", &*of_another, stranger),
    ] {
        let Some(mut daemon) = prepared(tls_client_ca, &listeners(environment)) else { return };
        daemon.launch(&["-n"]);
        daemon.wait_for_text("rust.err", told);
        daemon.wait_for_text("python.err", told);
        daemon.stop();
    }
}

#[test]
fn n93_supervisorctl_in_a_child_believes_the_server_that_it_has_been_given() {
    let client = supervisorctl();
    let programs = format!(
        "[program:p]\ncommand={} -c {{dir}}/supervisord.conf pid\nstartsecs=0\nautorestart=false\n\
         stdout_logfile={{dir}}/p.out\n",
        client.display()
    );
    let Some(mut daemon) = prepared("", &programs) else { return };
    daemon.launch(&["-n"]);
    let pid = daemon.program().pid();
    daemon.wait_for_text("p.out", &format!("{pid}\n"));
    // The same words without the variables: whoever has signed it is nobody to us.
    let outside = daemon.ctl(&["pid"]);
    assert!(outside.stdout.contains("nobody who is trusted has signed it"), "{outside:?}");
    daemon.stop();
}

/// What a program finds in its environment, a line for each of the two variables, in the order of their names.
fn told(daemon: &TestDaemon, program: &str) -> String {
    let file = format!("{program}.out");
    daemon.wait_for_text(&file, "end\n");
    daemon.read(&file).replace("end\n", "")
}

/// A program that prints them.
fn prints(name: &str, options: &str) -> String {
    format!(
        "[program:{name}]\ncommand=/bin/sh -c \"env | grep -E '^SUPERVISOR_(SERVER_URL|TLS_CA)=' | sort; echo end\"\n\
         startsecs=0\nautorestart=false\nstdout_logfile={{dir}}/{name}.out\n{options}\n"
    )
}

#[test]
fn n93_children_are_told_the_certificate_of_the_url_that_they_get() {
    let programs = format!(
        "{}{}{}{}",
        prints("plain", ""),
        prints("named", "serverurl=https://127.0.0.1:{port}"),
        prints("elsewhere", "serverurl=https://box.example.com:{port}"),
        prints("own", "environment=SUPERVISOR_TLS_CA=\"/own.pem\"")
    );
    let Some(mut daemon) = prepared("", &programs) else { return };
    daemon.launch(&["-n"]);
    for (program, expected) in [
        ("plain", "SUPERVISOR_SERVER_URL=https://localhost:{port}\nSUPERVISOR_TLS_CA={dir}/c.pem\n"),
        ("named", "SUPERVISOR_SERVER_URL=https://127.0.0.1:{port}\nSUPERVISOR_TLS_CA={dir}/c.pem\n"),
        ("elsewhere", "SUPERVISOR_SERVER_URL=https://box.example.com:{port}\n"),
        ("own", "SUPERVISOR_SERVER_URL=https://localhost:{port}\nSUPERVISOR_TLS_CA=/own.pem\n"),
    ] {
        assert_eq!(told(&daemon, program), daemon.filled_in(expected), "{program}");
    }
    daemon.stop();
}

/// A supervisord that another one runs inherits what that one says of its own server.
#[test]
fn n93_what_another_supervisord_says_of_its_certificate_is_not_passed_on_with_our_url() {
    if testing_the_original() {
        return;
    }
    let mut daemon = TestDaemon::prepared(&prints("p", ""));
    daemon.set_variable("SUPERVISOR_SERVER_URL", "https://localhost:1");
    daemon.set_variable("SUPERVISOR_TLS_CA", "/theirs.pem");
    daemon.start();
    assert_eq!(told(&daemon, "p"), daemon.filled_in("SUPERVISOR_SERVER_URL=unix://{dir}/s.sock\n"));
    daemon.stop();
}
